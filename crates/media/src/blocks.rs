//! An object of a bucket as blocks: fetched once for all who want them, kept in a cache of their own beside that of the
//! outputs. A block is to the store what a segment is to the encoder.

use crate::cache::Cache;
use crate::cache::output::{Found, Slice};
use crate::counters::Counters;
use crate::error::OpenError;
use crate::flight::{End, Flight};
use crate::lock::lock;
use blob::{ObjectName, Remote, StoreError, Stores};
use catalog::Catalog;
use futures_util::StreamExt;
use std::collections::HashMap;
use std::fs::File;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;
use tokio::runtime::Handle;

/// Bytes of a block but for the last one.
pub const BLOCK_BYTES: u64 = 128 << 10;

/// Blocks that one request fetches ahead at most: a megabyte.
const RUN: u32 = 8;

/// How blocks are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Somebody waits: a request for each block, all at once.
    Urgent,
    /// A request for as many as lie side by side.
    Ahead,
}

/// An object as blocks.
pub struct Blocks {
    /// What its blocks are kept under in the cache.
    key: Arc<str>,
    name: ObjectName,
    store: Remote,
    e_tag: Option<String>,
    length_bytes: u64,
    cache: Arc<Cache>,
    counters: Arc<Counters>,
    stores: Stores,
    catalog: Catalog,
    /// Blocks on their way.
    flights: Mutex<HashMap<u32, Arc<Flight>>>,
    /// Whether the object was found missing, changed or out of reach of the store's keys: who comes looks anew.
    is_lost: AtomicBool,
    runtime: Handle,
}

/// The objects that are in use, so that all who read one share its blocks on their way.
pub struct BlocksInUse {
    pub cache: Arc<Cache>,
    counters: Arc<Counters>,
    stores: Stores,
    catalog: Catalog,
    by_name: Mutex<HashMap<ObjectName, Weak<Blocks>>>,
}

/// An object as the catalog tells of it.
pub struct Object {
    pub name: ObjectName,
    pub e_tag: Option<String>,
    pub length_bytes: u64,
}

impl BlocksInUse {
    pub fn new(cache: Cache, counters: &Arc<Counters>, stores: &Stores, catalog: &Catalog) -> Self {
        let (counters, stores, catalog) = (Arc::clone(counters), stores.clone(), catalog.clone());
        Self { cache: Arc::new(cache), counters, stores, catalog, by_name: Mutex::default() }
    }

    /// An object as blocks: those that are in use, or new ones. Nothing is asked of the store. Within a runtime.
    pub fn find(&self, store: &Remote, object: Object) -> Arc<Blocks> {
        let Object { name, e_tag, length_bytes } = object;
        let mut known = lock(&self.by_name);
        let same = known.get(&name).and_then(Weak::upgrade);
        // A container may have got other keys meanwhile.
        if let Some(blocks) = same.filter(|blocks| !blocks.is_lost() && blocks.store.is(store)) {
            return blocks;
        }
        known.retain(|_, blocks| blocks.strong_count() > 0);
        let blocks = Arc::new(Blocks {
            key: blake3::hash(name.to_string().as_bytes()).to_hex()[..40].into(),
            name,
            store: store.clone(),
            e_tag,
            length_bytes,
            cache: Arc::clone(&self.cache),
            counters: Arc::clone(&self.counters),
            stores: self.stores.clone(),
            catalog: self.catalog.clone(),
            flights: Mutex::default(),
            is_lost: AtomicBool::new(false),
            runtime: Handle::current(),
        });
        known.insert(name, Arc::downgrade(&blocks));
        blocks
    }
}

impl Blocks {
    pub fn length_bytes(&self) -> u64 {
        self.length_bytes
    }

    /// How many blocks there are.
    pub fn count(&self) -> u32 {
        u32::try_from(self.length_bytes.div_ceil(BLOCK_BYTES)).unwrap_or(u32::MAX)
    }

    /// The blocks that hold a range.
    pub fn of(range: &Range<u64>) -> Range<u32> {
        let block = |offset: u64| u32::try_from(offset / BLOCK_BYTES).unwrap_or(u32::MAX);
        block(range.start)..block(range.end.saturating_sub(1)).saturating_add(1)
    }

    /// The bytes of a block.
    pub fn span(&self, block: u32) -> Range<u64> {
        let start = u64::from(block) * BLOCK_BYTES;
        start..(start + BLOCK_BYTES).min(self.length_bytes)
    }

    /// Whether the object was found missing, changed or out of reach.
    pub fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<u32, Arc<Flight>>> {
        lock(&self.flights)
    }

    /// Whether a block is in the cache.
    pub fn has(&self, block: u32) -> bool {
        self.cache.get(&self.key).is_some_and(|object| object.has(block))
    }

    /// Where a block lies in the cache, if it is known to be whole.
    pub fn slice(&self, block: u32) -> Option<Slice> {
        let Ok(Found::Whole(slice)) = self.cache.get(&self.key)?.find(block) else { return None };
        self.cache.hold(&self.key, &slice.file);
        Some(slice)
    }

    /// Where a range lies as it is in one file, if all its blocks are known to be whole: they lie side by side.
    pub fn slice_of(&self, range: &Range<u64>) -> Option<(Arc<File>, Range<u64>)> {
        let mut file: Option<Arc<File>> = None;
        for block in Self::of(range) {
            let slice = self.slice(block)?;
            let first = file.get_or_insert_with(|| Arc::clone(&slice.file));
            if !Arc::ptr_eq(first, &slice.file) {
                return None;
            }
        }
        Some((file?, range.clone()))
    }

    /// Where a block lies in the cache; one that an earlier process wrote is checked first. Blocking.
    pub fn checked_slice(&self, block: u32) -> Option<Slice> {
        let object = self.cache.get(&self.key)?;
        loop {
            let checked = match object.find(block) {
                Ok(Found::Whole(slice)) => return Some(slice),
                Ok(Found::Missing) => return None,
                Ok(Found::Unchecked) => self.cache.check(&self.key, &object, block),
                Err(error) => Err(error),
            };
            if let Err(error) = checked {
                // Without its files the object is fetched again; what else the disk says is not told apart.
                tracing::warn!(%error, object = %self.name, "cached blocks can't be read");
                self.cache.forget(&self.key, &object);
                return None;
            }
        }
    }

    /// A block on its way; `None` if it is in the cache. One that is neither is fetched.
    pub fn flight(self: &Arc<Self>, block: u32) -> Option<Arc<Flight>> {
        let on_its_way = || {
            let flights = self.flights();
            if self.has(block) { None } else { flights.get(&block).cloned() }
        };
        on_its_way().or_else(|| {
            let begun = self.fetch(block..block.saturating_add(1), Way::Urgent).pop();
            begun.map(|(_, flight)| flight).or_else(on_its_way)
        })
    }

    /// Has those of these blocks fetched that are neither here nor on their way; gives them.
    pub fn fetch(self: &Arc<Self>, wanted: Range<u32>, way: Way) -> Vec<(u32, Arc<Flight>)> {
        let mut missing = Vec::new();
        let mut flights = self.flights();
        // Looked up under the lock: a block is stored before its flight is taken off.
        for block in wanted.start..wanted.end.min(self.count()) {
            if !flights.contains_key(&block) && !self.has(block) {
                let flight = Arc::new(Flight::default());
                flights.insert(block, Arc::clone(&flight));
                missing.push((block, flight));
            }
        }
        drop(flights);
        let most = if way == Way::Urgent { 1 } else { RUN as usize };
        for run in missing.chunk_by(|(block, _), (next, _)| block + 1 == *next) {
            for run in run.chunks(most) {
                let (blocks, run) = (Arc::clone(self), run.to_vec());
                self.runtime.spawn(async move { blocks.receive(run).await });
            }
        }
        missing
    }

    /// Fetches blocks that lie side by side, by one request.
    async fn receive(self: Arc<Self>, run: Vec<(u32, Arc<Flight>)>) {
        let mut landed = 0;
        let received = self.receive_each(&run, &mut landed).await;
        let end = match received {
            Ok(()) => End::Failed("the store gave less than was asked for".into()),
            Err(error) => self.end_of(&error),
        };
        for (block, flight) in &run[landed..] {
            self.land(*block, flight, end.clone());
        }
    }

    async fn receive_each(
        self: &Arc<Self>,
        run: &[(u32, Arc<Flight>)],
        landed: &mut usize,
    ) -> Result<(), StoreError> {
        let (Some((first, _)), Some((last, _))) = (run.first(), run.last()) else { return Ok(()) };
        let range = self.span(*first).start..self.span(*last).end;
        let mut bytes =
            self.store.read(&self.name, range, self.length_bytes, self.e_tag.clone()).await?;
        let mut in_block = 0;
        while let Some(piece) = bytes.next().await {
            let mut piece = piece?;
            while let Some((block, flight)) = run.get(*landed).filter(|_| !piece.is_empty()) {
                let span = self.span(*block);
                let left = usize::try_from(span.end - span.start).unwrap_or(usize::MAX) - in_block;
                let part = piece.split_to(left.min(piece.len()));
                in_block += part.len();
                // A block is fetched to its end, because the next one who wants it is near.
                let _ = flight.push(&part);
                if part.len() == left {
                    self.keep(*block, flight).await;
                    (*landed, in_block) = (*landed + 1, 0);
                }
            }
        }
        Ok(())
    }

    /// Keeps a block that has come.
    async fn keep(self: &Arc<Self>, block: u32, flight: &Arc<Flight>) {
        Counters::add(&self.counters.blocks_fetched, 1);
        let (blocks, kept) = (Arc::clone(self), Arc::clone(flight));
        let store =
            move || blocks.cache.store(&blocks.key, block, blocks.span(block).start, &kept.bytes());
        let is_kept = tokio::task::spawn_blocking(store).await.unwrap_or(false);
        self.land(block, flight, if is_kept { End::Cached } else { End::Whole });
    }

    fn land(&self, block: u32, flight: &Flight, end: End) {
        self.flights().remove(&block);
        flight.finish(end);
    }

    /// What a failure of the store is to those who wait; one that is for good is counted once.
    fn end_of(self: &Arc<Self>, error: &StoreError) -> End {
        let name = &self.name;
        let is_gone = matches!(error, StoreError::Missing | StoreError::Changed);
        let is_refused = matches!(error, StoreError::Refused(_));
        let was_lost = (is_gone || is_refused) && self.is_lost.swap(true, Ordering::Relaxed);
        if !is_gone {
            tracing::error!(%error, object = %name, "stored bytes can't be fetched now");
            return End::Away;
        }
        if !was_lost {
            self.stores.count_lost();
            tracing::error!(%error, object = %name, "stored bytes are lost until the same file is uploaded again");
            if matches!(error, StoreError::Changed) {
                self.runtime.spawn(Arc::clone(self).recognise());
            }
        }
        End::Failed(error.to_string())
    }

    /// Looks whether an object with another ETag has the bytes that it had, as in a bucket that was copied or restored:
    /// the next who comes then reads it by its new ETag.
    async fn recognise(self: Arc<Self>) {
        let (name, length) = (&self.name, self.length_bytes);
        let kept = match self.store.recognise(name, length).await {
            Ok(e_tag) => self.catalog.change_e_tag(name.to_string(), e_tag).await,
            Err(error) => return tracing::error!(%error, object = %name, "its bytes are others"),
        };
        match kept {
            Ok(()) => tracing::warn!(object = %name, "its ETag changed, its bytes did not"),
            Err(error) => tracing::error!(%error, object = %name, "its new ETag can't be kept"),
        }
    }

    /// Waits until a block is here: in the cache or, where that can't be written, in memory for a moment.
    pub async fn here(self: &Arc<Self>, block: u32) -> Result<(), End> {
        let Some(flight) = self.flight(block) else { return Ok(()) };
        match flight.ended().await {
            End::Cached | End::Whole => Ok(()),
            end => Err(end),
        }
    }

    /// Waits until the first byte of a block is here, at most so long.
    pub async fn begins(self: &Arc<Self>, block: u32, patience: Duration) -> Result<(), OpenError> {
        let Some(flight) = self.flight(block) else { return Ok(()) };
        match tokio::time::timeout(patience, flight.read(0, 1)).await {
            Ok(Ok(_) | Err(End::Cached | End::Whole)) => Ok(()),
            Ok(Err(end)) => Err(end.into()),
            Err(_) => Err(End::Away.into()),
        }
    }
}

impl From<End> for OpenError {
    fn from(end: End) -> Self {
        match end {
            End::Failed(message) => Self::Failed(message),
            End::Away | End::Cancelled | End::Whole | End::Cached => Self::StoreAway,
        }
    }
}
