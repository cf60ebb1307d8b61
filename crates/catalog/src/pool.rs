//! The connections.

use crate::{Error, schema};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior};
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// The first is for look-ups alone.
const READERS: usize = 4;

/// The catalog. Clones share the connections.
#[derive(Clone)]
pub struct Catalog {
    shared: Arc<Shared>,
}

struct Shared {
    writer: Mutex<Connection>,
    readers: Vec<Mutex<Connection>>,
    turn: AtomicU64,
    generation: AtomicU64,
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
fn keep_private(path: &Path) -> io::Result<()> {
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
    Ok(db)
}

impl Catalog {
    /// Opens the catalog file, makes it if needed and brings its schema up to date: for who has the data
    /// folder. Others [`Self::join`].
    ///
    /// # Errors
    /// If it can't be opened or was written by a newer version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        keep_private(path)?;
        let mut writer = connect(path)?;
        schema::migrate(&mut writer)?;
        Self::with(writer, path)
    }

    /// Opens a catalog that a server may be using, as it is: brought up to date, it would be none that an older
    /// server knows.
    ///
    /// # Errors
    /// If it can't be opened; [`Error::Older`] or [`Error::Newer`] if another version wrote it.
    pub fn join(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let writer = connect(path)?;
        schema::check(&writer)?;
        Self::with(writer, path)
    }

    fn with(writer: Connection, path: &Path) -> Result<Self, Error> {
        let readers: Result<Vec<_>, Error> =
            (0..READERS).map(|_| Ok(Mutex::new(connect(path)?))).collect();
        Ok(Self {
            shared: Arc::new(Shared {
                writer: Mutex::new(writer),
                readers: readers?,
                turn: AtomicU64::new(0),
                generation: AtomicU64::new(0),
            }),
        })
    }

    /// A number that changes whenever this process changes or deletes a container or a file, or learns more
    /// of a content: what was found under another number may be out of date. New ones leave what was found as
    /// it is.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.shared.generation.load(Ordering::Acquire)
    }

    /// Makes what was found so far count no more: a store turned out to hold other bytes than the catalog tells.
    pub fn outdate(&self) {
        self.shared.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Looks up a few rows by their keys. It waits for other look-ups at most.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let shared = self.shared.clone();
        blocking(move || {
            let reader = free(&shared.readers).unwrap_or_else(|| hold(&shared.readers[0]));
            work(&reader)
        })
        .await
    }

    /// Reads what may be many rows, and take long.
    pub(crate) async fn scan<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let shared = self.shared.clone();
        blocking(move || {
            let readers = &shared.readers[1..];
            let reader = free(readers).unwrap_or_else(|| {
                let turn = shared.turn.fetch_add(1, Ordering::Relaxed) as usize;
                hold(&readers[turn % readers.len()])
            });
            work(&reader)
        })
        .await
    }

    /// At most one row of a query by text parameters.
    pub(crate) async fn read_one<T: Send + 'static>(
        &self,
        sql: impl AsRef<str> + Send + 'static,
        parameters: Vec<String>,
        of: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Error> {
        self.read(move |db| {
            let parameters = rusqlite::params_from_iter(parameters);
            Ok(db.prepare_cached(sql.as_ref())?.query_row(parameters, of).optional()?)
        })
        .await
    }

    /// Runs `work` in one transaction that holds the write lock from its beginning.
    pub(crate) async fn write<T: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        self.transact(work, |_| false).await
    }

    /// [`Self::write`] that changes containers or files.
    pub(crate) async fn change<T: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        self.transact(work, |_| true).await
    }

    /// [`Self::write`] that makes what was found before count no more, if what was done `changes` it. That
    /// goes with the commit: whoever waits for it may be gone by then.
    pub(crate) async fn transact<T: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
        changes: fn(&T) -> bool,
    ) -> Result<T, E> {
        let shared = self.shared.clone();
        blocking(move || {
            let mut db = hold(&shared.writer);
            let begun = db.transaction_with_behavior(TransactionBehavior::Immediate);
            let transaction = begun.map_err(Error::from)?;
            let done = work(&transaction)?;
            transaction.commit().map_err(Error::from)?;
            if changes(&done) {
                shared.generation.fetch_add(1, Ordering::AcqRel);
            }
            Ok(done)
        })
        .await
    }
}

async fn blocking<T: Send + 'static, E: From<Error> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|e| Err(Error::Task(e.to_string()).into()))
}
