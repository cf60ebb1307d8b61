//! Requests to buckets, counted for the figures: how many of each kind, how they went, and how long they took.

use crate::Durations;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Reads an object, or a range of it, up to its first byte.
    Get,
    /// Writes an object, or a part of one.
    Put,
    /// Removes an object.
    Delete,
}

impl Operation {
    /// All of them, with their names.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Get, "get"), (Self::Put, "put"), (Self::Delete, "delete")];
}

/// Requests of one kind since the start.
#[derive(Debug, Default)]
pub struct Requests {
    /// Those that did what they were to do.
    pub done: AtomicU64,
    /// Those that did not.
    pub failed: AtomicU64,
    /// How long they took.
    pub durations: Durations,
}

static REQUESTS: [Requests; Operation::ALL.len()] = [const {
    Requests { done: AtomicU64::new(0), failed: AtomicU64::new(0), durations: Durations::new() }
}; Operation::ALL.len()];

impl Requests {
    /// Those of a kind, of this process.
    #[must_use]
    pub fn of(operation: Operation) -> &'static Self {
        &REQUESTS[operation as usize]
    }

    fn count(&self, is_done: bool, time: Duration) {
        let counter = if is_done { &self.done } else { &self.failed };
        counter.fetch_add(1, Relaxed);
        self.durations.count(time);
    }
}

/// Makes a request and counts it.
pub(crate) async fn counted<T, E>(
    operation: Operation,
    request: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let began = Instant::now();
    let answer = request.await;
    Requests::of(operation).count(answer.is_ok(), began.elapsed());
    answer
}
