//! The service: a link becomes a resource, a representation is made ready to be sent.

use crate::blocks::{Blocks, Object};
use crate::counters::Counters;
use crate::engine::{Config, Engine};
use crate::error::OpenError;
use crate::fetch;
use crate::play::Play;
use crate::play_cache::PlayCache;
use crate::prepared::Prepared;
use crate::queue::Class;
use crate::remote_source::RemoteSource;
use crate::resource::{Resource, ResourceCache, Right, playable};
use crate::scheduler::Load;
use crate::select::{Representation, Transcoded};
use crate::source::Stored;
use audio::Facts;
use audio::transcode::Input;
use blob::{Store, Stores};
use catalog::{Catalog, Word};
use semantics::link::Link;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Media {
    service: Arc<Service>,
}

struct Service {
    engine: Arc<Engine>,
    plays: PlayCache,
    resources: ResourceCache,
}

impl Media {
    /// Opens the output cache and starts the threads. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// What the cache folder reports.
    pub fn open(catalog: Catalog, stores: impl Into<Stores>, config: Config) -> io::Result<Self> {
        let resources = ResourceCache::new(config.max_audio);
        let engine = Arc::new(Engine::start(catalog, stores.into(), config)?);
        let service = Service { engine, plays: PlayCache::default(), resources };
        Ok(Self { service: Arc::new(service) })
    }

    fn engine(&self) -> &Arc<Engine> {
        &self.service.engine
    }

    /// Makes no further segment: what is queued is dropped, what is begun is made to its end and kept.
    pub async fn close(&self) {
        self.engine().scheduler.close().await;
    }

    /// What happened so far.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.engine().counters
    }

    /// The catalog's generation: what was found under another one may be out of date. `None`: nobody can tell now.
    #[must_use]
    pub fn generation(&self) -> Option<u64> {
        self.engine().catalog.generation()
    }

    /// Bytes that the output cache holds.
    #[must_use]
    pub fn cached_bytes(&self) -> u64 {
        self.engine().cache.bytes()
    }

    /// Bytes that the output cache may hold.
    #[must_use]
    pub fn cache_limit_bytes(&self) -> u64 {
        self.engine().config.cache_bytes
    }

    /// What the threads that encode have to do now.
    #[must_use]
    pub fn load(&self) -> Load {
        self.engine().scheduler.load()
    }

    /// Has the output cache leave so many bytes free on its disk, for ever: for one that files share with it.
    pub async fn keep_room(self, bytes: u64) {
        /// A disk fills no faster than uploads come.
        const EVERY: Duration = Duration::from_secs(5);
        loop {
            let engine = Arc::clone(self.engine());
            let _ = tokio::task::spawn_blocking(move || engine.cache.leave_free(bytes)).await;
            tokio::time::sleep(EVERY).await;
        }
    }

    /// The resource behind a link at a time, if there is one and the right opens it (apis/publish/README.md §6, §7).
    ///
    /// # Errors
    /// What the catalog reports.
    pub async fn resolve(
        &self,
        link: &Link,
        right: Right,
        now_ms: i64,
    ) -> Result<Option<Arc<Resource>>, OpenError> {
        self.service.resources.resolve(&self.engine().catalog, link, right, now_ms).await
    }

    /// What is to be known of a source that isn't stored (yet), or why it isn't played.
    ///
    /// # Errors
    /// It's too long, in plain words.
    pub fn playable(&self, facts: Facts) -> Result<Facts, String> {
        playable(facts, self.engine().config.max_audio)
    }

    /// Makes a representation ready: its length is known then. For flac and mp4 that may mean to wait
    /// while all of it is encoded.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn prepare(&self, wanted: &Representation) -> Result<Prepared, OpenError> {
        match wanted {
            Representation::Original(resource) => self.original(resource).await,
            Representation::Transcode(transcoded) => {
                let play = self.play(transcoded).await?;
                self.service.plays.keep(&play);
                self.laid_out(play, Class::Waiting).await
            }
        }
    }

    /// [`Self::prepare`] of what nobody waits for: what plays goes before it. Never [`OpenError::StillEncoding`].
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn prepare_unhurried(&self, wanted: &Representation) -> Result<Prepared, OpenError> {
        match wanted {
            Representation::Original(resource) => self.original(resource).await,
            Representation::Transcode(transcoded) => {
                self.laid_out(self.play(transcoded).await?, Class::Upload).await
            }
        }
    }

    /// [`Self::prepare`] of a transcode whose source is not stored (yet): an upload. What plays goes before it, and
    /// what is read of it; both end when they are dropped. It never says [`OpenError::StillEncoding`].
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn prepare_source(
        &self,
        transcoded: &Transcoded,
        source: audio::Source,
        index: Vec<u8>,
    ) -> Result<Prepared, OpenError> {
        // Not kept ready, because it would hold the upload's file open.
        let play = match self.service.plays.find(&transcoded.key) {
            Some(running) => running,
            None => self.new_play(transcoded, PlaySource::Here(source), index).await?,
        };
        self.laid_out(play, Class::Upload).await
    }

    async fn laid_out(&self, play: Arc<Play>, class: Class) -> Result<Prepared, OpenError> {
        let layout = fetch::layout_of(self.engine(), &play, class).await?;
        Ok(Prepared::transcode(Arc::clone(self.engine()), play, layout, class))
    }

    async fn original(&self, resource: &Arc<Resource>) -> Result<Prepared, OpenError> {
        let length_bytes = resource.length_bytes;
        let file = match self.blob(resource).await? {
            Blob::File(file) => file,
            Blob::Blocks(blocks) => {
                return Ok(Prepared::remote(blocks, self.engine().config.store_timeout));
            }
        };
        let open = move || Prepared::original(file, length_bytes).map_err(OpenError::failed);
        tokio::task::spawn_blocking(open).await.map_err(OpenError::failed)?
    }

    /// The play of a transcode: the running one, or a new one.
    async fn play(&self, transcoded: &Transcoded) -> Result<Arc<Play>, OpenError> {
        if let Some(play) = self.service.plays.find(&transcoded.key) {
            return Ok(play);
        }
        let content_hash = &transcoded.resource.content_hash;
        let length_bytes = transcoded.resource.length_bytes;
        let blob = self.blob(&transcoded.resource).await?;
        let index = self.engine().catalog.seek_index(content_hash).await;
        let source = match blob {
            Blob::File(file) => PlaySource::Here(Arc::new(Stored { file, length_bytes })),
            Blob::Blocks(blocks) => PlaySource::Remote(Arc::new(RemoteSource::new(blocks))),
        };
        self.new_play(transcoded, source, index?).await
    }

    async fn new_play(
        &self,
        transcoded: &Transcoded,
        source: PlaySource,
        index: Vec<u8>,
    ) -> Result<Arc<Play>, OpenError> {
        let facts = transcoded.resource.facts.clone().ok_or(OpenError::Gone)?;
        let checkpoints = self.engine().catalog.checkpoints(&transcoded.key).await;
        let (source, remote): (audio::Source, _) = match source {
            PlaySource::Here(source) => (source, None),
            PlaySource::Remote(source) => (source.clone(), Some(source)),
        };
        let input = Input { source, facts, index: Arc::new(index) };
        let play = Play::new(transcoded, input, remote, checkpoints?)?;
        // A use counts from the request on.
        self.engine().cache.get(&play.key);
        Ok(self.service.plays.insert(play))
    }

    /// The bytes of a resource: open, or to be fetched.
    async fn blob(&self, resource: &Resource) -> Result<Blob, OpenError> {
        let engine = self.engine();
        let object = async || {
            let object = engine.catalog.object_of(&resource.store, &resource.content_hash).await;
            let named = |object: catalog::Object| {
                Ok::<_, OpenError>((object.name.parse().map_err(OpenError::failed)?, object.e_tag))
            };
            object?.map(named).transpose()
        };
        match self.store_of(resource).await? {
            Store::Local(local) => {
                let name = async || Ok::<_, OpenError>(object().await?.map(|(name, _)| name));
                Ok(Blob::File(local.find(name).await?.ok_or(OpenError::Gone)?))
            }
            Store::Remote(store) => {
                let (name, e_tag) = object().await?.ok_or(OpenError::Gone)?;
                let object = Object { name, e_tag, length_bytes: resource.length_bytes };
                Ok(Blob::Blocks(engine.blocks.find(&store, object)))
            }
        }
    }

    /// The store that a resource lies in.
    async fn store_of(&self, resource: &Resource) -> Result<Store, OpenError> {
        let stores = &self.engine().stores;
        let Ok(container_sid) = resource.store.parse() else { return Ok(stores.own().clone()) };
        let container = self.engine().catalog.container(container_sid).await;
        let container = container?.ok_or(OpenError::Gone)?;
        let bucket = stores.bucket(container.kind.as_str(), &container.external_attributes);
        let bucket = bucket.map_err(OpenError::failed)?.ok_or(OpenError::Gone)?;
        stores.open(&bucket).map_err(OpenError::failed)
    }
}

/// The bytes of a content.
enum Blob {
    File(File),
    Blocks(Arc<Blocks>),
}

/// What a transcode is made of: bytes that are here, or that come by blocks.
enum PlaySource {
    Here(audio::Source),
    Remote(Arc<RemoteSource>),
}
