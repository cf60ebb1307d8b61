//! A stretch of a source as if it were all of it: the payload of a container.

use crate::source::{ReadAt, Source};
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// The bytes of a range of a source.
pub struct Part {
    source: Source,
    range: Range<u64>,
}

impl Part {
    /// `range` of `source`, or what the source has of it.
    #[must_use]
    pub fn of(source: &Source, range: Range<u64>) -> Source {
        let end = range.end.min(source.length_bytes());
        Arc::new(Self { source: source.clone(), range: range.start.min(end)..end })
    }
}

impl ReadAt for Part {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = usize::try_from(self.length_bytes().saturating_sub(offset));
        let wanted = buffer.len().min(left.unwrap_or(usize::MAX));
        self.source.read_at(&mut buffer[..wanted], self.range.start.saturating_add(offset))
    }

    fn length_bytes(&self) -> u64 {
        self.range.end - self.range.start
    }
}
