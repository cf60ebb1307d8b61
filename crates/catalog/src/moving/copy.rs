//! All rows of all tables, copied as they are and compared.
//!
//! Triggers rest meanwhile, because what they count comes along as it was counted.

use super::numbers;
use super::tables::{TABLES, Table};
use crate::column::Row;
use crate::sql::Db;
use crate::value::Value;
use crate::{Error, evovoice};

/// How many rows a table has, and a sum over them that does not depend on their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Digest {
    rows: u64,
    sum: u128,
}

impl Digest {
    fn add(&mut self, row: &Row) {
        let mut hasher = blake3::Hasher::new();
        for value in &row.0 {
            match value {
                Value::Null => hasher.update(b"n"),
                Value::Integer(number) => hasher.update(b"i").update(&number.to_le_bytes()),
                // SQLite knows no zero below zero.
                Value::Real(number) => hasher.update(b"r").update(&(number + 0.0).to_le_bytes()),
                Value::Text(text) => {
                    let text = storable(text);
                    hasher.update(b"t").update(&text.len().to_le_bytes()).update(text.as_bytes())
                }
                Value::Blob(bytes) => {
                    hasher.update(b"b").update(&bytes.len().to_le_bytes()).update(bytes)
                }
            };
        }
        let mut sum = [0; 16];
        hasher.finalize_xof().fill(&mut sum);
        self.rows += 1;
        self.sum = self.sum.wrapping_add(u128::from_le_bytes(sum));
    }
}

/// A text as both databases can keep it.
fn storable(text: &str) -> std::borrow::Cow<'_, str> {
    match text.contains('\0') {
        true => text.replace('\0', "\u{fffd}").into(),
        false => text.into(),
    }
}

/// What a table holds, but for objects that are on their way.
pub(super) fn digest(db: &Db, table: &Table) -> Result<Digest, Error> {
    let mut digest = Digest::default();
    let sql = selected(table, &table.columns(db)?);
    db.each_of_table(table.name, &sql, |row| {
        digest.add(row);
        Ok(())
    })?;
    Ok(digest)
}

fn selected(table: &Table, columns: &[String]) -> String {
    format!("SELECT {} FROM {} {}", columns.join(", "), table.name, arrived(table))
}

/// What keeps the objects that a move has brought apart from those that the catalog tells of.
fn arrived(table: &Table) -> &'static str {
    if table.name == "blobs" { "WHERE store NOT IN ('moving', 'moved')" } else { "" }
}

/// Puts all rows of one catalog in the place of those of another.
pub(super) fn copy(from: &Db, to: &Db, progress: &dyn Fn(&'static str, u64)) -> Result<(), Error> {
    let triggers = rest_triggers(to)?;
    for table in TABLES.iter().rev() {
        to.execute(&format!("DELETE FROM {} {}", table.name, arrived(table)), &[])?;
    }
    for table in &TABLES {
        let digest = copy_table(from, to, table)?;
        if self::digest(to, table)? != digest {
            return Err(Error::Differs(table.name));
        }
        progress(table.name, digest.rows);
    }
    triggers.iter().try_for_each(|sql| to.execute(sql, &[]).map(|_| ()))?;
    numbers::take_along(from, to)?;
    evovoice::index_anew(to)
}

/// Has triggers rest; gives the statements that wake them.
fn rest_triggers(db: &Db) -> Result<Vec<String>, Error> {
    if let Db::Postgres(_) = db {
        let each = |what: &str| {
            TABLES.iter().map(|t| format!("ALTER TABLE {} {what} TRIGGER USER", t.name)).collect()
        };
        let rest: Vec<_> = each("DISABLE");
        rest.iter().try_for_each(|sql| db.execute(sql, &[]).map(|_| ()))?;
        return Ok(each("ENABLE"));
    }
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'";
    let triggers: Vec<(String, String)> =
        db.all(sql, &[], |row| Ok((row.take(0)?, row.take(1)?)))?;
    triggers
        .into_iter()
        .map(|(name, sql)| db.execute(&format!("DROP TRIGGER {name}"), &[]).map(|_| sql))
        .collect()
}

/// Copies the rows of a table; what they were.
fn copy_table(from: &Db, to: &Db, table: &Table) -> Result<Digest, Error> {
    let columns = table.columns(from)?;
    if table.columns(to)? != columns {
        return Err(Error::Differs(table.name));
    }
    let mut digest = Digest::default();
    let (select, named) = (selected(table, &columns), columns.join(", "));
    to.fill(table.name, &named, columns.len(), |put| {
        from.each_of_table(table.name, &select, |row| {
            digest.add(row);
            put(row)
        })
    })?;
    Ok(digest)
}
