//! What every job works with: the cache, the scheduler, the catalog, the counters, the settings. It knows no
//! representation.

use crate::blocks::BlocksInUse;
use crate::cache::Cache;
use crate::counters::Counters;
use crate::queue::{Class, Job, Label, Refused};
use crate::scheduler::Scheduler;
use blob::Stores;
use catalog::Catalog;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Settings of the crate.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder of the output cache.
    pub cache_dir: PathBuf,
    /// Bytes that the output cache may hold.
    pub cache_bytes: u64,
    /// Folder of the cache of blocks of remote objects.
    pub block_cache_dir: PathBuf,
    /// Bytes that it may hold.
    pub block_cache_bytes: u64,
    /// How long an answer waits for a store before it is given up.
    pub store_timeout: Duration,
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

/// The engine.
pub struct Engine {
    pub catalog: Catalog,
    pub stores: Stores,
    pub config: Config,
    pub cache: Arc<Cache>,
    /// Objects of buckets.
    pub blocks: BlocksInUse,
    pub scheduler: Scheduler,
    pub counters: Arc<Counters>,
}

impl Engine {
    /// Opens the output cache and starts the threads.
    pub fn start(catalog: Catalog, stores: Stores, config: Config) -> io::Result<Self> {
        let counters = Arc::new(Counters::default());
        let cache = Cache::open(&config.cache_dir, config.cache_bytes, Arc::clone(&counters))?;
        let blocks =
            Cache::open(&config.block_cache_dir, config.block_cache_bytes, Arc::clone(&counters))?;
        let blocks = BlocksInUse::new(blocks, &counters, &stores, &catalog);
        let scheduler = Scheduler::start(config.threads.max(1), config.queue_length)?;
        Ok(Self { catalog, stores, config, cache: Arc::new(cache), blocks, scheduler, counters })
    }

    /// Queues a job, an `accepted` one whatever the queue's length. A client that found the job wanted at once
    /// before it was queued could not promote it, because it was not there yet: `is_urgent` tells of them.
    pub fn queue(
        &self,
        class: Class,
        label: Label,
        job: Box<dyn Job>,
        accepted: bool,
        is_urgent: &dyn Fn() -> bool,
    ) -> Result<(), Refused> {
        match accepted {
            true => self.scheduler.follow_up(class, label.clone(), job)?,
            false => self.scheduler.submit(class, label.clone(), job)?,
        }
        if class != Class::Waiting && is_urgent() {
            self.scheduler.promote(&label);
        }
        Ok(())
    }
}
