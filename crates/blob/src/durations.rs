//! How long things took, counted by bounds: what figures tell as a histogram.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds, in microseconds.
pub const BOUNDS_US: [u64; 10] =
    [100, 300, 1000, 3000, 10_000, 30_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// How often something took how long.
#[derive(Debug)]
pub struct Durations {
    /// Times up to each bound and above the one before; the last ones are above all.
    counts: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

impl Durations {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            counts: [const { AtomicU64::new(0) }; BOUNDS_US.len() + 1],
            sum_us: AtomicU64::new(0),
        }
    }

    /// Counts one time.
    pub fn count(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.iter().position(|bound| us <= *bound).unwrap_or(BOUNDS_US.len());
        self.counts[bucket].fetch_add(1, Relaxed);
        self.sum_us.fetch_add(us, Relaxed);
    }

    /// How many were above the bound before this one and up to it; of the last, above all.
    #[must_use]
    pub fn within(&self, bound: usize) -> u64 {
        self.counts[bound].load(Relaxed)
    }

    /// All times together, in microseconds.
    #[must_use]
    pub fn sum_us(&self) -> u64 {
        self.sum_us.load(Relaxed)
    }
}

impl Default for Durations {
    fn default() -> Self {
        Self::new()
    }
}
