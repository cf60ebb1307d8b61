//! Writing GSM 06.10, also as the data of a WAV. Of some sounds an encoder that starts late never falls into
//! step (a steady tone is one), so a segment goes on from the state in which the one before it ended.

use crate::codecs::gsm::{Encoder, FRAME, Packing, RATE_HZ};
use crate::error::{EncodeError, PlanError};
use crate::format::{Encoding, Segment, Settled, Shape, Sink, TargetFormat, Wish};
use crate::formats::headerless::settle_fixed;
use crate::frames::Frames;
use crate::planar::to_i16;
use crate::tags::Said;
use crate::{Layout, Planar};

/// Frames of a segment: 10 s, in whole blocks of either packing.
const SEGMENT_FRAMES: u64 = 10 * RATE_HZ as u64;

/// Blocks between two writes.
const WRITE_BLOCKS: u64 = 50;

/// Writing headerless GSM.
pub struct GsmTarget;

impl TargetFormat for GsmTarget {
    fn settle(&self, wish: Wish) -> Result<Settled, PlanError> {
        settle_fixed("gsm", RATE_HZ, "13 kbit/s", wish)
    }

    fn plan(&self, shape: Shape, _said: &Said) -> Result<Box<dyn Encoding>, PlanError> {
        Ok(Box::new(GsmEncoding::new(Vec::new(), Packing::Raw, shape.frame_count)))
    }

    fn revision(&self) -> String {
        GsmEncoding::revision()
    }
}

/// The encoding of a target that is blocks of GSM frames behind a header.
pub struct GsmEncoding {
    header: Vec<u8>,
    packing: Packing,
    /// Blocks of all; the last is filled up with silence.
    blocks: u64,
}

impl GsmEncoding {
    /// Blocks of so many frames of sound behind `header`, a RIFF's if there is one.
    #[must_use]
    pub fn new(header: Vec<u8>, packing: Packing, frame_count: u64) -> Self {
        Self { header, packing, blocks: frame_count.div_ceil(packing.samples()) }
    }

    /// All that decides the bytes beside the frames.
    #[must_use]
    pub fn revision() -> String {
        format!("gsm 2, {SEGMENT_FRAMES}")
    }

    fn segment_blocks(&self) -> u64 {
        SEGMENT_FRAMES / self.packing.samples()
    }

    fn blocks_of(&self, segment: u32) -> u64 {
        let before = u64::from(segment) * self.segment_blocks();
        self.blocks.saturating_sub(before).min(self.segment_blocks())
    }

    /// Whether a byte follows the segment that makes the data's length even, as RIFF wants it.
    fn is_padded(&self, segment: u32) -> bool {
        let is_odd = !(self.blocks * self.packing.block_bytes() as u64).is_multiple_of(2);
        is_odd && !self.header.is_empty() && segment + 1 == self.segment_count()
    }

    fn bytes_of(&self, segment: u32) -> u64 {
        let blocks = self.blocks_of(segment) * self.packing.block_bytes() as u64;
        blocks + u64::from(self.is_padded(segment))
    }
}

impl Encoding for GsmEncoding {
    fn segment_count(&self) -> u32 {
        self.blocks.div_ceil(self.segment_blocks()) as u32
    }

    fn layout(&self) -> Option<Layout> {
        let lengths = (0..self.segment_count()).map(|s| self.bytes_of(s));
        Some(Layout::new(self.header.clone(), lengths))
    }

    fn first_frame(&self, segment: u32) -> u64 {
        u64::from(segment) * SEGMENT_FRAMES
    }

    fn encode(
        &self,
        segment: u32,
        frames: &mut Frames,
        checkpoint: Option<&[u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<Segment, EncodeError> {
        let mut encoder = match checkpoint {
            None if segment == 0 => Encoder::default(),
            saved => saved.and_then(Encoder::from_bytes).ok_or_else(|| {
                EncodeError::Encoder(format!("no usable state at the start of segment {segment}"))
            })?,
        };
        let mut sound = Planar::new(1);
        let mut next = || -> Result<_, EncodeError> {
            frames.pull(FRAME, &mut sound)?;
            let mut samples = [0; FRAME];
            for (to, from) in samples.iter_mut().zip(&sound.channels[0]) {
                *to = to_i16(*from);
            }
            Ok(encoder.encode(&samples))
        };
        let (mut block, mut bytes) = (Vec::new(), Vec::new());
        let blocks = self.blocks_of(segment);
        for at in 1..=blocks {
            block.clear();
            for _ in 0..self.packing.block_frames() {
                block.push(next()?);
            }
            self.packing.pack(&block, &mut bytes);
            if at == blocks && self.is_padded(segment) {
                bytes.push(0);
            }
            if at == blocks || at.is_multiple_of(WRITE_BLOCKS) {
                if sink(&bytes).is_break() {
                    return Err(EncodeError::Cancelled);
                }
                bytes.clear();
            }
        }
        let (length_bytes, checkpoint) = (self.bytes_of(segment), Some(encoder.to_bytes()));
        Ok(Segment { length_bytes, checkpoint, ..Segment::default() })
    }

    fn chained(&self) -> bool {
        true
    }

    fn longest_segment_bytes(&self) -> u64 {
        self.segment_blocks() * self.packing.block_bytes() as u64 + 1
    }
}
