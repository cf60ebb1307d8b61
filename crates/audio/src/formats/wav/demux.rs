//! Reading WAV: which codec, how many frames, and a decode that starts anywhere by arithmetic.

use super::blocks::{self, BlockDecode};
use super::canonical::is_canonical;
use super::chunks::{self, Chunks};
use super::gsm;
use super::inner;
use super::outer::Outer;
use crate::Source;
use crate::codecs::adpcm::Adpcm;
use crate::codecs::linear::{LinearDecode, Region};
use crate::decode::Decode;
use crate::demux::part::Part;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;

/// Reading WAV.
pub struct WavSource;

impl SourceFormat for WavSource {
    fn recognises(&self, head: &[u8], _named: bool) -> bool {
        Outer::of(head).is_some()
    }

    fn probe(&self, source: &Source, hint: Hint<'_>) -> Result<Probed, ProbeError> {
        let chunks = chunks::read(source)?;
        match chunks.fmt.tag {
            0x02 => blocks::probe(&chunks, Adpcm::Ms),
            0x11 => blocks::probe(&chunks, Adpcm::Ima),
            0x31 => gsm::probe(source, &chunks),
            tag => match inner::of_tag(tag) {
                Some(row) => inner::probe(source, &chunks, row, hint),
                None => linear(source, &chunks),
            },
        }
    }

    fn open(
        &self,
        source: &Source,
        facts: &Facts,
        index: &[u8],
        start_frame: u64,
    ) -> Result<Box<dyn Decode>, DecodeError> {
        if let Some(codec) = Adpcm::by_name(&facts.codec) {
            return Ok(Box::new(BlockDecode::new(source, facts, (codec, index), start_frame)?));
        }
        if facts.codec == gsm::CODEC {
            return gsm::open(source, index, start_frame);
        }
        if let Some(row) = inner::of_codec(&facts.codec) {
            return inner::open(source, facts, row, index, start_frame);
        }
        Ok(Box::new(LinearDecode::new(source, Region::of(facts, index)?, start_frame)?))
    }
}

fn linear(source: &Source, chunks: &Chunks) -> Result<Probed, ProbeError> {
    let fmt = chunks.fmt;
    let (coding, shift) = fmt.coding(chunks.outer, &Part::of(source, chunks.data.clone()))?;
    let frame_bytes = u64::from(fmt.channels.max(1)) * coding.width() as u64;
    let facts = Facts {
        format: "wav".into(),
        codec: coding.name().into(),
        rate_hz: fmt.rate_hz,
        channels: fmt.channels,
        frame_count: (chunks.data.end - chunks.data.start) / frame_bytes,
        bitrate_bps: (frame_bytes * 8).saturating_mul(u64::from(fmt.rate_hz)) as u32,
        constant_bitrate: true,
        canonical: is_canonical(source, chunks, coding.name())?,
        channel_mask: fmt.mask,
        repaired: chunks.repaired.clone(),
    };
    let mut index = chunks.data.start.to_le_bytes().to_vec();
    if shift > 0 {
        index.push(shift);
    }
    Ok(Probed { facts, index })
}
