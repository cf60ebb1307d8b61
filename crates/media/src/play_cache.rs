//! The plays by key.

use crate::lock::lock;
use crate::play::Play;
use lru::LruCache;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, Weak};

/// The plays by key: those in use, and the last few of others.
pub struct PlayCache {
    plays: Mutex<Plays>,
}

struct Plays {
    in_use: HashMap<Arc<str>, Weak<Play>>,
    recent: LruCache<Arc<str>, Arc<Play>>,
}

/// Plays kept ready though nobody uses them; each holds its source open.
const RECENT: usize = 64;

impl Default for PlayCache {
    fn default() -> Self {
        let size = NonZeroUsize::new(RECENT).unwrap_or(NonZeroUsize::MIN);
        let plays = Plays { in_use: HashMap::new(), recent: LruCache::new(size) };
        Self { plays: Mutex::new(plays) }
    }
}

impl PlayCache {
    /// The play of a key, if there is one.
    pub fn find(&self, key: &str) -> Option<Arc<Play>> {
        lock(&self.plays).find(key)
    }

    /// Keeps a play ready for the next client.
    pub fn keep(&self, play: &Arc<Play>) {
        let displaced = lock(&self.plays).recent.push(Arc::clone(&play.key), Arc::clone(play));
        // Without the lock, because the last owner closes the source.
        drop(displaced);
    }

    /// Takes a new play, or gives the one that came before it; it stays as long as it's used.
    pub fn insert(&self, play: Play) -> Arc<Play> {
        let mut plays = lock(&self.plays);
        if let Some(first) = plays.find(&play.key) {
            return first;
        }
        plays.in_use.retain(|_, play| play.strong_count() > 0);
        let play = Arc::new(play);
        plays.in_use.insert(Arc::clone(&play.key), Arc::downgrade(&play));
        play
    }
}

impl Plays {
    fn find(&self, key: &str) -> Option<Arc<Play>> {
        self.in_use.get(key)?.upgrade().filter(|play| !play.is_lost())
    }
}
