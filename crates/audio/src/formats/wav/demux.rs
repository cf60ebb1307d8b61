//! Reading WAV: which codec, how many frames, and a decode that starts anywhere by arithmetic.

use super::blocks::{self, BlockDecode};
use super::canonical::is_canonical;
use super::chunks::{self, Chunks};
use super::gsm;
use super::info;
use super::inner;
use super::outer::Outer;
use crate::Source;
use crate::codecs::adpcm::Adpcm;
use crate::codecs::linear;
use crate::decode::Decode;
use crate::demux::part::Part;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;
use crate::tags::Said;
use std::io;

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

    fn said(&self, source: &Source) -> io::Result<Said> {
        info::read(source)
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
            return gsm::open(source, index, start_frame..facts.frame_count);
        }
        if let Some(row) = inner::of_codec(&facts.codec) {
            return inner::open(source, facts, row, index, start_frame);
        }
        linear::open(source, facts, index, start_frame)
    }
}

fn linear(source: &Source, chunks: &Chunks) -> Result<Probed, ProbeError> {
    let fmt = chunks.fmt;
    let (coding, shift) = fmt.coding(chunks.outer, &Part::of(source, chunks.data.clone()))?;
    let frame_bytes = u64::from(fmt.channels.max(1)) * coding.width() as u64;
    let frame_count = (chunks.data.end - chunks.data.start) / frame_bytes;
    let facts = Facts {
        canonical: is_canonical(source, chunks, coding.name())?,
        speakers: fmt.speakers(),
        repaired: chunks.repaired.clone(),
        ..Facts::of_samples("wav", coding, fmt.rate_hz, fmt.channels, frame_count)
    };
    let mut index = chunks.data.start.to_le_bytes().to_vec();
    if shift > 0 {
        index.push(shift);
    }
    Ok(Probed { facts, index })
}
