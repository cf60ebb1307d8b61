//! One segment that needs nothing but the source (and, where the format is chained, a known state).

use super::{Made, make, once_here};
use crate::counters::Counters;
use crate::engine::Engine;
use crate::flight::{End, Flight};
use crate::play::Play;
use crate::queue::{Class, Job};
use std::sync::Arc;

/// Makes one segment. Dropped unrun, it ends the flight.
pub struct Maker {
    engine: Arc<Engine>,
    play: Arc<Play>,
    segment: u32,
    /// The encoder's state at the segment's start, where the format is chained.
    checkpoint: Option<Vec<u8>>,
    flight: Arc<Flight>,
    class: Class,
    /// Who makes it.
    claim: Claim,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Claim {
    Open,
    Ours,
    Anothers,
}

impl Maker {
    pub fn new(
        engine: &Arc<Engine>,
        play: &Arc<Play>,
        segment: u32,
        checkpoint: Option<Vec<u8>>,
        flight: Arc<Flight>,
        class: Class,
    ) -> Self {
        let (engine, play) = (Arc::clone(engine), Arc::clone(play));
        Self { engine, play, segment, checkpoint, flight, class, claim: Claim::Open }
    }

    /// Queues itself again once a block of the source is here.
    fn come_back(self: Box<Self>, block: u32) {
        let (play, segment) = (Arc::clone(&self.play), self.segment);
        let class = if self.flight.is_urgent() { Class::Waiting } else { self.class };
        once_here(&play, segment, block, class, move |here| {
            let (engine, flight) = (Arc::clone(&self.engine), Arc::clone(&self.flight));
            match here {
                Ok(()) => {
                    let label = self.play.label(segment);
                    // Refused, it is dropped.
                    let _ = engine.queue(class, label, self, true, &|| flight.is_urgent());
                }
                Err(end) => self.play.land(segment, &flight, end),
            }
        });
    }
}

impl Job for Maker {
    fn run(mut self: Box<Self>) {
        // The runner of a chain may have made it while this job was queued.
        if self.claim == Claim::Open {
            self.claim = if self.flight.claim() { Claim::Ours } else { Claim::Anothers };
        }
        if self.claim == Claim::Anothers || !self.flight.is_wanted() {
            return;
        }
        let (checkpoint, wanted) = (self.checkpoint.as_deref(), || self.flight.is_wanted());
        match make(&self.engine, &self.play, self.segment, checkpoint, &self.flight, &wanted) {
            Made::Ended(end, _) => self.play.land(self.segment, &self.flight, end),
            Made::Lacks(block) => self.come_back(block),
        }
    }

    fn is_wanted(&self) -> bool {
        self.flight.is_wanted()
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        if self.claim != Claim::Anothers && !self.flight.has_ended() {
            Counters::add(&self.engine.counters.segments_cancelled, 1);
            self.play.land(self.segment, &self.flight, End::Cancelled);
        }
    }
}
