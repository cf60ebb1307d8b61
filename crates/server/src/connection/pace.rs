//! How fast the client of one stream of HTTP/2 takes its answer. A connection of HTTP/1 has its socket to tell; a
//! stream may stand still by its own window while the others flow.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The largest piece of a body that is handed over at a time: the client is given time for so much.
pub const PIECE_BYTES: usize = 16 << 10;

/// Since when a client has had its last piece without room for the next one; none while the piece is being made.
#[derive(Default)]
pub struct Pace(Mutex<Option<Instant>>);

/// How long a client may take for a piece.
#[derive(Debug, Clone, Copy)]
pub struct Patience(Option<Duration>);

impl Patience {
    /// So long, and as long as a piece takes at the slowest rate that is allowed, bytes a second; a rate of 0 waits for
    /// ever.
    pub fn new(timeout: Duration, rate: u64) -> Self {
        let piece = (PIECE_BYTES as u64 * 1000).checked_div(rate);
        Self(piece.map(|ms| timeout + Duration::from_millis(ms)))
    }
}

impl Pace {
    fn set(&self, since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// The client has a piece.
    pub fn hands_over(&self) {
        self.set(Some(Instant::now()));
    }

    /// It has room for the next one.
    pub fn goes_on(&self) {
        self.set(None);
    }

    /// Ends once the client has taken too long.
    pub async fn stalls(&self, patience: Patience) {
        let Some(most) = patience.0 else { return std::future::pending().await };
        loop {
            let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let due = since.unwrap_or_else(Instant::now) + most;
            if due <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(due.into()).await;
        }
    }
}
