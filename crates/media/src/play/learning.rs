//! How far a whole encode has come whose sizes make the layout (flac, mp4).

use crate::flight::Flight;
use crate::lock::lock;
use audio::Layout;
use audio::format::{Assembly, Segment};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// A whole encode under way.
pub struct Learning {
    progress: Mutex<Progress>,
    segment_count: u32,
    /// Ends with the layout; carries no bytes.
    pub done: Arc<Flight>,
}

struct Progress {
    assembly: Option<Box<dyn Assembly>>,
    /// The next segment to encode.
    next: u32,
    /// The next segment that the assembly takes.
    awaited: u32,
    /// Segments that are done, but come after the awaited one.
    early: BTreeMap<u32, Segment>,
}

impl Learning {
    pub fn new(assembly: Option<Box<dyn Assembly>>, segment_count: u32) -> Self {
        let progress = Progress { assembly, next: 0, awaited: 0, early: BTreeMap::new() };
        Self { progress: Mutex::new(progress), segment_count, done: Arc::default() }
    }

    /// The next segments to encode, up to `count`, none further than `window` behind the one that the assembly
    /// takes next: what is early is held in memory.
    pub fn take(&self, count: u32, window: u32) -> Range<u32> {
        let mut progress = lock(&self.progress);
        let end = (progress.next + count).min(self.segment_count).min(progress.awaited + window);
        let taken = progress.next..end.max(progress.next);
        progress.next = taken.end;
        taken
    }

    /// Hands an encoded segment to the assembly; gives the layout after the last one.
    pub fn add(&self, segment: u32, made: Segment) -> Result<Option<Layout>, String> {
        let mut progress = lock(&self.progress);
        let Progress { assembly, awaited, early, .. } = &mut *progress;
        early.insert(segment, made);
        let Some(collector) = assembly else { return Ok(None) };
        while let Some(segment) = early.remove(awaited) {
            collector.add(segment);
            *awaited += 1;
        }
        if *awaited < self.segment_count {
            return Ok(None);
        }
        assembly.take().map(|a| a.finish().map_err(|e| e.to_string())).transpose()
    }
}
