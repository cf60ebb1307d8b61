//! A source read through a buffer that follows the reader.

use crate::Source;
use std::io;

/// Bytes read at a time: several of the longest Ogg pages, since each is asked for at full length.
const BLOCK: usize = 256 * 1024;

/// The most that [`Window::peek`] gives: no packet of any format that we read is longer.
pub const LONGEST_PEEK: usize = 4 << 20;

/// Random access with a buffer: cheap where reads are near each other and go forward.
pub struct Window {
    source: Source,
    /// Bytes read at a time.
    block: usize,
    buffer: Vec<u8>,
    start: u64,
    end_of_source: u64,
}

impl Window {
    /// A window over the whole source.
    #[must_use]
    pub fn new(source: &Source) -> Self {
        Self::of_blocks(source, BLOCK)
    }

    /// The same, reading so many bytes at a time.
    #[must_use]
    pub fn of_blocks(source: &Source, block: usize) -> Self {
        let end_of_source = source.length_bytes();
        Self { source: source.clone(), block, buffer: Vec::new(), start: 0, end_of_source }
    }

    /// Length of the source in bytes.
    #[must_use]
    pub fn length_bytes(&self) -> u64 {
        self.end_of_source
    }

    /// The bytes from `offset` on, `length` of them or what is left of the source (never more than
    /// [`LONGEST_PEEK`]).
    ///
    /// # Errors
    /// What the medium reports.
    pub fn peek(&mut self, offset: u64, length: usize) -> io::Result<&[u8]> {
        let left = usize::try_from(self.end_of_source.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = length.min(left).min(LONGEST_PEEK);
        let buffered = self.start..self.start + self.buffer.len() as u64;
        let held = buffered.contains(&offset) && offset + length as u64 <= buffered.end;
        if !held && length > 0 {
            self.buffer.resize(length.max(self.block.min(left)), 0);
            let read = self.source.read_full_at(&mut self.buffer, offset);
            self.buffer.truncate(*read.as_ref().unwrap_or(&0));
            self.start = offset;
            read?;
        }
        let from = offset.wrapping_sub(self.start) as usize;
        let to = from.saturating_add(length).min(self.buffer.len());
        Ok(self.buffer.get(from..to).unwrap_or(&[]))
    }
}
