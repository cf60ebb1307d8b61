//! The byte map of a representation: header, then segments.

use std::ops::Range;

/// Where each segment of a transcode lies. Known before encoding (wav, ulaw, alaw, g722, mp3, ogg)
/// or learned from one whole encode (flac, mp4); from then on the same for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The bytes before the first segment.
    pub header: Vec<u8>,
    /// Byte offset of each segment, and of the end: segment count + 1 ascending entries, the first
    /// being the header's length.
    pub offsets: Vec<u64>,
}

impl Layout {
    /// A header followed by segments of these lengths in bytes.
    #[must_use]
    pub fn new(header: Vec<u8>, lengths: impl IntoIterator<Item = u64>) -> Self {
        let mut offsets = vec![header.len() as u64];
        let mut end = header.len() as u64;
        for length in lengths {
            end += length;
            offsets.push(end);
        }
        Self { header, offsets }
    }

    /// Total length in bytes.
    #[must_use]
    pub fn length_bytes(&self) -> u64 {
        self.offsets.last().copied().unwrap_or(0)
    }

    /// Number of segments.
    #[must_use]
    pub fn segment_count(&self) -> u32 {
        (self.offsets.len() - 1) as u32
    }

    /// The bytes of one segment.
    #[must_use]
    pub fn span(&self, segment: u32) -> Range<u64> {
        self.offsets[segment as usize]..self.offsets[segment as usize + 1]
    }

    /// The segments that a byte range touches (none if it lies in the header).
    #[must_use]
    pub fn segments_of(&self, bytes: &Range<u64>) -> Range<u32> {
        if bytes.start >= bytes.end {
            return 0..0;
        }
        let first = self.offsets.partition_point(|&o| o <= bytes.start).saturating_sub(1);
        let end = self.offsets.partition_point(|&o| o < bytes.end);
        let end = end.min(self.offsets.len() - 1);
        (first.min(end) as u32)..(end as u32)
    }
}
