//! Writing WAV: a 44-byte header with true sizes, then 16-bit PCM.

use crate::codecs::linear::LinearEncoding;
use crate::codecs::pcm::Packing;
use crate::error::PlanError;
use crate::format::{Encoding, Settled, Shape, TargetFormat, Wish};

/// Writing WAV.
pub struct WavTarget;

/// Seconds in a segment.
const SEGMENT_SECONDS: u64 = 10;

/// RIFF's sizes are 32 bits; the outer one counts 36 bytes of header too.
const LONGEST_DATA_BYTES: u64 = u32::MAX as u64 - 36;

impl TargetFormat for WavTarget {
    fn settle(&self, wish: Wish) -> Result<Settled, PlanError> {
        if wish.bitrate_bps.is_some() {
            let message = "`wav` is 16-bit PCM and has no bit rate to choose".into();
            return Err(PlanError { option: "br", message });
        }
        let rate_hz = wish.rate_hz.unwrap_or(wish.source_rate_hz);
        Ok(Settled { rate_hz, channels: wish.channels.clamp(1, 2), bitrate_bps: None })
    }

    fn plan(&self, shape: Shape) -> Result<Box<dyn Encoding>, PlanError> {
        let data = shape.frame_count.saturating_mul(2 * u64::from(shape.channels));
        if data > LONGEST_DATA_BYTES {
            let message = "as `wav` this would be longer than 4 GiB; \
                           choose a lower rate, fewer channels or another format"
                .into();
            return Err(PlanError { option: "f", message });
        }
        let header = header(shape.rate_hz, shape.channels, data as u32);
        let segment_frames = SEGMENT_SECONDS * u64::from(shape.rate_hz.max(1));
        Ok(Box::new(LinearEncoding::new(header, Packing::S16Le, shape, segment_frames)))
    }

    fn revision(&self) -> String {
        format!("wav 1, {SEGMENT_SECONDS} s")
    }
}

/// The 44 bytes before 16-bit PCM.
pub fn header(rate_hz: u32, channels: u16, data_bytes: u32) -> Vec<u8> {
    let frame_bytes = 2 * channels;
    let mut header = Vec::with_capacity(44);
    header.extend(b"RIFF");
    header.extend((36 + data_bytes).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16u32.to_le_bytes());
    header.extend(1u16.to_le_bytes());
    header.extend(channels.to_le_bytes());
    header.extend(rate_hz.to_le_bytes());
    header.extend(rate_hz.saturating_mul(u32::from(frame_bytes)).to_le_bytes());
    header.extend(frame_bytes.to_le_bytes());
    header.extend(16u16.to_le_bytes());
    header.extend(b"data");
    header.extend(data_bytes.to_le_bytes());
    header
}
