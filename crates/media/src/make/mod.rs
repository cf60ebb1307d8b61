//! Jobs that make segments. A job knows one play and the engine, and nothing of who asked for it.

pub mod alone;
pub mod chain;
pub mod learn;

use crate::asker::Asker;
use crate::blocks::Way;
use crate::counters::Counters;
use crate::engine::Engine;
use crate::flight::{End, Flight};
use crate::play::Play;
use crate::queue::Class;
use crate::remote_source::{has_missed, take_missed};
use audio::{EncodeError, Report};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;
use tracing::Instrument;

/// What came of an encode.
enum Made {
    /// How the flight is to end, and what a segment that was made told.
    Ended(End, Option<Report>),
    /// The source lacks a block: what is to be made again once that is here.
    Lacks(u32),
}

/// Encodes a segment for a flight and keeps it. A further run for the same flight drops what that has already: a
/// segment is a pure function, so those are the same bytes.
fn make(
    engine: &Engine,
    play: &Play,
    segment: u32,
    checkpoint: Option<&[u8]>,
    flight: &Flight,
    is_wanted: &dyn Fn() -> bool,
) -> Made {
    let counters = &engine.counters;
    let mut there_already = flight.length();
    let mut sink = |bytes: &[u8]| {
        let known = there_already.min(bytes.len());
        there_already -= known;
        // What a decoder makes of a read that failed is nobody's.
        if has_missed() {
            return ControlFlow::Break(());
        }
        match flight.push(&bytes[known..]) {
            ControlFlow::Break(()) if !is_wanted() => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    };
    let began = Instant::now();
    let encoded = play.encode(segment, checkpoint, &mut sink);
    if let Some(block) = take_missed() {
        return Made::Lacks(block);
    }
    let (end, report) = match encoded {
        Ok(report) => {
            let (position, bytes) = (play.position(segment), flight.bytes());
            let kept = engine.cache.store(&play.key, segment, position, &bytes);
            note_made(engine, play, &report, began);
            (if kept { End::Cached } else { End::Whole }, Some(report))
        }
        Err(EncodeError::Cancelled) => {
            Counters::add(&counters.segments_cancelled, 1);
            (End::Cancelled, None)
        }
        Err(error) => (End::Failed(failed(engine, play, segment, &error.to_string())), None),
    };
    Made::Ended(end, report)
}

/// Has what a job lacks fetched and waits for it, off the threads that encode, then does `next` with the outcome.
fn once_here(
    play: &Arc<Play>,
    segment: u32,
    block: u32,
    class: Class,
    next: impl FnOnce(Result<(), End>) + Send + 'static,
) {
    let Some(source) = play.remote.clone() else { return next(Ok(())) };
    let way = if class == Class::Waiting { Way::Urgent } else { Way::Ahead };
    let (share, asker) = (play.transcode.source_share(segment), Asker::present());
    // What is queued then is asked for by the same client.
    let fetched = asker.asks(async move {
        next(match source.fetch(block, share, way) {
            Ok(()) => source.blocks.here(block).await,
            Err(end) => Err(end),
        });
    });
    play.runtime.spawn(fetched.instrument(tracing::info_span!(target: "stage", "fetch")));
}

/// Counts a segment last, because what the counter tells of is in the cache then.
fn note_made(engine: &Engine, play: &Play, report: &Report, began: Instant) {
    let (format, audio) = (play.transcode.format(), play.transcode.segment_duration());
    engine.counters.encoded.count(format, began.elapsed(), audio);
    Counters::add(&engine.counters.segments_encoded, 1);
    Counters::add(&engine.counters.frames_missing, report.frames_missing);
    play.remote.iter().for_each(|source| source.note_made());
}

/// Counts and logs a segment that failed; returns why.
fn failed(engine: &Engine, play: &Play, segment: u32, error: &str) -> String {
    Counters::add(&engine.counters.segments_failed, 1);
    tracing::error!(key = %play.key, segment, error, "a segment failed");
    error.into()
}
