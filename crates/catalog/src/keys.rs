//! The set of six keys that no two unique objects share.

use crate::attributes::{Described, Keyed, same_keys};
use crate::column::values;
use crate::sql::Db;
use crate::{ContainerRow, Error, FileRow};
use uuid::Uuid;

/// Among the unique containers of the partner.
pub(crate) fn check_container(db: &Db, row: &ContainerRow) -> Result<(), Error> {
    check(db, row, "container", row.container_sid, ("partner_sid", row.partner_sid))
}

/// Among the unique files of the container.
pub(crate) fn check_file(db: &Db, row: &FileRow) -> Result<(), Error> {
    check(db, row, "file", row.file_sid, ("container_sid", row.container_sid))
}

fn check<R: Described + Keyed>(
    db: &Db,
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
    let values: Vec<_> = values![owner, sid].into_iter().chain(keys).collect();
    match db.value(&sql, &values)? {
        Some(sid) => Err(Error::KeysTaken { sid, of }),
        None => Ok(()),
    }
}
