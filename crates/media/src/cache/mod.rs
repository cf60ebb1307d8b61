//! The output cache: a byte-bounded LRU of outputs, counted as it is written.

pub mod output;

use crate::counters::Counters;
use crate::lock::lock;
use lru::LruCache;
use output::Output;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

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
    /// Whether files need the disk more: nothing is kept then.
    yielding: AtomicBool,
}

struct Outputs {
    by_use: LruCache<Arc<str>, Listed>,
    /// The data files of those read last, held open for the next reader.
    held: LruCache<Arc<str>, Arc<File>>,
    /// Bytes of the listed outputs.
    bytes: u64,
    /// Bytes of the writes under way.
    reserved: u64,
}

/// An output that counts.
struct Listed {
    output: Arc<Output>,
    bytes: u64,
}

/// Outputs to remove once the lock is given back, because removing large files takes time.
type Evicted = Vec<(Arc<Output>, Option<Arc<File>>)>;

impl Cache {
    /// Opens the folder and takes over what earlier processes left, the oldest use first out.
    pub fn open(dir: &Path, limit_bytes: u64, counters: Arc<Counters>) -> io::Result<Self> {
        blob::private_folder(dir)?;
        let mut stems = HashSet::new();
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            // Earlier versions made them by the umask.
            blob::make_private(&path)?;
            if let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) {
                stems.insert(stem.to_owned());
            }
        }
        let mut found = Vec::new();
        for stem in stems {
            match Output::load(dir, &stem) {
                Ok(output) => found.push((output.last_used(), stem, output)),
                // A map without its data, or data without its map: an eviction that a crash cut short leaves
                // such halves.
                Err(_) => ["map", "data"].iter().for_each(|extension| {
                    let _ = fs::remove_file(dir.join(format!("{stem}.{extension}")));
                }),
            }
        }
        found.sort_by_key(|(used, ..)| *used);
        let held = LruCache::new(NonZeroUsize::new(MOST_HELD).unwrap_or(NonZeroUsize::MIN));
        let mut outputs = Outputs { by_use: LruCache::unbounded(), held, bytes: 0, reserved: 0 };
        let mut evicted = Evicted::new();
        for (_, stem, output) in found {
            // `found` ascends by last use, so of two outputs with one key the later one stays.
            evicted.extend(outputs.pop(Output::key_of(&stem)));
            outputs.list(Output::key_of(&stem).into(), Arc::new(output));
        }
        evicted.extend(outputs.evict(limit_bytes, &counters));
        remove(evicted);
        let outputs = Mutex::new(outputs);
        let (failing, yielding) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Self { dir: dir.into(), limit_bytes, counters, outputs, failing, yielding })
    }

    fn outputs(&self) -> MutexGuard<'_, Outputs> {
        lock(&self.outputs)
    }

    /// Bytes held, those of writes under way included.
    pub fn bytes(&self) -> u64 {
        let outputs = self.outputs();
        outputs.bytes + outputs.reserved
    }

    /// The output of a key, counted as a use.
    pub fn get(&self, key: &str) -> Option<Arc<Output>> {
        self.outputs().by_use.get(key).map(|listed| Arc::clone(&listed.output))
    }

    /// Holds an output's data file open until others are read, or it's evicted.
    pub fn hold(&self, key: &Arc<str>, file: &Arc<File>) {
        let mut outputs = self.outputs();
        let is_held = outputs.held.get(key).is_some_and(|held| Arc::ptr_eq(held, file));
        if !is_held && outputs.by_use.contains(key) {
            let displaced = outputs.held.push(Arc::clone(key), Arc::clone(file));
            drop(outputs);
            drop(displaced);
        }
    }

    /// Keeps a segment if the disk lets it; a failure is logged once and costs only a later encode.
    /// Blocking. Returns whether it's there now.
    pub fn store(&self, key: &Arc<str>, segment: u32, position: u64, bytes: &[u8]) -> bool {
        let length = bytes.len() as u64;
        if length > self.limit_bytes || self.yielding.load(Ordering::Relaxed) {
            return false;
        }
        self.reserve(key, length);
        let output = self.find_or_create(key);
        let written = output.and_then(|output| {
            let written = output.write(segment, position, bytes);
            // An output that was evicted meanwhile has no files any more, so nothing of the segment is kept.
            let written = if output.is_retired() { Ok(0) } else { written };
            written.map(|replaced| (output, replaced))
        });
        match &written {
            Ok(_) => self.failing.store(false, Ordering::Relaxed),
            Err(error) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "the output cache can't be written; answers go on from memory");
                }
            }
        }
        self.settle(key, length, written.ok())
    }

    /// Gives up the outputs that were used least recently until the disk has so many bytes free; as long as it has
    /// fewer, none are kept. Blocking.
    pub fn leave_free(&self, bytes: u64) {
        let Ok(free) = blob::free_bytes(&self.dir) else { return };
        let lack = bytes.saturating_sub(free);
        let was_yielding = self.yielding.swap(lack > 0, Ordering::Relaxed);
        if lack == 0 {
            return;
        }
        let mut outputs = self.outputs();
        let left = outputs.bytes.saturating_sub(lack);
        let evicted = outputs.evict(left, &self.counters);
        drop(outputs);
        if !was_yielding {
            let outputs = evicted.len();
            tracing::warn!(
                free,
                outputs,
                "the disk is almost full: cached outputs are given up for files"
            );
        }
        remove(evicted);
    }

    /// Makes room for so many bytes, and takes it.
    fn reserve(&self, key: &Arc<str>, length: u64) {
        let mut outputs = self.outputs();
        outputs.by_use.promote(&**key);
        let evicted = outputs.evict(self.limit_bytes - length, &self.counters);
        outputs.reserved += length;
        drop(outputs);
        remove(evicted);
    }

    fn find_or_create(&self, key: &Arc<str>) -> io::Result<Arc<Output>> {
        if let Some(output) = self.get(key) {
            return Ok(output);
        }
        let fresh = Arc::new(Output::create(&self.dir, key)?);
        let mut outputs = self.outputs();
        if let Some(listed) = outputs.by_use.get(key) {
            let first = Arc::clone(&listed.output);
            drop(outputs);
            fresh.remove();
            return Ok(first);
        }
        outputs.list(Arc::clone(key), Arc::clone(&fresh));
        Ok(fresh)
    }

    /// Turns room into what was written, if it was and its output wasn't evicted meanwhile; tells whether.
    fn settle(&self, key: &Arc<str>, length: u64, written: Option<(Arc<Output>, u64)>) -> bool {
        let mut outputs = self.outputs();
        outputs.reserved -= length;
        let Some((output, replaced)) = written else { return false };
        outputs.count(key, &output, length, replaced)
    }

    /// Gives up an output whose files somebody else took away: it would be found, and fail, for ever.
    pub fn forget(&self, key: &Arc<str>, lost: &Arc<Output>) {
        let mut outputs = self.outputs();
        if !outputs.lists(key, lost) {
            return;
        }
        let evicted = outputs.pop(key);
        drop(outputs);
        tracing::warn!(%key, "the files of a cached output are gone; it is made again");
        remove(evicted.into_iter().collect());
    }

    /// Checks a segment that an earlier process wrote; one that isn't whole is forgotten. Blocking.
    pub fn check(&self, key: &Arc<str>, output: &Arc<Output>, segment: u32) -> io::Result<()> {
        let Some(gone) = output.check(segment)? else { return Ok(()) };
        // Several readers may check a segment at a time; the one whose check removed it counts the repair.
        if gone > 0 {
            Counters::add(&self.counters.checksum_repairs, 1);
            tracing::warn!(%key, segment, "a cached segment failed its checksum; it is made again");
            self.outputs().count(key, output, 0, gone);
        }
        Ok(())
    }
}

/// Removes cached outputs in a folder that no server has open, the oldest first, until they had so many bytes; tells
/// how many they had. Blocking.
#[must_use]
pub fn give_up_outputs(dir: &Path, bytes: u64) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut outputs: Vec<_> = entries
        .filter_map(|entry| {
            let data = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some((data.modified().ok()?, data.blocks() * 512, entry.path()))
        })
        .collect();
    outputs.sort();
    let mut freed = 0;
    for (_, length, path) in outputs {
        if freed >= bytes {
            break;
        }
        freed += fs::remove_file(path).map_or(0, |()| length);
    }
    freed
}

/// Clears away what was evicted.
fn remove(evicted: Evicted) {
    for (output, held) in evicted {
        output.remove();
        // The disk frees the space once the last reader has closed the file.
        drop(held);
    }
}

impl Outputs {
    fn list(&mut self, key: Arc<str>, output: Arc<Output>) {
        let bytes = output.bytes();
        self.bytes += bytes;
        self.by_use.put(key, Listed { output, bytes });
    }

    fn lists(&self, key: &Arc<str>, output: &Arc<Output>) -> bool {
        self.by_use.peek(key).is_some_and(|listed| Arc::ptr_eq(&listed.output, output))
    }

    /// Counts what was written to an output and what is gone from it, if it's still listed; tells whether.
    fn count(&mut self, key: &Arc<str>, output: &Arc<Output>, written: u64, gone: u64) -> bool {
        let listed = self.by_use.peek_mut(key);
        let Some(listed) = listed.filter(|listed| Arc::ptr_eq(&listed.output, output)) else {
            return false;
        };
        listed.bytes = listed.bytes + written - gone;
        self.bytes = self.bytes + written - gone;
        true
    }

    /// Takes an output off the list.
    fn pop(&mut self, key: &str) -> Option<(Arc<Output>, Option<Arc<File>>)> {
        let listed = self.by_use.pop(key)?;
        listed.output.retire();
        self.bytes -= listed.bytes;
        Some((listed.output, self.held.pop(key)))
    }

    /// Evicts the least recently used outputs until at most so many bytes are left.
    fn evict(&mut self, limit_bytes: u64, counters: &Counters) -> Evicted {
        let mut evicted = Evicted::new();
        while self.bytes + self.reserved > limit_bytes {
            let Some((key, _)) = self.by_use.peek_lru() else { break };
            let key = Arc::clone(key);
            evicted.extend(self.pop(&key));
            Counters::add(&counters.outputs_evicted, 1);
        }
        evicted
    }
}
