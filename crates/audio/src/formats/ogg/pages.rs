//! Ogg pages (RFC 3533 §6): found, checked by their CRC, over damage to the next whole one.

use crate::Source;
use crate::demux::bytes::{u8_at, u32_le, u64_le};
use crate::demux::window::Window;
use std::io;

/// A page's header.
#[derive(Debug, Clone)]
pub struct Page {
    /// Byte offset in the source.
    pub offset: u64,
    /// The first packet on it began on an earlier page.
    pub continued: bool,
    /// First page of its stream.
    pub first: bool,
    /// Last page of its stream.
    pub last: bool,
    /// Position at the end of the last packet that ends here; −1 if none does.
    pub granule: i64,
    /// Which stream.
    pub serial: u32,
    /// Number in its stream.
    pub sequence: u32,
    /// The lacing values.
    pub lacing: Vec<u8>,
    /// The body.
    pub body: Vec<u8>,
}

/// Bytes of a page before its lacing values.
pub const HEADER_BYTES: usize = 27;

/// The longest possible page.
const LONGEST_PAGE: usize = HEADER_BYTES + 255 + 255 * 255;

/// Damaged pages are checked as far as this (half a second); then the pages end. A flood of headers
/// without pages would have most of its bytes summed up thousands of times.
pub const PATIENCE_BYTES: usize = 256 << 20;

/// The pages of a source from a place on.
pub struct Pages {
    window: Window,
    position: u64,
    /// Bytes that may still be summed up for pages that then are none.
    pub patience_bytes: usize,
    /// Bytes that belonged to no whole page.
    pub skipped_bytes: u64,
}

impl Pages {
    /// From a byte offset on.
    #[must_use]
    pub fn new(source: &Source, offset: u64) -> Self {
        Self::patient(source, offset, PATIENCE_BYTES)
    }

    /// The same, where earlier ones have used up patience.
    #[must_use]
    pub fn patient(source: &Source, offset: u64, patience_bytes: usize) -> Self {
        let window = Window::new(source);
        Self { window, position: offset, patience_bytes, skipped_bytes: 0 }
    }

    /// The next whole page.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn next(&mut self) -> io::Result<Option<Page>> {
        let from = self.position;
        loop {
            let bytes = self.window.peek(self.position, LONGEST_PAGE)?;
            if bytes.len() < HEADER_BYTES {
                return Ok(None);
            }
            if let Some(whole) = whole(bytes) {
                if let Some(page) = parse(whole, self.position) {
                    self.skipped_bytes += self.position - from;
                    self.position += whole.len() as u64;
                    return Ok(Some(page));
                }
                let Some(left) = self.patience_bytes.checked_sub(whole.len()) else {
                    return Ok(None);
                };
                self.patience_bytes = left;
            }
            let next = bytes[1..].iter().position(|&b| b == b'O').unwrap_or(bytes.len() - 1);
            self.position += next as u64 + 1;
        }
    }
}

/// The bytes that are a page if their checksum says so too.
fn whole(bytes: &[u8]) -> Option<&[u8]> {
    if !bytes.starts_with(b"OggS\0") {
        return None;
    }
    let start = HEADER_BYTES + usize::from(u8_at(bytes, 26)?);
    let body = bytes.get(HEADER_BYTES..start)?.iter().map(|&l| usize::from(l)).sum::<usize>();
    bytes.get(..start + body)
}

fn parse(bytes: &[u8], offset: u64) -> Option<Page> {
    if crc(bytes) != u32_le(bytes, 22)? {
        return None;
    }
    let flags = u8_at(bytes, 5)?;
    let start = HEADER_BYTES + usize::from(u8_at(bytes, 26)?);
    Some(Page {
        offset,
        continued: flags & 1 != 0,
        first: flags & 2 != 0,
        last: flags & 4 != 0,
        granule: u64_le(bytes, 6)?.cast_signed(),
        serial: u32_le(bytes, 14)?,
        sequence: u32_le(bytes, 18)?,
        lacing: bytes[HEADER_BYTES..start].to_vec(),
        body: bytes[start..].to_vec(),
    })
}

/// CRC-32 with the polynomial 04c11db7, not reflected, the checksum's own field taken as zero.
pub fn crc(page: &[u8]) -> u32 {
    static TABLE: [u32; 256] = table();
    page.iter().enumerate().fold(0, |crc, (at, &byte)| {
        let byte = if (22..26).contains(&at) { 0 } else { byte };
        crc << 8 ^ TABLE[usize::from((crc >> 24) as u8 ^ byte)]
    })
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut value = (index as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            let carry = value >> 31 != 0;
            value <<= 1;
            if carry {
                value ^= 0x04c1_1db7;
            }
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
}
