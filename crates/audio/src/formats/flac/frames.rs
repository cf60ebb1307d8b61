//! Walks FLAC frames. Their lengths are stated nowhere: a frame ends where the next one's header
//! begins, which its sync code, its checksum and its number tell.

use super::header::{Header, LONGEST_HEADER};
use crate::Source;
use crate::demux::window::{LONGEST_PEEK, Window};
use std::io;
use std::ops::Range;

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
    /// Samples by which frame numbers count.
    unit: u64,
    next: Option<(u64, Header)>,
}

/// A gap in the numbering longer than this (in seconds at 48 kHz: 6 minutes) is no gap but a stray.
const LONGEST_GAP: u64 = 1 << 24;

impl Frames {
    /// The frames from the first header at or after `offset` on, numbered by `unit` samples, or by
    /// those of the header itself where its samples are numbered.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn new(source: &Source, offset: u64, unit: u64) -> io::Result<Self> {
        let mut window = Window::new(source);
        let next = find(&mut window, offset, |_| true)?;
        Ok(Self { window, unit, next })
    }

    /// The same, where it is not known yet what the numbers count. Encoders before the header had a
    /// bit for it numbered the samples of blocks of several sizes: the second frame's number tells.
    /// What looks like a header, but is not where one should be, needs a second frame.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn first(source: &Source, offset: u64) -> io::Result<Self> {
        let mut frames = Self::new(source, offset, 1)?;
        for _ in 0..MAX_CANDIDATES {
            let Some((at, first)) = frames.next else { break };
            let by_block = first.number.saturating_add(1);
            let by_sample = first.number.saturating_add(first.block.into());
            let is_second = |header: &Header| {
                first.continues(header) && [by_block, by_sample].contains(&header.number)
            };
            let behind = at + LONGEST_HEADER as u64 / 2;
            let reach = behind..behind + LONGEST_PEEK as u64;
            let second = find_in(&mut frames.window, reach, is_second)?;
            if second.is_some() || at == offset {
                let is_by_sample = second.is_some_and(|(_, second)| second.number == by_sample);
                frames.unit = if is_by_sample { 1 } else { first.block.into() };
                return Ok(frames);
            }
            frames.next = find(&mut frames.window, at + 1, |_| true)?;
        }
        frames.next = None;
        Ok(frames)
    }

    /// Samples that a frame's number counts by.
    #[must_use]
    pub fn unit(&self) -> u64 {
        self.unit
    }

    /// The header of the frame that is next.
    #[must_use]
    pub fn ahead(&self) -> Option<&Header> {
        self.next.as_ref().map(|(_, header)| header)
    }

    /// Where a frame of another rate, size or number of channels follows the last one.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn change_after(&mut self, last: &Found) -> io::Result<Option<u64>> {
        let (unit, end) = (self.unit, last.start.saturating_add(last.header.block.into()));
        let follows = |header: &Header| {
            let unit = if header.variable { 1 } else { unit };
            let next = header.number.saturating_mul(unit) == end
                || header.number == last.header.number.saturating_add(1);
            next && !last.header.continues(header)
        };
        let found = find(&mut self.window, last.offset + LONGEST_HEADER as u64 / 2, follows)?;
        Ok(found.map(|(offset, _)| offset))
    }

    /// The next frame.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn next(&mut self) -> io::Result<Option<Found>> {
        let Some((offset, header)) = self.next else { return Ok(None) };
        let start = self.start(&header);
        let end = start.saturating_add(header.block.into());
        let unit = self.unit;
        self.next = find(&mut self.window, offset + LONGEST_HEADER as u64 / 2, |candidate| {
            let unit = if candidate.variable { 1 } else { unit };
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
        let unit = if header.variable { 1 } else { self.unit };
        header.number.saturating_mul(unit)
    }
}

/// What looks like a first header is tried so many times, where the stream's beginning is missing.
const MAX_CANDIDATES: usize = 64;

/// The first header from `offset` on that is accepted.
fn find(
    window: &mut Window,
    offset: u64,
    accept: impl Fn(&Header) -> bool,
) -> io::Result<Option<(u64, Header)>> {
    find_in(window, offset..u64::MAX, accept)
}

/// The first header in about that range that is accepted.
fn find_in(
    window: &mut Window,
    range: Range<u64>,
    accept: impl Fn(&Header) -> bool,
) -> io::Result<Option<(u64, Header)>> {
    let mut offset = range.start;
    while offset < range.end {
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
    Ok(None)
}
