//! Jobs that make segments. A job knows one play and the engine, and nothing of who asked for it.

pub mod alone;
pub mod chain;
pub mod learn;

use crate::counters::Counters;
use crate::engine::Engine;
use crate::flight::{End, Flight};
use crate::play::Play;
use audio::{EncodeError, Report};
use std::ops::ControlFlow;

/// Encodes a segment for a flight and keeps it; tells how the flight is to end.
fn make(
    engine: &Engine,
    play: &Play,
    segment: u32,
    checkpoint: Option<&[u8]>,
    flight: &Flight,
    is_wanted: &dyn Fn() -> bool,
) -> (End, Option<Report>) {
    let counters = &engine.counters;
    let mut sink = |bytes: &[u8]| match flight.push(bytes) {
        ControlFlow::Break(()) if !is_wanted() => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    match play.encode(segment, checkpoint, &mut sink) {
        Ok(report) => {
            let (position, bytes) = (play.position(segment), flight.bytes());
            let kept = engine.cache.store(&play.key, segment, position, &bytes);
            count(counters, &report);
            (if kept { End::Cached } else { End::Whole }, Some(report))
        }
        Err(EncodeError::Cancelled) => {
            Counters::add(&counters.segments_cancelled, 1);
            (End::Cancelled, None)
        }
        Err(error) => (End::Failed(failed(engine, play, segment, &error.to_string())), None),
    }
}

/// Counts a segment last, because what the counter tells of is in the cache then.
fn count(counters: &Counters, report: &Report) {
    Counters::add(&counters.segments_encoded, 1);
    Counters::add(&counters.frames_missing, report.frames_missing);
}

/// Counts and logs a segment that failed; returns why.
fn failed(engine: &Engine, play: &Play, segment: u32, error: &str) -> String {
    Counters::add(&engine.counters.segments_failed, 1);
    tracing::error!(key = %play.key, segment, error, "a segment failed");
    error.into()
}
