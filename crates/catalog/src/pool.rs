//! The connections.

use crate::{Error, evovoice, schema};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, Transaction, TransactionBehavior};
use std::collections::HashMap;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// The first is for look-ups alone.
const READERS: usize = 4;

/// Lists that are read at a time for one token: one reader less than there are, so that others have theirs.
const SCANS_AT_A_TIME: usize = READERS - 2;

/// How long a list may take. One of 200 000 files by the slowest filter takes a quarter of a second.
const MAX_SCAN: Duration = Duration::from_secs(5);

/// Steps of SQLite's machine between two looks at whether a scan is to go on: some hundred microseconds.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// Tokens whose turns are kept while nobody waits.
const MAX_TURNS_KEPT: usize = 1024;

/// The catalog. Clones share the connections.
#[derive(Clone)]
pub struct Catalog {
    shared: Arc<Shared>,
}

struct Shared {
    writer: Mutex<Connection>,
    readers: Vec<Mutex<Connection>>,
    turn: AtomicU64,
    turns: Turns,
    max_scan: Duration,
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

/// A reader for what may take long: a free one, else the next in turn.
fn scanning(shared: &Shared) -> MutexGuard<'_, Connection> {
    let readers = &shared.readers[1..];
    free(readers).unwrap_or_else(|| {
        let turn = shared.turn.fetch_add(1, Ordering::Relaxed) as usize;
        hold(&readers[turn % readers.len()])
    })
}

/// A place among the lists that are read, given back when dropped.
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// The turns of those who ask for lists.
#[derive(Default)]
struct Turns(Mutex<HashMap<Uuid, Arc<Semaphore>>>);

impl Turns {
    fn of(&self, whose: Uuid) -> Arc<Semaphore> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_TURNS_KEPT {
            known.retain(|_, turns| Arc::strong_count(turns) > 1);
        }
        let turns = known.entry(whose);
        Arc::clone(turns.or_insert_with(|| Arc::new(Semaphore::new(SCANS_AT_A_TIME))))
    }
}

/// Somebody waits for a scan; it is given up when that ends.
#[derive(Default)]
struct Waiting {
    given_up: Arc<AtomicBool>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.given_up.store(true, Ordering::Relaxed);
    }
}

fn connect(path: &Path) -> Result<Connection, Error> {
    let db = Connection::open(path)?;
    db.busy_timeout(Duration::from_secs(10))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.set_prepared_statement_cache_capacity(64);
    evovoice::install(&db)?;
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
        Self::with(writer, path, MAX_SCAN)
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
        Self::with(writer, path, MAX_SCAN)
    }

    fn with(writer: Connection, path: &Path, max_scan: Duration) -> Result<Self, Error> {
        let readers: Result<Vec<_>, Error> =
            (0..READERS).map(|_| Ok(Mutex::new(connect(path)?))).collect();
        Ok(Self {
            shared: Arc::new(Shared {
                writer: Mutex::new(writer),
                readers: readers?,
                turn: AtomicU64::new(0),
                turns: Turns::default(),
                max_scan,
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
        blocking(move || work(&scanning(&shared))).await
    }

    /// A place among the lists that are read for somebody, known by a token. Nobody has all readers.
    ///
    /// # Errors
    /// None while the catalog is open.
    pub async fn turn(&self, whose: Uuid) -> Result<Turn, Error> {
        let turns = self.shared.turns.of(whose);
        let permit = turns.acquire_owned().await.map_err(|e| Error::Task(e.into()))?;
        Ok(Turn { _permit: permit })
    }

    /// [`Self::scan`] of a list: one that takes too long is refused, and one that nobody waits for any more is given
    /// up.
    pub(crate) async fn scan_list<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let waiting = Waiting::default();
        let given_up = Arc::clone(&waiting.given_up);
        let (shared, until) = (self.shared.clone(), self.shared.max_scan);
        let scanned = blocking(move || {
            let mut reader = scanning(&shared);
            let end = Instant::now() + until;
            let is_over = move || given_up.load(Ordering::Relaxed) || Instant::now() >= end;
            reader.progress_handler(STEPS_BETWEEN_LOOKS, Some(is_over))?;
            let found = work(&reader);
            reader.progress_handler(0, None::<fn() -> bool>)?;
            found
        });
        match scanned.await {
            Err(Error::Sqlite(e))
                if e.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) =>
            {
                let message =
                    format!("the list took longer than {} s; narrow it", until.as_secs_f32());
                Err(Error::BadList { parameter: "filter", message })
            }
            found => found,
        }
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
    done.unwrap_or_else(|e| Err(Error::Task(e.into()).into()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tempfile::TempDir;

    fn opened(max_scan: Duration) -> (Catalog, TempDir) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("catalog.sqlite");
        let mut writer = connect(&path).unwrap();
        schema::migrate(&mut writer).unwrap();
        (Catalog::with(writer, &path, max_scan).unwrap(), folder)
    }

    /// Counts without an end.
    fn endless(db: &Connection) -> Result<i64, Error> {
        let sql = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
        Ok(db.query_row(sql, [], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn a_list_that_takes_too_long_is_refused() {
        let (catalog, _folder) = opened(Duration::from_millis(20));
        let refused = catalog.scan_list(endless).await.unwrap_err();
        assert!(matches!(refused, Error::BadList { parameter: "filter", .. }), "{refused}");
        assert_eq!(catalog.scan_list(|_| Ok(7)).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn lists_of_one_token_leave_room_for_others_and_end_with_who_waits() {
        let (catalog, _folder) = opened(Duration::from_secs(3600));
        let [one, other] = [(); 2].map(|()| Uuid::new_v4());
        let endless_ones: Vec<_> = (0..50)
            .map(|_| {
                let catalog = catalog.clone();
                tokio::spawn(async move {
                    let _turn = catalog.turn(one).await?;
                    catalog.scan_list(endless).await
                })
            })
            .collect();
        for _ in 0..50 {
            let _turn = catalog.turn(other).await.unwrap();
            assert_eq!(catalog.scan_list(|_| Ok(7)).await.unwrap(), 7);
        }
        // All readers are needed now.
        endless_ones.iter().for_each(tokio::task::JoinHandle::abort);
        for task in endless_ones {
            assert!(task.await.unwrap_err().is_cancelled());
        }
        let again: Vec<_> = (0..2).map(|n| catalog.scan_list(move |_| Ok(n))).collect();
        for (n, found) in again.into_iter().enumerate() {
            assert_eq!(found.await.unwrap(), n);
        }
    }
}
