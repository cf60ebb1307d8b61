//! Writing headerless G.722. An encoder that starts late never falls into step, so a segment goes on
//! from the state in which the one before it ended.

use crate::codecs::g722::{RATE_HZ, State};
use crate::codecs::linear::grain;
use crate::error::{EncodeError, PlanError};
use crate::format::{Encoding, Segment, Settled, Shape, Sink, TargetFormat, Wish};
use crate::formats::headerless::settle_fixed;
use crate::frames::Frames;
use crate::planar::interleave;
use crate::tags::Said;
use crate::{Layout, Planar};

/// Bytes of a segment: 2 s.
const SEGMENT_BYTES: u64 = RATE_HZ as u64;

/// Writing G.722.
pub struct G722Target;

impl TargetFormat for G722Target {
    fn settle(&self, wish: Wish) -> Result<Settled, PlanError> {
        settle_fixed("g722", RATE_HZ, "64 kbit/s", wish)
    }

    fn plan(&self, shape: Shape, _said: &Said) -> Result<Box<dyn Encoding>, PlanError> {
        // An odd last frame is coded with a frame of silence.
        Ok(Box::new(G722Encoding { length_bytes: shape.frame_count.div_ceil(2) }))
    }

    fn revision(&self) -> String {
        format!("g722 2, {SEGMENT_BYTES} bytes")
    }
}

struct G722Encoding {
    length_bytes: u64,
}

impl G722Encoding {
    fn bytes_of(&self, segment: u32) -> u64 {
        let before = u64::from(segment) * SEGMENT_BYTES;
        self.length_bytes.saturating_sub(before).min(SEGMENT_BYTES)
    }
}

impl Encoding for G722Encoding {
    fn segment_count(&self) -> u32 {
        self.length_bytes.div_ceil(SEGMENT_BYTES) as u32
    }

    fn layout(&self) -> Option<Layout> {
        let lengths = (0..self.segment_count()).map(|s| self.bytes_of(s));
        Some(Layout::new(Vec::new(), lengths))
    }

    fn first_frame(&self, segment: u32) -> u64 {
        u64::from(segment) * SEGMENT_BYTES * 2
    }

    fn encode(
        &self,
        segment: u32,
        frames: &mut Frames,
        checkpoint: Option<&[u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<Segment, EncodeError> {
        let mut state = match checkpoint {
            None if segment == 0 => State::default(),
            saved => saved.and_then(State::from_bytes).ok_or_else(|| {
                EncodeError::Encoder(format!("no usable state at the start of segment {segment}"))
            })?,
        };
        let length_bytes = self.bytes_of(segment);
        let mut block = Planar::new(1);
        let (mut samples, mut bytes) = (Vec::<i16>::new(), Vec::new());
        let mut done = 0;
        while done < length_bytes {
            let grain = grain(RATE_HZ, 1, done * 2) as u64 / 2;
            let count = grain.min(length_bytes - done);
            frames.pull(count as usize * 2, &mut block)?;
            samples.resize(count as usize * 2, 0);
            interleave(&block.channels, &mut samples, |x| x);
            bytes.clear();
            state.encode(&samples, &mut bytes);
            if sink(&bytes).is_break() {
                return Err(EncodeError::Cancelled);
            }
            done += count;
        }
        let checkpoint = Some(state.to_bytes().to_vec());
        Ok(Segment { length_bytes, checkpoint, ..Segment::default() })
    }

    fn chained(&self) -> bool {
        true
    }

    fn longest_segment_bytes(&self) -> u64 {
        SEGMENT_BYTES
    }
}
