//! Walks the packets of MPEG audio: past tags, over damage, in bounded memory.

use crate::Source;
use crate::codecs::mpeg::{HEADER_BYTES, Header};
use crate::demux::bytes::{u32_be, u32_le};
use crate::demux::id3::after_tags;
use crate::demux::joined::other_bytes;
use crate::demux::window::Window;
use std::io;

/// A packet's place.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// Byte offset in the source.
    pub offset: u64,
    /// Its header.
    pub header: Header,
}

/// The bytes in which packets are looked for, and the walk through them.
pub struct Walker {
    window: Window,
    position: u64,
    end: u64,
    /// The first packet's header; the others must continue it.
    reference: Option<Header>,
    /// Bytes that were no packet, between packets.
    pub skipped_bytes: u64,
    /// Bytes of packets that can't belong to the stream, as where files of different rates were joined.
    pub other_bytes: u64,
}

/// How far the first packet is looked for.
const LONGEST_LEAD: u64 = 1 << 20;

/// Bytes of the longest packet: layer II at 384 kbit/s and 32 kHz.
const LONGEST_PACKET: u64 = 1729;

impl Walker {
    /// Before the first packet, tags in front and behind left out.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn new(source: &Source) -> io::Result<Self> {
        let mut window = Window::new(source);
        let position = after_tags(&mut window)?;
        let end = before_tags(&mut window, position)?;
        Ok(Self { window, position, end, reference: None, skipped_bytes: 0, other_bytes: 0 })
    }

    /// At a packet that an earlier walk found.
    #[must_use]
    pub fn resume(source: &Source, offset: u64, end: u64, reference: Header) -> Self {
        let (window, reference) = (Window::new(source), Some(reference));
        Self { window, position: offset, end, reference, skipped_bytes: 0, other_bytes: 0 }
    }

    /// Where packets end.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The bytes where the walk is.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn ahead(&mut self) -> io::Result<&[u8]> {
        self.window.peek(self.position, HEADER_BYTES)
    }

    /// The next packet.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn next(&mut self) -> io::Result<Option<Found>> {
        let mut from = self.position;
        loop {
            if self.position + HEADER_BYTES as u64 > self.end {
                // A packet cut short is none of what was skipped.
                self.skipped_bytes += self.end.saturating_sub(from + LONGEST_PACKET);
                return Ok(None);
            }
            if let Some(header) = self.header_at(self.position)? {
                let offset = self.position;
                let in_step = offset == from && self.reference.is_some();
                if in_step || self.complete(offset, &header) && self.confirmed(offset, &header)? {
                    self.skipped_bytes += offset - from;
                    self.reference.get_or_insert(header);
                    self.position = offset + header.length_bytes as u64;
                    return Ok(Some(Found { offset, header }));
                }
            }
            let other_bytes = self.other_at(self.position)?;
            if other_bytes > 0 {
                self.skipped_bytes += self.position - from;
                self.other_bytes += other_bytes;
                self.position += other_bytes;
                from = self.position;
                continue;
            }
            if self.reference.is_none() && self.position - from > LONGEST_LEAD {
                return Ok(None);
            }
            self.position = self.next_sync(self.position + 1)?;
        }
    }

    /// The packet's bytes, fewer if the source ends within it.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn bytes(&mut self, found: &Found) -> io::Result<&[u8]> {
        let left = self.end.saturating_sub(found.offset) as usize;
        self.window.peek(found.offset, found.header.length_bytes.min(left))
    }

    fn header_at(&mut self, offset: u64) -> io::Result<Option<Header>> {
        let header = Header::parse(self.window.peek(offset, HEADER_BYTES)?);
        Ok(header.filter(|h| self.reference.is_none_or(|r| r.continues(h))))
    }

    /// Bytes from there on of a stream that isn't the one walked through.
    fn other_at(&mut self, offset: u64) -> io::Result<u64> {
        let Some(reference) = self.reference else { return Ok(0) };
        let (span, longest) = (offset..self.end, LONGEST_PACKET as usize);
        let head = |bytes: &[u8]| Header::parse(bytes).map(|header| (header, header.length_bytes));
        other_bytes(&mut self.window, span, longest, &reference, head, Header::continues)
    }

    fn complete(&self, offset: u64, header: &Header) -> bool {
        offset + header.length_bytes as u64 <= self.end
    }

    /// Out of step a header is believed only if another follows it, or the end does.
    fn confirmed(&mut self, offset: u64, header: &Header) -> io::Result<bool> {
        let next = offset + header.length_bytes as u64;
        if next + HEADER_BYTES as u64 > self.end {
            return Ok(self.reference.is_some() || next == self.end);
        }
        let after = Header::parse(self.window.peek(next, HEADER_BYTES)?);
        Ok(after.is_some_and(|a| a.continues(header)))
    }

    /// The next offset, from `offset` on, at which a sync may begin.
    fn next_sync(&mut self, offset: u64) -> io::Result<u64> {
        let bytes = self.window.peek(offset, 16 * 1024)?;
        let skip = bytes.iter().position(|&b| b == 0xff).unwrap_or(bytes.len().max(1));
        Ok(offset + skip as u64)
    }
}

/// Before the ID3v1 and APE tags at the end.
fn before_tags(window: &mut Window, start: u64) -> io::Result<u64> {
    let mut end = window.length_bytes();
    for _ in 0..2 {
        if end >= start + 128 && window.peek(end - 128, 3)? == b"TAG" {
            end -= 128;
        }
        if end >= start + 32 {
            let footer = window.peek(end - 32, 32)?;
            if footer.starts_with(b"APETAGEX") {
                let size = u64::from(u32_le(footer, 12).unwrap_or(0));
                let has_header = u32_be(footer, 20).is_some_and(|flags| flags & 0x80 != 0);
                let whole = size + if has_header { 32 } else { 0 };
                end = end.saturating_sub(whole).max(start);
            }
        }
    }
    Ok(end)
}
