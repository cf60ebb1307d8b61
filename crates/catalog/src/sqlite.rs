//! The catalog in a file: SQLite, one connection that writes and a few that read.

use crate::sql::Db;
use crate::{Error, fold, schema};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// The first is for look-ups alone.
pub(crate) const READERS: usize = 4;

/// Steps of SQLite's machine between two looks at whether a scan is to go on: some hundred microseconds.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// The connections to a file.
pub(crate) struct Sqlite {
    writer: Mutex<Connection>,
    readers: Vec<Mutex<Connection>>,
    turn: AtomicU64,
}

/// A panic elsewhere leaves no half transaction behind (dropping it rolls back): go on.
fn hold(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first of these that is free.
fn free(connections: &[Mutex<Connection>]) -> Option<MutexGuard<'_, Connection>> {
    connections.iter().find_map(|connection| match connection.try_lock() {
        Ok(held) => Some(held),
        Err(TryLockError::Poisoned(held)) => Some(held.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    })
}

/// Takes the catalog's files from all but their owner, because they hold the secrets of external stores. SQLite gives
/// those that it makes beside the first the mode of that one.
pub(crate) fn keep_private(path: &Path) -> io::Result<()> {
    let mut options = File::options();
    drop(options.create(true).truncate(false).write(true).mode(0o600).open(path)?);
    for end in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(end);
        match fs::set_permissions(file, Permissions::from_mode(0o600)) {
            Err(e) if !matches!(e.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
                return Err(e);
            }
            _ => (),
        }
    }
    Ok(())
}

fn connect(path: &Path) -> Result<Connection, Error> {
    let db = Connection::open(path)?;
    db.busy_timeout(Duration::from_secs(10))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.set_prepared_statement_cache_capacity(64);
    fold::install(&db)?;
    Ok(db)
}

impl Sqlite {
    /// Opens a file, makes it if needed and brings its schema up to date.
    pub fn open(path: &Path) -> Result<Self, Error> {
        keep_private(path)?;
        let mut writer = connect(path)?;
        schema::migrate(&mut writer)?;
        Self::with(writer, path)
    }

    /// Opens a file as it is.
    pub fn join(path: &Path) -> Result<Self, Error> {
        let writer = connect(path)?;
        schema::check(&writer)?;
        Self::with(writer, path)
    }

    fn with(writer: Connection, path: &Path) -> Result<Self, Error> {
        let readers: Result<Vec<_>, Error> =
            (0..READERS).map(|_| Ok(Mutex::new(connect(path)?))).collect();
        Ok(Self { writer: Mutex::new(writer), readers: readers?, turn: AtomicU64::new(0) })
    }

    /// Runs what looks up a few rows.
    pub fn read<T>(&self, work: impl FnOnce(&Db) -> Result<T, Error>) -> Result<T, Error> {
        let reader = free(&self.readers).unwrap_or_else(|| hold(&self.readers[0]));
        work(&Db::Sqlite(&reader))
    }

    /// Runs what may take long, until it is over; it sees the catalog at one moment.
    pub fn scan<T>(
        &self,
        is_over: impl FnMut() -> bool + Send + 'static,
        work: impl FnOnce(&Db) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let readers = &self.readers[1..];
        let mut reader = free(readers).unwrap_or_else(|| {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed) as usize;
            hold(&readers[turn % readers.len()])
        });
        reader.progress_handler(STEPS_BETWEEN_LOOKS, Some(is_over))?;
        let found = {
            let moment = reader.unchecked_transaction()?;
            work(&Db::Sqlite(&moment))
        };
        reader.progress_handler(0, None::<fn() -> bool>)?;
        found
    }

    /// Runs what changes the catalog, in one transaction that holds the write lock from its beginning.
    pub fn transact<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&Db) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut db = hold(&self.writer);
        let begun = db.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction: Transaction<'_> = begun.map_err(Error::from)?;
        let done = work(&Db::Sqlite(&transaction))?;
        transaction.commit().map_err(Error::from)?;
        Ok(done)
    }
}
