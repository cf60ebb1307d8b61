//! ADPCM in WAV: independent blocks of equal length, so a frame's block is arithmetic.
//!
//! The `fact` chunk is ignored: writers disagree on it, and ffmpeg decodes all that the blocks hold too.

use super::chunks::Chunks;
use super::outer::Outer;
use crate::codecs::adpcm::Adpcm;
use crate::decode::Decode;
use crate::demux::bytes::{u16_le, u64_le};
use crate::demux::window::Window;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Probed};
use crate::tags::Tags;
use crate::{Planar, Source};

/// Frames given at most at a time.
const MOST_FRAMES: usize = 65536;

/// The facts of an ADPCM WAV. Index: data start and length (8 bytes each), block length (2 bytes).
pub fn probe(chunks: &Chunks, codec: Adpcm) -> Result<Probed, ProbeError> {
    let fmt = chunks.fmt;
    let data = chunks.data.clone();
    let data_bytes = data.end - data.start;
    if chunks.outer == Outer::Rifx {
        return Err(fmt.refused());
    }
    let (channels, block) = (usize::from(fmt.channels), usize::from(fmt.block_align));
    codec.check(fmt.channels, fmt.bits, fmt.block_align).map_err(ProbeError::Unsupported)?;
    let block_frames = codec.frames_in(block, channels) as u64;
    let (whole, rest) = (data_bytes / block as u64, data_bytes % block as u64);
    let last = codec.frames_in(rest as usize, channels) as u64;
    let facts = Facts {
        format: "wav".into(),
        codec: codec.name().into(),
        rate_hz: fmt.rate_hz,
        channels: fmt.channels,
        frame_count: whole.saturating_mul(block_frames).saturating_add(last),
        bitrate_bps: (block as u64 * 8 * u64::from(fmt.rate_hz) / block_frames) as u32,
        constant_bitrate: true,
        canonical: false,
        speakers: None,
        repaired: chunks.repaired.clone(),
        tags: Tags::default(),
        picture: None,
    };
    let mut index = data.start.to_le_bytes().to_vec();
    index.extend(data_bytes.to_le_bytes());
    index.extend(fmt.block_align.to_le_bytes());
    Ok(Probed { facts, index })
}

/// The running decode.
pub struct BlockDecode {
    window: Window,
    codec: Adpcm,
    block_bytes: usize,
    /// Place of the next block, and the data's end.
    offset: u64,
    end: u64,
    /// Decoded frames, given as far as `given`.
    block: Planar,
    given: usize,
}

impl BlockDecode {
    /// Starts at `start_frame`.
    ///
    /// # Errors
    /// [`DecodeError::Broken`] if the index isn't one of [`probe`].
    pub fn new(
        source: &Source,
        facts: &Facts,
        (codec, index): (Adpcm, &[u8]),
        start_frame: u64,
    ) -> Result<Self, DecodeError> {
        let broken = || DecodeError::Broken("the index of blocks is damaged".into());
        let start = u64_le(index, 0).ok_or_else(broken)?;
        let length = u64_le(index, 8).ok_or_else(broken)?;
        let block_bytes = usize::from(u16_le(index, 16).ok_or_else(broken)?);
        let channels = usize::from(facts.channels.clamp(1, 2));
        let block_frames = codec.frames_in(block_bytes, channels) as u64;
        let block = start_frame.checked_div(block_frames).ok_or_else(broken)?;
        let offset = block.checked_mul(block_bytes as u64).and_then(|o| o.checked_add(start));
        Ok(Self {
            window: Window::new(source),
            codec,
            block_bytes,
            offset: offset.ok_or_else(broken)?,
            end: start.checked_add(length).ok_or_else(broken)?,
            block: Planar::new(channels),
            given: (start_frame % block_frames) as usize,
        })
    }

    /// Decodes the next block; false at the end. A damaged block is silence.
    fn next_block(&mut self) -> Result<bool, DecodeError> {
        let left = usize::try_from(self.end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let data = self.window.peek(self.offset, self.block_bytes.min(left))?;
        self.offset += data.len() as u64;
        let frames = self.codec.frames_in(data.len(), self.block.channels.len());
        self.block.clear();
        if frames > 0 && !self.codec.decode(data, &mut self.block) {
            self.block.clear();
        }
        self.block.channels.iter_mut().for_each(|c| c.resize(frames, 0.0));
        Ok(frames > 0)
    }
}

impl Decode for BlockDecode {
    fn read(&mut self, out: &mut Planar) -> Result<usize, DecodeError> {
        while self.given >= self.block.frames() {
            let skip = if self.block.frames() == 0 { self.given } else { 0 };
            if !self.next_block()? {
                return Ok(0);
            }
            self.given = skip;
        }
        let end = self.block.frames().min(self.given + MOST_FRAMES);
        for (out, block) in out.channels.iter_mut().zip(&self.block.channels) {
            out.extend_from_slice(&block[self.given..end]);
        }
        let frames = end - self.given;
        self.given = end;
        Ok(frames)
    }
}
