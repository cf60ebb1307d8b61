//! Lists: the way from what is wanted (`query.rs`) to the rows.
//!
//! The order: scope → conditions → which rows match, and so how many (`matches.rs`) → which of them the page
//! shows (`page.rs`) → those rows, whole. All of it sees the catalog at one moment.

use crate::Error;
use crate::column::{Row, values};
use crate::cursor::Key;
use crate::filter::{Scope, clauses};
use crate::matches::Matches;
use crate::page::Path;
use crate::query::{List, Listing};
use crate::sql::Db;
use crate::table::Table;
use crate::value::Value;
use uuid::Uuid;

pub(crate) fn list<T>(
    db: &Db,
    table: Table,
    partner_sid: Option<Uuid>,
    wanted: &List,
    of: fn(&mut Row) -> Result<T, Error>,
) -> Result<Listing<T>, Error> {
    let (scope, conditions) = Scope::of(db, table, partner_sid, &wanted.conditions)?;
    let (path, clauses) = (Path::of(table, wanted, Key::of(db)?)?, clauses(table, &conditions)?);
    let along = clauses.on(&path.attribute);
    let matches = Matches::find(db, table, &scope, clauses)?;
    let total = matches.total();
    // One more than wanted tells whether there are more.
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let mut rows = path.page(db, table, &scope, along, matches, limit.saturating_add(1))?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    if path.backwards {
        rows.reverse();
    }
    let (columns, sort, name) = (table.selected(), &path.sort, table.name());
    let sql = format!("SELECT {columns}, {sort} FROM {name} WHERE rowid = ?");
    let sort_value = columns.split(", ").count();
    let mut items = Vec::with_capacity(rows.len());
    let mut ends: Option<(String, String)> = None;
    for (at, number) in rows.iter().enumerate() {
        let row = db.find(&sql, &values![*number], |row| Ok((of(row)?, row.take(sort_value)?)))?;
        let Some((item, value)): Option<(T, Value)> = row else { continue };
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
