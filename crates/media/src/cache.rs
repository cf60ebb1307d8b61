//! The output cache: a byte-bounded LRU of outputs, counted as it is written.

use crate::Counters;
use crate::output::Output;
use lru::LruCache;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Data files held open though nobody reads them.
const MOST_HELD: usize = 256;

/// All cached outputs.
pub struct Cache {
    dir: PathBuf,
    limit_bytes: u64,
    counters: Arc<Counters>,
    outputs: Mutex<Outputs>,
    /// Whether the last write failed: said once, not per segment.
    failing: AtomicBool,
}

struct Outputs {
    by_use: LruCache<Arc<str>, Arc<Output>>,
    /// The data files of those read last, held open for the next reader.
    held: LruCache<Arc<str>, Arc<File>>,
    /// Bytes written and those reserved by writes under way.
    bytes: u64,
}

impl Cache {
    /// Opens the folder and takes over what earlier processes left, the oldest use first out.
    pub fn open(dir: &Path, limit_bytes: u64, counters: Arc<Counters>) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let mut keys = HashSet::new();
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if let Some(key) = path.file_stem().and_then(|stem| stem.to_str()) {
                keys.insert(key.to_owned());
            }
        }
        let mut found = Vec::new();
        for key in keys {
            match Output::load(dir, &key) {
                Ok(output) => found.push((output.last_used(), key, output)),
                // Half of a pair, left by an eviction that a crash cut short.
                Err(_) => ["map", "data"].iter().for_each(|extension| {
                    let _ = fs::remove_file(dir.join(format!("{key}.{extension}")));
                }),
            }
        }
        found.sort_by_key(|(used, ..)| *used);
        let held = LruCache::new(NonZeroUsize::new(MOST_HELD).unwrap_or(NonZeroUsize::MIN));
        let mut outputs = Outputs { by_use: LruCache::unbounded(), held, bytes: 0 };
        for (_, key, output) in found {
            outputs.bytes += output.bytes();
            outputs.by_use.put(key.into(), Arc::new(output));
        }
        outputs.evict(limit_bytes, &counters);
        let outputs = Mutex::new(outputs);
        Ok(Self {
            dir: dir.into(),
            limit_bytes,
            counters,
            outputs,
            failing: AtomicBool::new(false),
        })
    }

    fn outputs(&self) -> MutexGuard<'_, Outputs> {
        self.outputs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        self.outputs().bytes
    }

    /// The output of a key, counted as a use.
    pub fn get(&self, key: &str) -> Option<Arc<Output>> {
        self.outputs().by_use.get(key).cloned()
    }

    /// Holds an output's data file open until others are read, or it's evicted.
    pub fn hold(&self, key: &Arc<str>, file: &Arc<File>) {
        let mut outputs = self.outputs();
        let is_held = outputs.held.get(key).is_some_and(|held| Arc::ptr_eq(held, file));
        if !is_held && outputs.by_use.contains(key) {
            outputs.held.put(Arc::clone(key), Arc::clone(file));
        }
    }

    /// Keeps a segment if the disk lets it; a failure is logged once and costs only a later encode.
    pub fn store(&self, key: &Arc<str>, segment: u32, position: u64, bytes: &[u8]) {
        let length = bytes.len() as u64;
        if length > self.limit_bytes {
            return;
        }
        let written = self.reserve(key, length).and_then(|output| {
            let result = output.write(segment, position, bytes);
            self.settle(key, &output, length, result.is_ok());
            result
        });
        match written {
            Ok(()) => self.failing.store(false, Ordering::Relaxed),
            Err(error) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "the output cache can't be written; answers go on from memory");
                }
            }
        }
    }

    /// Makes room and finds or makes the output.
    fn reserve(&self, key: &Arc<str>, length: u64) -> io::Result<Arc<Output>> {
        let mut outputs = self.outputs();
        outputs.by_use.promote(&**key);
        outputs.evict(self.limit_bytes - length, &self.counters);
        let output = match outputs.by_use.get(&**key) {
            Some(output) => Arc::clone(output),
            None => {
                let output = Arc::new(Output::create(&self.dir, key)?);
                outputs.by_use.put(Arc::clone(key), Arc::clone(&output));
                output
            }
        };
        outputs.bytes += length;
        Ok(output)
    }

    /// Takes the reservation back if nothing was written, or if the output was evicted meanwhile
    /// (then its bytes, these included or not, are counted out already or go with its files).
    fn settle(&self, key: &Arc<str>, output: &Arc<Output>, length: u64, written: bool) {
        let mut outputs = self.outputs();
        let still_there = outputs.by_use.peek(&**key).is_some_and(|o| Arc::ptr_eq(o, output));
        if !(written && still_there) {
            outputs.bytes -= length.min(outputs.bytes);
        }
    }

    /// Gives up an output whose files can't be opened: evicted a moment ago, or taken away by somebody
    /// else. It would be found, and fail, for ever.
    pub fn forget(&self, lost: &Arc<Output>, error: &io::Error) {
        let mut outputs = self.outputs();
        let found = outputs.by_use.iter().find(|(_, output)| Arc::ptr_eq(output, lost));
        let Some(key) = found.map(|(key, _)| Arc::clone(key)) else { return };
        tracing::warn!(%key, %error, "a cached output is lost; it is made again");
        outputs.by_use.pop(&key);
        outputs.bytes -= lost.bytes().min(outputs.bytes);
    }

    /// Checks a segment that an earlier process wrote. Blocking. Returns whether it's whole; one that
    /// isn't is forgotten.
    pub fn check(&self, output: &Output, segment: u32) -> bool {
        let before = output.bytes();
        let whole = output.check(segment).unwrap_or(false);
        if !whole {
            Counters::add(&self.counters.checksum_repairs, 1);
            tracing::warn!(segment, "a cached segment failed its checksum; it is made again");
            let mut outputs = self.outputs();
            outputs.bytes -= before.saturating_sub(output.bytes()).min(outputs.bytes);
        }
        whole
    }
}

impl Outputs {
    /// Evicts the least recently used outputs until at most so many bytes are left.
    fn evict(&mut self, limit_bytes: u64, counters: &Counters) {
        while self.bytes > limit_bytes {
            let Some((key, output)) = self.by_use.pop_lru() else { break };
            // A file that is held open keeps its space.
            self.held.pop(&key);
            self.bytes -= output.bytes().min(self.bytes);
            output.remove();
            Counters::add(&counters.outputs_evicted, 1);
        }
    }
}
