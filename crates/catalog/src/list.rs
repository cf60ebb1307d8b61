//! Lists: the way from what is wanted (`query.rs`) to the rows.
//!
//! The order: scope → conditions → which rows match, and so how many (`matches.rs`) → which of them the page
//! shows (`page.rs`) → those rows, whole. All of it sees the catalog at one moment.

use crate::Error;
use crate::cursor::Key;
use crate::filter::{Scope, clauses};
use crate::matches::Matches;
use crate::page::Path;
use crate::query::{List, Listing};
use crate::table::Table;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

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
