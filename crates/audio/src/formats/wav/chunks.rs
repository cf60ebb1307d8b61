//! The chunks of a WAV: what they say, and what the true length is where they lie.

use crate::Source;
use crate::demux::bytes::{u16_le, u32_le, u64_le};
use crate::demux::window::Window;
use crate::error::ProbeError;

/// More chunks than this before the data are taken for garbage.
const MOST_CHUNKS: usize = 4096;

/// A size that a writer which could not go back leaves behind, or that RF64 keeps elsewhere.
const UNKNOWN: u32 = u32::MAX;

/// The `fmt ` chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fmt {
    /// Format tag as written.
    pub tag: u16,
    /// The tag, or the one that an extensible header carries.
    pub effective_tag: u16,
    /// Channels.
    pub channels: u16,
    /// Frames per second.
    pub rate_hz: u32,
    /// Bytes of a frame, or of a block of ADPCM.
    pub block_align: u16,
    /// Bits of a sample.
    pub bits: u16,
}

/// What the chunks up to the data say, with the data's true place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunks {
    /// The format.
    pub fmt: Fmt,
    /// Byte offset of the data.
    pub data_start: u64,
    /// Bytes of data that are really there.
    pub data_bytes: u64,
    /// Whether RIFF and data size are as they should be.
    pub true_sizes: bool,
    /// What was measured instead.
    pub repaired: Vec<String>,
}

/// Walks the chunks as far as the data.
pub fn read(source: &Source) -> Result<Chunks, ProbeError> {
    let mut window = Window::new(source);
    let length = window.length_bytes();
    let head = window.peek(0, 12)?;
    let wide = !head.starts_with(b"RIFF");
    let riff = u32_le(head, 4).unwrap_or(0);
    let (mut fmt, mut long_data) = (None, None);
    let mut at: u64 = 12;
    for _ in 0..MOST_CHUNKS {
        let head = window.peek(at, 8)?;
        let (Some(id), Some(size)) = (head.first_chunk::<4>().copied(), u32_le(head, 4)) else {
            break;
        };
        let body = window.peek(at + 8, 40.min(size as usize))?;
        match &id {
            b"fmt " => fmt = Some(parse_fmt(body)?),
            b"ds64" if wide => long_data = u64_le(body, 8),
            b"data" => {
                let fmt = fmt.ok_or_else(|| unsupported("no `fmt ` chunk before the data"))?;
                let claimed = match long_data {
                    Some(size_64) if size == UNKNOWN => Some(size_64),
                    _ => Some(u64::from(size)).filter(|_| size != UNKNOWN),
                };
                return Ok(measure(fmt, (riff, wide), (at + 8, claimed), length));
            }
            _ => {}
        }
        at += 8 + u64::from(size) + u64::from(size & 1);
    }
    Err(unsupported("a WAV without a `data` chunk"))
}

fn unsupported(message: &str) -> ProbeError {
    ProbeError::Unsupported(message.into())
}

fn parse_fmt(body: &[u8]) -> Result<Fmt, ProbeError> {
    let parse = || {
        let tag = u16_le(body, 0)?;
        // The extensible sub-format's GUID begins with the tag.
        let effective_tag = if tag == 0xfffe { u16_le(body, 24).unwrap_or(tag) } else { tag };
        Some(Fmt {
            tag,
            effective_tag,
            channels: u16_le(body, 2)?,
            rate_hz: u32_le(body, 4)?,
            block_align: u16_le(body, 12)?,
            bits: u16_le(body, 14).unwrap_or(8),
        })
    };
    parse().ok_or_else(|| unsupported("a `fmt ` chunk that is too short"))
}

/// Sets the claimed sizes against the real length.
fn measure(
    fmt: Fmt,
    (riff, wide): (u32, bool),
    (data_start, claimed): (u64, Option<u64>),
    length: u64,
) -> Chunks {
    let available = length.saturating_sub(data_start);
    let mut repaired = Vec::new();
    let data_bytes = match claimed {
        Some(size) if size > 0 && size <= available => size,
        _ => {
            let said = match claimed {
                Some(size) => size.to_string(),
                None => "ffffffff".into(),
            };
            repaired.push(format!("the data size was {said}, measured: {available} bytes"));
            available
        }
    };
    let whole = length.saturating_sub(8);
    if !wide && (riff == 0 || u64::from(riff) > whole) {
        let said = if riff == UNKNOWN { "ffffffff".into() } else { riff.to_string() };
        repaired.push(format!("the RIFF size was {said}, measured: {whole} bytes"));
    }
    let true_sizes = repaired.is_empty() && !wide && u64::from(riff) == whole;
    Chunks { fmt, data_start, data_bytes, true_sizes, repaired }
}
