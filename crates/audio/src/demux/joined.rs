//! Where files were joined that don't go together: the packets of a stream that isn't the one walked through.

use super::window::Window;
use std::io;
use std::ops::Range;

/// Packets in a row that are believed to be a stream of their own.
const CONVINCING: usize = 4;

/// Bytes in which every header has room.
const HEAD_BYTES: usize = 16;

/// Bytes, from the span's start on, of the packets of a stream that doesn't continue `reference`; 0 if none begins
/// there. `head` reads a header, and how long its packet is: at most `longest` bytes.
///
/// # Errors
/// What the medium reports.
pub fn other_bytes<H>(
    window: &mut Window,
    span: Range<u64>,
    longest: usize,
    reference: &H,
    head: impl Fn(&[u8]) -> Option<(H, usize)>,
    continues: impl Fn(&H, &H) -> bool,
) -> io::Result<u64> {
    // Read at once, because the packets before the last that convinces may be no stream, and are gone through again.
    let bytes = window.peek(span.start, CONVINCING * longest)?;
    let Some((first, _)) = head(bytes).filter(|(first, _)| !continues(reference, first)) else {
        return Ok(0);
    };
    let (mut at, mut count) = (span.start, 0);
    while at < span.end
        && let Some((next, length)) = head(window.peek(at, HEAD_BYTES)?)
        && continues(&first, &next)
    {
        at += length as u64;
        count += 1;
    }
    Ok(if count < CONVINCING { 0 } else { at.min(span.end) - span.start })
}
