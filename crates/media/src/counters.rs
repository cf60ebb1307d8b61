//! What happened since the start; for metrics and tests.

use audio::formats::FORMATS;
use blob::Durations;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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
    /// What was encoded into each format.
    pub encoded: EncodedFormats,
}

/// What was encoded into one format.
#[derive(Debug, Default)]
pub struct Encoded {
    /// How long a thread took for each segment.
    pub durations: Durations,
    /// Audio that the segments hold, in microseconds: each counts as the average of its transcode.
    pub audio_us: AtomicU64,
}

/// What was encoded, by format.
#[derive(Debug)]
pub struct EncodedFormats(Vec<Encoded>);

impl Default for EncodedFormats {
    fn default() -> Self {
        Self(FORMATS.iter().map(|_| Encoded::default()).collect())
    }
}

impl EncodedFormats {
    /// The formats that are written, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Encoded)> {
        let all = FORMATS.iter().zip(&self.0);
        all.filter(|(format, _)| format.target.is_some()).map(|(format, of)| (format.name, of))
    }

    /// Counts a segment of a format that holds so much audio.
    pub(crate) fn count(&self, format: &str, took: Duration, audio: Duration) {
        if let Some((_, of)) = self.iter().find(|(name, _)| *name == format) {
            of.durations.count(took);
            Counters::add(&of.audio_us, u64::try_from(audio.as_micros()).unwrap_or(u64::MAX));
        }
    }
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Ordering::Relaxed);
    }
}
