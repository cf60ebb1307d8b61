//! A segment that is being made: its bytes as they come, for everybody who waits for it.

use crate::lock::lock;
use bytes::Bytes;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
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
    /// Whether a client waits for it now, be it queued ahead or not.
    urgent: AtomicBool,
    /// Whether somebody makes it.
    claimed: AtomicBool,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    end: Option<End>,
}

/// How a flight ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Whole; its bytes stay as long as it.
    Whole,
    /// Whole, and in the cache: its bytes are gone from here.
    Cached,
    /// Nobody waited any more when it was given up; who comes now starts another.
    Cancelled,
    /// The source or the encoder failed.
    Failed(String),
    /// The store of the source can't be reached now.
    Away,
}

impl Flight {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Appends bytes; `Break` if nobody wants them any more.
    pub fn push(&self, bytes: &[u8]) -> ControlFlow<()> {
        self.state().bytes.extend_from_slice(bytes);
        self.news.notify_waiters();
        if self.is_wanted() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Ends the flight, unless it has ended; who reads past the end sees `end`.
    pub fn finish(&self, end: End) {
        let mut state = self.state();
        if state.end.is_none() {
            // The bytes are let go once the segment is cached, because a slow reader would pin them in memory: it goes
            // on from the file.
            let gone =
                if end == End::Cached { std::mem::take(&mut state.bytes) } else { Vec::new() };
            state.end = Some(end);
            drop(state);
            drop(gone);
            self.news.notify_waiters();
        }
    }

    /// Claims the making of the segment; false if another job has it.
    pub fn claim(&self) -> bool {
        !self.claimed.swap(true, Ordering::AcqRel)
    }

    /// Notes that a client waits for it now.
    pub fn hurry(&self) {
        self.urgent.store(true, Ordering::SeqCst);
    }

    /// Whether a client waits for it now.
    pub fn is_urgent(&self) -> bool {
        self.urgent.load(Ordering::SeqCst)
    }

    /// All bytes so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    /// How many bytes there are so far.
    pub fn length(&self) -> usize {
        self.state().bytes.len()
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.state().end.is_some()
    }

    /// Whether anybody wants it.
    pub fn is_wanted(&self) -> bool {
        self.used.load(Ordering::Acquire) || self.interest.load(Ordering::Acquire) > 0
    }

    /// The bytes from `offset` on, at least one, at most `most`; or how it ended, if nothing more comes.
    pub async fn read(&self, offset: usize, most: usize) -> Result<Bytes, End> {
        loop {
            // The wait is registered before the look, because news between the two would be missed.
            let news = self.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            {
                let state = self.state();
                if state.bytes.len() > offset {
                    let end = state.bytes.len().min(offset.saturating_add(most));
                    return Ok(Bytes::copy_from_slice(&state.bytes[offset..end]));
                }
                if let Some(end) = &state.end {
                    return Err(end.clone());
                }
            }
            news.await;
        }
    }

    /// Waits for the end.
    pub async fn ended(&self) -> End {
        loop {
            if let Err(end) = self.read(usize::MAX, 0).await {
                return end;
            }
        }
    }
}

/// An interest in a flight: while one is held, the segment is made.
pub struct Ticket(Arc<Flight>);

impl Ticket {
    /// Counts a client that waits for the segment, until the ticket is dropped.
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
