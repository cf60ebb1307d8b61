//! The schema in PostgreSQL. Its first step is all that SQLite took fourteen for; from there on both take the same, but
//! for those that concern one of them alone.
//!
//! Steps only add, and a version says from which on programs can work with it: so nodes of the version before go on,
//! and can be restarted, while the others are replaced. What is to go goes a version later.

use crate::Error;
use crate::fold::folding;
use crate::sql::{Db, Session};

/// The number of the first step.
const FIRST: u32 = 14;

const STEPS: &[&str] = &[
    include_str!("postgres/0014_all_so_far.sql"),
    include_str!("postgres/0015_files_by_creation.sql"),
    include_str!("postgres/0016_files_by_name_and_key.sql"),
];

/// The oldest schema whose programs can work with the present one.
const GOOD_FROM: u32 = 14;

/// Locks the steps against other nodes that start at the same time: the letters of `tone`.
const LOCK: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
    SELECT pg_advisory_xact_lock(1953461861)";

const VERSION: &str = "CREATE TABLE IF NOT EXISTS schema_version (
    version BIGINT NOT NULL, good_from BIGINT NOT NULL)";

/// Brings the schema up to date, unless a newer program has been here.
pub(crate) fn migrate(session: &mut Session) -> Result<(), Error> {
    let db = &Db::Postgres(session);
    let encoding: Option<String> = db.value("SHOW server_encoding", &[])?;
    if encoding.as_deref() != Some("UTF8") {
        return Err(Error::Location("the database must be one of the encoding UTF8".to_owned()));
    }
    let release: Option<String> = db.value("SHOW server_version_num", &[])?;
    if release.and_then(|number| number.parse().ok()).is_none_or(|number: u32| number < 150_000) {
        return Err(Error::Location("PostgreSQL must be version 15 or later".to_owned()));
    }
    session.batch("BEGIN")?;
    session.batch(LOCK)?;
    session.batch(VERSION)?;
    let row = db.find("SELECT version, good_from FROM schema_version", &[], |row| {
        Ok((row.take(0)?, row.take(1)?))
    })?;
    let (found, good_from): (u32, u32) = row.unwrap_or((0, 0));
    let known = FIRST + STEPS.len() as u32 - 1;
    if found > known {
        session.batch("ROLLBACK")?;
        return if good_from <= known { Ok(()) } else { Err(Error::Newer { found, known }) };
    }
    let taken = if found == 0 { 0 } else { (found - FIRST + 1) as usize };
    for step in STEPS.iter().skip(taken) {
        session.batch(step)?;
    }
    if found == 0 {
        session.batch(&folding())?;
    }
    if found < known {
        session.batch(&format!(
            "DELETE FROM schema_version; INSERT INTO schema_version VALUES ({known}, {GOOD_FROM})"
        ))?;
    }
    session.batch("COMMIT")
}
