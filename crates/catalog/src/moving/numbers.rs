//! The numbers of rows that were given and must not be given again, because cursors of lists go by them.

use super::tables::TABLES;
use crate::Error;
use crate::column::values;
use crate::sql::Db;

/// Takes along the greatest numbers that were given, deleted rows' included.
pub(super) fn take_along(from: &Db, to: &Db) -> Result<(), Error> {
    if let Db::Sqlite(_) = to {
        let sql = "SELECT of FROM last_deleted";
        for table in to.all::<String>(sql, &[], |row| row.take(0))? {
            let sql = "UPDATE last_deleted SET row = ? WHERE of = ?";
            to.execute(sql, &values![greatest(from, &table, "rowid")?, table])?;
        }
        return Ok(());
    }
    for table in TABLES.map(|table| table.name) {
        let sql = "SELECT CAST(column_name AS TEXT) FROM information_schema.columns
            WHERE table_schema = current_schema() AND table_name = ? AND is_identity = 'YES'";
        let Some(column) = to.value::<String>(sql, &values![table])? else { continue };
        let given = greatest(from, table, &column)?;
        if given > 0 {
            let sql = format!("SELECT setval(pg_get_serial_sequence('{table}', '{column}'), ?)");
            to.value::<i64>(&sql, &values![given])?;
        }
    }
    Ok(())
}

/// The greatest number that was given in a table.
fn greatest(db: &Db, table: &str, column: &str) -> Result<i64, Error> {
    let there: Option<i64> =
        db.value(&format!("SELECT coalesce(max({column}), 0) FROM {table}"), &[])?;
    let given: Option<Option<i64>> = match db {
        Db::Sqlite(_) => db.value("SELECT row FROM last_deleted WHERE of = ?", &values![table])?,
        Db::Postgres(_) => db.value(
            &format!("SELECT pg_sequence_last_value(pg_get_serial_sequence('{table}', '{column}')::regclass)"),
            &[],
        )?,
    };
    Ok(there.unwrap_or_default().max(given.flatten().unwrap_or_default()))
}
