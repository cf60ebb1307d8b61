//! Other formats' streams as a WAV's data: read by their own rows, from the data as if they were a file.

use super::chunks::Chunks;
use crate::Source;
use crate::decode::Decode;
use crate::demux::bytes::u64_le;
use crate::demux::part::Part;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::Format;
use crate::formats::{g722, mp3};
use std::ops::Range;

/// A row that reads streams in WAVs too.
struct Inner {
    tags: &'static [u16],
    codecs: &'static [&'static str],
    row: &'static Format,
}

const ROWS: &[Inner] = &[
    Inner { tags: &[0x50, 0x55], codecs: &["mp3", "mp2", "mp1"], row: &mp3::FORMAT },
    Inner { tags: &[0x65, 0x28f], codecs: &["g722"], row: &g722::FORMAT },
];

/// The row that reads what a format tag stands for.
pub fn of_tag(tag: u16) -> Option<&'static Format> {
    ROWS.iter().find(|inner| inner.tags.contains(&tag)).map(|inner| inner.row)
}

/// The row that reads a codec.
pub fn of_codec(codec: &str) -> Option<&'static Format> {
    ROWS.iter().find(|inner| inner.codecs.contains(&codec)).map(|inner| inner.row)
}

/// Bytes of the index before the inner format's own: where the data begin, and where they end.
const PLACE_BYTES: usize = 16;

/// The facts of the data, in a WAV.
pub fn probe(
    source: &Source,
    chunks: &Chunks,
    row: &Format,
    hint: Hint<'_>,
) -> Result<Probed, ProbeError> {
    let data = Part::of(source, chunks.data.clone());
    let inner = row.source.ok_or_else(|| chunks.fmt.refused())?.probe(&data, hint)?;
    let mut facts = Facts { format: "wav".into(), canonical: false, ..inner.facts };
    facts.repaired.splice(0..0, chunks.repaired.iter().cloned());
    let Range { start, end } = chunks.data;
    let index = [&start.to_le_bytes()[..], &end.to_le_bytes(), &inner.index].concat();
    Ok(Probed { facts, index })
}

/// Opens what [`probe`] found.
pub fn open(
    source: &Source,
    facts: &Facts,
    row: &Format,
    index: &[u8],
    start_frame: u64,
) -> Result<Box<dyn Decode>, DecodeError> {
    let broken = || DecodeError::Broken("the index of the data is damaged".into());
    let (start, end) = (u64_le(index, 0).ok_or_else(broken)?, u64_le(index, 8).ok_or_else(broken)?);
    let reader = row.source.ok_or_else(broken)?;
    reader.open(&Part::of(source, start..end), facts, &index[PLACE_BYTES..], start_frame)
}
