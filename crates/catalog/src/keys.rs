//! The set of six keys that no two unique objects share.

use crate::attributes::{Described, Keyed, same_keys};
use crate::{ContainerRow, Error, FileRow};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use uuid::Uuid;

/// Among the unique containers of the partner.
pub(crate) fn check_container(db: &Connection, row: &ContainerRow) -> Result<(), Error> {
    check(db, row, "container", row.container_sid, ("partner_sid", row.partner_sid))
}

/// Among the unique files of the container.
pub(crate) fn check_file(db: &Connection, row: &FileRow) -> Result<(), Error> {
    check(db, row, "file", row.file_sid, ("container_sid", row.container_sid))
}

fn check<R: Described + Keyed>(
    db: &Connection,
    row: &R,
    of: &'static str,
    sid: Uuid,
    (within, owner): (&str, Uuid),
) -> Result<(), Error> {
    if !row.keys().is_unique {
        return Ok(());
    }
    let (table, id, (same, keys)) = (R::TABLE, R::ID, same_keys(row));
    let sql = format!(
        "SELECT {id} FROM {table} WHERE is_unique = 1 AND {within} = ? AND {id} <> ?{same}"
    );
    let sids = [owner, sid].map(|sid| Value::Text(sid.to_string()));
    let values = params_from_iter(sids.into_iter().chain(keys));
    let other: Option<String> =
        db.prepare_cached(&sql)?.query_row(values, |row| row.get(0)).optional()?;
    match other {
        Some(sid) => Err(Error::KeysTaken { sid: sid.parse().unwrap_or_default(), of }),
        None => Ok(()),
    }
}
