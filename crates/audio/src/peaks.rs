//! Peaks: the lowest and highest sample of every [`FRAMES_PER_PEAK`] frames, for waveform pictures.
//!
//! They are made like any transcode, in segments of the grid, so that the same scheduler makes and the
//! same cache keeps them; but nobody can ask for them as a format: the row stands beside the table.
//! The bytes: for each peak, for each channel, lowest and highest as 16 bits, little endian.

use crate::error::{EncodeError, PlanError};
use crate::format::{Coding, Encoding, Format, Segment, Settled, Shape, Sink, TargetFormat, Wish};
use crate::frames::Frames;
use crate::planar::to_i16;
use crate::tags::{Said, Tags};
use crate::transcode::Target;
use crate::{ChannelMap, Facts, Layout, Planar};

/// Frames in one peak; the last one may have fewer.
pub const FRAMES_PER_PEAK: u64 = 256;

/// Bytes of one peak in one channel.
const PEAK_BYTES: u64 = 4;

/// Peaks in a segment: about half a minute at 44.1 kHz.
const SEGMENT_PEAKS: u64 = 5000;

/// Peaks encoded before the next write.
const WRITE_PEAKS: u64 = 64;

/// The row that describes peaks.
pub const FORMAT: Format = Format {
    name: "peaks",
    aliases: &[],
    extensions: &[],
    media_types: &["application/octet-stream"],
    source: None,
    target: Some(&PeaksTarget),
};

/// The peaks of a whole source, each channel for itself.
#[must_use]
pub fn target(facts: &Facts) -> Target {
    Target {
        format: FORMAT.name,
        rate_hz: facts.rate_hz,
        map: ChannelMap::Keep,
        bitrate_bps: None,
        coding: Coding::default(),
        tags: Tags::default(),
        cover: false,
        clip: 0..facts.frame_count,
    }
}

/// Making peaks.
struct PeaksTarget;

impl TargetFormat for PeaksTarget {
    fn settle(&self, wish: Wish) -> Result<Settled, PlanError> {
        let Wish { source_rate_hz: rate_hz, channels, .. } = wish;
        Ok(Settled { rate_hz, channels, bitrate_bps: None })
    }

    fn plan(&self, shape: Shape, _said: &Said) -> Result<Box<dyn Encoding>, PlanError> {
        Ok(Box::new(PeaksEncoding { shape }))
    }

    fn revision(&self) -> String {
        format!("peaks 1, {FRAMES_PER_PEAK} × {SEGMENT_PEAKS}")
    }
}

struct PeaksEncoding {
    shape: Shape,
}

impl PeaksEncoding {
    fn peaks_of(&self, segment: u32) -> u64 {
        let all = self.shape.frame_count.div_ceil(FRAMES_PER_PEAK);
        all.saturating_sub(u64::from(segment) * SEGMENT_PEAKS).min(SEGMENT_PEAKS)
    }

    fn bytes_of(&self, segment: u32) -> u64 {
        self.peaks_of(segment) * PEAK_BYTES * u64::from(self.shape.channels)
    }
}

impl Encoding for PeaksEncoding {
    fn segment_count(&self) -> u32 {
        self.shape.frame_count.div_ceil(FRAMES_PER_PEAK * SEGMENT_PEAKS) as u32
    }

    fn layout(&self) -> Option<Layout> {
        let sizes = (0..self.segment_count()).map(|segment| self.bytes_of(segment));
        Some(Layout::new(Vec::new(), sizes))
    }

    fn first_frame(&self, segment: u32) -> u64 {
        u64::from(segment) * SEGMENT_PEAKS * FRAMES_PER_PEAK
    }

    fn encode(
        &self,
        segment: u32,
        frames: &mut Frames,
        _checkpoint: Option<&[u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<Segment, EncodeError> {
        let mut left = self.shape.frame_count.saturating_sub(self.first_frame(segment));
        left = left.min(SEGMENT_PEAKS * FRAMES_PER_PEAK);
        let mut block = Planar::new(usize::from(self.shape.channels));
        while left > 0 {
            let count = left.min(WRITE_PEAKS * FRAMES_PER_PEAK);
            frames.pull(count as usize, &mut block)?;
            if sink(&peaks(&block)).is_break() {
                return Err(EncodeError::Cancelled);
            }
            left -= count;
        }
        Ok(Segment { length_bytes: self.bytes_of(segment), ..Segment::default() })
    }

    fn longest_segment_bytes(&self) -> u64 {
        SEGMENT_PEAKS * PEAK_BYTES * u64::from(self.shape.channels)
    }
}

/// The bytes of a block's peaks.
fn peaks(block: &Planar) -> Vec<u8> {
    let step = FRAMES_PER_PEAK as usize;
    let mut bytes = Vec::new();
    for start in (0..block.frames()).step_by(step) {
        for channel in &block.channels {
            let samples = &channel[start..channel.len().min(start + step)];
            let extreme = |pick: fn(f32, f32) -> f32| samples.iter().copied().reduce(pick);
            for value in [extreme(f32::min), extreme(f32::max)] {
                bytes.extend(to_i16(value.unwrap_or(0.0)).to_le_bytes());
            }
        }
    }
    bytes
}
