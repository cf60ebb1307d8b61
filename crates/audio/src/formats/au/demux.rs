//! Reading AU: a header of 24 bytes or more, then samples to the end.

use crate::Source;
use crate::codecs::linear;
use crate::codecs::pcm::Coding;
use crate::decode::Decode;
use crate::demux::bytes::u32_be;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;

/// Reading AU.
pub struct AuSource;

/// The size that a writer to a pipe leaves.
const UNKNOWN: u32 = u32::MAX;

impl SourceFormat for AuSource {
    fn recognises(&self, head: &[u8], _named: bool) -> bool {
        head.starts_with(b".snd")
    }

    fn probe(&self, source: &Source, _hint: Hint<'_>) -> Result<Probed, ProbeError> {
        let mut head = [0; 24];
        source.read_full_at(&mut head, 0)?;
        let field = |at| u32_be(&head, at).unwrap_or(0);
        let coding = coding(field(12))?;
        let (rate_hz, channels) = (field(16), u16::try_from(field(20)).unwrap_or(0));
        let start = u64::from(field(4).max(24));
        let available = source.length_bytes().saturating_sub(start);
        let claimed = field(8);
        let mut repaired = Vec::new();
        let mut data_bytes = u64::from(claimed);
        if claimed == 0 || claimed == UNKNOWN || data_bytes > available {
            let said = if claimed == UNKNOWN { "ffffffff".into() } else { claimed.to_string() };
            repaired.push(format!("the data size was {said}, measured: {available} bytes"));
            data_bytes = available;
        }
        let frame_bytes = u64::from(channels.max(1)) * coding.width() as u64;
        let facts = Facts::of_samples("au", coding, rate_hz, channels, data_bytes / frame_bytes);
        let facts = Facts { repaired, ..facts };
        Ok(Probed { facts, index: start.to_le_bytes().to_vec() })
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

fn coding(encoding: u32) -> Result<Coding, ProbeError> {
    Ok(match encoding {
        1 => Coding::Ulaw,
        2 => Coding::S8,
        3 => Coding::S16Be,
        4 => Coding::S24Be,
        5 => Coding::S32Be,
        6 => Coding::F32Be,
        7 => Coding::F64Be,
        27 => Coding::Alaw,
        other => {
            let holds = match other {
                23 => "G.721".to_owned(),
                24 => "G.722".to_owned(),
                25 | 26 => "G.723 ADPCM".to_owned(),
                other => format!("encoding {other}"),
            };
            return Err(ProbeError::Unsupported(format!(
                "an AU that holds {holds}; of AU are read: PCM of 8 to 32 bits, float, mu-law, A-law; \
                 convert it to one of them"
            )));
        }
    })
}
