//! The links in use: what a URL stands for, ready to be answered, its file open.
//!
//! Bounded, the least recently used goes first. An entry counts for one generation of the catalog and
//! until the file expires, so that a deletion, a replacement or a change of `publish` counts from the
//! next request on.

use super::now_ms;
use crate::body::is_cached;
use crate::respond::Meta;
use http::Uri;
use library::ACCESS_RESOLUTION;
use lru::LruCache;
use media::{Media, Prepared};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use uuid::Uuid;

/// What a URL stands for.
pub struct Published {
    pub meta: Meta,
    pub prepared: Arc<Prepared>,
    /// From when on it's gone, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    pub file_sid: Option<Uuid>,
    pub lasting: Lasting,
}

impl Published {
    fn age_ms(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.lasting.since).as_millis() as u64
    }

    /// Whether an access now is to be noted: at most once a minute.
    pub fn is_to_be_noted(&self, now: Instant) -> bool {
        let (now_ms, until_ms) = (self.age_ms(now), &self.lasting.noted_until_ms);
        let due_ms = until_ms.load(Relaxed);
        let next_ms = now_ms + ACCESS_RESOLUTION.as_millis() as u64;
        now_ms >= due_ms && until_ms.compare_exchange(due_ms, next_ms, Relaxed, Relaxed).is_ok()
    }

    /// Whether a small file was found in the page cache within the last second.
    pub fn is_warm(&self, now: Instant) -> bool {
        let length_bytes = self.prepared.length_bytes();
        if !(1..=SMALL_BYTES).contains(&length_bytes) {
            return false;
        }
        let now_ms = self.age_ms(now);
        if now_ms < self.lasting.warm_until_ms.load(Relaxed) {
            return true;
        }
        let whole = 0..length_bytes;
        let Some((file, range)) = self.prepared.slice(&whole) else { return false };
        let is_warm = is_cached(&file, range.start, length_bytes).unwrap_or(false);
        if is_warm {
            self.lasting.warm_until_ms.store(now_ms + 1000, Relaxed);
        }
        is_warm
    }
}

/// Files up to this length are read ahead whole: their ends tell of all of them.
const SMALL_BYTES: u64 = 128 << 10;

/// What holds for a while, in milliseconds from when the link was kept.
pub struct Lasting {
    since: Instant,
    /// Until then the file is taken to be in the page cache.
    warm_until_ms: AtomicU64,
    /// Until then its last access has been noted.
    noted_until_ms: AtomicU64,
}

impl Default for Lasting {
    fn default() -> Self {
        let (warm_until_ms, noted_until_ms) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { since: Instant::now(), warm_until_ms, noted_until_ms }
    }
}

/// The links in use.
pub struct LinkCache {
    kept: Mutex<Kept>,
}

struct Kept {
    generation: u64,
    by_url: LruCache<Box<str>, Arc<Published>>,
}

/// Longer URLs aren't kept: a bound on links is to be one on memory.
const LONGEST_URL_BYTES: usize = 1024;

impl LinkCache {
    /// Room for so many.
    pub fn new(most: NonZeroUsize) -> Self {
        Self { kept: Mutex::new(Kept { generation: 0, by_url: LruCache::new(most) }) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a URL stands for, if that's known and still so.
    pub fn find(&self, media: &Media, uri: &Uri) -> Option<Arc<Published>> {
        let url = uri.path_and_query()?.as_str();
        let generation = media.generation()?;
        let mut kept = self.kept();
        if kept.generation != generation {
            // Closes the files of what was deleted, too.
            kept.by_url.clear();
            kept.generation = generation;
        }
        let found = kept.by_url.get(url)?;
        found.expires_at_ms.is_none_or(|at| now_ms() < at).then(|| Arc::clone(found))
    }

    /// Keeps what was looked up in a generation of the catalog, if there is one.
    pub fn keep(&self, uri: &Uri, generation: Option<u64>, published: &Arc<Published>) {
        let Some(url) = uri.path_and_query().map(|url| url.as_str()) else { return };
        let mut kept = self.kept();
        if generation == Some(kept.generation) && url.len() <= LONGEST_URL_BYTES {
            kept.by_url.put(url.into(), Arc::clone(published));
        }
    }
}
