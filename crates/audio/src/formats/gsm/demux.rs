//! Reading GSM 06.10: blocks of a fixed size. A decoder that starts late falls into step within 8 s, of speech
//! within one, so a decode begins 10 s before its first frame.

use crate::codecs::gsm::{Decoder, Packing, RATE_HZ};
use crate::decode::Decode;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;
use crate::tags::Tags;
use crate::{Planar, Source};
use std::ops::Range;

/// Reading headerless GSM.
pub struct GsmSource;

/// Frames of sound decoded before the first one wanted.
const PRE_ROLL_FRAMES: u64 = 10 * RATE_HZ as u64;

/// Blocks read at a time.
const BLOCKS: usize = 64;

impl SourceFormat for GsmSource {
    fn recognises(&self, _head: &[u8], named: bool) -> bool {
        named
    }

    fn headerless(&self) -> bool {
        true
    }

    fn probe(&self, source: &Source, _hint: Hint<'_>) -> Result<Probed, ProbeError> {
        let mut first = [0];
        source.read_full_at(&mut first, 0)?;
        if first[0] >> 4 != 0xd {
            return Err(ProbeError::Unsupported(
                "gsm: frames of 33 bytes begin with the four bits 0xd, this begins with others"
                    .into(),
            ));
        }
        let facts = Facts {
            format: "gsm".into(),
            codec: "gsm".into(),
            rate_hz: RATE_HZ,
            channels: 1,
            frame_count: frames_of(Packing::Raw, source.length_bytes()),
            bitrate_bps: 13_200,
            constant_bitrate: true,
            canonical: true,
            speakers: None,
            repaired: Vec::new(),
            tags: Tags::default(),
            picture: None,
        };
        Ok(Probed { facts, index: Vec::new() })
    }

    fn open(
        &self,
        source: &Source,
        facts: &Facts,
        _index: &[u8],
        start_frame: u64,
    ) -> Result<Box<dyn Decode>, DecodeError> {
        Ok(Box::new(GsmDecode::new(source, Packing::Raw, start_frame..facts.frame_count)))
    }
}

/// Frames of sound in so many bytes; what is no whole block is left out.
#[must_use]
pub fn frames_of(packing: Packing, bytes: u64) -> u64 {
    (bytes / packing.block_bytes() as u64).saturating_mul(packing.samples())
}

/// The running decode.
pub struct GsmDecode {
    source: Source,
    packing: Packing,
    decoder: Decoder,
    offset: u64,
    /// Frames of pre-roll still to drop, and of sound still to give.
    skip: usize,
    left: u64,
    bytes: Vec<u8>,
}

impl GsmDecode {
    /// To give those frames of a source that is nothing but blocks.
    #[must_use]
    pub fn new(source: &Source, packing: Packing, frames: Range<u64>) -> Self {
        let start_frame = frames.start;
        let block = start_frame.saturating_sub(PRE_ROLL_FRAMES) / packing.samples();
        Self {
            source: source.clone(),
            packing,
            decoder: Decoder::default(),
            offset: block.saturating_mul(packing.block_bytes() as u64),
            skip: (start_frame - block * packing.samples()) as usize,
            left: frames.end.saturating_sub(start_frame),
            bytes: Vec::new(),
        }
    }
}

impl Decode for GsmDecode {
    fn read(&mut self, out: &mut Planar) -> Result<usize, DecodeError> {
        let block_bytes = self.packing.block_bytes();
        let Some(mono) = out.channels.first_mut() else { return Ok(0) };
        let before = mono.len();
        let mut frames = Vec::new();
        loop {
            self.bytes.resize(BLOCKS * block_bytes, 0);
            let read = self.source.read_full_at(&mut self.bytes, self.offset)?;
            self.offset += read as u64;
            for block in self.bytes[..read].chunks_exact(block_bytes) {
                frames.clear();
                self.packing.unpack(block, &mut frames);
                // A damaged block is silence, by frames of zeros.
                frames.resize(self.packing.block_frames(), Default::default());
                for frame in &frames {
                    let samples = self.decoder.decode(frame);
                    let wanted = samples.get(self.skip..).unwrap_or(&[]);
                    self.skip -= samples.len() - wanted.len();
                    let wanted = &wanted[..wanted.len().min(self.left as usize)];
                    self.left -= wanted.len() as u64;
                    mono.extend(wanted.iter().map(|s| f32::from(*s) / 32768.0));
                }
            }
            let given = mono.len() - before;
            if given > 0 || read < block_bytes {
                return Ok(given);
            }
        }
    }
}
