//! One transcode being played: its pipeline, the segments in flight, and how a segment gets made.

use crate::chain::{Chain, Runner, Way};
use crate::flight::{End, Flight, Ticket};
use crate::output::{Found, Output, Slice};
use crate::scheduler::{Class, Label, Refused};
use crate::select::Transcoded;
use crate::{Counters, OpenError, Shared, identity, learn};
use audio::transcode::Input;
use audio::{EncodeError, Layout, Report, Transcode};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::runtime::Handle;

/// A transcode being played.
pub struct Play {
    pub(crate) key: Arc<str>,
    /// The id of the content that it is made of.
    pub(crate) content: Arc<str>,
    pub(crate) transcode: Transcode,
    /// The layout, where it's known before encoding.
    known_layout: Option<Arc<Layout>>,
    /// The layout, where it's learned, once it is.
    learned_layout: OnceLock<Arc<Layout>>,
    pub(crate) learning: Mutex<Option<Arc<learn::Learning>>>,
    flights: Mutex<HashMap<u32, Arc<Flight>>>,
    chain: Mutex<Chain>,
    /// To write down checkpoints and layouts from the encoding threads.
    pub(crate) runtime: Handle,
}

/// What a look for a segment gave.
pub enum Fetch {
    /// It's in the cache.
    Cached(Arc<Output>),
    /// It's being made.
    Flight(Ticket),
}

/// The label under which the chain's runner is queued.
pub const RUNNER: u32 = u32::MAX;

impl Play {
    /// Lays the transcode out. Within a tokio runtime.
    pub fn new(
        shared: &Shared,
        transcoded: &Transcoded,
        input: Input,
        checkpoints: Vec<(u32, Vec<u8>)>,
    ) -> Result<Self, OpenError> {
        let serial = identity::serial(&transcoded.key);
        let transcode = Transcode::new(input, transcoded.format, transcoded.target.clone(), serial)
            .map_err(OpenError::failed)?;
        let known_layout = transcode.layout().map(Arc::new);
        let play = Self {
            key: transcoded.key.as_str().into(),
            content: transcoded.resource.content_hash.as_str().into(),
            transcode,
            known_layout,
            learned_layout: OnceLock::new(),
            learning: Mutex::default(),
            flights: Mutex::default(),
            chain: Mutex::new(Chain::from_iter(checkpoints)),
            runtime: Handle::current(),
        };
        // A use counts from the request on.
        shared.cache.get(&play.key);
        Ok(play)
    }

    /// The layout, if it's known by now.
    pub fn layout(&self) -> Option<&Arc<Layout>> {
        self.known_layout.as_ref().or_else(|| self.learned_layout.get())
    }

    /// Takes a learned layout and returns it; the first one counts.
    pub fn learned(&self, layout: Layout) -> Arc<Layout> {
        Arc::clone(self.learned_layout.get_or_init(|| Arc::new(layout)))
    }

    pub fn flights(&self) -> MutexGuard<'_, HashMap<u32, Arc<Flight>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn chain(&self) -> MutexGuard<'_, Chain> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a segment lies in the output's data file.
    pub fn position(&self, segment: u32) -> u64 {
        match &self.known_layout {
            Some(layout) => layout.span(segment).start,
            None => u64::from(segment) * self.transcode.encoding().longest_segment_bytes(),
        }
    }

    pub fn label(&self, segment: u32) -> Label {
        Label { key: Arc::clone(&self.key), segment }
    }

    /// Finds a segment in the cache or in flight, or has it made. `accepted` work is queued whatever
    /// the queue's length.
    pub fn fetch(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        segment: u32,
        class: Class,
        accepted: bool,
    ) -> Result<Fetch, Refused> {
        let mut flights = self.flights();
        // Looked up under the lock: a maker stores its segment before it takes the flight off.
        if let Some(output) = shared.cache.get(&self.key).filter(|output| output.has(segment)) {
            return Ok(Fetch::Cached(output));
        }
        if let Some(flight) = flights.get(&segment).filter(|flight| !flight.has_ended()) {
            let ticket = Ticket::new(flight);
            drop(flights);
            if class == Class::Waiting {
                self.hurry(shared, segment, &ticket);
            }
            return Ok(Fetch::Flight(ticket));
        }
        let flight = Arc::new(Flight::default());
        let ticket = Ticket::new(&flight);
        flights.insert(segment, Arc::clone(&flight));
        drop(flights);
        if class == Class::Waiting {
            flight.hurry();
        }
        let chained = self.transcode.encoding().chained();
        let way = if chained { self.chain().extend(segment, class) } else { Way::Alone(None) };
        let (label, work): (_, Box<dyn FnOnce() + Send>) = match way {
            Way::Alone(checkpoint) => {
                let (shared, play) = (Arc::clone(shared), Arc::clone(self));
                let mut maker = Maker { shared, play, segment, flight, is_anothers: false };
                (segment, Box::new(move || maker.run(checkpoint.as_deref())))
            }
            Way::Chained { start: true } => {
                let runner = Runner::new(shared, self);
                (RUNNER, Box::new(move || runner.run()))
            }
            Way::Chained { start: false } => {
                if class == Class::Waiting {
                    shared.scheduler.promote(&self.label(RUNNER));
                }
                return Ok(Fetch::Flight(ticket));
            }
        };
        let is_urgent = || ticket.flight().is_urgent();
        queue(shared, class, self.label(label), work, accepted, &is_urgent)?;
        Ok(Fetch::Flight(ticket))
    }

    /// A client that holds a ticket waits for the segment now.
    pub fn hurry(&self, shared: &Shared, segment: u32, ticket: &Ticket) {
        ticket.flight().hurry();
        shared.scheduler.promote(&self.label(segment));
        if self.transcode.encoding().chained() {
            self.chain().hurry(segment);
            shared.scheduler.promote(&self.label(RUNNER));
        }
    }

    /// Encodes a segment into a sink.
    pub fn encode(
        &self,
        segment: u32,
        checkpoint: Option<&[u8]>,
        sink: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Report, EncodeError> {
        let report = self.transcode.encode(segment, checkpoint, sink)?;
        tracing::debug!(key = %self.key, segment, "a segment was encoded");
        let promised = self.layout().map(|l| l.span(segment).end - l.span(segment).start);
        match promised {
            Some(promised) if promised != report.segment.length_bytes => {
                Err(EncodeError::Encoder(format!(
                    "segment {segment} has {} bytes where {promised} were promised",
                    report.segment.length_bytes
                )))
            }
            _ => Ok(report),
        }
    }

    /// Encodes a segment for a flight and keeps it; tells how the flight is to end.
    pub fn make(
        &self,
        shared: &Shared,
        segment: u32,
        checkpoint: Option<&[u8]>,
        flight: &Flight,
        is_wanted: &dyn Fn() -> bool,
    ) -> (End, Option<Report>) {
        let counters = &shared.counters;
        let mut sink = |bytes: &[u8]| match flight.push(bytes) {
            ControlFlow::Break(()) if !is_wanted() => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        match self.encode(segment, checkpoint, &mut sink) {
            Ok(report) => {
                Counters::add(&counters.segments_encoded, 1);
                Counters::add(&counters.frames_missing, report.frames_missing);
                let (position, bytes) = (self.position(segment), flight.bytes());
                let kept = shared.cache.store(&self.key, segment, position, &bytes);
                (if kept { End::Cached } else { End::Whole }, Some(report))
            }
            Err(EncodeError::Cancelled) => {
                Counters::add(&counters.segments_cancelled, 1);
                (End::Cancelled, None)
            }
            Err(error) => {
                Counters::add(&counters.segments_failed, 1);
                tracing::error!(key = %self.key, segment, %error, "a segment failed");
                (End::Failed(error.to_string()), None)
            }
        }
    }

    /// Takes a flight off the list and ends it.
    pub fn land(&self, segment: u32, flight: &Arc<Flight>, end: End) {
        let mut flights = self.flights();
        if flights.get(&segment).is_some_and(|f| Arc::ptr_eq(f, flight)) {
            flights.remove(&segment);
        }
        drop(flights);
        flight.finish(end);
    }

    /// Whether a segment is in the cache.
    pub fn has(&self, cache: &crate::cache::Cache, segment: u32) -> bool {
        cache.get(&self.key).is_some_and(|output| output.has(segment))
    }

    /// Where a range lies in the cached output, if one segment known to be whole holds it.
    pub fn cached_slice(
        &self,
        cache: &crate::cache::Cache,
        layout: &Layout,
        range: &Range<u64>,
    ) -> Option<(Arc<File>, Range<u64>)> {
        let segments = layout.segments_of(range);
        if segments.len() != 1 || range.start < layout.header.len() as u64 {
            return None;
        }
        let Found::Whole(slice) = cache.get(&self.key)?.find(segments.start).ok()? else {
            return None;
        };
        cache.hold(&self.key, &slice.file);
        let start = slice.position + (range.start - layout.span(segments.start).start);
        let end = start + (range.end - range.start);
        (end <= slice.position + slice.length).then_some((slice.file, start..end))
    }

    /// A cached segment's slice, if it's whole; checked first, on a thread that may block, if an earlier
    /// process wrote it.
    pub async fn slice(
        &self,
        shared: &Arc<Shared>,
        output: Arc<Output>,
        segment: u32,
    ) -> io::Result<Option<Slice>> {
        match self.checked_slice(shared, &output, segment).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                shared.cache.forget(&self.key, &output);
                Ok(None)
            }
            found => found,
        }
    }

    async fn checked_slice(
        &self,
        shared: &Arc<Shared>,
        output: &Arc<Output>,
        segment: u32,
    ) -> io::Result<Option<Slice>> {
        loop {
            match output.find(segment)? {
                Found::Whole(slice) => {
                    shared.cache.hold(&self.key, &slice.file);
                    return Ok(Some(slice));
                }
                Found::Missing => return Ok(None),
                Found::Unchecked => {
                    let (cache, key) = (Arc::clone(&shared.cache), Arc::clone(&self.key));
                    let unchecked = Arc::clone(output);
                    let check = move || cache.check(&key, &unchecked, segment);
                    tokio::task::spawn_blocking(check).await.map_err(io::Error::other)??;
                }
            }
        }
    }
}

/// Queues work, `accepted` work whatever the queue's length. Who finds it wanted at once before it was
/// queued could not promote it: `is_urgent` tells of them.
pub fn queue(
    shared: &Shared,
    class: Class,
    label: Label,
    work: Box<dyn FnOnce() + Send>,
    accepted: bool,
    is_urgent: &dyn Fn() -> bool,
) -> Result<(), Refused> {
    match accepted {
        true => shared.scheduler.follow_up(class, label.clone(), work)?,
        false => shared.scheduler.submit(class, label.clone(), work)?,
    }
    if class == Class::Ahead && is_urgent() {
        shared.scheduler.promote(&label);
    }
    Ok(())
}

/// Makes one segment. Dropped unrun, it ends the flight.
struct Maker {
    shared: Arc<Shared>,
    play: Arc<Play>,
    segment: u32,
    flight: Arc<Flight>,
    /// Whether another one makes it.
    is_anothers: bool,
}

impl Maker {
    fn run(&mut self, checkpoint: Option<&[u8]>) {
        // The runner of a chain may have come by.
        self.is_anothers = !self.flight.claim();
        if self.is_anothers {
            return;
        }
        let end = if self.flight.is_wanted() {
            let wanted = || self.flight.is_wanted();
            self.play.make(&self.shared, self.segment, checkpoint, &self.flight, &wanted).0
        } else {
            Counters::add(&self.shared.counters.segments_cancelled, 1);
            End::Cancelled
        };
        self.play.land(self.segment, &self.flight, end);
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        if !self.is_anothers && !self.flight.has_ended() {
            self.play.land(self.segment, &self.flight, End::Cancelled);
        }
    }
}
