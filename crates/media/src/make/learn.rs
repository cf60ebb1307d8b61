//! The whole encode of a format whose layout is learned (flac, mp4): all segments are encoded, in order, on as many
//! threads as have nothing more urgent to do; the sizes make the layout, which the catalog keeps with the content.
//! Of a whole encode one job is queued at a time; a thread that takes it queues the next one before it works.

use super::{failed, note_made, once_here};
use crate::counters::Counters;
use crate::engine::Engine;
use crate::flight::{End, Ticket};
use crate::play::Play;
use crate::play::learning::{Joined, Learning};
use crate::queue::{Class, Job, Label, Refused};
use crate::remote_source::{has_missed, take_missed};
use audio::Layout;
use catalog::StoredLayout;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

/// Joins the whole encode of a play, starts it, or has it go on. It works while a ticket is held, and a little longer.
pub fn join(engine: &Arc<Engine>, play: &Arc<Play>, class: Class) -> Result<Ticket, Refused> {
    let learning = find_or_begin(engine, play);
    let Joined { ticket, is_not_first, enlists } = learning.join(class);
    if enlists {
        let step = Step { engine: Arc::clone(engine), play: Arc::clone(play), learning };
        // Where others wait already, it has its place.
        step.queue(class, is_not_first)?;
    } else if class == Class::Waiting {
        engine.scheduler.promote(&label(play));
    }
    Ok(ticket)
}

fn find_or_begin(engine: &Engine, play: &Play) -> Arc<Learning> {
    let mut known = play.learning();
    // A learning that has ended well counts too: a client that asked the catalog before its end comes here
    // after it.
    let counts = |learning: &&Arc<Learning>| !learning.has_ended() || play.layout().is_some();
    if let Some(learning) = known.as_ref().filter(counts) {
        return Arc::clone(learning);
    }
    let (encoding, window) = (play.transcode.encoding(), 2 * engine.scheduler.threads() as u32);
    let learning = Learning::new(encoding.assembly(), encoding.segment_count(), window);
    Arc::clone(known.insert(Arc::new(learning)))
}

/// What the job of a whole encode is queued under, whatever its segment: there is one at a time.
fn label(play: &Play) -> Label {
    play.label(u32::MAX)
}

/// A step that is queued. A panic ends the learning, because nothing else would; dropped unrun, it sends away who
/// waits, because nobody else would.
struct Queued {
    step: Step,
    class: Class,
    ran: bool,
}

impl Job for Queued {
    fn run(mut self: Box<Self>) {
        self.ran = true;
        self.step.clone().run(self.class);
    }

    fn is_wanted(&self) -> bool {
        self.step.learning.is_wanted()
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.step.learning.finish(End::Failed("the encoding panicked".into()));
        } else if !self.ran {
            self.step.learning.rest();
            Counters::add(&self.step.engine.counters.segments_cancelled, 1);
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
    /// Encodes the next segment; the rest follow. `class` is the one under which the step was queued.
    fn run(self, class: Class) {
        let Some(segment) = self.learning.begin(class) else {
            // Nobody waits any more: others go first, and after a while the encode rests.
            return self.go_on();
        };
        self.go_on();
        let encoded = self.encode(segment);
        if let Some(block) = take_missed() {
            return self.come_back(segment, block, class);
        }
        match encoded {
            Err(message) => {
                let message = failed(&self.engine, &self.play, segment, &message);
                self.learning.finish(End::Failed(message));
            }
            Ok(None) => self.go_on(),
            Ok(Some(layout)) => {
                let layout = self.play.learned(layout);
                self.write_down(&layout);
                self.learning.finish(End::Whole);
            }
        }
    }

    /// Gives a segment back that lacks a block of the source, and has it encoded once that is here.
    fn come_back(self, segment: u32, block: u32, class: Class) {
        let play = Arc::clone(&self.play);
        once_here(&play, segment, block, class, move |here| match here {
            Ok(()) => {
                self.learning.give_back(segment);
                self.go_on();
            }
            Err(end) => self.learning.finish(end),
        });
    }

    /// Queues the next segment, if there is one and the encode is not to rest.
    fn go_on(&self) {
        if !self.learning.has_ended()
            && let Some(class) = self.learning.next_class()
        {
            // Refused, it is dropped.
            let _ = self.queue(class, true);
        }
    }

    fn queue(&self, class: Class, accepted: bool) -> Result<(), Refused> {
        let queued = Box::new(Queued { step: self.clone(), class, ran: false });
        self.engine.queue(class, label(&self.play), queued, accepted, &|| {
            // A client that joined since then could not promote it.
            self.learning.is_urgent()
        })
    }

    /// Encodes a segment, keeps it, and hands it to the assembly; gives the layout after the last one.
    fn encode(&self, segment: u32) -> Result<Option<Layout>, String> {
        let (mut bytes, began) = (Vec::new(), Instant::now());
        let mut sink = |packet: &[u8]| {
            bytes.extend_from_slice(packet);
            ControlFlow::Continue(())
        };
        let report = self.play.encode(segment, None, &mut sink).map_err(|e| e.to_string())?;
        if has_missed() {
            return Ok(None);
        }
        self.engine.cache.store(&self.play.key, segment, self.play.position(segment), &bytes);
        note_made(&self.engine, &self.play, &report, began);
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
