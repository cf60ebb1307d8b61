//! The segments of a chained format (G.722, GSM), each of which needs the state in which the one before ended.

use super::{Made, make, once_here};
use crate::engine::Engine;
use crate::flight::End;
use crate::play::Play;
use crate::queue::{Class, Job, Label};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Makes the segments of a chained format from the frontier to the goal, each the state for the next.
/// Whoever was told to start it makes one; it stops the chain when it ends, even unrun.
pub struct Runner {
    engine: Arc<Engine>,
    play: Arc<Play>,
    /// Checkpoints that are not written down.
    fresh: Vec<(u32, Vec<u8>)>,
    ended: bool,
}

/// Segments after which the checkpoints are written down.
const CHECKPOINT_BATCH: usize = 256;

/// How long the runner may hold a thread before other representations have their turn.
const TURN: Duration = Duration::from_millis(50);

impl Runner {
    pub fn new(engine: &Arc<Engine>, play: &Arc<Play>) -> Self {
        let (engine, play) = (Arc::clone(engine), Arc::clone(play));
        Self { engine, play, fresh: Vec::new(), ended: false }
    }

    /// What the runner of a play is queued under: no segment has that number.
    pub fn label(play: &Play) -> Label {
        play.label(u32::MAX)
    }

    /// The next segment and the state at its start; `None` when the goal is passed, and the runner with it.
    fn next(&mut self) -> Option<(u32, Option<Vec<u8>>)> {
        let next = self.play.chain().next(self.play.transcode.encoding().segment_count());
        self.ended = next.is_none();
        next
    }

    /// Whether anybody wants this segment or one behind it.
    fn is_wanted_from(&self, from: u32) -> bool {
        self.play.flights().iter().any(|(segment, flight)| *segment >= from && flight.is_wanted())
    }

    /// Queues itself for its next turn.
    fn hand_on(self: Box<Self>) {
        let (engine, play) = (Arc::clone(&self.engine), Arc::clone(&self.play));
        let class = play.chain().class();
        // A turn that the queue refuses is dropped, and a dropped runner gives the chain up.
        let _ = engine.queue(class, Self::label(&play), self, true, &|| {
            play.chain().class() == Class::Waiting
        });
    }

    /// Queues itself again once a block of the source is here.
    fn come_back(mut self: Box<Self>, segment: u32, block: u32) {
        let play = Arc::clone(&self.play);
        let class = play.chain().class();
        once_here(&play, segment, block, class, move |here| match here {
            Ok(()) => self.hand_on(),
            Err(end) => self.give_up(&end),
        });
    }

    /// Ends, and with it all that waits for it.
    fn give_up(&mut self, end: &End) {
        self.ended = true;
        let mut chain = self.play.chain();
        chain.stop();
        let frontier = chain.frontier();
        // The flights are taken under the chain's lock, because a successor that starts after it brings its own.
        let mut flights = self.play.flights();
        let left: Vec<_> = flights.extract_if(|segment, _| *segment >= frontier).collect();
        drop(flights);
        drop(chain);
        left.iter().for_each(|(_, flight)| flight.finish(end.clone()));
    }

    fn write_down(&mut self) {
        let fresh = std::mem::take(&mut self.fresh);
        if fresh.is_empty() {
            return;
        }
        let (catalog, key) = (self.engine.catalog.clone(), Arc::clone(&self.play.key));
        let content = Arc::clone(&self.play.content);
        self.play.runtime.spawn(async move {
            if let Err(error) = catalog.put_checkpoints(&key, &content, fresh).await {
                tracing::warn!(%error, "checkpoints were not kept; they will be made again");
            }
        });
    }
}

impl Job for Runner {
    /// Runs for a turn, or until nobody wants a segment at the frontier or behind it.
    fn run(mut self: Box<Self>) {
        let turn_ends = Instant::now() + TURN;
        while let Some((segment, checkpoint)) = self.next() {
            if Instant::now() >= turn_ends {
                return self.hand_on();
            }
            if !self.is_wanted_from(segment) {
                return self.give_up(&End::Cancelled);
            }
            let flight = Arc::clone(self.play.flights().entry(segment).or_default());
            // The claim cannot fail, because the runner alone makes the segment at the frontier.
            flight.claim();
            let wanted = || self.is_wanted_from(segment);
            let checkpoint = checkpoint.as_deref();
            let made = make(&self.engine, &self.play, segment, checkpoint, &flight, &wanted);
            let (end, report) = match made {
                Made::Ended(end, report) => (end, report),
                Made::Lacks(block) => return self.come_back(segment, block),
            };
            let Some(state) = report.and_then(|report| report.segment.checkpoint) else {
                // Later segments start from this one's state, so without it none of them can be made.
                return self.give_up(&end);
            };
            self.play.chain().advance(segment + 1, state.clone());
            self.fresh.push((segment + 1, state));
            self.play.land(segment, &flight, end);
            if self.fresh.len() >= CHECKPOINT_BATCH {
                self.write_down();
            }
        }
    }

    fn is_wanted(&self) -> bool {
        let frontier = self.play.chain().frontier();
        self.is_wanted_from(frontier)
    }
}

impl Drop for Runner {
    /// Gives up if it was never run, or panicked.
    fn drop(&mut self) {
        if !self.ended {
            self.give_up(&End::Cancelled);
        }
        self.write_down();
    }
}
