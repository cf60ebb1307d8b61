//! What formats without a header share: they are known by what the uploader says, and each has one
//! fixed rate and one channel. The G.711 pair is here whole; G.722 has its own folder.

use crate::Source;
use crate::codecs::g711::Law;
use crate::codecs::linear::{self, LinearEncoding};
use crate::codecs::pcm::{Coding, Packing};
use crate::decode::Decode;
use crate::error::{DecodeError, PlanError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::{Encoding, Settled, Shape, SourceFormat, TargetFormat, Wish};
use crate::tags::Said;

/// Rate of headerless G.711.
const RATE_HZ: u32 = 8000;

/// Frames in a segment: 10 s.
const SEGMENT_FRAMES: u64 = 10 * RATE_HZ as u64;

/// Fills in a shape that can't be chosen: one channel at `rate_hz`; `bitrate` in words.
///
/// # Errors
/// [`PlanError`] for another rate or any bit rate.
pub fn settle_fixed(
    format: &str,
    rate_hz: u32,
    bitrate: &str,
    wish: Wish,
) -> Result<Settled, PlanError> {
    if wish.rate_hz.is_some_and(|r| r != rate_hz) {
        let message = format!("`{format}` is always {rate_hz} Hz mono");
        return Err(PlanError { option: "rate", message });
    }
    if wish.bitrate_bps.is_some() {
        let message = format!("`{format}` is always {bitrate}; leave the bit rate out");
        return Err(PlanError { option: "br", message });
    }
    Ok(Settled { rate_hz, channels: 1, bitrate_bps: None })
}

/// Reading headerless G.711.
pub struct G711Source {
    /// The row's name.
    pub format: &'static str,
    /// Mu-law or A-law.
    pub coding: Coding,
}

impl SourceFormat for G711Source {
    fn recognises(&self, _head: &[u8], named: bool) -> bool {
        named
    }

    fn headerless(&self) -> bool {
        true
    }

    fn probe(&self, source: &Source, _hint: Hint<'_>) -> Result<Probed, ProbeError> {
        let frame_count = source.length_bytes();
        let facts = Facts::of_samples(self.format, self.coding, RATE_HZ, 1, frame_count);
        Ok(Probed { facts, index: Vec::new() })
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

/// Writing headerless G.711.
pub struct G711Target {
    /// The row's name.
    pub format: &'static str,
    /// Mu-law or A-law.
    pub law: Law,
}

impl TargetFormat for G711Target {
    fn settle(&self, wish: Wish) -> Result<Settled, PlanError> {
        settle_fixed(self.format, RATE_HZ, "64 kbit/s", wish)
    }

    fn plan(&self, shape: Shape, _said: &Said) -> Result<Box<dyn Encoding>, PlanError> {
        let packing = Packing::Law(self.law);
        Ok(Box::new(LinearEncoding::new(Vec::new(), packing, shape, SEGMENT_FRAMES)))
    }

    fn revision(&self) -> String {
        format!("g711 1, {SEGMENT_FRAMES} frames")
    }
}
