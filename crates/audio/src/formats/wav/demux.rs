//! Reading WAV: which codec, how many frames, and a decode that starts anywhere by arithmetic.

use super::blocks::{self, BlockDecode};
use super::chunks::{self, Chunks, Fmt};
use crate::Source;
use crate::codecs::adpcm::Adpcm;
use crate::codecs::linear::{LinearDecode, Region};
use crate::codecs::pcm::Coding;
use crate::decode::Decode;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;

/// Reading WAV.
pub struct WavSource;

impl SourceFormat for WavSource {
    fn recognises(&self, head: &[u8], _named: bool) -> bool {
        let outer = [b"RIFF", b"RF64", b"BW64"].iter().any(|id| head.starts_with(*id));
        outer && head.get(8..12) == Some(b"WAVE")
    }

    fn probe(&self, source: &Source, _hint: Hint<'_>) -> Result<Probed, ProbeError> {
        let chunks = chunks::read(source)?;
        match chunks.fmt.effective_tag {
            0x02 => blocks::probe(&chunks, Adpcm::Ms),
            0x11 => blocks::probe(&chunks, Adpcm::Ima),
            _ => linear(&chunks),
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
        Ok(Box::new(LinearDecode::new(source, Region::of(facts, index)?, start_frame)?))
    }
}

fn linear(chunks: &Chunks) -> Result<Probed, ProbeError> {
    let fmt = chunks.fmt;
    let coding = coding(fmt)?;
    let frame_bytes = u64::from(fmt.channels.max(1)) * coding.width() as u64;
    let exact = chunks.data_bytes.is_multiple_of(frame_bytes);
    let plain = fmt.tag == 1 && coding == Coding::S16Le && (1..=2).contains(&fmt.channels);
    let facts = Facts {
        format: "wav".into(),
        codec: coding.name().into(),
        rate_hz: fmt.rate_hz,
        channels: fmt.channels,
        frame_count: chunks.data_bytes / frame_bytes,
        bitrate_bps: (frame_bytes * 8).saturating_mul(u64::from(fmt.rate_hz)) as u32,
        constant_bitrate: true,
        canonical: plain && exact && chunks.true_sizes,
        repaired: chunks.repaired.clone(),
    };
    Ok(Probed { facts, index: chunks.data_start.to_le_bytes().to_vec() })
}

/// The coding of samples of a fixed size. A width that fills no whole bytes is left-justified in them.
fn coding(fmt: Fmt) -> Result<Coding, ProbeError> {
    Ok(match (fmt.effective_tag, fmt.bits) {
        (1, 1..=8) => Coding::U8,
        (1, 9..=16) => Coding::S16Le,
        (1, 17..=24) => Coding::S24Le,
        (1, 25..=32) => Coding::S32Le,
        (3, 32) => Coding::F32Le,
        (3, 64) => Coding::F64Le,
        (6, _) => Coding::Alaw,
        (7, _) => Coding::Ulaw,
        (tag, bits) => {
            return Err(ProbeError::Unsupported(format!(
                "a WAV with format tag {tag:#06x} and {bits} bits; supported: PCM of 8 to 32 bits, \
                 float, A-law, mu-law, IMA ADPCM, MS ADPCM"
            )));
        }
    })
}
