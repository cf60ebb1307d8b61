//! What is to be done with a connection. Its types are its caller's alone, so that connections, tries, threads and
//! waiting are compiled once and not for each statement: they were a tenth of the program.

use crate::Error;
use crate::postgres::Purpose;
use crate::sql::Db;
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// By how long it may take and what it may do.
pub(crate) enum Work {
    LookUp(Reading),
    Scan(Reading),
    /// With whether nobody waits for it any more.
    List(Reading, Arc<AtomicBool>),
    Change(Changing),
}

pub(crate) type Reading = Box<dyn FnOnce(&Db) -> Result<Answer, Error> + Send>;

/// It may run again.
pub(crate) type Changing = Box<dyn FnMut(&Db) -> Result<Done, Failed> + Send>;

pub(crate) type Answer = Box<dyn Any + Send>;

/// A transaction that is to be kept; whether it makes what was found before count no more.
pub(crate) struct Done {
    pub answer: Answer,
    pub changes: bool,
}

/// Why there is no answer: the catalog's reason, or that of who asked, which undoes a transaction.
pub(crate) enum Failed {
    Catalog(Error),
    Caller(Answer),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Catalog(error)
    }
}

impl Work {
    pub fn purpose(&self) -> Purpose {
        match self {
            Self::LookUp(_) => Purpose::LookUp,
            Self::Scan(_) => Purpose::Scan,
            Self::List(..) => Purpose::List,
            Self::Change(_) => Purpose::Change,
        }
    }
}

pub(crate) fn reading<T: Send + 'static>(
    work: impl FnOnce(&Db) -> Result<T, Error> + Send + 'static,
) -> Reading {
    Box::new(move |db| Ok(Box::new(work(db)?)))
}
