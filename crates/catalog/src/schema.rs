//! The schema, step by step: `schema/NNNN_what_it_brings.sql`, never changed once released. `user_version` says how
//! many steps a catalog has taken; in PostgreSQL a table does (`schema/postgres.rs`).

pub(crate) mod postgres;

use crate::Error;
use rusqlite::{Connection, TransactionBehavior};
use std::cmp::Ordering;

const MIGRATIONS: &[&str] = &[
    include_str!("schema/0001_containers_and_files.sql"),
    include_str!("schema/0002_usage_and_indexes.sql"),
    include_str!("schema/0003_files_by_owner.sql"),
    include_str!("schema/0004_outputs.sql"),
    include_str!("schema/0005_row_numbers_and_content_dates.sql"),
    include_str!("schema/0006_meta.sql"),
    include_str!("schema/0007_objects_and_leftovers.sql"),
    include_str!("schema/0008_cursor_key.sql"),
    include_str!("schema/0009_makers_and_expiry.sql"),
    include_str!("schema/0010_probe_revisions.sql"),
    include_str!("schema/0011_voipbin.sql"),
    include_str!("schema/0012_evovoice.sql"),
    include_str!("schema/0013_recordings_and_mails.sql"),
    include_str!("schema/0014_names_and_last_use_of_tokens.sql"),
    include_str!("schema/0015_files_by_creation.sql"),
];

/// Whether the schema is the present one.
pub(crate) fn check(db: &Connection) -> Result<(), Error> {
    let found: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = MIGRATIONS.len() as u32;
    match found.cmp(&known) {
        Ordering::Less => Err(Error::Older { found, known }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(Error::Newer { found, known }),
    }
}

pub(crate) fn migrate(db: &mut Connection) -> Result<(), Error> {
    let step = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: u32 = step.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = MIGRATIONS.len() as u32;
    let Some(missing) = MIGRATIONS.get(found as usize..) else {
        return Err(Error::Newer { found, known });
    };
    if missing.is_empty() {
        // On a full disk a catalog that is up to date can be read.
        return Ok(());
    }
    for sql in missing {
        step.execute_batch(sql)?;
    }
    step.pragma_update(None, "user_version", known)?;
    step.commit()?;
    Ok(())
}
