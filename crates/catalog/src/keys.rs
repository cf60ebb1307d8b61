//! The set of six keys that no two unique objects share.

use crate::{ContainerRow, Error, FileRow};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

macro_rules! taken {
    ($db:expr, $row:expr, $of:literal, $table:literal, $own:ident, $within:ident) => {{
        // IS: null equals null.
        let sql = concat!(
            "SELECT ",
            stringify!($own),
            " FROM ",
            $table,
            " WHERE is_unique = 1 AND ",
            stringify!($within),
            " = ? AND ",
            stringify!($own),
            " <> ? AND integer_key_1 IS ?",
            " AND integer_key_2 IS ? AND string_key_1 IS ? AND string_key_2 IS ?",
            " AND string_key_3 IS ? AND string_key_4 IS ?"
        );
        let keys = params![
            $row.$within.to_string(),
            $row.$own.to_string(),
            $row.integer_key_1,
            $row.integer_key_2,
            $row.string_key_1,
            $row.string_key_2,
            $row.string_key_3,
            $row.string_key_4
        ];
        let other: Option<String> =
            $db.prepare_cached(sql)?.query_row(keys, |row| row.get(0)).optional()?;
        match other.map(|sid| sid.parse::<Uuid>().unwrap_or_default()) {
            Some(sid) if $row.is_unique => Err(Error::KeysTaken { sid, of: $of }),
            _ => Ok(()),
        }
    }};
}

/// Among the unique containers of the partner.
pub(crate) fn check_container(db: &Connection, row: &ContainerRow) -> Result<(), Error> {
    taken!(db, row, "container", "containers", container_sid, partner_sid)
}

/// Among the unique files of the container.
pub(crate) fn check_file(db: &Connection, row: &FileRow) -> Result<(), Error> {
    taken!(db, row, "file", "files", file_sid, container_sid)
}
