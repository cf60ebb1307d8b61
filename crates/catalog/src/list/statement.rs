//! A list as one statement, for a planner that knows its tables, or one that is told the index.

use super::Found;
use crate::Error;
use crate::column::Row;
use crate::filter::{Clause, Clauses, Scope};
use crate::page::Path;
use crate::sql::Db;
use crate::table::Table;
use crate::value::Value;

/// At most so many rows along the path, and how many match in all.
pub(super) fn find<T>(
    db: &Db,
    table: Table,
    (scope, from): (Scope, String),
    clauses: Clauses,
    (path, most): (&Path, usize),
    of: fn(&mut Row) -> Result<T, Error>,
) -> Result<(Vec<Found<T>>, u64), Error> {
    // It is empty, or not one of the caller's.
    if scope.files_of_container == Some(0) {
        return Ok((Vec::new(), 0));
    }
    let Clauses { hold, fail } = clauses;
    let is_whole = hold.is_empty() && fail.is_empty();
    let conditions = hold.into_iter().map(|(_, clause)| clause);
    let matching = conditions.chain(fail.into_iter().map(Clause::not));
    let matching = matching.fold(scope.clause, Clause::and);
    let (total, matching) = match (db, scope.files_of_container) {
        (_, Some(files)) if is_whole => (files, matching),
        (_, None) if is_whole && table == Table::Files => (in_containers(db, &matching)?, matching),
        (Db::Postgres(_), _) if !is_whole => matched(db, &from, matching)?,
        _ => {
            let sql = format!("SELECT count(*) FROM {from} WHERE {}", matching.sql);
            (db.value(&sql, &matching.values)?.unwrap_or(0), matching)
        }
    };
    if total <= path.offset {
        return Ok((Vec::new(), total));
    }
    let (columns, sort, order) = (table.selected(), &path.sort, path.order());
    let (way, most, left_out) = path.way(total, most as u64);
    let Clause { sql, mut values } = path.narrow(matching);
    // An index tells which rows these are; of what is left out no row is looked at.
    let page = format!("SELECT rowid FROM {from} WHERE {sql} ORDER BY {way} LIMIT ? OFFSET ?");
    let name = table.name();
    let sql = format!(
        "SELECT {columns}, {sort}, rowid FROM {name} WHERE rowid IN ({page}) ORDER BY {order}"
    );
    let number = |n: u64| Value::Integer(i64::try_from(n).unwrap_or(i64::MAX));
    values.extend([number(most), number(left_out)]);
    let at = columns.split(", ").count();
    let found = db.all(&sql, &values, |row| Ok((of(row)?, row.take(at)?, row.take(at + 1)?)))?;
    Ok((found, total))
}

/// How many files a partner's containers hold, or all do: they count themselves.
fn in_containers(db: &Db, scope: &Clause) -> Result<u64, Error> {
    let sum = "SELECT CAST(coalesce(sum(total_files), 0) AS BIGINT) FROM containers";
    let sql = format!("{sum} WHERE {}", scope.sql);
    Ok(db.value(&sql, &scope.values)?.unwrap_or(0))
}

/// Few rows are read one by one; more of them are met soon by who walks along an index.
const FEW: u64 = 10_000;

/// How many rows match in PostgreSQL, and what narrows a page to them: where they are few, their numbers, because to
/// look for them takes a pass over all that there is.
fn matched(db: &Db, from: &str, matching: Clause) -> Result<(u64, Clause), Error> {
    let sql = format!(
        "SELECT count(*), CASE WHEN count(*) <= {FEW} THEN CAST(array_agg(rowid) AS TEXT) END
        FROM {from} WHERE {}",
        matching.sql
    );
    let counted = db.find(&sql, &matching.values, |row| Ok((row.take(0)?, row.take(1)?)))?;
    let (total, rows): (u64, Option<String>) = counted.unwrap_or_default();
    let among =
        |rows: String| Clause::of("rowid = ANY (CAST(CAST(? AS TEXT) AS BIGINT[]))", [rows.into()]);
    Ok((total, rows.map_or(matching, among)))
}
