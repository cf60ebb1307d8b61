//! Lists: the way from what is wanted (`query.rs`) to the rows. All of it sees the catalog at one moment.
//!
//! SQLite's planner would guess wrong, so there the order is: scope → conditions → which rows match, and so how many
//! (`matches.rs`) → which of them the page shows (`page.rs`) → those rows, whole. PostgreSQL is asked for the page in
//! one statement (`statement.rs`), and counts in another, which tells the rows as well where they are few; so is SQLite
//! for the newest files, by words of their names or not, which one index tells.

mod statement;

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

/// A row of a page, what the order goes by, and its number.
type Found<T> = (T, Value, i64);

pub(crate) fn list<T>(
    db: &Db,
    table: Table,
    partner_sid: Option<Uuid>,
    wanted: &List,
    of: fn(&mut Row) -> Result<T, Error>,
) -> Result<Listing<T>, Error> {
    let (scope, conditions) = Scope::of(db, table, partner_sid, &wanted.conditions)?;
    let path = Path::of(db, table, wanted, Key::of(db)?)?;
    let clauses = clauses(db, table, &conditions)?;
    // One more than wanted tells whether there are more.
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let most = limit.saturating_add(1);
    let (mut found, total) = match db {
        Db::Sqlite(_) if !path.is_by_creation(&clauses) => {
            let along = clauses.on(&path.attribute);
            let matches = Matches::find(db, table, &scope, clauses)?;
            let total = matches.total();
            let rows = path.page(db, table, &scope, along, matches, most)?;
            (whole(db, table, &path, rows, of)?, total)
        }
        _ => {
            let scope = scope.of_files(db, table);
            statement::find(db, table, scope, clauses, (&path, most), of)?
        }
    };
    let has_more = found.len() > limit;
    found.truncate(limit);
    if path.backwards {
        found.reverse();
    }
    let ends = match (found.first(), found.last()) {
        (Some((_, first, at)), Some((_, last, to))) => {
            path.cursor(first, *at).zip(path.cursor(last, *to))
        }
        _ => None,
    };
    let items = found.into_iter().map(|(item, ..)| item).collect();
    Ok(Listing { items, total, has_more, ends })
}

/// The rows of these numbers.
fn whole<T>(
    db: &Db,
    table: Table,
    path: &Path,
    rows: Vec<i64>,
    of: fn(&mut Row) -> Result<T, Error>,
) -> Result<Vec<Found<T>>, Error> {
    let (columns, sort, name) = (table.selected(), &path.sort, table.name());
    let sql = format!("SELECT {columns}, {sort} FROM {name} WHERE rowid = ?");
    let at = columns.split(", ").count();
    let whole = rows
        .into_iter()
        .map(|number| db.find(&sql, &values![number], |row| Ok((of(row)?, row.take(at)?, number))));
    whole.filter_map(Result::transpose).collect()
}
