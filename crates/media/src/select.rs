//! Select: from a resource and preferences to a representation. Pure; refusals carry their reason.
//!
//! The order: what changes nothing is dropped → the original if nothing is left → the target format →
//! channels → the format's own defaults.

use crate::identity;
use crate::preferences::{ChannelWish, ClipWish, Preferences, TagWish};
use crate::resource::Resource;
use audio::format::{Carries, Coding, Format, Shape, TargetFormat, Wish};
use audio::formats::{self, FORMATS};
use audio::tags::{Said, Tags};
use audio::{ChannelMap, Facts, Picture, PlanError, Target, transcode};
use std::ops::Range;
use std::sync::Arc;

/// One byte sequence of a resource.
#[derive(Clone)]
pub enum Representation {
    /// The stored bytes.
    Original(Arc<Resource>),
    /// Another format, rate, bit rate, channels or span.
    Transcode(Transcoded),
}

/// A transcode that was chosen, every default filled in.
#[derive(Clone)]
pub struct Transcoded {
    /// The resource that it is made of.
    pub resource: Arc<Resource>,
    /// The format that it is in.
    pub format: &'static Format,
    /// What is wanted.
    pub target: Target,
    /// Its identity (40 hexadecimal digits).
    pub key: String,
}

/// Why no representation fits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An option can't have that value for this resource.
    #[error("{message}")]
    BadOption {
        /// The option's name in the link.
        option: &'static str,
        /// What was wrong and what is allowed.
        message: String,
    },
    /// The source can't be decoded, or is too long.
    #[error("{message}")]
    Unplayable {
        /// What was found and what is supported.
        message: String,
    },
}

impl From<PlanError> for Refusal {
    fn from(error: PlanError) -> Self {
        Self::BadOption { option: error.option, message: error.message }
    }
}

impl Representation {
    /// The resource that it represents.
    #[must_use]
    pub fn resource(&self) -> &Arc<Resource> {
        match self {
            Self::Original(resource) => resource,
            Self::Transcode(transcoded) => &transcoded.resource,
        }
    }

    /// The strong ETag, quoted.
    #[must_use]
    pub fn etag(&self) -> String {
        match self {
            Self::Original(resource) => identity::etag(&resource.content_hash),
            Self::Transcode(transcoded) => identity::etag(&transcoded.key),
        }
    }

    /// The format of a transcode; `None` for the original.
    #[must_use]
    pub fn format(&self) -> Option<&'static Format> {
        match self {
            Self::Original(_) => None,
            Self::Transcode(transcoded) => Some(transcoded.format),
        }
    }
}

/// Chooses the representation of a resource.
///
/// # Errors
/// [`Refusal`].
pub fn select(resource: &Arc<Resource>, wish: &Preferences) -> Result<Representation, Refusal> {
    if *wish == Preferences::default() {
        return Ok(Representation::Original(Arc::clone(resource)));
    }
    let Some(facts) = &resource.facts else {
        return Err(undecodable(resource));
    };
    let clip = clip(facts, wish.clip)?;
    if changes_nothing(facts, wish, asked_coding(wish)?, &clip) {
        return Ok(Representation::Original(Arc::clone(resource)));
    }
    let (format, writer) = target_format(facts, wish)?;
    let coding = coding(format, writer, wish)?;
    let map = channel_map(facts.channels, wish.channels)?;
    let settled = writer.settle(Wish {
        source_rate_hz: facts.rate_hz,
        channels: map.output_channels(facts.channels),
        rate_hz: wish.rate_hz,
        bitrate_bps: wish.bitrate_kbps.map(|kbps| kbps * 1000),
        coding,
    })?;
    let mono_only = settled.channels == 1 && map.output_channels(facts.channels) > 1;
    let tags = tags(format, writer, facts, &wish.tags)?;
    let target = Target {
        format: format.name,
        rate_hz: settled.rate_hz,
        map: if mono_only { mixed(map) } else { map },
        bitrate_bps: settled.bitrate_bps,
        coding,
        tags,
        cover: cover(writer, facts, &wish.tags),
        clip,
    };
    let shape = Shape {
        rate_hz: target.rate_hz,
        channels: settled.channels,
        bitrate_bps: target.bitrate_bps,
        frame_count: transcode::output_frames(
            target.clip.end - target.clip.start,
            facts.rate_hz,
            target.rate_hz,
        ),
        serial: 0,
        coding,
    };
    writer.plan(shape, &Said::from(target.tags.clone()))?;
    let key = identity::key(&resource.content_hash, facts.speakers.as_ref(), &target, writer);
    let resource = Arc::clone(resource);
    Ok(Representation::Transcode(Transcoded { resource, format, target, key }))
}

/// Whether, options that change nothing dropped, at most an `f` equal to the stored format is left.
fn changes_nothing(
    facts: &Facts,
    wish: &Preferences,
    coding: Option<Coding>,
    clip: &Range<u64>,
) -> bool {
    let same_format = (wish.format, coding) == (None, None)
        || wish.format.is_none_or(|f| f == facts.format)
            && facts.canonical
            && is_coded(facts, coding);
    let says_nothing = facts.tags.is_empty() && facts.picture.is_none();
    let leaves_out = wish.tags.leave_out && !says_nothing;
    if leaves_out || !wish.tags.said.is_empty() {
        return false;
    }
    let same_rate = wish.rate_hz.is_none_or(|rate| rate == facts.rate_hz);
    let same_bitrate = wish.bitrate_kbps.is_none_or(|kbps| {
        facts.constant_bitrate && kbps * 1000 == facts.bitrate_bps && has_bitrate(facts)
    });
    let same_channels = match wish.channels {
        None => true,
        Some(ChannelWish::Mix) => facts.channels == 1,
        Some(ChannelWish::Two) => facts.channels == 2,
        Some(ChannelWish::One(n)) => (n, facts.channels) == (1, 1),
        Some(ChannelWish::Pair(left, right)) => (left, right, facts.channels) == (1, 2, 2),
        Some(ChannelWish::Left | ChannelWish::Right | ChannelWish::Swap) => false,
    };
    same_format && same_rate && same_bitrate && same_channels && *clip == (0..facts.frame_count)
}

/// Whether stored bytes that are in a target format to the last byte have that coding.
fn is_coded(facts: &Facts, coding: Option<Coding>) -> bool {
    let stored = match facts.codec.as_str() {
        _ if facts.format != "wav" => return coding.is_none(),
        "pcm_s16le" => Coding::Pcm16,
        "pcm_s24le" => Coding::Pcm24,
        "ulaw" => Coding::Ulaw,
        "alaw" => Coding::Alaw,
        "gsm" => Coding::Gsm,
        _ => return false,
    };
    coding.unwrap_or_default() == stored
}

fn has_bitrate(facts: &Facts) -> bool {
    matches!(facts.format.as_str(), "mp3" | "ogg" | "mp4" | "webm")
}

/// Says what was found instead of audio that is played, and what is supported.
pub(crate) fn undecodable(resource: &Resource) -> Refusal {
    let found = resource.probe_error.as_deref().unwrap_or("no audio was found");
    // What was supported when it was stored isn't what is.
    let found = found.split("; supported: ").next().unwrap_or(found);
    Refusal::Unplayable {
        message: format!(
            "this file can't be decoded: {found}; supported sources: {}",
            names(|f| f.source.is_some())
        ),
    }
}

fn names(which: impl Fn(&Format) -> bool) -> String {
    let names: Vec<_> = FORMATS.iter().filter(|f| which(f)).map(|f| f.name).collect();
    names.join(", ")
}

fn target_format(
    facts: &Facts,
    wish: &Preferences,
) -> Result<(&'static Format, &'static dyn TargetFormat), Refusal> {
    let stored = formats::by_name(&facts.format);
    if wish.format.is_none() && wish.bitrate_kbps.is_some() && !has_bitrate(facts) {
        return Err(bad(
            "br",
            format!(
                "`br` without `f` re-encodes in the stored format, and {} has no bit rate; ask for f=mp3, ogg, mp4 \
                 or webm",
                facts.format
            ),
        ));
    }
    // A stored format that can't be written (AIFF, AU, Matroska) becomes wav, which loses nothing.
    let chosen = wish
        .format
        .and_then(formats::by_name)
        .or(stored.filter(|f| f.target.is_some()))
        .or_else(|| formats::by_name("wav"));
    chosen.and_then(|f| f.target.map(|writer| (f, writer))).ok_or_else(|| unwritten(chosen))
}

/// Names what can be asked for in place of a format that is read alone: what its extension stands for as a value of
/// `f`, too, since `.aac` is a stream of AAC and `f=aac` an MP4 that holds it.
fn unwritten(row: Option<&Format>) -> Refusal {
    let is_written = |f: &&Format| f.target.is_some();
    let meant = |word: &&'static str| formats::by_name(word).filter(is_written).map(|f| (*word, f));
    let instead = row.and_then(|row| row.extensions.iter().find_map(meant));
    let instead = instead.map_or_else(String::new, |(word, f)| {
        format!("; `f={word}` is {}, as are the extensions .{}", f.name, f.extensions.join(", ."))
    });
    let (name, written) = (row.map_or("", |row| row.name), names(|f| f.target.is_some()));
    bad("f", format!("`{name}` can't be written{instead}; allowed: {written}"))
}

/// The coding that is asked for by `codec` and `bits`; `None` if neither is.
fn asked_coding(wish: &Preferences) -> Result<Option<Coding>, Refusal> {
    match (wish.codec, wish.bits) {
        (codec, None) => Ok(codec),
        (None | Some(Coding::Pcm16), Some(24)) => Ok(Some(Coding::Pcm24)),
        (None | Some(Coding::Pcm16), Some(_)) => Ok(Some(Coding::Pcm16)),
        (Some(_), Some(_)) => Err(bad("bits", "`bits` goes with codec=pcm alone".into())),
    }
}

/// The same, if the format leaves that choice.
fn coding(
    format: &Format,
    writer: &dyn TargetFormat,
    wish: &Preferences,
) -> Result<Coding, Refusal> {
    let asked = asked_coding(wish)?;
    if asked.is_none_or(|coding| writer.codings().contains(&coding)) {
        return Ok(asked.unwrap_or_default());
    }
    let (option, goes_with) =
        if wish.codec.is_some() { ("codec", "f=wav") } else { ("bits", "f=wav and f=flac") };
    let name = format.name;
    Err(bad(option, format!("`{name}` leaves no choice of `{option}`; it goes with {goes_with}")))
}

/// What the header says of the recording: what the link does, and what the source does beside that.
fn tags(
    format: &Format,
    writer: &dyn TargetFormat,
    facts: &Facts,
    wish: &TagWish,
) -> Result<Tags, Refusal> {
    let carries_tags = |writer: &dyn TargetFormat| writer.carries() != Carries::Nothing;
    if !carries_tags(writer)
        && let Some((field, _)) = wish.said.iter().next()
    {
        let carry = names(|f| f.target.is_some_and(carries_tags));
        let message = format!("`{}` carries no tags; those that do: {carry}", format.name);
        return Err(bad(field.option, message));
    }
    let mut tags = wish.said.clone();
    if carries_tags(writer) && !wish.leave_out {
        tags.complete(&facts.tags);
    }
    Ok(tags)
}

/// Whether the source's picture goes along.
fn cover(writer: &dyn TargetFormat, facts: &Facts, wish: &TagWish) -> bool {
    let is_carried = writer.carries() == Carries::TagsAndCover && !wish.leave_out;
    is_carried && matches!(facts.picture, Some(Picture::Kept(_)))
}

/// How the source's channels become those that are wished for.
pub(crate) fn channel_map(channels: u16, wish: Option<ChannelWish>) -> Result<ChannelMap, Refusal> {
    let map = match (wish, channels) {
        (Some(ChannelWish::Left | ChannelWish::Right | ChannelWish::Swap), 1) => {
            return Err(bad(
                "ch",
                "the recording is mono: `left`, `right` and `swap` need two channels; \
                 allowed: 1, 2, mix"
                    .into(),
            ));
        }
        (Some(ChannelWish::One(n)), _) if n > channels => return Err(no_channel(n, channels)),
        (Some(ChannelWish::Pair(left, right)), _) if left.max(right) > channels => {
            return Err(no_channel(left.max(right), channels));
        }
        (None | Some(ChannelWish::Mix | ChannelWish::One(_)), 1)
        | (None | Some(ChannelWish::Two | ChannelWish::Pair(1, 2)), 2) => ChannelMap::Keep,
        (Some(ChannelWish::Mix), _) => ChannelMap::Mix,
        (Some(ChannelWish::Two), 1) => ChannelMap::Duplicate,
        (Some(ChannelWish::Left | ChannelWish::One(1)), _) => ChannelMap::Left,
        (Some(ChannelWish::Right | ChannelWish::One(2)), _) => ChannelMap::Right,
        (Some(ChannelWish::Swap | ChannelWish::Pair(2, 1)), _) => ChannelMap::Swap,
        (Some(ChannelWish::Pair(1, 1)), _) => ChannelMap::Duplicate,
        (Some(ChannelWish::One(n)), _) => ChannelMap::One(n - 1),
        (Some(ChannelWish::Pair(left, right)), _) => ChannelMap::Pair(left - 1, right - 1),
        (None | Some(ChannelWish::Two), _) => ChannelMap::Stereo,
    };
    Ok(map)
}

fn no_channel(wanted: u16, channels: u16) -> Refusal {
    bad(
        "ch",
        format!("there is no channel {wanted}; the recording has {channels}, counted from c1"),
    )
}

/// The same for a format that is always mono.
fn mixed(map: ChannelMap) -> ChannelMap {
    match map {
        ChannelMap::Pair(left, right) => ChannelMap::Mean(left, right),
        _ => ChannelMap::Mix,
    }
}

/// The clip in source frames, exact to the sample.
pub(crate) fn clip(facts: &Facts, wish: Option<ClipWish>) -> Result<Range<u64>, Refusal> {
    let whole = 0..facts.frame_count;
    let Some(wish) = wish else { return Ok(whole) };
    let frames = |ms: u64| {
        let exact = u128::from(ms) * u128::from(facts.rate_hz) + 500;
        u64::try_from(exact / 1000).unwrap_or(u64::MAX)
    };
    let start = frames(wish.start_ms);
    let end = wish.end_ms.map_or(whole.end, |ms| frames(ms).min(whole.end));
    if start >= whole.end {
        return Err(bad(
            "t",
            format!(
                "it begins at {} ms, the recording ends at {:.0} ms",
                wish.start_ms,
                facts.duration_seconds() * 1000.0
            ),
        ));
    }
    if end <= start {
        return Err(bad("t", "its end must lie after its start: START-END in milliseconds".into()));
    }
    Ok(start..end)
}

fn bad(option: &'static str, message: String) -> Refusal {
    Refusal::BadOption { option, message }
}
