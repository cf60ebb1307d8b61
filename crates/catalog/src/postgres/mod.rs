//! The catalog in PostgreSQL: a few connections, each used by one thread at a time, and one that hears what other nodes
//! change.

mod location;
mod news;
mod tls;

pub use location::{BadDatabase, Database};
pub(crate) use news::News;

use crate::sql::{Db, Session};
use crate::{Error, schema};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio_postgres_rustls::MakeRustlsConnect;
use uuid::Uuid;

/// What nodes tell each other by.
const CHANNEL: &str = "tonearm";

/// Connections that lists, and changes, have at most. What is left is for look-ups alone.
const SCANS: usize = 6;
const CHANGES: usize = 8;

/// Connections of a node, without the one that hears news.
const CONNECTIONS: usize = SCANS + CHANGES + 2;

/// How long a request waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection that rested longer is tried before it is used: it may have been cut off meanwhile.
const RESTED: Duration = Duration::from_secs(1);

/// How long such a try may take.
const TRY: Duration = Duration::from_secs(2);

/// How often a change is tried that the database undoes because of another one.
const TRIES: u32 = 4;

/// No statement takes longer, and none waits longer for another's lock; a transaction whose node is gone ends as soon.
/// That a table is there already is not for the log.
const BOUNDS: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s';
    SET idle_in_transaction_session_timeout = '15s'; SET jit = off;
    SET default_transaction_isolation = 'read committed'; SET client_min_messages = 'warning'";

/// The connections to a database.
pub(crate) struct Postgres {
    connector: Connector,
    resting: Mutex<Vec<(Session, Instant)>>,
    connections: Arc<Semaphore>,
    scans: Arc<Semaphore>,
    changes: Arc<Semaphore>,
    pub news: Arc<News>,
}

/// How connections are made.
#[derive(Clone)]
struct Connector {
    database: Database,
    tls: MakeRustlsConnect,
}

impl Connector {
    fn connect(&self) -> Result<Session, Error> {
        let session = Session::new(self.database.config.connect(self.tls.clone())?);
        session.batch(BOUNDS)?;
        Ok(session)
    }
}

/// A place among those who use connections.
pub(crate) struct Place {
    _of_its_kind: Option<OwnedSemaphorePermit>,
    _among_all: OwnedSemaphorePermit,
}

/// What a connection is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    LookUp,
    /// What a client reads, which has an end.
    List,
    /// What may take as long as it needs.
    Scan,
    Change,
}

impl Purpose {
    /// How long it is waited for: longer than the database's own bounds let it take, for a database that keeps none,
    /// because it stands still.
    pub fn patience(self) -> Option<Duration> {
        let seconds = match self {
            Self::LookUp => 15,
            Self::List => 20,
            Self::Change => 20,
            Self::Scan => return None,
        };
        Some(Duration::from_secs(seconds))
    }
}

impl Postgres {
    /// Brings the schema up to date, and begins to hear news. Blocks.
    pub fn open(database: &Database, stale: Duration) -> Result<Self, Error> {
        let connector = Connector { database: database.clone(), tls: tls::connector(database)? };
        schema::postgres::migrate(&mut connector.connect()?)?;
        let news = Arc::new(News::new(Uuid::new_v4().to_string(), stale));
        news::hear(connector.clone(), &news)?;
        Ok(Self {
            connector,
            resting: Mutex::default(),
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
            scans: Arc::new(Semaphore::new(SCANS)),
            changes: Arc::new(Semaphore::new(CHANGES)),
            news,
        })
    }

    /// Waits for a place, which belongs to the one connection that is used then.
    pub async fn place(&self, purpose: Purpose) -> Result<Place, Error> {
        let of_its_kind = match purpose {
            Purpose::LookUp => None,
            Purpose::List | Purpose::Scan => Some(&self.scans),
            Purpose::Change => Some(&self.changes),
        };
        let place = async {
            let _of_its_kind = match of_its_kind {
                Some(places) => Some(Arc::clone(places).acquire_owned().await?),
                None => None,
            };
            Ok(Place {
                _of_its_kind,
                _among_all: Arc::clone(&self.connections).acquire_owned().await?,
            })
        };
        let none = || Error::Unavailable("all connections are in use".to_owned());
        let place = tokio::time::timeout(PATIENCE, place).await.map_err(|_| none())?;
        place.map_err(|_: AcquireError| none())
    }

    /// Runs `work` with a connection, which rests afterwards unless it broke.
    fn with<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&Session) -> Result<T, (E, Rest)>,
    ) -> Result<T, E> {
        let session = self.rested()?;
        match work(&session) {
            Ok(done) => {
                self.rest(session);
                Ok(done)
            }
            Err((error, Rest::Whole)) => {
                self.rest(session);
                Err(error)
            }
            Err((error, Rest::Broken)) => {
                // Others will have been cut off with it.
                let resting = std::mem::take(&mut *self.resting());
                drop((session, resting));
                Err(error)
            }
        }
    }

    /// A connection that works, as far as can be told.
    fn rested(&self) -> Result<Session, Error> {
        loop {
            let Some((mut session, since)) = self.resting().pop() else {
                return self.connector.connect();
            };
            if since.elapsed() < RESTED || session.client().is_valid(TRY).is_ok() {
                return Ok(session);
            }
        }
    }

    fn resting(&self) -> std::sync::MutexGuard<'_, Vec<(Session, Instant)>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rest(&self, session: Session) {
        self.resting().push((session, Instant::now()));
    }

    /// Runs what looks up a few rows.
    pub fn read<T>(&self, work: impl FnOnce(&Db) -> Result<T, Error>) -> Result<T, Error> {
        self.with(|session| work(&Db::Postgres(session)).map_err(by_itself))
    }

    /// Runs what may take long, for at most so long; it sees the catalog at one moment.
    pub fn scan<T>(
        &self,
        most: Duration,
        work: impl FnOnce(&Db) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let begin = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {}",
            most.as_millis()
        );
        self.with(|session| self.within(session, &begin, work, |_| "COMMIT".to_owned()))
    }

    /// Runs what changes the catalog, in one transaction; other nodes hear of it if what was done `changes` it.
    pub fn transact<T, E: From<Error>>(
        &self,
        mut work: impl FnMut(&Db) -> Result<T, E>,
        changes: fn(&T) -> bool,
    ) -> Result<T, E> {
        const BEGIN: &str = "BEGIN; SAVEPOINT unlocked";
        let end = |done: &T| match changes(done) {
            true => format!("NOTIFY {CHANNEL}, '{}'; COMMIT", self.news.node),
            false => "COMMIT".to_owned(),
        };
        self.with(|session| {
            for _ in 1..TRIES {
                match self.within(session, BEGIN, &mut work, end) {
                    Err((_, Rest::Whole)) if session.was_undone() => {}
                    done => return done,
                }
            }
            self.within(session, BEGIN, &mut work, end)
        })
    }

    fn within<T, E: From<Error>>(
        &self,
        session: &Session,
        begin: &str,
        work: impl FnOnce(&Db) -> Result<T, E>,
        end: impl FnOnce(&T) -> String,
    ) -> Result<T, (E, Rest)> {
        session.batch(begin).map_err(|error| (error.into(), Rest::Broken))?;
        match work(&Db::Postgres(session)) {
            // Whether it was done is not known then.
            Ok(done) => match session.batch(&end(&done)) {
                Ok(()) => Ok(done),
                Err(error) => {
                    self.news.count();
                    Err((error.into(), Rest::Broken))
                }
            },
            Err(error) => match session.batch("ROLLBACK") {
                Ok(()) => Err((error, Rest::Whole)),
                Err(_) => Err((error, Rest::Broken)),
            },
        }
    }
}

/// What is left of a connection after an error.
enum Rest {
    Whole,
    Broken,
}

/// An error of a statement outside a transaction.
fn by_itself(error: Error) -> (Error, Rest) {
    let rest = if matches!(error, Error::Unavailable(_)) { Rest::Broken } else { Rest::Whole };
    (error, rest)
}

impl Drop for Postgres {
    /// Connections end by asking the database to, which blocks.
    fn drop(&mut self) {
        let resting = std::mem::take(&mut *self.resting());
        std::thread::spawn(move || drop(resting));
    }
}
