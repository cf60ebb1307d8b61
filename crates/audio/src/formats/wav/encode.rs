//! Writing WAV: a header with true sizes, then PCM of 16 or 24 bits, or G.711 or GSM 06.10 behind a `fact` chunk.

use crate::codecs::g711::Law;
use crate::codecs::linear::LinearEncoding;
use crate::codecs::{gsm, pcm};
use crate::error::PlanError;
use crate::format::{Coding, Encoding, Settled, Shape, TargetFormat, Wish};
use crate::formats::gsm::GsmEncoding;
use crate::formats::headerless::settle_fixed;
use crate::tags::Said;

/// Writing WAV.
pub struct WavTarget;

/// Seconds in a segment.
const SEGMENT_SECONDS: u64 = 10;

/// RIFF's sizes are 32 bits; the outer one counts the header and the data's padding, too.
const LONGEST_DATA_BYTES: u64 = u32::MAX as u64 - LONGEST_HEADER_BYTES as u64;

/// Bytes of the longest header: GSM's.
pub const LONGEST_HEADER_BYTES: usize = 60;

impl TargetFormat for WavTarget {
    fn codings(&self) -> &'static [Coding] {
        &[Coding::Pcm16, Coding::Pcm24, Coding::Ulaw, Coding::Alaw, Coding::Gsm]
    }

    fn settle(&self, wish: Wish) -> Result<Settled, PlanError> {
        if wish.coding == Coding::Gsm {
            return settle_fixed("codec=gsm", gsm::RATE_HZ, "13 kbit/s", wish);
        }
        if wish.bitrate_bps.is_some() {
            let message = "`wav` has no bit rate to choose".into();
            return Err(PlanError { option: "br", message });
        }
        let rate_hz = wish.rate_hz.unwrap_or(wish.source_rate_hz);
        Ok(Settled { rate_hz, channels: wish.channels.clamp(1, 2), bitrate_bps: None })
    }

    fn plan(&self, shape: Shape, _said: &Said) -> Result<Box<dyn Encoding>, PlanError> {
        let Shape { coding, rate_hz, channels, frame_count, .. } = shape;
        let data_bytes = Blocks::of(coding, channels).bytes_of(frame_count);
        if data_bytes > LONGEST_DATA_BYTES || frame_count > u32::MAX.into() {
            let message = "as `wav` this would be longer than 4 GiB; \
                           choose a lower rate, fewer channels or another format"
                .into();
            return Err(PlanError { option: "f", message });
        }
        let header = header(coding, rate_hz, channels, frame_count as u32, data_bytes as u32);
        let packing = match coding {
            Coding::Pcm16 => pcm::Packing::S16Le,
            Coding::Pcm24 => pcm::Packing::S24Le,
            Coding::Ulaw => pcm::Packing::Law(Law::Mu),
            Coding::Alaw => pcm::Packing::Law(Law::A),
            Coding::Gsm => {
                return Ok(Box::new(GsmEncoding::new(header, gsm::Packing::Wav49, frame_count)));
            }
        };
        let segment_frames = SEGMENT_SECONDS * u64::from(rate_hz.max(1));
        Ok(Box::new(LinearEncoding::new(header, packing, shape, segment_frames)))
    }

    fn revision(&self) -> String {
        format!("wav 1, {SEGMENT_SECONDS} s, {}", GsmEncoding::revision())
    }
}

/// What a coding's data consist of.
pub struct Blocks {
    /// Bytes of a block, and frames in it.
    bytes: u16,
    frames: u16,
}

impl Blocks {
    /// Those of a coding in so many channels.
    #[must_use]
    pub fn of(coding: Coding, channels: u16) -> Self {
        match coding {
            Coding::Pcm16 => Self { bytes: 2 * channels, frames: 1 },
            Coding::Pcm24 => Self { bytes: 3 * channels, frames: 1 },
            Coding::Ulaw | Coding::Alaw => Self { bytes: channels, frames: 1 },
            Coding::Gsm => Self { bytes: 65, frames: 320 },
        }
    }

    /// Bytes of so many frames; the last block is filled up.
    #[must_use]
    pub fn bytes_of(&self, frame_count: u64) -> u64 {
        frame_count.div_ceil(self.frames.into()).saturating_mul(self.bytes.into())
    }

    /// Bytes of a second.
    fn bytes_a_second(&self, rate_hz: u32) -> u32 {
        let bytes = u64::from(rate_hz) * u64::from(self.bytes) / u64::from(self.frames);
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}

/// The bytes before the data: of PCM 44, of others a longer `fmt ` chunk and the number of frames in
/// `fact` (Microsoft, New Multimedia Data Types and Data Techniques, 1994), in the order in which Asterisk wants them.
pub fn header(
    coding: Coding,
    rate_hz: u32,
    channels: u16,
    frame_count: u32,
    data_bytes: u32,
) -> Vec<u8> {
    let (tag, bits, extension): (u16, u16, &[u8]) = match coding {
        Coding::Pcm16 => (1, 16, &[]),
        Coding::Pcm24 => (1, 24, &[]),
        Coding::Alaw => (6, 8, &[0, 0]),
        Coding::Ulaw => (7, 8, &[0, 0]),
        // Two bytes more: the frames of a block.
        Coding::Gsm => (0x31, 0, &[2, 0, 0x40, 0x01]),
    };
    let blocks = Blocks::of(coding, channels);
    let mut chunks = b"WAVEfmt ".to_vec();
    chunks.extend((16 + extension.len() as u32).to_le_bytes());
    chunks.extend(tag.to_le_bytes());
    chunks.extend(channels.to_le_bytes());
    chunks.extend(rate_hz.to_le_bytes());
    chunks.extend(blocks.bytes_a_second(rate_hz).to_le_bytes());
    chunks.extend(blocks.bytes.to_le_bytes());
    chunks.extend(bits.to_le_bytes());
    chunks.extend(extension);
    if !extension.is_empty() {
        chunks.extend(b"fact\x04\0\0\0");
        chunks.extend(frame_count.to_le_bytes());
    }
    chunks.extend(b"data");
    chunks.extend(data_bytes.to_le_bytes());
    // A chunk of an odd length has a byte behind it.
    let whole = (chunks.len() as u32).saturating_add(data_bytes).saturating_add(data_bytes % 2);
    [b"RIFF", &whole.to_le_bytes()[..], &chunks].concat()
}
