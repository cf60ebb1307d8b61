//! A segment that is being made: its bytes as they come, for everybody who waits for it.

use bytes::Bytes;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A segment in the making. The maker appends; readers copy what is there and wait for more.
#[derive(Default)]
pub struct Flight {
    state: Mutex<State>,
    news: Notify,
    /// Handles held by those who want the segment.
    interest: AtomicUsize,
    /// Whether somebody had what it wanted of it: what is begun is then made to its end, for the cache.
    used: AtomicBool,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    end: Option<Result<(), Failure>>,
}

/// Why a flight ended without its segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Nobody waited any more when it was given up; who comes now starts another.
    Cancelled,
    /// The source or the encoder failed.
    Failed(String),
}

impl Flight {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends bytes; `Break` if nobody wants them any more.
    pub fn push(&self, bytes: &[u8]) -> ControlFlow<()> {
        self.state().bytes.extend_from_slice(bytes);
        self.news.notify_waiters();
        if self.is_wanted() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Ends the flight; who reads past the end sees `end`.
    pub fn finish(&self, end: Result<(), Failure>) {
        self.state().end.get_or_insert(end);
        self.news.notify_waiters();
    }

    /// All bytes so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.state().end.is_some()
    }

    /// Whether anybody wants it.
    pub fn is_wanted(&self) -> bool {
        self.used.load(Ordering::Acquire) || self.interest.load(Ordering::Acquire) > 0
    }

    /// The bytes from `offset` on, at least one, at most `most`; `None` at the segment's end.
    pub async fn read(&self, offset: usize, most: usize) -> Result<Option<Bytes>, Failure> {
        loop {
            // Registered before looking, so that no news is missed.
            let news = self.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            {
                let state = self.state();
                if state.bytes.len() > offset {
                    let end = state.bytes.len().min(offset.saturating_add(most));
                    return Ok(Some(Bytes::copy_from_slice(&state.bytes[offset..end])));
                }
                match &state.end {
                    Some(Ok(())) => return Ok(None),
                    Some(Err(failure)) => return Err(failure.clone()),
                    None => {}
                }
            }
            news.await;
        }
    }

    /// Waits for the end.
    pub async fn ended(&self) -> Result<(), Failure> {
        self.read(usize::MAX, 0).await.map(|_| ())
    }
}

/// An interest in a flight: while one is held, the segment is made.
pub struct Ticket(Arc<Flight>);

impl Ticket {
    /// Takes an interest.
    pub fn new(flight: &Arc<Flight>) -> Self {
        flight.interest.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(flight))
    }

    /// Gives the ticket back with thanks: the segment is to be finished all the same.
    pub fn used(self) {
        self.0.used.store(true, Ordering::Release);
    }

    /// The flight.
    pub fn flight(&self) -> &Arc<Flight> {
        &self.0
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.interest.fetch_sub(1, Ordering::AcqRel);
    }
}
