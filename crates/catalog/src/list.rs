//! Lists: what is wanted, and the way to it.
//!
//! The order: scope → conditions → which rows match, and so how many (`matches.rs`) → which of them the page
//! shows (`page.rs`) → those rows, whole. All of it sees the catalog at one moment.

use crate::Error;
use crate::cursor::Key;
use crate::filter::{Scope, clauses};
use crate::matches::Matches;
use crate::page::Path;
use crate::table::Table;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row};
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

pub(crate) fn list<T>(
    db: &Connection,
    table: Table,
    partner_sid: Option<Uuid>,
    wanted: &List,
    of: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Listing<T>, Error> {
    let moment = db.unchecked_transaction()?;
    let (scope, conditions) = Scope::of(&moment, table, partner_sid, &wanted.conditions)?;
    let (path, clauses) =
        (Path::of(table, wanted, Key::of(&moment)?)?, clauses(table, &conditions)?);
    let along = clauses.on(&path.attribute);
    let matches = Matches::find(&moment, table, &scope, clauses)?;
    let total = matches.total();
    // One more than wanted tells whether there are more.
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let mut rows = path.page(&moment, table, &scope, along, matches, limit.saturating_add(1))?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    if path.backwards {
        rows.reverse();
    }
    let (columns, sort, name) = (table.selected(), &path.sort, table.name());
    let sql = format!("SELECT {columns}, {sort} AS sort_value FROM {name} WHERE rowid = ?");
    let mut query = moment.prepare_cached(&sql)?;
    let mut items = Vec::with_capacity(rows.len());
    let mut ends: Option<(String, String)> = None;
    for (at, number) in rows.iter().enumerate() {
        let row = query.query_row([number], |row| Ok((of(row)?, row.get("sort_value")?)));
        let Some((item, value)): Option<(T, Value)> = row.optional()? else { continue };
        items.push(item);
        if at == 0 || at + 1 == rows.len() {
            ends = path.cursor(&value, *number).map(|end| match ends.take() {
                Some((first, _)) => (first, end),
                None => (end.clone(), end),
            });
        }
    }
    Ok(Listing { items, total, has_more, ends })
}
