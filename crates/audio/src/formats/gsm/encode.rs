//! Writing GSM 06.10. An encoder that starts late falls into step within the pitch's memory, so each
//! segment begins with some frames that are dropped.

use crate::codecs::gsm::{Encoder, FRAME, Packing, RATE_HZ};
use crate::error::{EncodeError, PlanError};
use crate::format::{Encoding, Segment, Settled, Shape, Sink, TargetFormat, Wish};
use crate::formats::headerless::settle_fixed;
use crate::frames::Frames;
use crate::planar::to_i16;
use crate::{Layout, Planar};

/// Blocks of a segment: 10 s.
const SEGMENT_BLOCKS: u64 = 10 * RATE_HZ as u64 / FRAME as u64;

/// Blocks encoded before a segment's first: 0.4 s.
const PRE_ROLL_BLOCKS: u64 = 20;

/// Blocks between two writes.
const WRITE_BLOCKS: u64 = 50;

/// Writing headerless GSM.
pub struct GsmTarget;

impl TargetFormat for GsmTarget {
    fn settle(&self, wish: Wish) -> Result<Settled, PlanError> {
        settle_fixed("gsm", RATE_HZ, "13 kbit/s", wish)
    }

    fn plan(&self, shape: Shape) -> Result<Box<dyn Encoding>, PlanError> {
        Ok(Box::new(GsmEncoding { blocks: shape.frame_count.div_ceil(FRAME as u64) }))
    }

    fn revision(&self) -> String {
        format!("gsm 1, {SEGMENT_BLOCKS} + {PRE_ROLL_BLOCKS} blocks")
    }
}

struct GsmEncoding {
    /// Blocks of all; the last is filled up with silence.
    blocks: u64,
}

impl GsmEncoding {
    fn blocks_of(&self, segment: u32) -> u64 {
        let before = u64::from(segment) * SEGMENT_BLOCKS;
        self.blocks.saturating_sub(before).min(SEGMENT_BLOCKS)
    }

    fn bytes_of(&self, segment: u32) -> u64 {
        self.blocks_of(segment) * Packing::Raw.block_bytes() as u64
    }

    fn pre_roll(segment: u32) -> u64 {
        (u64::from(segment) * SEGMENT_BLOCKS).min(PRE_ROLL_BLOCKS)
    }
}

impl Encoding for GsmEncoding {
    fn segment_count(&self) -> u32 {
        self.blocks.div_ceil(SEGMENT_BLOCKS) as u32
    }

    fn layout(&self) -> Option<Layout> {
        let lengths = (0..self.segment_count()).map(|s| self.bytes_of(s));
        Some(Layout::new(Vec::new(), lengths))
    }

    fn first_frame(&self, segment: u32) -> u64 {
        (u64::from(segment) * SEGMENT_BLOCKS - Self::pre_roll(segment)) * FRAME as u64
    }

    fn encode(
        &self,
        segment: u32,
        frames: &mut Frames,
        _checkpoint: Option<&[u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<Segment, EncodeError> {
        let mut encoder = Encoder::default();
        let mut block = Planar::new(1);
        let mut bytes = Vec::new();
        let pre_roll = Self::pre_roll(segment);
        let all = pre_roll + self.blocks_of(segment);
        for at in 0..all {
            frames.pull(FRAME, &mut block)?;
            let mut samples = [0; FRAME];
            for (to, from) in samples.iter_mut().zip(&block.channels[0]) {
                *to = to_i16(*from);
            }
            let frame = encoder.encode(&samples);
            if at >= pre_roll {
                Packing::Raw.pack(&[frame], &mut bytes);
            }
            if at + 1 == all || (at + 1).is_multiple_of(WRITE_BLOCKS) {
                if sink(&bytes).is_break() {
                    return Err(EncodeError::Cancelled);
                }
                bytes.clear();
            }
        }
        Ok(Segment { length_bytes: self.bytes_of(segment), ..Segment::default() })
    }

    fn longest_segment_bytes(&self) -> u64 {
        SEGMENT_BLOCKS * Packing::Raw.block_bytes() as u64
    }
}
