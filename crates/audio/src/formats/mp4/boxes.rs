//! Boxes of ISO 14496-12 §4.2, one level at a time: no recursion, so no nesting can exhaust us.

use crate::demux::bytes::{u32_be, u64_be};
use crate::demux::window::Window;
use std::io;
use std::ops::Range;

/// A box: its type and where its body lies.
#[derive(Debug, Clone)]
pub struct BoxAt {
    /// The four characters.
    pub kind: [u8; 4],
    /// The body's bytes in the source.
    pub body: Range<u64>,
}

/// Boxes looked at on one level; a file that has more is refused by finding nothing.
const MOST_BOXES: usize = 1 << 16;

/// The box that begins at `at`, cut at `end`; `None` where there is none.
///
/// # Errors
/// What the medium reports.
pub fn box_at(window: &mut Window, at: u64, end: u64) -> io::Result<Option<BoxAt>> {
    if at >= end {
        return Ok(None);
    }
    let head = window.peek(at, 16)?;
    let (Some(size), Some(kind)) = (u32_be(head, 0), head.get(4..8)) else { return Ok(None) };
    let kind = [kind[0], kind[1], kind[2], kind[3]];
    let (header, size) = match size {
        0 => (8, end - at),
        1 => (16, u64_be(head, 8).unwrap_or(0)),
        size => (8, u64::from(size)),
    };
    if size < header {
        return Ok(None);
    }
    let body = at + header..at.saturating_add(size).min(end);
    Ok((body.start <= body.end).then_some(BoxAt { kind, body }))
}

/// The first box within `range` that `accept` takes.
///
/// # Errors
/// What the medium reports.
pub fn find(
    window: &mut Window,
    range: &Range<u64>,
    mut accept: impl FnMut(&mut Window, &BoxAt) -> io::Result<bool>,
) -> io::Result<Option<BoxAt>> {
    let mut at = range.start;
    for _ in 0..MOST_BOXES {
        if at >= range.end {
            break;
        }
        let Some(found) = box_at(window, at, range.end)? else { break };
        if accept(window, &found)? {
            return Ok(Some(found));
        }
        at = found.body.end;
    }
    Ok(None)
}

/// The body of the box at the end of a path of types; empty if there is none.
///
/// # Errors
/// What the medium reports.
pub fn descend(
    window: &mut Window,
    range: &Range<u64>,
    path: &[&[u8; 4]],
) -> io::Result<Range<u64>> {
    let mut range = range.clone();
    for kind in path {
        range = find(window, &range, |_, b| Ok(&b.kind == *kind))?.map_or(0..0, |b| b.body);
    }
    Ok(range)
}
