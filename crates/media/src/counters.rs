//! What happened since the start; for metrics and tests.

use std::sync::atomic::{AtomicU64, Ordering};

/// What happened since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Segments encoded to their end.
    pub segments_encoded: AtomicU64,
    /// Segments that failed, cancelled ones not counted.
    pub segments_failed: AtomicU64,
    /// Segments given up because nobody waited any more.
    pub segments_cancelled: AtomicU64,
    /// Cached segments that failed their checksum and were dropped.
    pub checksum_repairs: AtomicU64,
    /// Frames of silence put in for sources that ended early.
    pub frames_missing: AtomicU64,
    /// Blocks of stored files fetched from a bucket.
    pub blocks_fetched: AtomicU64,
    /// Outputs evicted.
    pub outputs_evicted: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Ordering::Relaxed);
    }
}
