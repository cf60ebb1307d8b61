//! What to send: resolve → select → prepare → open.
//!
//! A link becomes a [`Resource`], a resource and the client's [`Preferences`] become a
//! [`Representation`] (the original or a transcode), and a representation's byte ranges become a
//! [`Body`]: file slices and memory in order. Missing segments are made by the [`Scheduler`], the one
//! bridge between async code and the CPU work of `audio`, and kept in the output cache.

mod body;
mod cache;
mod chain;
mod convert;
mod flight;
mod identity;
mod learn;
mod output;
mod peaks;
mod play;
mod plays;
mod preferences;
mod resource;
mod scheduler;
mod select;

pub use body::{Body, BodyError, Chunk};
pub use convert::{ConvertError, convert};
pub use identity::serial;
pub use peaks::{Peaks, peaks_of};
pub use preferences::{BITRATES_KBPS, BadValue, ChannelWish, ClipWish, Preferences, RATES_HZ};
pub use resource::{Link, Resource};
pub use select::{Refusal, Representation, Transcoded, select};

use audio::Facts;
use audio::transcode::Input;
use blob::Blobs;
use bytes::Bytes;
use cache::Cache;
use catalog::Catalog;
use play::Play;
use plays::Plays;
use scheduler::Scheduler;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Settings of the crate.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder of the output cache.
    pub cache_dir: PathBuf,
    /// Bytes that the output cache may hold.
    pub cache_bytes: u64,
    /// Threads that encode.
    pub threads: usize,
    /// Segments that may wait for a thread.
    pub queue_length: usize,
    /// Segments that are made ahead of a reading client.
    pub read_ahead: u32,
    /// How long a client waits for a flac or mp4 whose sizes aren't known yet.
    pub learn_timeout: Duration,
    /// The longest audio that is played in another form than it is stored in.
    pub max_audio: Duration,
}

/// What happened since the start; for metrics and tests.
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
    /// Outputs evicted.
    pub outputs_evicted: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Ordering::Relaxed);
    }
}

/// Why a representation can't be sent now.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// All threads and the queue are full: come back.
    #[error("all transcoding slots are taken")]
    Busy {
        /// Seconds until a try is worth it.
        retry_after_s: u64,
    },
    /// The sizes are still being learned; the encoding goes on.
    #[error("the representation is still being encoded")]
    StillEncoding {
        /// Seconds until a try is worth it.
        retry_after_s: u64,
    },
    /// The content is gone (deleted meanwhile).
    #[error("the content is gone")]
    Gone,
    /// Anything else, for the log.
    #[error("{0}")]
    Failed(String),
}

impl OpenError {
    fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Media {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) catalog: Catalog,
    pub(crate) blobs: Blobs,
    pub(crate) config: Config,
    pub(crate) cache: Arc<Cache>,
    pub(crate) scheduler: Scheduler,
    pub(crate) counters: Arc<Counters>,
    pub(crate) plays: Mutex<Plays>,
    pub(crate) resources: resource::Resources,
}

impl Media {
    /// Opens the output cache and starts the threads. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// What the cache folder reports.
    pub fn open(catalog: Catalog, blobs: Blobs, config: Config) -> std::io::Result<Self> {
        let counters = Arc::new(Counters::default());
        let cache = Cache::open(&config.cache_dir, config.cache_bytes, Arc::clone(&counters))?;
        let scheduler = Scheduler::start(config.threads.max(1), config.queue_length)?;
        let max_audio = config.max_audio;
        let shared = Shared {
            catalog,
            blobs,
            config,
            cache: Arc::new(cache),
            scheduler,
            counters,
            plays: Mutex::default(),
            resources: resource::Resources::new(max_audio),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Makes no further segment: what is queued is dropped, what is begun is made to its end and kept.
    pub async fn close(&self) {
        self.shared.scheduler.close().await;
    }

    /// What happened so far.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// The catalog's generation: what was found under another one may be out of date.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.shared.catalog.generation()
    }

    /// Bytes that the output cache holds.
    #[must_use]
    pub fn cached_bytes(&self) -> u64 {
        self.shared.cache.bytes()
    }

    /// The published resource behind a link at a time, if there is one (publish.md §6).
    ///
    /// # Errors
    /// What the catalog reports.
    pub async fn resolve(
        &self,
        link: &Link,
        now_ms: i64,
    ) -> Result<Option<Arc<Resource>>, OpenError> {
        self.shared.resources.resolve(&self.shared.catalog, link, now_ms).await
    }

    /// What is to be known of a source that isn't stored (yet), or why it isn't played.
    ///
    /// # Errors
    /// It's too long, in plain words.
    pub fn playable(&self, facts: Facts) -> Result<Facts, String> {
        resource::playable(facts, self.shared.config.max_audio)
    }

    /// Makes a representation ready: its length is known then. For flac and mp4 that may mean to wait
    /// while all of it is encoded.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn prepare(&self, wanted: &Representation) -> Result<Prepared, OpenError> {
        let kind = match wanted {
            Representation::Original(resource) => self.original(resource).await?,
            Representation::Transcode(transcoded) => {
                return self.laid_out(self.play(transcoded).await?).await;
            }
        };
        Ok(Prepared { kind, shared: Arc::clone(&self.shared) })
    }

    /// [`Self::prepare`] of a transcode whose source is not stored (yet): an upload.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn prepare_source(
        &self,
        transcoded: &Transcoded,
        source: audio::Source,
        index: Vec<u8>,
    ) -> Result<Prepared, OpenError> {
        let running = self.shared.plays().find(&transcoded.key);
        let play = match running {
            Some(play) => play,
            None => self.new_play(transcoded, source, index).await?,
        };
        self.laid_out(play).await
    }

    async fn laid_out(&self, play: Arc<Play>) -> Result<Prepared, OpenError> {
        let layout = learn::layout_of(&self.shared, &play).await?;
        let kind = Kind::Transcode { play, layout };
        Ok(Prepared { kind, shared: Arc::clone(&self.shared) })
    }

    /// Opens an original; a small one is read at once.
    async fn original(&self, resource: &Arc<Resource>) -> Result<Kind, OpenError> {
        let (media, resource) = (self.clone(), Arc::clone(resource));
        let open = move || {
            let file = media.blob(&resource.content_hash)?;
            let length_bytes = resource.length_bytes;
            let bytes = (length_bytes <= SMALL_BYTES).then(|| {
                let mut bytes = vec![0; length_bytes as usize];
                file.read_exact_at(&mut bytes, 0).map(|()| bytes.into())
            });
            let bytes = bytes.transpose().map_err(OpenError::failed)?;
            Ok(Kind::Original { file: Arc::new(file), length_bytes, bytes })
        };
        tokio::task::spawn_blocking(open).await.map_err(OpenError::failed)?
    }

    fn blob(&self, content_hash: &str) -> Result<File, OpenError> {
        let address = catalog::blob_address(content_hash);
        let hash = address.parse().map_err(OpenError::failed)?;
        self.shared.blobs.get(&hash).map_err(OpenError::failed)?.ok_or(OpenError::Gone)
    }

    /// The play of a transcode: the running one, or a new one.
    async fn play(&self, transcoded: &Transcoded) -> Result<Arc<Play>, OpenError> {
        if let Some(play) = self.shared.plays().find(&transcoded.key) {
            return Ok(play);
        }
        let content_hash = &transcoded.resource.content_hash;
        let length_bytes = transcoded.resource.length_bytes;
        let source = Arc::new(Stored { file: self.blob(content_hash)?, length_bytes });
        let index = self.shared.catalog.seek_index(content_hash).await;
        self.new_play(transcoded, source, index.map_err(OpenError::failed)?).await
    }

    async fn new_play(
        &self,
        transcoded: &Transcoded,
        source: audio::Source,
        index: Vec<u8>,
    ) -> Result<Arc<Play>, OpenError> {
        let facts = transcoded.resource.facts.clone().ok_or(OpenError::Gone)?;
        let checkpoints = self.shared.catalog.checkpoints(&transcoded.key).await;
        let input = Input { source, facts, index: Arc::new(index) };
        let checkpoints = checkpoints.map_err(OpenError::failed)?;
        let play = Play::new(&self.shared, transcoded, input, checkpoints)?;
        Ok(self.shared.plays().insert(play))
    }
}

/// A blob as a source. What a damaged disk lost of it is an error: no decoder takes it for the end.
struct Stored {
    file: File,
    length_bytes: u64,
}

impl audio::ReadAt for Stored {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        match FileExt::read_at(&self.file, buffer, offset)? {
            0 if offset < self.length_bytes && !buffer.is_empty() => {
                Err(std::io::ErrorKind::UnexpectedEof.into())
            }
            read => Ok(read),
        }
    }

    fn length_bytes(&self) -> u64 {
        self.length_bytes
    }
}

impl Shared {
    pub(crate) fn plays(&self) -> std::sync::MutexGuard<'_, Plays> {
        self.plays.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A representation whose length is known.
pub struct Prepared {
    kind: Kind,
    shared: Arc<Shared>,
}

enum Kind {
    Original { file: Arc<File>, length_bytes: u64, bytes: Option<Bytes> },
    Transcode { play: Arc<Play>, layout: Arc<audio::Layout> },
}

/// Originals up to this length are held in memory.
const SMALL_BYTES: u64 = 2048;

impl Prepared {
    /// Where a range lies as it is in one file, if it does: in an original, or within one cached segment.
    #[must_use]
    pub fn slice(&self, range: &Range<u64>) -> Option<(Arc<File>, Range<u64>)> {
        match &self.kind {
            Kind::Original { file, .. } => Some((Arc::clone(file), range.clone())),
            Kind::Transcode { play, layout } => {
                play.cached_slice(&self.shared.cache, layout, range)
            }
        }
    }

    /// All bytes of an original, if they are few.
    #[must_use]
    pub fn bytes(&self) -> Option<&Bytes> {
        match &self.kind {
            Kind::Original { bytes, .. } => bytes.as_ref(),
            Kind::Transcode { .. } => None,
        }
    }

    /// Total length in bytes.
    #[must_use]
    pub fn length_bytes(&self) -> u64 {
        match &self.kind {
            Kind::Original { length_bytes, .. } => *length_bytes,
            Kind::Transcode { layout, .. } => layout.length_bytes(),
        }
    }

    /// Whether a range can be sent without encoding anything.
    #[must_use]
    pub fn is_cached(&self, range: &Range<u64>) -> bool {
        match &self.kind {
            Kind::Original { .. } => true,
            Kind::Transcode { play, layout } => {
                layout.segments_of(range).all(|segment| play.has(&self.shared.cache, segment))
            }
        }
    }

    /// The bytes of a range. A transcode's first missing segment is put into the queue before this
    /// returns; the rest follow as the body is read. Dropping the body cancels what only it waited for.
    ///
    /// # Errors
    /// [`OpenError::Busy`] if the queue is full.
    pub fn open(&self, range: Range<u64>) -> Result<Body, OpenError> {
        let mut body = self.further(range);
        body.admit()?;
        Ok(body)
    }

    /// The bytes of a further range of an answer that is under way: it's queued however full the queue is.
    #[must_use]
    pub fn further(&self, range: Range<u64>) -> Body {
        match &self.kind {
            Kind::Original { file, .. } => Body::of_file(Arc::clone(file), range),
            Kind::Transcode { play, layout } => {
                Body::of_play(&self.shared, Arc::clone(play), Arc::clone(layout), range)
            }
        }
    }
}
