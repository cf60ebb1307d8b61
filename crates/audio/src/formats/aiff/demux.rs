//! Reading AIFF and AIFC: the common chunk says how, the sound chunk holds the samples.

use super::said;
use crate::Source;
use crate::codecs::linear;
use crate::codecs::pcm::Coding;
use crate::decode::Decode;
use crate::demux::bytes::{u16_be, u32_be, u64_be};
use crate::demux::channel_layout;
use crate::demux::window::Window;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;
use crate::tags::Said;
use std::io;

/// Reading AIFF.
pub struct AiffSource;

/// More chunks than this are taken for garbage.
const MOST_CHUNKS: usize = 4096;

/// The common chunk.
struct CommonChunk {
    channels: u16,
    frame_count: u32,
    rate_hz: u32,
    coding: Coding,
}

/// Where the samples begin, and how many bytes the header claims.
struct Sound {
    start: u64,
    claimed: u32,
}

impl SourceFormat for AiffSource {
    fn recognises(&self, head: &[u8], _named: bool) -> bool {
        head.starts_with(b"FORM") && matches!(head.get(8..12), Some(b"AIFF" | b"AIFC"))
    }

    fn probe(&self, source: &Source, _hint: Hint<'_>) -> Result<Probed, ProbeError> {
        let (common, sound, layout) = chunks(source)?;
        let available = source.length_bytes().saturating_sub(sound.start);
        let mut repaired = Vec::new();
        let mut data_bytes = u64::from(sound.claimed);
        if sound.claimed == 0 || data_bytes > available {
            let said = sound.claimed;
            repaired.push(format!("the sound size was {said}, measured: {available} bytes"));
            data_bytes = available;
        }
        let frame_bytes = u64::from(common.channels.max(1)) * common.coding.width() as u64;
        let mut frame_count = data_bytes / frame_bytes;
        // A true size may be padded, an untrue one may have chunks behind it: the frame count, where it
        // can be true, says where the sound ends.
        if common.frame_count > 0 {
            frame_count = frame_count.min(u64::from(common.frame_count));
        }
        let CommonChunk { coding, rate_hz, channels, .. } = common;
        let facts = Facts::of_samples("aiff", coding, rate_hz, channels, frame_count);
        let speakers = channel_layout::speakers(&layout, channels);
        let facts = Facts { speakers, repaired, ..facts };
        Ok(Probed { facts, index: sound.start.to_le_bytes().to_vec() })
    }

    fn said(&self, source: &Source) -> io::Result<Said> {
        said::read(source)
    }

    fn open(
        &self,
        source: &Source,
        facts: &Facts,
        index: &[u8],
        start_frame: u64,
    ) -> Result<Box<dyn Decode>, DecodeError> {
        linear::open(source, facts, index, start_frame)
    }
}

fn unsupported(message: &str) -> ProbeError {
    ProbeError::Unsupported(message.into())
}

/// The common chunk, the sound, and the description of the channels, which is empty if there is none.
fn chunks(source: &Source) -> Result<(CommonChunk, Sound, Vec<u8>), ProbeError> {
    let mut window = Window::new(source);
    let compressed = window.peek(8, 4)? == b"AIFC";
    let (mut common, mut sound, mut layout) = (None, None, Vec::new());
    let mut at: u64 = 12;
    for _ in 0..MOST_CHUNKS {
        let head = window.peek(at, 8)?;
        let (Some(id), Some(size)) = (head.first_chunk::<4>().copied(), u32_be(head, 4)) else {
            break;
        };
        let body = window.peek(at + 8, channel_layout::LONGEST.min(size as usize).max(8))?;
        match &id {
            b"CHAN" => layout = body.to_vec(),
            b"COMM" => common = Some(parse_common(body, compressed)?),
            b"SSND" => {
                let offset = u32_be(body, 0).unwrap_or(0);
                let claimed = size.saturating_sub(8).saturating_sub(offset);
                sound = Some(Sound { start: at + 16 + u64::from(offset), claimed });
            }
            _ => {}
        }
        if common.is_some() && sound.is_some() {
            break;
        }
        at += 8 + u64::from(size) + u64::from(size & 1);
    }
    let common = common.ok_or_else(|| unsupported("an AIFF without a `COMM` chunk"))?;
    let sound = sound.ok_or_else(|| unsupported("an AIFF without a `SSND` chunk"))?;
    Ok((common, sound, layout))
}

fn parse_common(body: &[u8], compressed: bool) -> Result<CommonChunk, ProbeError> {
    let short = || unsupported("a `COMM` chunk that is too short");
    let bits = u16_be(body, 6).ok_or_else(short)?;
    let kind = if compressed { body.get(18..22).ok_or_else(short)? } else { b"NONE" };
    Ok(CommonChunk {
        channels: u16_be(body, 0).ok_or_else(short)?,
        frame_count: u32_be(body, 2).ok_or_else(short)?,
        rate_hz: extended(body.get(8..18).ok_or_else(short)?),
        coding: coding(kind, bits)?,
    })
}

/// An 80-bit float as a whole number of Hz; 0 where it is none.
fn extended(bytes: &[u8]) -> u32 {
    let exponent = u16_be(bytes, 0).unwrap_or(0);
    let mantissa = u64_be(bytes, 2).unwrap_or(0);
    // The mantissa is a fixed-point number with 63 places.
    match u32::from(exponent).checked_sub(16383) {
        Some(power @ 0..=31) => (mantissa >> (63 - power)) as u32,
        _ => 0,
    }
}

fn coding(kind: &[u8], bits: u16) -> Result<Coding, ProbeError> {
    Ok(match (kind, bits) {
        (b"NONE" | b"twos", 1..=8) => Coding::S8,
        (b"NONE" | b"twos", 9..=16) => Coding::S16Be,
        (b"NONE" | b"twos", 17..=24) | (b"in24", _) => Coding::S24Be,
        (b"NONE" | b"twos", 25..=32) | (b"in32", _) => Coding::S32Be,
        (b"sowt", 1..=8) => Coding::S8,
        (b"sowt", 9..=16) => Coding::S16Le,
        (b"sowt", 17..=24) | (b"42ni", _) => Coding::S24Le,
        (b"sowt", 25..=32) | (b"23ni", _) => Coding::S32Le,
        (b"raw ", 1..=8) => Coding::U8,
        (b"fl32" | b"FL32", _) => Coding::F32Be,
        (b"fl64" | b"FL64", _) => Coding::F64Be,
        (b"ulaw" | b"ULAW", _) => Coding::Ulaw,
        (b"alaw" | b"ALAW", _) => Coding::Alaw,
        _ => {
            return Err(ProbeError::Unsupported(format!(
                "an AIFF that holds `{}` of {bits} bits; of AIFF are read: PCM, float, mu-law, A-law; \
                 convert it to one of them",
                kind.escape_ascii()
            )));
        }
    })
}
