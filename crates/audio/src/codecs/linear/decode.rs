//! Reading frames of a fixed size from a region of a source.

use crate::codecs::pcm::Coding;
use crate::decode::Decode;
use crate::demux::bytes::{u8_at, u64_le};
use crate::error::DecodeError;
use crate::{Facts, Planar, Source};

/// Bytes read at a time: so few that what becomes of them stays in the nearer caches.
const BLOCK_BYTES: usize = 16 * 1024;

/// Where the frames of a source lie and how they are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Byte offset of the first frame.
    pub start: u64,
    /// Coding of a sample.
    pub coding: Coding,
    /// Samples in a frame.
    pub channels: u16,
    /// Frames in the region.
    pub frame_count: u64,
    /// Bits by which samples lie too low in their coding.
    pub shift: u8,
}

impl Region {
    /// The region that the facts and the index speak of. The index is the offset of the first frame
    /// (8 bytes, little endian; empty means 0) and the shift (a byte; none means 0).
    ///
    /// # Errors
    /// [`DecodeError::Broken`] if the facts name no coding of fixed size.
    pub fn of(facts: &Facts, index: &[u8]) -> Result<Self, DecodeError> {
        let coding = Coding::by_name(&facts.codec)
            .ok_or_else(|| DecodeError::Broken(format!("unknown coding `{}`", facts.codec)))?;
        let start = u64_le(index, 0).unwrap_or(0);
        let shift = u8_at(index, 8).unwrap_or(0);
        let Facts { channels, frame_count, .. } = *facts;
        Ok(Self { start, coding, channels, frame_count, shift })
    }
}

/// A decode of what the facts and the index speak of, as [`Region::of`] has it.
///
/// # Errors
/// [`DecodeError::Broken`] if they speak of no such thing.
pub fn open(
    source: &Source,
    facts: &Facts,
    index: &[u8],
    start_frame: u64,
) -> Result<Box<dyn Decode>, DecodeError> {
    Ok(Box::new(LinearDecode::new(source, Region::of(facts, index)?, start_frame)?))
}

/// Decodes a region from a frame on.
pub struct LinearDecode {
    source: Source,
    coding: Coding,
    channels: usize,
    offset: u64,
    frames_left: u64,
    /// What samples are multiplied by.
    gain: f32,
    buffer: Vec<u8>,
}

impl LinearDecode {
    /// Starts at `start_frame`.
    ///
    /// # Errors
    /// [`DecodeError::Broken`] if the frame's place can't be.
    pub fn new(source: &Source, region: Region, start_frame: u64) -> Result<Self, DecodeError> {
        let channels = usize::from(region.channels.max(1));
        let frame_bytes = (channels * region.coding.width()) as u64;
        let offset = start_frame.checked_mul(frame_bytes).and_then(|o| o.checked_add(region.start));
        Ok(Self {
            source: source.clone(),
            coding: region.coding,
            channels,
            offset: offset.ok_or_else(|| DecodeError::Broken("a frame out of range".into()))?,
            frames_left: region.frame_count.saturating_sub(start_frame),
            gain: f32::from(region.shift).exp2(),
            buffer: Vec::new(),
        })
    }
}

impl Decode for LinearDecode {
    fn read(&mut self, out: &mut Planar) -> Result<usize, DecodeError> {
        let frame_bytes = self.channels * self.coding.width();
        let block = (BLOCK_BYTES / frame_bytes).max(1) as u64;
        let wanted = block.min(self.frames_left) as usize;
        self.buffer.resize(wanted * frame_bytes, 0);
        let read = self.source.read_full_at(&mut self.buffer, self.offset)?;
        let frames = read / frame_bytes;
        let bytes = &self.buffer[..frames * frame_bytes];
        for (channel, out) in out.channels.iter_mut().enumerate().take(self.channels) {
            let before = out.len();
            self.coding.unpack(bytes, channel, self.channels, out);
            if self.gain != 1.0 {
                out[before..].iter_mut().for_each(|sample| *sample *= self.gain);
            }
        }
        self.offset += bytes.len() as u64;
        self.frames_left -= frames as u64;
        Ok(frames)
    }
}
