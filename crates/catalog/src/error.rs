//! Why the catalog could not do it.

use postgres::error::SqlState;
use rusqlite::{ErrorCode, ffi};
use std::io;
use uuid::Uuid;

/// Named by what the caller does about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite failed.
    #[error("catalog: {0}")]
    Sqlite(#[source] rusqlite::Error),
    /// The catalog holds what this program can't read.
    #[error("catalog: {0}")]
    Unreadable(String),
    /// A list took too long, or nobody waits for it any more.
    #[error("catalog: a list was given up")]
    GivenUp,
    /// An object is being removed, so nothing can be kept in it.
    #[error("catalog: the object is being removed")]
    ObjectTaken,
    /// PostgreSQL failed.
    #[error("catalog: {}", told(.0))]
    Postgres(#[source] postgres::Error),
    /// The database can't be reached, or breaks off: it may do it later. Whether a change was made is not known.
    #[error("catalog: the database can't be used now: {0}")]
    Unavailable(String),
    /// Others changed the same at the same time; nothing was done, and it may be tried again.
    #[error("catalog: others changed the same; try again")]
    Again,
    /// A copy is not what it was made from, by the table that differs.
    #[error("catalog: the copy of the table {0} is not what it was copied from")]
    Differs(&'static str),
    /// What is said of where the catalog lies can't be used.
    #[error("catalog: {0}")]
    Location(String),
    /// The disk is full.
    #[error("catalog: the disk is full")]
    Full,
    /// SQLite's file is damaged.
    #[error("catalog: {0}; put it back from a backup (`tonearm restore`)")]
    Damaged(String),
    /// SQLite can't write its files, or those that it makes beside it to read.
    #[error(
        "catalog: its folder can't be written, which reading it needs as well; is it read-only, or another user's?"
    )]
    NotWritable,
    /// The catalog's files can't be made or kept private.
    #[error("catalog: {0}")]
    Files(#[source] io::Error),
    /// The catalog was written by a newer version.
    #[error(
        "the catalog has schema version {found}, this program knows up to {known}: use a newer version"
    )]
    Newer {
        /// In the file.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// The catalog was written by an older version, and is not to be changed now.
    #[error(
        "the catalog has schema version {found}, this program needs {known}: restart the server with this version first"
    )]
    Older {
        /// In the file.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// The blocking thread died.
    #[error("catalog: a database task failed: {0}")]
    Task(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The container of a new file is not there (any more).
    #[error("no such container")]
    NoContainer,
    /// There is no such partner.
    #[error("no such partner")]
    NoPartner,
    /// Another file of the container has that access name.
    #[error("file_access_name is taken")]
    NameTaken {
        /// The file that has it.
        file_sid: Uuid,
    },
    /// Another unique object has the same six keys.
    #[error("the set of keys is taken")]
    KeysTaken {
        /// The object that has them.
        sid: Uuid,
        /// `file` or `container`.
        of: &'static str,
    },
    /// The container holds files.
    #[error("the container holds {files} files")]
    NotEmpty {
        /// How many.
        files: u64,
    },
    /// The files of the partner would have more bytes than its account allows.
    #[error("the quota of the account is {limit} bytes")]
    QuotaReached {
        /// Bytes that they may have.
        limit: u64,
    },
    /// The partner has an account.
    #[error("the partner has an account")]
    AccountTaken {
        /// The partner.
        partner_sid: Uuid,
    },
    /// The profile of a recording is not there, or another partner's.
    #[error("no such profile")]
    NoProfile,
    /// A recording got other content, or went, while its new content came.
    #[error("the recording was changed meanwhile")]
    RecordingChanged {
        /// The recording.
        sid: Uuid,
    },
    /// A list was asked for in a way that isn't possible.
    #[error("{parameter}: {message}")]
    BadList {
        /// `filter`, `order`, `after` or `before`.
        parameter: &'static str,
        /// What is wrong and what is allowed.
        message: String,
    },
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let full = error.sqlite_error().is_some_and(|e| {
            // The second one: no room for the index of the write-ahead log.
            e.code == ErrorCode::DiskFull || e.extended_code == ffi::SQLITE_IOERR_SHMSIZE
        });
        match error.sqlite_error_code() {
            _ if full => Self::Full,
            Some(ErrorCode::OperationInterrupted) => Self::GivenUp,
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Damaged(error.to_string())
            }
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) => Self::NotWritable,
            _ => Self::Sqlite(error),
        }
    }
}

/// What PostgreSQL said itself, where it did.
fn told(error: &postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)
}

impl From<postgres::Error> for Error {
    fn from(error: postgres::Error) -> Self {
        let Some(code) = error.code().map(SqlState::code) else {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            let is_ours = source.is_none() && !error.is_closed();
            return match is_ours {
                true => Self::Postgres(error),
                false => Self::Unavailable(source.unwrap_or_else(|| error.to_string())),
            };
        };
        match code {
            "57014" => Self::GivenUp,
            "53100" => Self::Full,
            // A conflict of two changes: serialisation, deadlock, a lock that is held for long, a key, a reference.
            "40001" | "40P01" | "55P03" | "23505" | "23503" => Self::Again,
            // A standby that was asked to write, and a transaction that was ended because its node was silent.
            "25006" | "25P03" => Self::Unavailable(told(&error)),
            code if ["08", "53", "57"].iter().any(|class| code.starts_with(class)) => {
                Self::Unavailable(told(&error))
            }
            _ => Self::Postgres(error),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::StorageFull { Self::Full } else { Self::Files(error) }
    }
}
