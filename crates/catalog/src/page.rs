//! Which of the matching rows a page shows.
//!
//! Those of a container lie in every order in an index: it's walked from where the page begins, past the rows that
//! don't match. Few rows, and those of several containers, are sorted instead.

use crate::Error;
use crate::cursor::{Cursor, Key};
use crate::filter::{Clause, Clauses, Scope};
use crate::matches::{FEW, Matches, among};
use crate::query::{List, Order, Start};
use crate::sql::Db;
use crate::table::{Expression, Table};
use crate::value::Value;
use std::ops::ControlFlow;
use uuid::Uuid;

/// The attribute that tells when a row was made.
const CREATION: &str = "date_created";

/// The way through a list.
pub(crate) struct Path {
    /// The order's name for cursors, and its SQL expression.
    pub attribute: String,
    pub sort: String,
    is_optional: bool,
    descending: bool,
    shuffled: bool,
    /// Whether the page is read from its end.
    pub backwards: bool,
    cursor: Option<Cursor>,
    key: Key,
    pub offset: u64,
}

impl Path {
    pub fn of(db: &Db, table: Table, wanted: &List, key: Key) -> Result<Self, Error> {
        let (attribute, by, descending) = match &wanted.order {
            Order::By { attribute, descending } => {
                (attribute.clone(), table.find(db, attribute, "order")?, *descending)
            }
            Order::Arrival | Order::Shuffle => (String::new(), Expression::rows(), false),
        };
        let shuffled = wanted.order == Order::Shuffle;
        let (offset, cursor, backwards) = match &wanted.start {
            Start::Offset(offset) => (*offset, None, false),
            Start::After(text) => (0, Some(Cursor::read(text, &key, &attribute, "after")?), false),
            Start::Before(text) => (0, Some(Cursor::read(text, &key, &attribute, "before")?), true),
        };
        if shuffled && cursor.is_some() {
            let message = "a shuffled list has no place to go on from".to_owned();
            return Err(Error::BadList { parameter: "order", message });
        }
        let Expression { sql: sort, is_optional, .. } = by;
        Ok(Self {
            attribute,
            sort,
            is_optional,
            descending,
            shuffled,
            backwards,
            cursor,
            key,
            offset,
        })
    }

    /// At most so many rows, in the order in which they are read; `along` is what holds of the attribute that
    /// the order goes by.
    pub fn page(
        &self,
        db: &Db,
        table: Table,
        scope: &Scope,
        along: Clause,
        matches: Matches,
        most: usize,
    ) -> Result<Vec<i64>, Error> {
        let offset = usize::try_from(self.offset).unwrap_or(usize::MAX);
        if matches.total() <= self.offset {
            return Ok(Vec::new());
        }
        if self.shuffled {
            let rows = matches.into_rows(db, table, scope)?;
            let left = rows.len().saturating_sub(offset);
            return Ok(draw(rows, most.min(left)));
        }
        match matches {
            Matches::Rows(rows) if self.attribute.is_empty() => {
                Ok(self.by_arrival(&rows, offset, most))
            }
            Matches::Rows(rows) if rows.len() <= FEW || scope.files_of_container.is_none() => {
                self.walk(db, table, among(&rows), offset, most, |_| true)
            }
            Matches::Rows(rows) => {
                let shows = |row: &i64| rows.binary_search(row).is_ok();
                self.walk(db, table, scope.clause.clone().and(along), offset, most, shows)
            }
            Matches::AllBut(but, _) => {
                let shows = |row: &i64| but.binary_search(row).is_err();
                self.walk(db, table, scope.clause.clone(), offset, most, shows)
            }
        }
    }

    /// Rows ascend as they came.
    fn by_arrival(&self, rows: &[i64], offset: usize, most: usize) -> Vec<i64> {
        let behind = self.cursor.as_ref().map(|cursor| cursor.row);
        match self.backwards {
            true => {
                let end = behind.map_or(rows.len(), |row| rows.partition_point(|r| *r < row));
                rows[..end].iter().rev().take(most).copied().collect()
            }
            false => {
                let start = behind.map_or(0, |row| rows.partition_point(|r| *r <= row));
                rows[start..].iter().skip(offset).take(most).copied().collect()
            }
        }
    }

    /// Reads rows in order, behind the cursor.
    fn walk(
        &self,
        db: &Db,
        table: Table,
        within: Clause,
        offset: usize,
        most: usize,
        shows: impl Fn(&i64) -> bool,
    ) -> Result<Vec<i64>, Error> {
        let clause = self.narrow(within);
        let (name, order) = (table.name(), self.order());
        let sql = format!("SELECT rowid FROM {name} WHERE {} ORDER BY {order}", clause.sql);
        let (mut passed, mut rows) = (0, Vec::new());
        db.each(&sql, &clause.values, |row| {
            let row = row.take(0)?;
            if shows(&row) {
                if passed == offset {
                    rows.push(row);
                } else {
                    passed += 1;
                }
            }
            Ok(if rows.len() >= most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(rows)
    }

    /// The order in which rows are read.
    pub fn order(&self) -> String {
        self.ordered(self.descending != self.backwards)
    }

    /// The shorter way to a page of all these rows: in which order they are read, how many, and how many are left out
    /// before them.
    pub fn way(&self, total: u64, most: u64) -> (String, u64, u64) {
        let left = total.saturating_sub(self.offset);
        let behind = left.saturating_sub(most);
        match behind < self.offset {
            true => (self.ordered(self.descending == self.backwards), left - behind, behind),
            false => (self.order(), most, self.offset),
        }
    }

    /// Missing values come before all others.
    fn ordered(&self, descending: bool) -> String {
        if self.shuffled {
            return "random()".to_owned();
        }
        let (direction, missing) = match descending {
            true => ("DESC", " NULLS LAST"),
            false => ("ASC", " NULLS FIRST"),
        };
        // PostgreSQL would not see that its index has the order of values that are never missing.
        let missing = if self.is_optional { missing } else { "" };
        format!("{} {direction}{missing}, rowid {direction}", self.sort)
    }

    /// The cursor of an item, if the list has places.
    pub fn cursor(&self, value: &Value, row: i64) -> Option<String> {
        let (attribute, value) = (self.attribute.clone(), value.clone());
        (!self.shuffled).then(|| Cursor { attribute, value, row }.text(&self.key))
    }

    /// Whether rows are in the order in which they were made, by the index that has their names, too.
    pub fn is_by_creation(&self, conditions: &Clauses) -> bool {
        self.attribute == CREATION && conditions.are_on(&[CREATION, "name"])
    }

    /// Only what lies behind the cursor; missing values come before all others.
    pub fn narrow(&self, within: Clause) -> Clause {
        let Some(Cursor { value, row, .. }) = &self.cursor else { return within };
        let (sort, row) = (&self.sort, Value::Integer(*row));
        let upwards = self.descending == self.backwards;
        let beyond = if upwards { ">" } else { "<" };
        let (sql, values) = match (value, upwards) {
            (Value::Null, true) => (format!("({sort} IS NOT NULL OR rowid > ?)"), vec![row]),
            (Value::Null, false) => (format!("{sort} IS NULL AND rowid < ?"), vec![row]),
            (value, true) => {
                let sql = format!("{sort} >= ? AND ({sort} {beyond} ? OR rowid {beyond} ?)");
                (sql, vec![value.clone(), value.clone(), row])
            }
            (value, false) => {
                let missing = match self.is_optional {
                    true => format!("{sort} IS NULL OR "),
                    // Nothing is to keep an index from being read from the cursor on.
                    false => String::new(),
                };
                let sql =
                    format!("({missing}{sort} <= ? AND ({sort} {beyond} ? OR rowid {beyond} ?))");
                (sql, vec![value.clone(), value.clone(), row])
            }
        };
        within.and(Clause::of(&sql, values))
    }
}

/// So many of the rows, by chance and in an order by chance; there are as many.
fn draw(mut rows: Vec<i64>, most: usize) -> Vec<i64> {
    let chance = || Uuid::new_v4().as_u64_pair().1;
    (0..most).map(|_| rows.swap_remove((chance() % rows.len() as u64) as usize)).collect()
}
