//! Writing frames of a fixed size behind a header: every segment is arithmetic.

use crate::codecs::pcm::Packing;
use crate::error::EncodeError;
use crate::format::{Encoding, Segment, Shape, Sink};
use crate::frames::Frames;
use crate::{Layout, Planar};

/// Samples encoded at most at a time: they stay in the nearer caches.
const MOST_SAMPLES: usize = 16 * 1024;

/// Frames to encode before the next write: 20 ms at a segment's beginning, so that the first byte is
/// early; then many. `done` frames of the segment are written already.
#[must_use]
pub fn grain(rate_hz: u32, channels: usize, done: u64) -> usize {
    if done < u64::from(rate_hz / 5) {
        (rate_hz / 50).clamp(2, 4096) as usize
    } else {
        (MOST_SAMPLES / channels.max(1)).max(2)
    }
}

/// The encoding of a target whose samples have a fixed size.
pub struct LinearEncoding {
    header: Vec<u8>,
    packing: Packing,
    shape: Shape,
    segment_frames: u64,
    /// Bytes behind the data: RIFF has chunks of an odd length padded.
    padding: u64,
}

impl LinearEncoding {
    /// Segments of `segment_frames` frames behind `header`, a RIFF's if there is one.
    #[must_use]
    pub fn new(header: Vec<u8>, packing: Packing, shape: Shape, segment_frames: u64) -> Self {
        let frame_bytes = packing.width() as u64 * u64::from(shape.channels);
        let data_bytes = shape.frame_count.saturating_mul(frame_bytes);
        let padding = if header.is_empty() { 0 } else { data_bytes % 2 };
        Self { header, packing, shape, segment_frames, padding }
    }

    fn frame_bytes(&self) -> usize {
        self.packing.width() * usize::from(self.shape.channels)
    }

    fn frames_of(&self, segment: u32) -> u64 {
        let left = self.shape.frame_count.saturating_sub(self.first_frame(segment));
        left.min(self.segment_frames)
    }

    fn padding_of(&self, segment: u32) -> u64 {
        if segment + 1 == self.segment_count() { self.padding } else { 0 }
    }

    fn bytes_of(&self, segment: u32) -> u64 {
        self.frames_of(segment) * self.frame_bytes() as u64 + self.padding_of(segment)
    }
}

impl Encoding for LinearEncoding {
    fn segment_count(&self) -> u32 {
        self.shape.frame_count.div_ceil(self.segment_frames) as u32
    }

    fn layout(&self) -> Option<Layout> {
        let lengths = (0..self.segment_count()).map(|segment| self.bytes_of(segment));
        Some(Layout::new(self.header.clone(), lengths))
    }

    fn first_frame(&self, segment: u32) -> u64 {
        u64::from(segment) * self.segment_frames
    }

    fn encode(
        &self,
        segment: u32,
        frames: &mut Frames,
        _checkpoint: Option<&[u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<Segment, EncodeError> {
        let total = self.frames_of(segment);
        let mut block = Planar::new(usize::from(self.shape.channels));
        let mut bytes = Vec::new();
        let mut done = 0;
        while done < total {
            let grain = grain(self.shape.rate_hz, usize::from(self.shape.channels), done);
            let count = (grain as u64).min(total - done);
            frames.pull(count as usize, &mut block)?;
            self.packing.pack(&block.channels, &mut bytes);
            done += count;
            if done == total && self.padding_of(segment) > 0 {
                bytes.push(0);
            }
            if sink(&bytes).is_break() {
                return Err(EncodeError::Cancelled);
            }
        }
        Ok(Segment { length_bytes: self.bytes_of(segment), ..Segment::default() })
    }

    fn is_linear_16(&self) -> bool {
        self.packing == Packing::S16Le
    }

    fn longest_segment_bytes(&self) -> u64 {
        self.segment_frames * self.frame_bytes() as u64 + self.padding
    }
}
