//! The tables of a catalog and their columns, as both databases have them.

use crate::Error;
use crate::column::values;
use crate::sql::Db;

/// A table that a move takes along.
pub(super) struct Table {
    pub name: &'static str,
    /// Whether its rows are known by the order in which they came: a column of PostgreSQL, which SQLite has of itself.
    has_rowid: bool,
}

const fn table(name: &'static str) -> Table {
    Table { name, has_rowid: false }
}

const fn in_order(name: &'static str) -> Table {
    Table { name, has_rowid: true }
}

/// All of them, each behind those that it refers to.
pub(super) const TABLES: [Table; 19] = [
    in_order("partners"),
    in_order("tokens"),
    in_order("containers"),
    table("contents"),
    in_order("files"),
    table("outputs"),
    table("output_layouts"),
    table("output_checkpoints"),
    table("outputs_total"),
    table("meta"),
    table("blobs"),
    table("leftovers"),
    in_order("voipbin_files"),
    table("voipbin_departed"),
    table("voipbin_accounts"),
    table("evovoice_files"),
    table("voxbone_profiles"),
    table("voxbone_recordings"),
    table("mails"),
];

/// What one database alone keeps beside a row, and makes of it anew: transcriptions, folded.
const MADE_ANEW: &str = "folded";

impl Table {
    /// Its columns, in the order of their names.
    pub fn columns(&self, db: &Db) -> Result<Vec<String>, Error> {
        let sql = match db {
            Db::Sqlite(_) => "SELECT name FROM pragma_table_info(?)",
            Db::Postgres(_) => {
                "SELECT CAST(column_name AS TEXT) FROM information_schema.columns
                WHERE table_schema = current_schema() AND table_name = ?"
            }
        };
        let mut columns: Vec<String> = db.all(sql, &values![self.name], |row| row.take(0))?;
        if let (Db::Sqlite(_), true) = (db, self.has_rowid) {
            columns.push("rowid".to_owned());
        }
        columns.retain(|column| column != MADE_ANEW);
        columns.sort_unstable();
        Ok(columns)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sqlite::Sqlite;
    use std::collections::BTreeSet;

    /// SQLite's own numbers of deleted rows, which `numbers.rs` takes along.
    const NUMBERS: &str = "last_deleted";

    #[test]
    fn no_table_of_the_catalog_stays_behind() {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(&folder.path().join("catalog.sqlite")).unwrap();
        let sql = "SELECT name FROM pragma_table_list
            WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'";
        let there: Vec<String> = sqlite.read(|db| db.all(sql, &[], |row| row.take(0))).unwrap();
        let there: BTreeSet<_> = there.iter().map(String::as_str).collect();
        let moved = TABLES.iter().map(|table| table.name).chain([NUMBERS]);
        assert_eq!(there, moved.collect());
    }

    #[test]
    fn a_table_comes_behind_those_that_it_refers_to() {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(&folder.path().join("catalog.sqlite")).unwrap();
        for (at, table) in TABLES.iter().enumerate() {
            let sql = "SELECT \"table\" FROM pragma_foreign_key_list(?)";
            let referred: Vec<String> =
                sqlite.read(|db| db.all(sql, &values![table.name], |row| row.take(0))).unwrap();
            for other in referred {
                assert!(TABLES[..at].iter().any(|before| before.name == other), "{other}");
            }
        }
    }
}
