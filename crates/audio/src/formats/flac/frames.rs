//! Walks FLAC frames. Their lengths are stated nowhere: a frame ends where the next one's header
//! begins, which its sync code, its checksum and its number tell.

use super::header::{Header, LONGEST_HEADER};
use crate::Source;
use crate::demux::window::{LONGEST_PEEK, Window};
use std::io;

/// A frame's place.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// Byte offset in the source.
    pub offset: u64,
    /// Bytes up to the next frame or the end.
    pub length_bytes: u64,
    /// Its header.
    pub header: Header,
    /// First sample (per channel).
    pub start: u64,
    /// No frame comes after it.
    pub last: bool,
}

/// The frames from an offset on.
pub struct Frames {
    window: Window,
    /// Block size by which frame numbers count.
    fixed_block: u64,
    next: Option<(u64, Header)>,
}

/// A gap in the numbering longer than this (in seconds at 48 kHz: 6 minutes) is no gap but a stray.
const LONGEST_GAP: u64 = 1 << 24;

impl Frames {
    /// The frames from the first header at or after `offset` on.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn new(source: &Source, offset: u64, fixed_block: u64) -> io::Result<Self> {
        let mut window = Window::new(source);
        let next = find(&mut window, offset, |_| true)?;
        let fixed_block = match (fixed_block, next) {
            (0, Some((_, header))) => header.block.into(),
            (stated, _) => stated,
        };
        Ok(Self { window, fixed_block, next })
    }

    /// The block size by which frame numbers count.
    #[must_use]
    pub fn fixed_block(&self) -> u64 {
        self.fixed_block
    }

    /// The next frame.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn next(&mut self) -> io::Result<Option<Found>> {
        let Some((offset, header)) = self.next else { return Ok(None) };
        let start = self.start(&header);
        let end = start.saturating_add(header.block.into());
        let fixed_block = self.fixed_block;
        self.next = find(&mut self.window, offset + LONGEST_HEADER as u64 / 2, |candidate| {
            let unit = if candidate.variable { 1 } else { fixed_block };
            let begin = candidate.number.saturating_mul(unit);
            header.continues(candidate) && (end..end.saturating_add(LONGEST_GAP)).contains(&begin)
        })?;
        let stop = self.next.map_or(self.window.length_bytes(), |(next, _)| next);
        let last = self.next.is_none();
        Ok(Some(Found { offset, length_bytes: stop - offset, header, start, last }))
    }

    /// A frame's bytes.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn bytes(&mut self, found: &Found) -> io::Result<&[u8]> {
        let length = usize::try_from(found.length_bytes).unwrap_or(usize::MAX);
        self.window.peek(found.offset, length.min(LONGEST_PEEK))
    }

    fn start(&self, header: &Header) -> u64 {
        let unit = if header.variable { 1 } else { self.fixed_block };
        header.number.saturating_mul(unit)
    }
}

/// The first header from `offset` on that is accepted.
fn find(
    window: &mut Window,
    mut offset: u64,
    accept: impl Fn(&Header) -> bool,
) -> io::Result<Option<(u64, Header)>> {
    loop {
        let bytes = window.peek(offset, 32 * 1024)?;
        if bytes.len() < 6 {
            return Ok(None);
        }
        // A header needs all its bytes in sight, except at the source's end.
        let whole = bytes.len() < 32 * 1024;
        let reach = if whole { bytes.len() } else { bytes.len() - LONGEST_HEADER };
        let found = (0..reach).filter(|&at| bytes[at] == 0xff).find_map(|at| {
            let header = Header::parse(&bytes[at..])?;
            accept(&header).then_some((offset + at as u64, header))
        });
        if found.is_some() {
            return Ok(found);
        }
        offset += reach as u64;
    }
}
