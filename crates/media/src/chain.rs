//! The segments of a chained format (G.722), each of which needs the state in which the one before ended.

use crate::flight::End;
use crate::play::{Play, RUNNER};
use crate::scheduler::Class;
use crate::{Shared, play};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The state of a chained format (G.722): a segment at or past the frontier needs those before it.
#[derive(Default)]
pub struct Chain {
    /// The encoder's state at the start of these segments; from 1 on, without a gap.
    checkpoints: BTreeMap<u32, Vec<u8>>,
    /// The last segment that the runner is to reach.
    goal: u32,
    /// The last one that a client waits for now.
    awaited: Option<u32>,
    /// Whether there is a runner: one at a time, which alone moves the frontier.
    running: bool,
}

impl Chain {
    /// The first segment whose end state isn't known.
    fn frontier(&self) -> u32 {
        self.checkpoints.last_key_value().map_or(0, |(segment, _)| *segment)
    }

    /// How a segment is to be made, with this goal if it needs those before it.
    pub fn extend(&mut self, segment: u32, class: Class) -> Way {
        if segment < self.frontier() {
            return Way::Alone(self.checkpoints.get(&segment).cloned());
        }
        if class == Class::Waiting {
            self.hurry(segment);
        }
        self.goal = if self.running { self.goal.max(segment) } else { segment };
        let start = !self.running;
        self.running = true;
        Way::Chained { start }
    }

    /// Notes that a client waits for a segment now.
    pub fn hurry(&mut self, segment: u32) {
        self.awaited = self.awaited.max(Some(segment));
    }

    /// How urgent the runner's next turn is.
    fn class(&self) -> Class {
        if self.awaited >= Some(self.frontier()) { Class::Waiting } else { Class::Ahead }
    }
}

impl FromIterator<(u32, Vec<u8>)> for Chain {
    fn from_iter<I: IntoIterator<Item = (u32, Vec<u8>)>>(checkpoints: I) -> Self {
        Self { checkpoints: checkpoints.into_iter().collect(), ..Self::default() }
    }
}

/// How a segment can be made.
pub enum Way {
    /// By itself, from a known state where the format is chained.
    Alone(Option<Vec<u8>>),
    /// By the runner, which may have to be started.
    Chained { start: bool },
}

/// Makes the segments of a chained format from the frontier to the goal, each the state for the next.
/// Whoever sets [`Chain::running`] makes one; it takes that back when it ends, even unrun.
pub struct Runner {
    shared: Arc<Shared>,
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
    pub fn new(shared: &Arc<Shared>, play: &Arc<Play>) -> Self {
        Self { shared: Arc::clone(shared), play: Arc::clone(play), fresh: Vec::new(), ended: false }
    }

    /// Runs for a turn, or until nobody wants a segment at the frontier or behind it.
    pub fn run(mut self) {
        let turn_ends = Instant::now() + TURN;
        while let Some((segment, checkpoint)) = self.next() {
            if Instant::now() >= turn_ends {
                return self.hand_on();
            }
            if !self.is_wanted(segment) {
                return self.give_up(&End::Cancelled);
            }
            let flight = Arc::clone(self.play.flights().entry(segment).or_default());
            // A segment at the frontier has no other maker.
            flight.claim();
            let wanted = || self.is_wanted(segment);
            let (end, report) =
                self.play.make(&self.shared, segment, checkpoint.as_deref(), &flight, &wanted);
            let Some(state) = report.and_then(|report| report.segment.checkpoint) else {
                // Those behind it can't be made either.
                return self.give_up(&end);
            };
            self.play.chain().checkpoints.insert(segment + 1, state.clone());
            self.fresh.push((segment + 1, state));
            self.play.land(segment, &flight, end);
            if self.fresh.len() >= CHECKPOINT_BATCH {
                self.write_down();
            }
        }
    }

    /// The next segment and the state at its start; `None` when the goal is passed, and the runner with it.
    fn next(&mut self) -> Option<(u32, Option<Vec<u8>>)> {
        let mut chain = self.play.chain();
        let frontier = chain.frontier();
        if frontier > chain.goal || frontier >= self.play.transcode.encoding().segment_count() {
            chain.running = false;
            chain.awaited = None;
            self.ended = true;
            return None;
        }
        Some((frontier, chain.checkpoints.get(&frontier).cloned()))
    }

    /// Whether anybody wants this segment or one behind it.
    fn is_wanted(&self, from: u32) -> bool {
        self.play.flights().iter().any(|(segment, flight)| *segment >= from && flight.is_wanted())
    }

    /// Queues itself for its next turn.
    fn hand_on(self) {
        let (shared, play) = (Arc::clone(&self.shared), Arc::clone(&self.play));
        let class = play.chain().class();
        let turn = Box::new(move || self.run());
        // Refused, it is dropped, and gives up.
        let _ = play::queue(&shared, class, play.label(RUNNER), turn, true, &|| {
            play.chain().class() == Class::Waiting
        });
    }

    /// Ends, and with it all that waits for it.
    fn give_up(&mut self, end: &End) {
        self.ended = true;
        let mut chain = self.play.chain();
        chain.running = false;
        chain.awaited = None;
        let frontier = chain.frontier();
        // Within the chain's lock: a successor's flights are not among them.
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
        let (catalog, key) = (self.shared.catalog.clone(), Arc::clone(&self.play.key));
        let content = Arc::clone(&self.play.content);
        self.play.runtime.spawn(async move {
            if let Err(error) = catalog.put_checkpoints(&key, &content, fresh).await {
                tracing::warn!(%error, "checkpoints were not kept; they will be made again");
            }
        });
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
