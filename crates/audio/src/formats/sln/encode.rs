//! Writing headerless 16-bit PCM, little endian, mono.

use super::RATES;
use crate::codecs::linear::LinearEncoding;
use crate::codecs::pcm::Packing;
use crate::error::PlanError;
use crate::format::{Encoding, Settled, Shape, TargetFormat, Wish};
use crate::tags::Said;

/// Writing signed linear.
pub struct SlnTarget;

/// Seconds in a segment.
const SEGMENT_SECONDS: u64 = 10;

impl TargetFormat for SlnTarget {
    fn settle(&self, wish: Wish) -> Result<Settled, PlanError> {
        if wish.bitrate_bps.is_some() {
            let message = "`sln` is 16-bit PCM and has no bit rate to choose".into();
            return Err(PlanError { option: "br", message });
        }
        let rate_hz = wish.rate_hz.unwrap_or(RATES[0].1);
        if !RATES.iter().any(|(_, known)| *known == rate_hz) {
            let allowed = RATES.map(|(_, rate)| rate.to_string()).join(", ");
            let message = format!("`sln` has no name for {rate_hz} Hz; allowed: {allowed}");
            return Err(PlanError { option: "rate", message });
        }
        Ok(Settled { rate_hz, channels: 1, bitrate_bps: None })
    }

    fn plan(&self, shape: Shape, _said: &Said) -> Result<Box<dyn Encoding>, PlanError> {
        let segment_frames = SEGMENT_SECONDS * u64::from(shape.rate_hz);
        Ok(Box::new(LinearEncoding::new(Vec::new(), Packing::S16Le, shape, segment_frames)))
    }

    fn revision(&self) -> String {
        format!("sln 1, {SEGMENT_SECONDS} s")
    }
}
