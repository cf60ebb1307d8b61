//! The catalog as the rest of the crate uses it: who waits for what.

use crate::Error;
use crate::column::{Column, Row};
use crate::postgres::{Database, Postgres};
use crate::sql::Db;
use crate::sqlite::{READERS, Sqlite};
use crate::turns::{Turn, Turns};
use crate::value::Value;
use crate::work::{Answer, Done, Failed, Work, reading};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Lists that are read at a time for one token: one reader less than there are, so that others have theirs.
const SCANS_AT_A_TIME: usize = READERS - 2;

/// How long a list may take. One of 200 000 files by the slowest filter takes a quarter of a second.
const MAX_SCAN: Duration = Duration::from_secs(5);

/// How long a statement of anything else that reads much may take.
const MAX_LOOK: Duration = Duration::from_secs(60);

/// The catalog. Clones share the connections.
#[derive(Clone)]
pub struct Catalog {
    shared: Arc<Shared>,
}

struct Shared {
    backend: Backend,
    turns: Turns,
    max_scan: Duration,
}

/// Where the catalog lies.
enum Backend {
    /// In a file that this process alone changes, with the count of its changes.
    Sqlite(Sqlite, AtomicU64),
    /// In a database that other nodes change as well.
    Postgres(Postgres),
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

impl Catalog {
    /// Opens the catalog file, makes it if needed and brings its schema up to date: for who has the data
    /// folder. Others [`Self::join`].
    ///
    /// # Errors
    /// If it can't be opened or was written by a newer version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(Self::of_file(Sqlite::open(path.as_ref())?, MAX_SCAN))
    }

    /// Opens the catalog in a database, makes its tables if needed and brings them up to date. What it keeps of
    /// look-ups counts for no longer than `stale` once other nodes can't be heard.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it can't be reached, [`Error::Newer`] if a newer version wrote it.
    pub async fn connect(database: Database, stale: Duration) -> Result<Self, Error> {
        let opened = blocking(move || Postgres::open(&database, stale)).await?;
        Ok(Self::with(Backend::Postgres(opened), MAX_SCAN))
    }

    /// Opens a catalog that a server may be using, as it is: brought up to date, it would be none that an older
    /// server knows.
    ///
    /// # Errors
    /// If it can't be opened; [`Error::Older`] or [`Error::Newer`] if another version wrote it.
    pub fn join(path: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(Self::of_file(Sqlite::join(path.as_ref())?, MAX_SCAN))
    }

    fn of_file(sqlite: Sqlite, max_scan: Duration) -> Self {
        Self::with(Backend::Sqlite(sqlite, AtomicU64::new(0)), max_scan)
    }

    fn with(backend: Backend, max_scan: Duration) -> Self {
        let turns = Turns::of(SCANS_AT_A_TIME);
        Self { shared: Arc::new(Shared { backend, turns, max_scan }) }
    }

    /// A number that changes whenever somebody changes or deletes a container or a file, or learns more of a content:
    /// what was found under another number may be out of date. New ones leave what was found as it is. `None` while
    /// nobody could tell, because other nodes are not heard: nothing that was found counts then.
    #[must_use]
    pub fn generation(&self) -> Option<u64> {
        match &self.shared.backend {
            Backend::Sqlite(_, generation) => Some(generation.load(Ordering::Acquire)),
            Backend::Postgres(postgres) => postgres.news.generation(),
        }
    }

    /// Makes what was found so far count no more: a store turned out to hold other bytes than the catalog tells.
    pub fn outdate(&self) {
        self.shared.outdate();
    }

    /// Looks up a few rows by their keys. It waits for other look-ups at most.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Db) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.run(Work::LookUp(reading(work))).await
    }

    /// Reads what may be many rows, and take long. It sees the catalog at one moment.
    pub(crate) async fn scan<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Db) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.run(Work::Scan(reading(work))).await
    }

    /// A place among the lists that are read for somebody, known by a token. Nobody has all readers.
    ///
    /// # Errors
    /// None while the catalog is open.
    pub async fn turn(&self, whose: Uuid) -> Result<Turn, Error> {
        self.shared.turns.next(whose).await
    }

    /// [`Self::scan`] of a list: one that takes too long is refused, and one that nobody waits for any more is given
    /// up.
    pub(crate) async fn scan_list<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Db) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let waiting = Waiting::default();
        let scanned = self.run(Work::List(reading(work), Arc::clone(&waiting.given_up)));
        scanned.await.map_err(|error| match error {
            Error::GivenUp => {
                let seconds = self.shared.max_scan.as_secs_f32();
                let message = format!("the list took longer than {seconds} s; narrow it");
                Error::BadList { parameter: "filter", message }
            }
            error => error,
        })
    }

    /// The first row of a query.
    pub(crate) async fn read_one<T: Send + 'static, const N: usize>(
        &self,
        sql: impl AsRef<str> + Send + 'static,
        values: [Value; N],
        of: fn(&mut Row) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.read(move |db| db.find(sql.as_ref(), &values, of)).await
    }

    /// The value that a query gives first.
    pub(crate) async fn read_value<T: Column + Send + 'static, const N: usize>(
        &self,
        sql: &'static str,
        values: [Value; N],
    ) -> Result<Option<T>, Error> {
        self.read_one(sql, values, |row| row.take(0)).await
    }

    /// Runs `work` in one transaction, in which nobody else changes what it locks. Where several nodes write it may run
    /// more than once, because the database undoes what stands in another's way.
    pub(crate) async fn write<T: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        work: impl FnOnce(&Db) -> Result<T, E> + Clone + Send + 'static,
    ) -> Result<T, E> {
        self.transact(work, |_| false).await
    }

    /// [`Self::write`] that changes containers or files.
    pub(crate) async fn change<T: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        work: impl FnOnce(&Db) -> Result<T, E> + Clone + Send + 'static,
    ) -> Result<T, E> {
        self.transact(work, |_| true).await
    }

    /// [`Self::write`] that makes what was found before count no more, if what was done `changes` it. That
    /// goes with the commit: whoever waits for it may be gone by then.
    pub(crate) async fn transact<T: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        work: impl FnOnce(&Db) -> Result<T, E> + Clone + Send + 'static,
        changes: fn(&T) -> bool,
    ) -> Result<T, E> {
        let work = move |db: &Db| match work.clone()(db) {
            Ok(done) => {
                let changes = changes(&done);
                Ok(Done { answer: Box::new(done), changes })
            }
            Err(error) => Err(Failed::Caller(Box::new(error))),
        };
        self.run(Work::Change(Box::new(work))).await
    }

    /// [`Self::write`] at once, for who blocks already: a move holds two catalogs at a time.
    pub(crate) fn transact_at_once<T>(
        &self,
        work: impl FnMut(&Db) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match &self.shared.backend {
            Backend::Sqlite(sqlite, _) => sqlite.transact(work),
            Backend::Postgres(postgres) => postgres.transact(work, |_| false),
        }
    }

    /// Runs what is of one type only for its caller.
    async fn run<T: 'static, E: From<Error> + 'static>(&self, work: Work) -> Result<T, E> {
        let other = || Error::Task("it gave an answer of another type".into());
        match self.run_any(work).await {
            Ok(answer) => Ok(*answer.downcast().map_err(|_| other())?),
            Err(Failed::Catalog(error)) => Err(error.into()),
            Err(Failed::Caller(error)) => Err(*error.downcast().map_err(|_| other())?),
        }
    }

    /// Runs what blocks, once there is a connection for it. Where the database stands still it is told that it can't be
    /// used; whatever waits there keeps its thread and its connection.
    async fn run_any(&self, work: Work) -> Result<Answer, Failed> {
        let shared = self.shared.clone();
        let (place, patience) = match &self.shared.backend {
            Backend::Sqlite(..) => (None, None),
            Backend::Postgres(postgres) => {
                let purpose = work.purpose();
                (Some(postgres.place(purpose).await?), purpose.patience())
            }
        };
        let done = blocking(move || {
            let done = shared.run(work);
            drop(place);
            done
        });
        match patience {
            None => done.await,
            Some(patience) => tokio::time::timeout(patience, done).await.unwrap_or_else(|_| {
                Err(Error::Unavailable("the database does not answer".to_owned()).into())
            }),
        }
    }
}

impl Shared {
    fn run(&self, work: Work) -> Result<Answer, Failed> {
        match (work, &self.backend) {
            (Work::LookUp(work), Backend::Sqlite(sqlite, _)) => Ok(sqlite.read(work)?),
            (Work::LookUp(work), Backend::Postgres(postgres)) => Ok(postgres.read(work)?),
            (Work::Scan(work), Backend::Sqlite(sqlite, _)) => Ok(sqlite.scan(|| false, work)?),
            (Work::Scan(work), Backend::Postgres(postgres)) => Ok(postgres.scan(MAX_LOOK, work)?),
            (Work::List(work, given_up), Backend::Sqlite(sqlite, _)) => {
                let end = Instant::now() + self.max_scan;
                let is_over = move || given_up.load(Ordering::Relaxed) || Instant::now() >= end;
                Ok(sqlite.scan(is_over, work)?)
            }
            (Work::List(work, _), Backend::Postgres(postgres)) => {
                Ok(postgres.scan(self.max_scan, work)?)
            }
            (Work::Change(work), backend) => {
                let done = match backend {
                    Backend::Sqlite(sqlite, _) => sqlite.transact(work),
                    Backend::Postgres(postgres) => postgres.transact(work, |done| done.changes),
                }?;
                if done.changes {
                    self.outdate();
                }
                Ok(done.answer)
            }
        }
    }

    fn outdate(&self) {
        match &self.backend {
            Backend::Sqlite(_, generation) => {
                generation.fetch_add(1, Ordering::AcqRel);
            }
            Backend::Postgres(postgres) => postgres.news.count(),
        }
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
        (Catalog::of_file(Sqlite::open(&path).unwrap(), max_scan), folder)
    }

    /// Counts without an end.
    fn endless(db: &Db) -> Result<i64, Error> {
        let sql = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
        Ok(db.value(sql, &[])?.unwrap_or(0))
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
