//! GSM 06.10 in WAV, as Asterisk's voicemail records it (WAV49): two frames in 65 bytes.

use super::canonical::is_canonical;
use super::chunks::Chunks;
use crate::Source;
use crate::codecs::gsm::{Packing, RATE_HZ};
use crate::decode::Decode;
use crate::demux::bytes::u64_le;
use crate::demux::part::Part;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Probed};
use crate::formats::gsm::{GsmDecode, frames_of};
use crate::tags::Tags;
use std::ops::Range;

/// The name in [`Facts::codec`].
pub const CODEC: &str = "gsm";

/// The facts of the data. Index: where they begin, and where they end (8 bytes each).
pub fn probe(source: &Source, chunks: &Chunks) -> Result<Probed, ProbeError> {
    let fmt = chunks.fmt;
    let is_usual =
        fmt.channels == 1 && usize::from(fmt.block_align) == Packing::Wav49.block_bytes();
    if !is_usual {
        return Err(ProbeError::Unsupported(format!(
            "GSM 06.10 with {} channels in blocks of {} bytes; supported: 1 channel, 65 bytes",
            fmt.channels, fmt.block_align
        )));
    }
    let bytes = chunks.data.end - chunks.data.start;
    let whole = frames_of(Packing::Wav49, bytes);
    // Within the last block a `fact` is believed: the rest of the block only fills it up.
    let fact = chunks.fact.map(u64::from);
    let ends_within = |frames: &u64| (1..Packing::Wav49.samples()).contains(&(whole - frames));
    let frame_count = fact.filter(|frames| *frames < whole).filter(ends_within).unwrap_or(whole);
    let facts = Facts {
        format: "wav".into(),
        codec: CODEC.into(),
        // The samples are made at 8 kHz; some recorders play them at another rate.
        rate_hz: if fmt.rate_hz == 0 { RATE_HZ } else { fmt.rate_hz },
        channels: 1,
        frame_count,
        bitrate_bps: (u64::from(fmt.rate_hz) * 65 * 8 / 320) as u32,
        constant_bitrate: true,
        canonical: is_canonical(source, chunks, CODEC)?,
        speakers: None,
        repaired: chunks.repaired.clone(),
        tags: Tags::default(),
        picture: None,
    };
    let index = [chunks.data.start.to_le_bytes(), chunks.data.end.to_le_bytes()].concat();
    Ok(Probed { facts, index })
}

/// Opens what [`probe`] found, to give those frames of it.
pub fn open(
    source: &Source,
    index: &[u8],
    frames: Range<u64>,
) -> Result<Box<dyn Decode>, DecodeError> {
    let broken = || DecodeError::Broken("the index of the data is damaged".into());
    let (start, end) = (u64_le(index, 0).ok_or_else(broken)?, u64_le(index, 8).ok_or_else(broken)?);
    let data = Part::of(source, start..end);
    Ok(Box::new(GsmDecode::new(&data, Packing::Wav49, frames)))
}
