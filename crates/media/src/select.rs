//! The decider: a resource and preferences become a representation. Pure.
//!
//! Order: channels → clip → format and its defaults → is anything changed at all?

use crate::{ChannelWish, ClipWish, Preferences, Resource, identity};
use audio::formats::{self, FORMATS, Wish};
use audio::{ChannelMap, Facts, Target};
use std::ops::Range;

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Representation {
    /// The stored bytes.
    Original {
        /// Quoted strong entity tag.
        etag: String,
    },
    /// A transcode.
    Transcode {
        /// Every choice made.
        target: Target,
        /// Quoted strong entity tag.
        etag: String,
        /// For formats that carry a serial number.
        serial: u32,
    },
}

/// Why there is no representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// An option's value isn't possible for this resource.
    BadOption {
        /// As the link names it.
        option: &'static str,
        /// What was wrong and what is allowed.
        message: String,
    },
    /// The source can't be decoded.
    Unplayable {
        /// What was found and what is supported.
        message: String,
    },
}

fn bad(option: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::BadOption { option, message: message.into() }
}

/// Decides.
///
/// # Errors
/// [`Refusal`].
pub fn select(resource: &Resource, wanted: &Preferences) -> Result<Representation, Refusal> {
    let hash = &resource.row.content_hash;
    let original =
        || Representation::Original { etag: identity::etag(&identity::original_key(hash)) };
    if *wanted == Preferences::default() {
        return Ok(original());
    }
    let facts = resource.facts.as_ref().ok_or_else(|| unplayable(resource))?;
    let map = channel_map(facts.channels, wanted.channels)?;
    let clip = clip(facts, wanted.clip)?;
    let format = format_of(facts, wanted)?;
    let writer =
        format.target.ok_or_else(|| bad("f", format!("`{}` can't be written", format.name)))?;
    let settled = writer
        .settle(Wish {
            source_rate_hz: facts.rate_hz,
            channels: map.output_channels(facts.channels),
            rate_hz: wanted.rate_hz,
            bitrate_bps: wanted.bitrate_kbps.map(|kbps| kbps.saturating_mul(1000)),
        })
        .map_err(|e| bad(e.option, e.message))?;
    if unchanged(facts, wanted, map, &clip) {
        return Ok(original());
    }
    let map = fit(map, facts.channels, settled.channels);
    let target = Target {
        format: format.name,
        rate_hz: settled.rate_hz,
        map,
        bitrate_bps: settled.bitrate_bps,
        clip,
    };
    let key = identity::key(hash, &target, &writer.revision());
    let serial = u32::from_be_bytes([key[0], key[1], key[2], key[3]]);
    Ok(Representation::Transcode { target, etag: identity::etag(&key), serial })
}

/// Whether every option says what the source is already.
fn unchanged(facts: &Facts, wanted: &Preferences, map: ChannelMap, clip: &Range<u64>) -> bool {
    let format = wanted.format.is_none_or(|f| f == facts.format && facts.canonical);
    let bitrate = wanted.bitrate_kbps.is_none_or(|kbps| {
        facts.constant_bitrate && u64::from(kbps) * 1000 == u64::from(facts.bitrate_bps)
    });
    let rate = wanted.rate_hz.is_none_or(|r| r == facts.rate_hz);
    format && bitrate && rate && map == ChannelMap::Keep && *clip == (0..facts.frame_count)
}

/// The format asked for, else the stored one; a stored one that can't be written becomes wav.
fn format_of(facts: &Facts, wanted: &Preferences) -> Result<&'static formats::Format, Refusal> {
    let name = wanted.format.unwrap_or(&facts.format);
    let format =
        formats::by_name(name).ok_or_else(|| bad("f", format!("unknown format `{name}`")))?;
    let rateless = !matches!(format.name, "mp3" | "ogg" | "mp4");
    if rateless && wanted.bitrate_kbps.is_some() {
        return Err(bad(
            "br",
            format!("`{}` has no bit rate to choose; mp3, ogg, mp4 do", format.name),
        ));
    }
    let stored = wanted.format.is_none();
    Ok(if stored && format.target.is_none() { &formats::wav::FORMAT } else { format })
}

fn channel_map(source: u16, wish: Option<ChannelWish>) -> Result<ChannelMap, Refusal> {
    let mono = source < 2;
    match wish {
        None => Ok(ChannelMap::Keep),
        Some(ChannelWish::Mix) => Ok(if mono { ChannelMap::Keep } else { ChannelMap::Mix }),
        Some(ChannelWish::Two) => Ok(match source {
            1 => ChannelMap::Duplicate,
            2 => ChannelMap::Keep,
            _ => ChannelMap::Stereo,
        }),
        Some(_) if mono => Err(bad("ch", "the source is mono; allowed: 1, 2, mix")),
        Some(ChannelWish::Left) => Ok(ChannelMap::Left),
        Some(ChannelWish::Right) => Ok(ChannelMap::Right),
        Some(ChannelWish::Swap) => Ok(ChannelMap::Swap),
    }
}

/// The map that ends in the channels that the format settled for.
fn fit(map: ChannelMap, source: u16, settled: u16) -> ChannelMap {
    match (settled, source) {
        _ if map.output_channels(source) == settled => map,
        (1, 1) => ChannelMap::Keep,
        (1, _) => ChannelMap::Mix,
        (_, 1) => ChannelMap::Duplicate,
        _ => ChannelMap::Stereo,
    }
}

fn clip(facts: &Facts, wish: Option<ClipWish>) -> Result<Range<u64>, Refusal> {
    let Some(wish) = wish else { return Ok(0..facts.frame_count) };
    let frame = |ms: u64| {
        let exact = (u128::from(ms) * u128::from(facts.rate_hz) + 500) / 1000;
        u64::try_from(exact).unwrap_or(u64::MAX)
    };
    let start = frame(wish.start_ms);
    let end = wish.end_ms.map_or(facts.frame_count, frame).min(facts.frame_count);
    if start >= facts.frame_count {
        return Err(bad("t", format!("starts beyond the end ({:.3} s)", facts.duration_seconds())));
    }
    if end <= start {
        return Err(bad("t", "the end must come after the start"));
    }
    Ok(start..end)
}

fn unplayable(resource: &Resource) -> Refusal {
    let found = resource.row.probe_error.as_deref().unwrap_or("no audio found");
    let names: Vec<_> = FORMATS.iter().filter(|f| f.source.is_some()).map(|f| f.name).collect();
    Refusal::Unplayable { message: format!("{found}; supported: {}", names.join(", ")) }
}
