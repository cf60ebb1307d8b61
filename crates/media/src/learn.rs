//! Learned layouts (flac, mp4): all segments are encoded on all threads, in order; the sizes make the
//! layout, which the catalog keeps with the content.

use crate::flight::{End, Flight};
use crate::play::Play;
use crate::scheduler::{Class, Label, Refused};
use crate::{Counters, OpenError, Shared};
use audio::Layout;
use audio::format::Assembly;
use audio::format::Segment;
use catalog::StoredLayout;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Seconds after which a client that was sent away should come back.
const RETRY_AFTER_S: u64 = 5;

/// The layout of a play: known, kept, or learned now while the caller waits.
pub async fn layout_of(shared: &Arc<Shared>, play: &Arc<Play>) -> Result<Arc<Layout>, OpenError> {
    if let Some(layout) = play.layout() {
        return Ok(Arc::clone(layout));
    }
    let kept = shared.catalog.layout(&play.key).await.map_err(OpenError::failed)?;
    if let Some(StoredLayout { header, offsets }) = kept
        && offsets.len() == play.transcode.encoding().segment_count() as usize + 1
    {
        return Ok(play.learned(Layout { header, offsets }));
    }
    let learning = Learning::join(shared, play)
        .map_err(|Refused| OpenError::Busy { retry_after_s: RETRY_AFTER_S })?;
    match tokio::time::timeout(shared.config.learn_timeout, learning.done.ended()).await {
        Err(_) => Err(OpenError::StillEncoding { retry_after_s: RETRY_AFTER_S }),
        Ok(End::Failed(message)) => Err(OpenError::Failed(message)),
        Ok(End::Cancelled) => Err(OpenError::Busy { retry_after_s: RETRY_AFTER_S }),
        Ok(End::Whole | End::Cached) => {
            play.layout().cloned().ok_or_else(|| OpenError::Failed("no layout was learned".into()))
        }
    }
}

/// A whole encode under way.
pub struct Learning {
    state: Mutex<State>,
    /// Ends with the layout; carries no bytes.
    done: Arc<Flight>,
}

struct State {
    assembly: Option<Box<dyn Assembly>>,
    /// The next segment to encode.
    next: u32,
    /// The next segment that the assembly takes.
    awaited: u32,
    /// Segments that are done, but come after the awaited one.
    early: BTreeMap<u32, Segment>,
}

impl Learning {
    /// Joins the whole encode of a play, or starts it. Once started, it goes on to its end whoever waits.
    fn join(shared: &Arc<Shared>, play: &Arc<Play>) -> Result<Arc<Self>, Refused> {
        let mut running = play.learning.lock().unwrap_or_else(PoisonError::into_inner);
        // One that has ended well counts too: who asked the catalog before its end comes here after it.
        let counts = |learning: &&Arc<Self>| !learning.done.has_ended() || play.layout().is_some();
        if let Some(learning) = running.as_ref().filter(counts) {
            return Ok(Arc::clone(learning));
        }
        let state = State {
            assembly: play.transcode.encoding().assembly(),
            next: 0,
            awaited: 0,
            early: BTreeMap::new(),
        };
        let learning = Arc::new(Self { state: Mutex::new(state), done: Arc::default() });
        let step = Step {
            shared: Arc::clone(shared),
            play: Arc::clone(play),
            learning: Arc::clone(&learning),
        };
        step.queue(shared.scheduler.threads() as u32, true)?;
        *running = Some(Arc::clone(&learning));
        Ok(learning)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A step that is queued. Dropped unrun, or by a panic, it ends the learning: nothing else would.
struct Queued {
    step: Step,
    segment: u32,
    ran: bool,
}

impl Queued {
    fn run(mut self) {
        self.step.run(self.segment);
        self.ran = true;
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        if !self.ran {
            let end = match std::thread::panicking() {
                true => End::Failed("the encoding panicked".into()),
                false => End::Cancelled,
            };
            self.step.learning.done.finish(end);
        }
    }
}

/// What the encoding of one segment of it needs.
#[derive(Clone)]
struct Step {
    shared: Arc<Shared>,
    play: Arc<Play>,
    learning: Arc<Learning>,
}

impl Step {
    /// Queues up to so many further segments, as far as the assembly has come: what is early is held
    /// in memory.
    fn queue(&self, count: u32, first: bool) -> Result<(), Refused> {
        let segment_count = self.play.transcode.encoding().segment_count();
        let window = 2 * self.shared.scheduler.threads() as u32;
        let mut state = self.learning.state();
        let end = (state.next + count).min(segment_count).min(state.awaited + window);
        for segment in state.next..end {
            let queued = Queued { step: self.clone(), segment, ran: false };
            let work = Box::new(move || queued.run());
            let label = Label { key: Arc::clone(&self.play.key), segment };
            if first && segment == 0 {
                self.shared.scheduler.submit(Class::Waiting, label, work)?;
            } else {
                self.shared.scheduler.follow_up(Class::Waiting, label, work)?;
            }
        }
        state.next = state.next.max(end);
        Ok(())
    }

    fn run(&self, segment: u32) {
        if self.learning.done.has_ended() {
            return;
        }
        match self.encode(segment) {
            Err(message) => {
                Counters::add(&self.shared.counters.segments_failed, 1);
                tracing::error!(key = %self.play.key, segment, message, "a segment failed");
                self.learning.done.finish(End::Failed(message));
            }
            Ok(None) => {
                // Refused, they end the learning.
                let _ = self.queue(2, false);
            }
            Ok(Some(layout)) => {
                let layout = self.play.learned(layout);
                self.write_down(&layout);
                self.learning.done.finish(End::Whole);
            }
        }
    }

    /// Encodes a segment, keeps it, and hands it to the assembly; gives the layout after the last one.
    fn encode(&self, segment: u32) -> Result<Option<Layout>, String> {
        let mut bytes = Vec::new();
        let mut sink = |packet: &[u8]| {
            bytes.extend_from_slice(packet);
            ControlFlow::Continue(())
        };
        let report = self.play.encode(segment, None, &mut sink).map_err(|e| e.to_string())?;
        Counters::add(&self.shared.counters.segments_encoded, 1);
        Counters::add(&self.shared.counters.frames_missing, report.frames_missing);
        self.shared.cache.store(&self.play.key, segment, self.play.position(segment), &bytes);
        let mut state = self.learning.state();
        let State { assembly, awaited, early, .. } = &mut *state;
        early.insert(segment, report.segment);
        let Some(collector) = assembly else { return Ok(None) };
        while let Some(segment) = early.remove(awaited) {
            collector.add(segment);
            *awaited += 1;
        }
        if *awaited < self.play.transcode.encoding().segment_count() {
            return Ok(None);
        }
        assembly.take().map(|a| a.finish().map_err(|e| e.to_string())).transpose()
    }

    fn write_down(&self, layout: &Arc<Layout>) {
        let (catalog, key) = (self.shared.catalog.clone(), Arc::clone(&self.play.key));
        let content = Arc::clone(&self.play.content);
        let stored =
            StoredLayout { header: layout.header.clone(), offsets: layout.offsets.clone() };
        self.play.runtime.spawn(async move {
            if let Err(error) = catalog.put_layout(&key, &content, stored).await {
                tracing::warn!(%error, "a layout was not kept; it will be learned again");
            }
        });
    }
}
