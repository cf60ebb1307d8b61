//! What is known of a chained format (G.722): the encoder's states, and how far segments are wanted.

use crate::queue::Class;
use std::collections::BTreeMap;

/// The state of a chained format: a segment at or past the frontier needs those before it.
#[derive(Default)]
pub struct Chain {
    /// The encoder's state at the start of these segments; from 1 on, without a gap.
    checkpoints: BTreeMap<u32, Vec<u8>>,
    /// The last segment that the runner is to reach.
    goal: u32,
    /// The last one that a client waits for now.
    awaited: Option<u32>,
    /// How urgent those are that no client waits for now.
    behind: Option<Class>,
    /// Whether there is a runner: one at a time, which alone moves the frontier.
    running: bool,
}

/// How a segment can be made.
pub enum Way {
    /// By itself, from a known state where the format is chained.
    Alone(Option<Vec<u8>>),
    /// By the runner, which may have to be started.
    Chained { start: bool },
}

impl Chain {
    /// The first segment whose end state isn't known.
    pub fn frontier(&self) -> u32 {
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
        let behind = class.max(Class::Ahead);
        self.behind = Some(self.behind.map_or(behind, |known| known.min(behind)));
        let start = !self.running;
        self.running = true;
        Way::Chained { start }
    }

    /// Notes that a client waits for a segment now.
    pub fn hurry(&mut self, segment: u32) {
        self.awaited = self.awaited.max(Some(segment));
    }

    /// How urgent the runner's next turn is.
    pub fn class(&self) -> Class {
        match self.awaited >= Some(self.frontier()) {
            true => Class::Waiting,
            false => self.behind.unwrap_or(Class::Ahead),
        }
    }

    /// The runner's next segment and the state at its start; `None` past the goal or at the end, where the
    /// runner stops.
    pub fn next(&mut self, segment_count: u32) -> Option<(u32, Option<Vec<u8>>)> {
        let frontier = self.frontier();
        if frontier > self.goal || frontier >= segment_count {
            self.stop();
            return None;
        }
        Some((frontier, self.checkpoints.get(&frontier).cloned()))
    }

    /// Notes the state at the start of the segment after the frontier.
    pub fn advance(&mut self, segment: u32, state: Vec<u8>) {
        self.checkpoints.insert(segment, state);
    }

    /// The runner stops: the next segment past the frontier needs a new one.
    pub fn stop(&mut self) {
        self.running = false;
        self.awaited = None;
        self.behind = None;
    }
}

impl FromIterator<(u32, Vec<u8>)> for Chain {
    fn from_iter<I: IntoIterator<Item = (u32, Vec<u8>)>>(checkpoints: I) -> Self {
        Self { checkpoints: checkpoints.into_iter().collect(), ..Self::default() }
    }
}
