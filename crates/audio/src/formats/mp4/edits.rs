//! The edit list (ISO 14496-12 §8.6.6): which stretches of the media are heard, in which order.

use super::boxes::descend;
use crate::demux::bytes::{u8_at, u32_be, u64_be};
use crate::demux::window::Window;
use std::io;
use std::ops::Range;

/// Entries that are read.
pub const MOST: usize = 64;

/// Most bytes of a list that are read: enough for them.
const LONGEST: u64 = 4096;

/// An edit that shows media.
#[derive(Debug, Clone, Copy, Default)]
pub struct Edit {
    /// Where it begins in the media, in the media's units.
    pub start: u64,
    /// How long it is, in the movie's units; 0: to the end, as writers of fragments have it.
    pub length: u64,
}

/// The edits of a track that show media, and how many entries its list has. Empty ones are passed over, because they
/// tell when a track begins beside others.
///
/// # Errors
/// What the medium reports.
pub fn read(window: &mut Window, trak: &Range<u64>) -> io::Result<(Vec<Edit>, usize)> {
    let elst = descend(window, trak, &[b"edts", b"elst"])?;
    let body = window.peek(elst.start, (elst.end - elst.start).min(LONGEST) as usize)?;
    let is_wide = u8_at(body, 0) == Some(1);
    let count = u32_be(body, 4).unwrap_or(0) as usize;
    let edit = |entry: usize| {
        let (length, start) = if is_wide {
            let at = 8 + entry * 20;
            (u64_be(body, at)?, u64_be(body, at + 8)?.cast_signed())
        } else {
            let at = 8 + entry * 12;
            (u32_be(body, at)?.into(), u32_be(body, at + 4)?.cast_signed().into())
        };
        Some(Edit { start: u64::try_from(start).ok()?, length })
    };
    Ok(((0..count.min(MOST)).filter_map(edit).collect(), count))
}
