//! The plays by key.

use crate::play::Play;
use lru::LruCache;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Weak};

/// The plays by key: those in use, and the last few of others.
pub struct Plays {
    in_use: HashMap<Arc<str>, Weak<Play>>,
    recent: LruCache<Arc<str>, Arc<Play>>,
}

/// Plays kept ready though nobody uses them; each holds its source open.
const RECENT: usize = 64;

impl Default for Plays {
    fn default() -> Self {
        let size = NonZeroUsize::new(RECENT).unwrap_or(NonZeroUsize::MIN);
        Self { in_use: HashMap::new(), recent: LruCache::new(size) }
    }
}

impl Plays {
    /// The play of a key, if there is one.
    pub fn find(&mut self, key: &str) -> Option<Arc<Play>> {
        let play = self.in_use.get(key)?.upgrade()?;
        self.recent.put(Arc::clone(&play.key), Arc::clone(&play));
        Some(play)
    }

    /// Takes a new play, or gives the one that came before it.
    pub fn insert(&mut self, play: Play) -> Arc<Play> {
        if let Some(first) = self.find(&play.key) {
            return first;
        }
        self.in_use.retain(|_, play| play.strong_count() > 0);
        let play = Arc::new(play);
        self.in_use.insert(Arc::clone(&play.key), Arc::downgrade(&play));
        self.recent.put(Arc::clone(&play.key), Arc::clone(&play));
        play
    }
}
