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
    let total = match scope.files_of_container.filter(|_| is_whole) {
        Some(files) => files,
        None => {
            let sql = format!("SELECT count(*) FROM {from} WHERE {}", matching.sql);
            db.value(&sql, &matching.values)?.unwrap_or(0)
        }
    };
    let (columns, sort, order) = (table.selected(), &path.sort, path.order());
    let Clause { sql, mut values } = path.narrow(matching);
    // An index tells which rows these are; of what is left out no row is looked at.
    let page = format!("SELECT rowid FROM {from} WHERE {sql} ORDER BY {order} LIMIT ? OFFSET ?");
    let name = table.name();
    let sql = format!(
        "SELECT {columns}, {sort}, rowid FROM {name} WHERE rowid IN ({page}) ORDER BY {order}"
    );
    let number = |n: u64| Value::Integer(i64::try_from(n).unwrap_or(i64::MAX));
    values.extend([number(most as u64), number(path.offset)]);
    let at = columns.split(", ").count();
    let found = db.all(&sql, &values, |row| Ok((of(row)?, row.take(at)?, row.take(at + 1)?)))?;
    Ok((found, total))
}
