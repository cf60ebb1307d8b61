//! Transcodes of recordings for every suite, what the wish leaves open settled as a server settles it.

use audio::format::{Coding, Settled, Wish};
use audio::formats::by_name;
use audio::tags::Tags;
use audio::transcode::Input;
use audio::{ChannelMap, Hint, PlanError, Source, Target, Transcode, probe};
use std::sync::Arc;

/// What is wanted of a recording.
pub struct Wanted {
    pub format: &'static str,
    pub rate_hz: Option<u32>,
    pub bitrate_bps: Option<u32>,
    pub coding: Coding,
    pub tags: Tags,
    pub cover: bool,
}

impl Wanted {
    /// A format, everything else as it is by default.
    pub fn of(format: &'static str) -> Self {
        let (rate_hz, bitrate_bps, coding) = (None, None, Coding::default());
        Self { format, rate_hz, bitrate_bps, coding, tags: Tags::default(), cover: false }
    }

    /// The choices that are left, made for a source of that rate and so many channels.
    pub fn settle(&self, source_rate_hz: u32, channels: u16) -> Result<Settled, PlanError> {
        let (rate_hz, bitrate_bps, coding) = (self.rate_hz, self.bitrate_bps, self.coding);
        let wish = Wish { source_rate_hz, channels, rate_hz, bitrate_bps, coding };
        by_name(self.format).and_then(|row| row.target).unwrap().settle(wish)
    }

    /// A transcode of these bytes, whose name has that extension.
    pub fn transcode(self, bytes: &[u8], extension: &str) -> Transcode {
        let source: Source = Arc::new(bytes.to_vec());
        let hint = Hint { extension: Some(extension), mime_type: None };
        let probed = probe(&source, hint).expect("the source must be understood");
        let facts = Arc::new(probed.facts);
        let settled = self.settle(facts.rate_hz, facts.channels).unwrap();
        let target = Target {
            format: self.format,
            rate_hz: settled.rate_hz,
            map: match (facts.channels, settled.channels) {
                (from, to) if from == to => ChannelMap::Keep,
                (_, 1) => ChannelMap::Mix,
                _ => ChannelMap::Stereo,
            },
            bitrate_bps: settled.bitrate_bps,
            coding: self.coding,
            tags: self.tags,
            cover: self.cover,
            clip: 0..facts.frame_count,
        };
        let input = Input { source, facts, index: Arc::new(probed.index) };
        Transcode::new(input, by_name(self.format).unwrap(), target, 0x1234_5678).unwrap()
    }
}
