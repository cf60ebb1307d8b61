//! A whole conversion without a server: the same segments, on as many threads as wanted, written in order.
//! The threads are its own, because nobody else is there to take turns with: a command converts one file.

use crate::lock::{lock, wait};
use audio::format::Segment;
use audio::{EncodeError, Layout, Transcode};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex};
use std::thread;

/// Why a conversion failed.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The source or the encoder.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The target.
    #[error("writing the target: {0}")]
    Write(#[from] io::Error),
}

/// Converts all of a transcode and writes it to `out`; `progress` is told (segments done, of how many).
/// The bytes are those of the published representation. Returns their number.
///
/// # Errors
/// [`ConvertError`]; what was written till then is of no use.
pub fn convert(
    transcode: &Transcode,
    threads: usize,
    progress: &mut dyn FnMut(u32, u32),
    out: &mut dyn Write,
) -> Result<u64, ConvertError> {
    if let Some(layout) = transcode.layout() {
        out.write_all(&layout.header)?;
        let mut sized = |segment: u32, made: Made| -> Result<(), ConvertError> {
            let span = layout.span(segment);
            if span.end - span.start != made.bytes.len() as u64 {
                let message = format!("segment {segment} has {} bytes", made.bytes.len());
                return Err(EncodeError::Encoder(message).into());
            }
            out.write_all(&made.bytes)?;
            Ok(())
        };
        in_order(transcode, threads, progress, &mut sized)?;
        out.flush()?;
        return Ok(layout.length_bytes());
    }
    learned(transcode, threads, progress, out)
}

/// The header of a learned layout comes last and stands first: the segments wait in a nameless file.
fn learned(
    transcode: &Transcode,
    threads: usize,
    progress: &mut dyn FnMut(u32, u32),
    out: &mut dyn Write,
) -> Result<u64, ConvertError> {
    let missing = || EncodeError::Encoder("a format with neither layout nor assembly".into());
    let mut assembly = transcode.encoding().assembly().ok_or_else(missing)?;
    let mut spool = BufWriter::new(tempfile::tempfile()?);
    let mut add = |_, made: Made| -> Result<(), ConvertError> {
        assembly.add(made.segment);
        spool.write_all(&made.bytes)?;
        Ok(())
    };
    in_order(transcode, threads, progress, &mut add)?;
    let layout: Layout = assembly.finish()?;
    let mut spool: File = spool.into_inner().map_err(io::IntoInnerError::into_error)?;
    spool.seek(SeekFrom::Start(0))?;
    out.write_all(&layout.header)?;
    io::copy(&mut spool, out)?;
    out.flush()?;
    Ok(layout.length_bytes())
}

struct Made {
    bytes: Vec<u8>,
    segment: Segment,
}

/// What the threads share.
struct Board {
    /// The next segment to make.
    next: u32,
    /// The next segment to write; those made may not run further ahead than the window.
    awaited: u32,
    made: BTreeMap<u32, Result<Made, EncodeError>>,
    stopped: bool,
}

/// Makes all segments on so many threads and hands them over in order.
fn in_order(
    transcode: &Transcode,
    threads: usize,
    progress: &mut dyn FnMut(u32, u32),
    take: &mut dyn FnMut(u32, Made) -> Result<(), ConvertError>,
) -> Result<(), ConvertError> {
    let count = transcode.encoding().segment_count();
    if transcode.encoding().chained() {
        let mut checkpoint: Option<Vec<u8>> = None;
        for segment in 0..count {
            let mut made = make(transcode, segment, checkpoint.as_deref())?;
            checkpoint = made.segment.checkpoint.take();
            take(segment, made)?;
            progress(segment + 1, count);
        }
        return Ok(());
    }
    let board = Mutex::new(Board { next: 0, awaited: 0, made: BTreeMap::new(), stopped: false });
    let news = Condvar::new();
    thread::scope(|scope| {
        for _ in 0..threads.max(1).min(count as usize) {
            scope.spawn(|| work(transcode, count, 2 * threads as u32 + 2, &board, &news));
        }
        let result = (0..count).try_for_each(|segment| {
            let made = await_segment(segment, &board, &news)?;
            take(segment, made)?;
            progress(segment + 1, count);
            Ok(())
        });
        lock(&board).stopped = true;
        news.notify_all();
        result
    })
}

fn work(transcode: &Transcode, count: u32, window: u32, board: &Mutex<Board>, news: &Condvar) {
    loop {
        let mut state = lock(board);
        while !state.stopped && state.next < count && state.next >= state.awaited + window {
            state = wait(news, state);
        }
        if state.stopped || state.next >= count {
            return;
        }
        let segment = state.next;
        state.next += 1;
        drop(state);
        let made = make(transcode, segment, None);
        lock(board).made.insert(segment, made);
        news.notify_all();
    }
}

fn await_segment(segment: u32, board: &Mutex<Board>, news: &Condvar) -> Result<Made, EncodeError> {
    let mut state = lock(board);
    loop {
        if let Some(made) = state.made.remove(&segment) {
            state.awaited = segment + 1;
            news.notify_all();
            return made;
        }
        state = wait(news, state);
    }
}

fn make(
    transcode: &Transcode,
    segment: u32,
    checkpoint: Option<&[u8]>,
) -> Result<Made, EncodeError> {
    let mut bytes = Vec::new();
    let mut sink = |packet: &[u8]| {
        bytes.extend_from_slice(packet);
        ControlFlow::Continue(())
    };
    let report = transcode.encode(segment, checkpoint, &mut sink)?;
    Ok(Made { bytes, segment: report.segment })
}
