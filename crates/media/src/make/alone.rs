//! One segment that needs nothing but the source (and, where the format is chained, a known state).

use super::make;
use crate::counters::Counters;
use crate::engine::Engine;
use crate::flight::{End, Flight};
use crate::play::Play;
use std::sync::Arc;

/// Makes one segment. Dropped unrun, it ends the flight.
pub struct Maker {
    engine: Arc<Engine>,
    play: Arc<Play>,
    segment: u32,
    flight: Arc<Flight>,
    /// Whether another job makes it.
    is_anothers: bool,
}

impl Maker {
    pub fn new(engine: &Arc<Engine>, play: &Arc<Play>, segment: u32, flight: Arc<Flight>) -> Self {
        let (engine, play) = (Arc::clone(engine), Arc::clone(play));
        Self { engine, play, segment, flight, is_anothers: false }
    }

    pub fn run(&mut self, checkpoint: Option<&[u8]>) {
        // The runner of a chain may have made it while this job was queued.
        self.is_anothers = !self.flight.claim();
        if self.is_anothers {
            return;
        }
        let end = if self.flight.is_wanted() {
            let wanted = || self.flight.is_wanted();
            make(&self.engine, &self.play, self.segment, checkpoint, &self.flight, &wanted).0
        } else {
            Counters::add(&self.engine.counters.segments_cancelled, 1);
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
