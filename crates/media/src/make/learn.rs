//! The whole encode of a format whose layout is learned (flac, mp4): all segments are encoded on all threads, in
//! order; the sizes make the layout, which the catalog keeps with the content.

use super::{count, failed};
use crate::engine::Engine;
use crate::flight::End;
use crate::play::Play;
use crate::play::learning::Learning;
use crate::scheduler::{Class, Refused};
use audio::Layout;
use catalog::StoredLayout;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Joins the whole encode of a play, or starts it. Once started, it goes on to its end whoever waits.
pub fn join(engine: &Arc<Engine>, play: &Arc<Play>) -> Result<Arc<Learning>, Refused> {
    let mut running = play.learning();
    // A learning that has ended well counts too: a client that asked the catalog before its end comes here
    // after it.
    let counts = |learning: &&Arc<Learning>| !learning.done.has_ended() || play.layout().is_some();
    if let Some(learning) = running.as_ref().filter(counts) {
        return Ok(Arc::clone(learning));
    }
    let encoding = play.transcode.encoding();
    let learning = Arc::new(Learning::new(encoding.assembly(), encoding.segment_count()));
    let step = Step {
        engine: Arc::clone(engine),
        play: Arc::clone(play),
        learning: Arc::clone(&learning),
    };
    step.queue(engine.scheduler.threads() as u32, true)?;
    *running = Some(Arc::clone(&learning));
    Ok(learning)
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
    engine: Arc<Engine>,
    play: Arc<Play>,
    learning: Arc<Learning>,
}

impl Step {
    /// Queues up to so many further segments.
    fn queue(&self, count: u32, first: bool) -> Result<(), Refused> {
        let window = 2 * self.engine.scheduler.threads() as u32;
        for segment in self.learning.take(count, window) {
            let queued = Queued { step: self.clone(), segment, ran: false };
            let work = Box::new(move || queued.run());
            let label = self.play.label(segment);
            let accepted = !first || segment > 0;
            self.engine.queue(Class::Waiting, label, work, accepted, &|| false)?;
        }
        Ok(())
    }

    fn run(&self, segment: u32) {
        if self.learning.done.has_ended() {
            return;
        }
        match self.encode(segment) {
            Err(message) => {
                let message = failed(&self.engine, &self.play, segment, &message);
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
        count(&self.engine.counters, &report);
        self.engine.cache.store(&self.play.key, segment, self.play.position(segment), &bytes);
        self.learning.add(segment, report.segment)
    }

    fn write_down(&self, layout: &Arc<Layout>) {
        let (catalog, key) = (self.engine.catalog.clone(), Arc::clone(&self.play.key));
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
