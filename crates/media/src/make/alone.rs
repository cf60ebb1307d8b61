//! One segment that needs nothing but the source (and, where the format is chained, a known state).

use super::make;
use crate::counters::Counters;
use crate::engine::Engine;
use crate::flight::{End, Flight};
use crate::play::Play;
use crate::queue::Job;
use std::sync::Arc;

/// Makes one segment. Dropped unrun, it ends the flight.
pub struct Maker {
    engine: Arc<Engine>,
    play: Arc<Play>,
    segment: u32,
    /// The encoder's state at the segment's start, where the format is chained.
    checkpoint: Option<Vec<u8>>,
    flight: Arc<Flight>,
    /// Whether another job makes it.
    is_anothers: bool,
}

impl Maker {
    pub fn new(
        engine: &Arc<Engine>,
        play: &Arc<Play>,
        segment: u32,
        checkpoint: Option<Vec<u8>>,
        flight: Arc<Flight>,
    ) -> Self {
        let (engine, play) = (Arc::clone(engine), Arc::clone(play));
        Self { engine, play, segment, checkpoint, flight, is_anothers: false }
    }
}

impl Job for Maker {
    fn run(mut self: Box<Self>) {
        // The runner of a chain may have made it while this job was queued.
        self.is_anothers = !self.flight.claim();
        if self.is_anothers || !self.flight.is_wanted() {
            return;
        }
        let (checkpoint, wanted) = (self.checkpoint.as_deref(), || self.flight.is_wanted());
        let (end, _) =
            make(&self.engine, &self.play, self.segment, checkpoint, &self.flight, &wanted);
        self.play.land(self.segment, &self.flight, end);
    }

    fn is_wanted(&self) -> bool {
        self.flight.is_wanted()
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        if !self.is_anothers && !self.flight.has_ended() {
            Counters::add(&self.engine.counters.segments_cancelled, 1);
            self.play.land(self.segment, &self.flight, End::Cancelled);
        }
    }
}
