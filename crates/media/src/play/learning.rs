//! How far a whole encode has come whose sizes make the layout (flac, mp4).
//!
//! An encode that nobody waits for goes on for a while, because a client that was told to come back does; then it
//! rests where it is, and goes on when somebody comes.

use crate::flight::{End, Flight, Ticket};
use crate::lock::lock;
use crate::queue::Class;
use audio::Layout;
use audio::format::{Assembly, Segment};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long an encode goes on after its last client has left: some times what a client is told to wait.
const GRACE: Duration = Duration::from_secs(30);

/// A whole encode, at work or at rest.
pub struct Learning {
    progress: Mutex<Progress>,
    segment_count: u32,
    /// Segments that may be early, because they are held in memory.
    window: u32,
}

struct Progress {
    assembly: Option<Box<dyn Assembly>>,
    /// The next segment to encode.
    next: u32,
    /// Segments that were begun and are to be encoded again.
    given_back: Vec<u32>,
    /// The next segment that the assembly takes.
    awaited: u32,
    /// Segments that are done, but come after the awaited one.
    early: BTreeMap<u32, Segment>,
    /// Whether a job for the next segment is queued: one at a time.
    is_queued: bool,
    /// Ends with the layout; carries no bytes. Who holds a ticket of it waits for the layout.
    done: Arc<Flight>,
    /// Since when nobody waits.
    left_at: Option<Instant>,
}

/// What a client that joins has got.
pub struct Joined {
    /// Its interest.
    pub ticket: Ticket,
    /// Whether others were waiting already.
    pub is_not_first: bool,
    /// Whether it is to queue a job for the next segment.
    pub enlists: bool,
}

impl Learning {
    pub fn new(assembly: Option<Box<dyn Assembly>>, segment_count: u32, window: u32) -> Self {
        let progress = Progress {
            assembly,
            next: 0,
            given_back: Vec::new(),
            awaited: 0,
            early: BTreeMap::new(),
            is_queued: false,
            done: Arc::default(),
            left_at: None,
        };
        Self { progress: Mutex::new(progress), segment_count, window }
    }

    /// Whether it ended; one at rest has not.
    pub fn has_ended(&self) -> bool {
        lock(&self.progress).done.has_ended()
    }

    /// Whether anybody waits for it.
    pub fn is_wanted(&self) -> bool {
        lock(&self.progress).done.is_wanted()
    }

    /// Whether a client that plays waits for it.
    pub fn is_urgent(&self) -> bool {
        let progress = lock(&self.progress);
        progress.done.is_wanted() && progress.done.is_urgent()
    }

    /// A client waits from now on.
    pub fn join(&self, class: Class) -> Joined {
        let mut progress = lock(&self.progress);
        let is_not_first = progress.done.is_wanted();
        let ticket = Ticket::new(&progress.done);
        if class == Class::Waiting {
            progress.done.hurry();
        }
        Joined { ticket, is_not_first, enlists: self.enlist(&mut progress) }
    }

    /// How urgent the next segment is, if the caller is to queue a job for it.
    pub fn next_class(&self) -> Option<Class> {
        let mut progress = lock(&self.progress);
        let class = progress.class()?;
        self.enlist(&mut progress).then_some(class)
    }

    /// Notes that a job for the next segment is queued, if there is one to encode now and none is queued yet.
    fn enlist(&self, progress: &mut Progress) -> bool {
        let end = self.segment_count.min(progress.awaited + self.window);
        let has_next = progress.next < end || !progress.given_back.is_empty();
        let enlists = !progress.is_queued && has_next;
        progress.is_queued |= enlists;
        enlists
    }

    /// The segment of the job that was queued under this class, which is queued no more; `None` if it's less urgent
    /// by now, or if the encode has ended.
    pub fn begin(&self, class: Class) -> Option<u32> {
        let mut progress = lock(&self.progress);
        progress.is_queued = false;
        let is_as_urgent = progress.class().is_some_and(|now| now <= class);
        if progress.done.has_ended() || !is_as_urgent {
            return None;
        }
        let again = progress.given_back.pop();
        Some(again.unwrap_or_else(|| {
            progress.next += 1;
            progress.next - 1
        }))
    }

    /// A segment that was begun is to be encoded again.
    pub fn give_back(&self, segment: u32) {
        lock(&self.progress).given_back.push(segment);
    }

    /// The job that was queued has to go. Who waits is sent away; what is encoded stays for who comes.
    pub fn rest(&self) {
        let mut progress = lock(&self.progress);
        progress.is_queued = false;
        if progress.done.is_wanted() && !progress.done.has_ended() {
            std::mem::take(&mut progress.done).finish(End::Cancelled);
        }
    }

    pub fn finish(&self, end: End) {
        let done = Arc::clone(&lock(&self.progress).done);
        done.finish(end);
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

impl Progress {
    /// How urgent the next segment is; `None` if the encode is to rest.
    fn class(&mut self) -> Option<Class> {
        if self.done.is_wanted() {
            self.left_at = None;
            return Some(if self.done.is_urgent() { Class::Waiting } else { Class::Upload });
        }
        if !self.done.is_urgent() {
            // An upload is not sent again for what was made of it.
            return None;
        }
        let left_at = *self.left_at.get_or_insert_with(Instant::now);
        (left_at.elapsed() < GRACE).then_some(Class::Abandoned)
    }
}
