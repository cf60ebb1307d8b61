//! The segments of a chained format (G.722), each of which needs the state in which the one before ended.

use crate::Shared;
use crate::flight::Failure;
use crate::play::Play;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The state of a chained format (G.722): a segment at or past the frontier needs those before it.
#[derive(Default)]
pub struct Chain {
    /// The encoder's state at the start of these segments; from 1 on, without a gap.
    checkpoints: BTreeMap<u32, Vec<u8>>,
    /// The last segment that the runner is to reach.
    goal: u32,
    running: bool,
}

impl Chain {
    /// The first segment whose end state isn't known.
    fn frontier(&self) -> u32 {
        self.checkpoints.last_key_value().map_or(0, |(segment, _)| *segment)
    }

    /// How a segment is to be made, with this goal if it needs those before it.
    pub fn extend(&mut self, segment: u32) -> Way {
        if segment < self.frontier() {
            return Way::Alone(self.checkpoints.get(&segment).cloned());
        }
        self.goal = if self.running { self.goal.max(segment) } else { segment };
        let start = !self.running;
        self.running = true;
        Way::Chained { start }
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
pub struct Runner {
    pub shared: Arc<Shared>,
    pub play: Arc<Play>,
}

/// Segments after which the checkpoints are written down.
const CHECKPOINT_BATCH: usize = 256;

impl Runner {
    /// Runs until nobody wants a segment at the frontier or behind it.
    pub fn run(&self) {
        let mut fresh = Vec::new();
        while let Some((segment, checkpoint)) = self.next() {
            if !self.is_wanted(segment) {
                break;
            }
            let flight = Arc::clone(self.play.flights().entry(segment).or_default());
            let wanted = || self.is_wanted(segment);
            let made =
                self.play.make(&self.shared, segment, checkpoint.as_deref(), &flight, &wanted);
            if let Ok(report) = &made
                && let Some(state) = &report.segment.checkpoint
            {
                self.play.chain().checkpoints.insert(segment + 1, state.clone());
                fresh.push((segment + 1, state.clone()));
            }
            let failed = made.is_err();
            self.play.land(segment, &flight, made.map(|_| ()));
            if failed {
                break;
            }
            if fresh.len() >= CHECKPOINT_BATCH {
                self.write_down(std::mem::take(&mut fresh));
            }
        }
        self.write_down(fresh);
    }

    /// The next segment and the state at its start; `None` when the goal is passed, and the runner with it.
    fn next(&self) -> Option<(u32, Option<Vec<u8>>)> {
        let mut chain = self.play.chain();
        let frontier = chain.frontier();
        if frontier > chain.goal || frontier >= self.play.transcode.encoding().segment_count() {
            chain.running = false;
            return None;
        }
        Some((frontier, chain.checkpoints.get(&frontier).cloned()))
    }

    /// Whether anybody wants this segment or one behind it.
    fn is_wanted(&self, from: u32) -> bool {
        self.play.flights().iter().any(|(segment, flight)| *segment >= from && flight.is_wanted())
    }

    fn write_down(&self, fresh: Vec<(u32, Vec<u8>)>) {
        if fresh.is_empty() {
            return;
        }
        let (catalog, key) = (self.shared.catalog.clone(), Arc::clone(&self.play.key));
        self.play.runtime.spawn(async move {
            if let Err(error) = catalog.put_checkpoints(&key, fresh).await {
                tracing::warn!(%error, "checkpoints were not kept; they will be made again");
            }
        });
    }
}

impl Drop for Runner {
    /// Ends what is left: given up, failed, or never run.
    fn drop(&mut self) {
        let mut chain = self.play.chain();
        if !chain.running {
            return;
        }
        chain.running = false;
        let frontier = chain.frontier();
        drop(chain);
        let mut flights = self.play.flights();
        let left: Vec<u32> = flights.keys().copied().filter(|s| *s >= frontier).collect();
        let left: Vec<_> = left.into_iter().filter_map(|s| flights.remove(&s)).collect();
        drop(flights);
        left.iter().for_each(|flight| flight.finish(Err(Failure::Cancelled)));
    }
}
