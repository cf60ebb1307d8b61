//! Codecs by the header that WAV has of them (`A_MS/ACM` of the codec mappings): G.711, ADPCM, PCM
//! and MPEG audio.

use crate::codecs::adpcm::{Adpcm, AdpcmBlocks};
use crate::codecs::pcm::Coding;
use crate::codecs::stream::Stream;
use crate::formats::wav::fmt::Fmt;
use crate::formats::wav::outer::Outer;

/// The stream that such a header speaks of; `None` is MPEG audio, whose packets say the rest.
///
/// # Errors
/// What was found.
pub fn stream(header: &[u8]) -> Result<Option<Stream>, String> {
    let fmt = Fmt::parse(Outer::Riff, header).ok_or("`A_MS/ACM` without a whole header")?;
    let adpcm = |codec: Adpcm| {
        codec.check(fmt.channels, fmt.bits, fmt.block_align)?;
        let Fmt { rate_hz, channels, block_align, .. } = fmt;
        Ok(Some(Stream::Adpcm(AdpcmBlocks { codec, rate_hz, channels, block_bytes: block_align })))
    };
    let coding = match (fmt.tag, fmt.bits) {
        (0x02, _) => return adpcm(Adpcm::Ms),
        (0x11, _) => return adpcm(Adpcm::Ima),
        (0x50 | 0x55, _) => return Ok(None),
        (0x01, 8) => Some(Coding::U8),
        (0x01, bits) => Coding::by_name(&format!("pcm_s{bits}le")),
        (0x03, bits) => Coding::by_name(&format!("pcm_f{bits}le")),
        (0x06, _) => Some(Coding::Alaw),
        (0x07, _) => Some(Coding::Ulaw),
        _ => None,
    };
    let Fmt { tag, bits, rate_hz, channels, .. } = fmt;
    let coding = coding.ok_or_else(|| {
        format!(
            "codec `A_MS/ACM` of format tag {tag:#06x} and {bits} bits (supported of it: PCM, float, A-law, mu-law, \
             IMA and MS ADPCM, MPEG audio)"
        )
    })?;
    Ok(Some(Stream::Pcm { coding, rate_hz, channels }))
}
