//! Lists: a filter, an order and a page become one SQL query for the rows and one for their number.
//!
//! The query for the rows finds their numbers first, which an index can answer alone, and fetches whole
//! rows for the page only.

use crate::Error;
use crate::attributes::Table;
use crate::cursor::Cursor;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use uuid::Uuid;

/// What is wanted of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// All of these must hold.
    pub conditions: Vec<Condition>,
    /// In which order.
    pub order: Order,
    /// Where the page begins.
    pub start: Start,
    /// At most so many.
    pub limit: u64,
}

/// A condition on one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its name in the API.
    pub attribute: String,
    /// How it's compared.
    pub operator: Operator,
    /// With what: one value, or for [`Operator::In`] any number. `null` is the missing value.
    pub values: Vec<String>,
}

/// How an attribute is compared.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    /// `%` is any text, `_` any character; case counts.
    Like,
    /// The same; case of ASCII letters does not count.
    LikeAnyCase,
    In,
}

/// The order of a list; equal ones stay in the order in which they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// As they came.
    Arrival,
    /// By an attribute.
    By {
        /// Its name in the API.
        attribute: String,
        /// Greatest first.
        descending: bool,
    },
    /// At random.
    Shuffle,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// So many are left out.
    Offset(u64),
    /// Behind the item of a cursor.
    After(String),
    /// It ends before the item of a cursor.
    Before(String),
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing<T> {
    /// The part.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u64,
    /// Whether there are more in the direction that was read.
    pub has_more: bool,
    /// Cursors of the first and the last item; none of a shuffled list.
    pub ends: Option<(String, String)>,
}

/// SQL with its values.
#[derive(Default)]
struct Clause {
    sql: String,
    values: Vec<Value>,
}

impl Clause {
    fn and(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        let joint = if self.sql.is_empty() { "" } else { " AND " };
        self.sql.push_str(&format!("{joint}{sql}"));
        self.values.extend(values);
    }
}

pub(crate) fn list<T>(
    db: &Connection,
    table: Table,
    partner_sid: Option<Uuid>,
    wanted: &List,
    of: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Listing<T>, Error> {
    let (name, filter) = (table.name(), filter(table, partner_sid, &wanted.conditions)?);
    let count = format!("SELECT count(*) FROM {name} WHERE {}", filter.sql);
    let values = params_from_iter(&filter.values);
    let total: i64 = db.prepare_cached(&count)?.query_row(values, |row| row.get(0))?;
    let path = Path::of(table, wanted)?;
    let mut page = filter;
    path.narrow(&mut page);
    // One more than wanted tells whether there are more.
    let most = i64::try_from(wanted.limit).unwrap_or(i64::MAX - 1) + 1;
    let offset = i64::try_from(path.offset).unwrap_or(i64::MAX);
    let (order, back, sort) = (path.order(), path.backwards, &path.sort);
    let sql = format!(
        "SELECT t.*, t.rowid AS row_number, {sort} AS sort_value FROM {name} t WHERE t.rowid IN \
         (SELECT rowid FROM {name} WHERE {} ORDER BY {order} LIMIT {most} OFFSET {offset}) ORDER BY {order}",
        page.sql
    );
    let mut query = db.prepare_cached(&sql)?;
    let place = |row: &Row<'_>| Ok((of(row)?, row.get("sort_value")?, row.get("row_number")?));
    let rows = query.query_map(params_from_iter(&page.values), place)?;
    let mut rows: Vec<(T, Value, i64)> = rows.collect::<Result<_, _>>()?;
    let has_more = rows.len() as u64 > wanted.limit;
    rows.truncate(usize::try_from(wanted.limit).unwrap_or(usize::MAX));
    if back {
        rows.reverse();
    }
    let cursor = |(_, value, row): &(T, Value, i64)| path.cursor(value, *row);
    let ends = rows.first().and_then(cursor).zip(rows.last().and_then(cursor));
    let items = rows.into_iter().map(|(item, ..)| item).collect();
    Ok(Listing { items, total: u64::try_from(total).unwrap_or(0), has_more, ends })
}

/// The way through a list.
struct Path {
    /// The order's name for cursors, and its SQL expression.
    attribute: String,
    sort: String,
    descending: bool,
    shuffled: bool,
    /// Whether the page is read from its end.
    backwards: bool,
    cursor: Option<Cursor>,
    offset: u64,
}

impl Path {
    fn of(table: Table, wanted: &List) -> Result<Self, Error> {
        let (attribute, sort, descending) = match &wanted.order {
            Order::By { attribute, descending } => {
                (attribute.clone(), table.find(attribute, "order")?.0, *descending)
            }
            Order::Arrival | Order::Shuffle => (String::new(), "rowid".to_owned(), false),
        };
        let shuffled = wanted.order == Order::Shuffle;
        let (offset, cursor, backwards) = match &wanted.start {
            Start::Offset(offset) => (*offset, None, false),
            Start::After(text) => (0, Some(Cursor::read(text, &attribute, "after")?), false),
            Start::Before(text) => (0, Some(Cursor::read(text, &attribute, "before")?), true),
        };
        if shuffled && cursor.is_some() {
            let message = "a shuffled list has no place to go on from".to_owned();
            return Err(Error::BadList { parameter: "order", message });
        }
        Ok(Self { attribute, sort, descending, shuffled, backwards, cursor, offset })
    }

    fn order(&self) -> String {
        if self.shuffled {
            return "random()".into();
        }
        let direction = if self.descending != self.backwards { "DESC" } else { "ASC" };
        format!("{} {direction}, rowid {direction}", self.sort)
    }

    fn cursor(&self, value: &Value, row: i64) -> Option<String> {
        let (attribute, value) = (self.attribute.clone(), value.clone());
        (!self.shuffled).then(|| Cursor { attribute, value, row }.text())
    }

    /// Only what lies behind the cursor; missing values come before all others.
    fn narrow(&self, page: &mut Clause) {
        let Some(Cursor { value, row, .. }) = &self.cursor else { return };
        let (sort, row) = (&self.sort, Value::Integer(*row));
        let upwards = self.descending == self.backwards;
        let beyond = if upwards { ">" } else { "<" };
        match (value, upwards) {
            (Value::Null, true) => {
                page.and(&format!("({sort} IS NOT NULL OR rowid > ?)"), [row]);
            }
            (Value::Null, false) => page.and(&format!("{sort} IS NULL AND rowid < ?"), [row]),
            (value, true) => {
                let sql = format!("{sort} >= ? AND ({sort} {beyond} ? OR rowid {beyond} ?)");
                page.and(&sql, [value.clone(), value.clone(), row]);
            }
            (value, false) => {
                let sql = format!(
                    "({sort} IS NULL OR {sort} <= ? AND ({sort} {beyond} ? OR rowid {beyond} ?))"
                );
                page.and(&sql, [value.clone(), value.clone(), row]);
            }
        }
    }
}

fn filter(
    table: Table,
    partner_sid: Option<Uuid>,
    conditions: &[Condition],
) -> Result<Clause, Error> {
    let mut clause = Clause::default();
    for condition in conditions {
        add(&mut clause, table, condition)?;
    }
    let Some(partner) = partner_sid.map(|sid| Value::Text(sid.to_string())) else {
        clause.and("1", []);
        return Ok(clause);
    };
    let container = conditions
        .iter()
        .find(|c| c.attribute == "container_sid" && c.operator == Operator::Equal)
        .and_then(|c| c.values.first());
    match container.filter(|_| table == Table::Files) {
        // A container's files are its partner's: asked once, not of each file.
        Some(sid) => clause.and(
            "EXISTS (SELECT 1 FROM containers c WHERE c.container_sid = ? AND c.partner_sid = ?)",
            [Value::Text(sid.clone()), partner],
        ),
        None => clause.and("partner_sid = ?", [partner]),
    }
    Ok(clause)
}

fn add(clause: &mut Clause, table: Table, condition: &Condition) -> Result<(), Error> {
    let (column, holds) = table.find(&condition.attribute, "filter")?;
    if let Operator::Like | Operator::LikeAnyCase = condition.operator {
        let pattern = condition.values.first().cloned().unwrap_or_default();
        match condition.operator {
            Operator::Like => clause.and(&format!("{column} GLOB ?"), [glob(&pattern).into()]),
            _ => clause.and(&format!("{column} LIKE ?"), [pattern.into()]),
        }
        return Ok(());
    }
    let read = |text: &String| {
        holds.read(text).ok_or_else(|| Error::BadList {
            parameter: "filter",
            message: format!("`{text}` is no value of {}: {}", condition.attribute, holds.words()),
        })
    };
    let values: Vec<Value> = condition.values.iter().map(read).collect::<Result<_, _>>()?;
    let comparison = match condition.operator {
        // `IS` also finds the missing value.
        Operator::Equal => "IS ?".to_owned(),
        Operator::NotEqual => "IS NOT ?".to_owned(),
        Operator::Greater => "> ?".to_owned(),
        Operator::GreaterOrEqual => ">= ?".to_owned(),
        Operator::Less => "< ?".to_owned(),
        Operator::LessOrEqual => "<= ?".to_owned(),
        _ => format!("IN ({})", vec!["?"; values.len()].join(", ")),
    };
    clause.and(&format!("{column} {comparison}"), values);
    Ok(())
}

/// A pattern with `%` and `_` as SQLite's case-sensitive matching has it.
fn glob(pattern: &str) -> String {
    pattern
        .chars()
        .map(|c| match c {
            '%' => "*".to_owned(),
            '_' => "?".to_owned(),
            '*' | '?' | '[' => format!("[{c}]"),
            other => other.to_string(),
        })
        .collect()
}
