//! The pictures drawn last, and those being drawn: all who ask for one share it. Bounded by their bytes, the
//! least recently used goes first.

use super::waveform::Sketch;
use crate::problem::Problem;
use bytes::Bytes;
use lru::LruCache;
use media::Media;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OnceCell, Semaphore};

/// Bytes of pictures that are kept.
const MOST_BYTES: usize = 32 << 20;

/// Pictures that are kept, however small.
const MOST_KEPT: usize = 256;

/// Pictures drawn at a time.
const MOST_DRAWN: usize = 2;

type Kept = LruCache<Box<str>, Arc<OnceCell<Bytes>>>;

/// The pictures in use.
pub struct PictureCache {
    kept: Mutex<Kept>,
    turns: Arc<Semaphore>,
}

impl Default for PictureCache {
    fn default() -> Self {
        let most = NonZeroUsize::new(MOST_KEPT).unwrap_or(NonZeroUsize::MIN);
        let turns = Arc::new(Semaphore::new(MOST_DRAWN));
        Self { kept: Mutex::new(LruCache::new(most)), turns }
    }
}

impl PictureCache {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A picture, drawn now if it isn't kept: once for all who ask for it meanwhile.
    pub async fn find_or_draw(&self, media: &Media, sketch: &Sketch) -> Result<Bytes, Problem> {
        let place = self.kept().get_or_insert(sketch.etag.as_str().into(), Arc::default).clone();
        let bytes = place.get_or_try_init(|| sketch.draw(media, &self.turns)).await?.clone();
        let mut kept = self.kept();
        while bytes_of(&kept) > MOST_BYTES {
            kept.pop_lru();
        }
        Ok(bytes)
    }
}

fn bytes_of(kept: &Kept) -> usize {
    kept.iter().filter_map(|(_, place)| place.get()).map(Bytes::len).sum()
}
