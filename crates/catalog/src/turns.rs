//! Places among those who want the same thing at a time: nobody has more than so many of them.

use crate::Error;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// Whose places are kept while nobody waits for one.
const MAX_KEPT: usize = 1024;

/// The places of all who ask.
pub struct Turns {
    each: usize,
    known: Mutex<HashMap<Uuid, Arc<Semaphore>>>,
}

/// A place, given back when dropped.
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Turns {
    /// So many places for each who asks.
    #[must_use]
    pub fn of(each: usize) -> Self {
        Self { each, known: Mutex::default() }
    }

    /// A place of somebody, once there is one.
    ///
    /// # Errors
    /// None.
    pub async fn next(&self, whose: Uuid) -> Result<Turn, Error> {
        let permit = self.places(whose).acquire_owned().await.map_err(|e| Error::Task(e.into()))?;
        Ok(Turn { _permit: permit })
    }

    /// A place of somebody, if there is one now.
    #[must_use]
    pub fn at_once(&self, whose: Uuid) -> Option<Turn> {
        let permit = self.places(whose).try_acquire_owned().ok()?;
        Some(Turn { _permit: permit })
    }

    fn places(&self, whose: Uuid) -> Arc<Semaphore> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KEPT {
            known.retain(|_, places| Arc::strong_count(places) > 1);
        }
        let places = known.entry(whose);
        Arc::clone(places.or_insert_with(|| Arc::new(Semaphore::new(self.each))))
    }
}
