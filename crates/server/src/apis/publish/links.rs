//! The links in use: what a URL stands for, ready to be answered, its file open.
//!
//! Bounded, the least recently used goes first. An entry counts for one generation of the catalog and
//! until the file expires, so that a deletion, a replacement or a change of `publish` counts from the
//! next request on.

use super::now_ms;
use crate::respond::Meta;
use http::Uri;
use lru::LruCache;
use media::{Media, Prepared};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a URL stands for.
pub struct Published {
    pub meta: Meta,
    pub prepared: Arc<Prepared>,
    /// From when on it's gone, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
}

/// The links in use.
pub struct Links {
    kept: Mutex<Kept>,
}

struct Kept {
    generation: u64,
    by_url: LruCache<Box<str>, Arc<Published>>,
}

/// Longer URLs aren't kept: a bound on links is to be one on memory.
const LONGEST_URL_BYTES: usize = 1024;

impl Links {
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
        let generation = media.generation();
        let mut kept = self.kept();
        if kept.generation != generation {
            // Closes the files of what was deleted, too.
            kept.by_url.clear();
            kept.generation = generation;
        }
        let found = kept.by_url.get(url)?;
        found.expires_at_ms.is_none_or(|at| now_ms() < at).then(|| Arc::clone(found))
    }

    /// Keeps what was looked up in a generation of the catalog.
    pub fn keep(&self, uri: &Uri, generation: u64, published: &Arc<Published>) {
        let Some(url) = uri.path_and_query().map(|url| url.as_str()) else { return };
        let mut kept = self.kept();
        if kept.generation == generation && url.len() <= LONGEST_URL_BYTES {
            kept.by_url.put(url.into(), Arc::clone(published));
        }
    }
}
