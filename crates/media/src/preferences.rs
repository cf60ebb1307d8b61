//! What a client asks for: the options of a link that decide the bytes, and the syntax of their values
//! (apis/publish/README.md §2). The publish link and the command line read them alike.

use audio::format::Coding;
use audio::formats::{self, FORMATS};
use audio::tags::{FIELDS, Field, Tags};

/// The options that decide the representation; `None` is "not asked".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences {
    /// `f`: a row name of [`audio::formats::FORMATS`].
    pub format: Option<&'static str>,
    /// `br` in kbit/s.
    pub bitrate_kbps: Option<u32>,
    /// `rate` in Hz.
    pub rate_hz: Option<u32>,
    /// `ch`.
    pub channels: Option<ChannelWish>,
    /// `t`.
    pub clip: Option<ClipWish>,
    /// `codec`: linear of any depth is that of 16 bits.
    pub codec: Option<Coding>,
    /// `bits`.
    pub bits: Option<u32>,
    /// `tags` and `tag-title` and its like.
    pub tags: TagWish,
}

/// What the header is to say of the recording.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagWish {
    /// `tags=none`: nothing of what the source says.
    pub leave_out: bool,
    /// Those that the link says itself.
    pub said: Tags,
}

/// The values of `ch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelWish {
    /// `1`, `mix`: all mixed to one.
    Mix,
    /// `2`: kept if two, doubled if one, mixed down if more.
    Two,
    /// `left`: the first alone.
    Left,
    /// `right`: the second alone.
    Right,
    /// `swap`: the first two exchanged.
    Swap,
    /// `cN`: that one alone, counted from 1.
    One(u16),
    /// `cNcM`: those two as stereo, counted from 1.
    Pair(u16, u16),
}

/// The value of `t`, in milliseconds; an end that is left out is the recording's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipWish {
    /// Where the clip begins.
    pub start_ms: u64,
    /// Where it ends; past the recording's end means its end.
    pub end_ms: Option<u64>,
}

/// A value that an option can't have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not allowed for `{option}`; allowed: {allowed}")]
pub struct BadValue {
    /// The option.
    pub option: &'static str,
    /// What was given.
    pub value: String,
    /// What is allowed.
    pub allowed: String,
}

/// Bit rates in kbit/s.
pub const BITRATES_KBPS: [u32; 16] =
    [8, 16, 24, 32, 40, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
/// Characters of a tag that a link says.
const LONGEST_TAG: usize = 200;
/// Values of `bits`.
const BITS: [u32; 2] = [16, 24];
/// Values of `codec`.
const CODECS: [(&str, Coding); 4] =
    [("pcm", Coding::Pcm16), ("ulaw", Coding::Ulaw), ("alaw", Coding::Alaw), ("gsm", Coding::Gsm)];
/// Sample rates in Hz.
pub const RATES_HZ: [u32; 11] =
    [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 96000, 192_000];

/// Extensions that stand for more than a format: Asterisk's names for other rates than 8 kHz, and for GSM in WAV.
const EXTENSIONS: [(&str, &[(&str, &str)]); 10] = [
    ("wav16", &[("f", "wav"), ("rate", "16000"), ("ch", "1")]),
    ("wav49", &[("f", "wav"), ("codec", "gsm")]),
    ("sln12", &[("f", "sln"), ("rate", "12000")]),
    ("sln16", &[("f", "sln"), ("rate", "16000")]),
    ("sln24", &[("f", "sln"), ("rate", "24000")]),
    ("sln32", &[("f", "sln"), ("rate", "32000")]),
    ("sln44", &[("f", "sln"), ("rate", "44100")]),
    ("sln48", &[("f", "sln"), ("rate", "48000")]),
    ("sln96", &[("f", "sln"), ("rate", "96000")]),
    ("sln192", &[("f", "sln"), ("rate", "192000")]),
];

impl Preferences {
    /// The names of the options.
    pub const OPTIONS: [&'static str; 13] = {
        let [title, artist, album, date, comment] = FIELDS;
        [
            "f",
            "br",
            "rate",
            "ch",
            "t",
            "codec",
            "bits",
            "tags",
            title.option,
            artist.option,
            album.option,
            date.option,
            comment.option,
        ]
    };

    /// What a file extension in lower case stands for: a format, and for some more than that. `slin16` is
    /// Asterisk's name for the format whose files it calls `.sln16`.
    #[must_use]
    pub fn of_extension(extension: &str) -> Vec<(&'static str, &'static str)> {
        let number = extension.strip_prefix("slin");
        let name = number.map_or(extension.into(), |number| format!("sln{number}"));
        if let Some((_, options)) = EXTENSIONS.iter().find(|(known, _)| *known == name) {
            return options.to_vec();
        }
        formats::by_extension(extension).map(|row| ("f", row.name)).into_iter().collect()
    }

    /// The extensions of what can be written, the usual one of a format first.
    pub fn written_extensions() -> impl Iterator<Item = &'static str> {
        let written = FORMATS.iter().filter(|row| row.target.is_some());
        let usual = written.flat_map(|row| row.extensions.iter().copied());
        let is_usual = |of: &str| formats::by_extension(of).is_some_and(|row| row.target.is_some());
        let others = EXTENSIONS.iter().map(|(extension, _)| *extension);
        usual.chain(others.filter(move |extension| !is_usual(extension)))
    }

    /// The options that play in the format that Asterisk calls so; one that isn't written here is played as wav.
    #[must_use]
    pub fn of_asterisk(format: &str) -> Vec<(&'static str, &'static str)> {
        let options = Self::of_extension(&format.to_ascii_lowercase());
        let mut read = Self::default();
        let is_written =
            !options.is_empty() && options.iter().all(|(option, v)| read.set(option, v).is_ok());
        if is_written { options } else { vec![("f", "wav")] }
    }

    /// Sets an option. An empty value is no value; a name that is none of [`Self::OPTIONS`] is ignored.
    ///
    /// # Errors
    /// [`BadValue`].
    pub fn set(&mut self, option: &str, value: &str) -> Result<(), BadValue> {
        if value.is_empty() {
            return Ok(());
        }
        match option {
            "f" => self.format = Some(format(value)?),
            "br" => self.bitrate_kbps = Some(one_of("br", value, kilobits(value), &BITRATES_KBPS)?),
            "rate" => self.rate_hz = Some(one_of("rate", value, hertz(value), &RATES_HZ)?),
            "ch" => self.channels = Some(channels(value)?),
            "codec" => self.codec = Some(coding(value)?),
            "bits" => self.bits = Some(one_of("bits", value, digits(value), &BITS)?),
            "tags" if value == "none" => self.tags.leave_out = true,
            "tags" => return Err(bad("tags", value, "none")),
            "t" => self.clip = Some(clip(value)?),
            _ => {
                if let Some(field) = FIELDS.iter().find(|field| field.option == option) {
                    check_text(field, value)?;
                    self.tags.said.set(field, value);
                }
            }
        }
        Ok(())
    }
}

fn bad(option: &'static str, value: &str, allowed: impl Into<String>) -> BadValue {
    let value = value.chars().filter(|c| !c.is_control()).take(64).collect();
    BadValue { option, value, allowed: allowed.into() }
}

fn format(value: &str) -> Result<&'static str, BadValue> {
    let row = formats::by_name(value).filter(|row| row.target.is_some());
    row.map(|row| row.name).ok_or_else(|| {
        let writable = FORMATS.iter().filter(|row| row.target.is_some());
        let names: Vec<_> = writable.flat_map(|row| [&[row.name], row.aliases].concat()).collect();
        bad("f", value, names.join(", "))
    })
}

/// By the name of the same samples without a header, too (`mulaw`, `pcma`).
fn coding(value: &str) -> Result<Coding, BadValue> {
    let name = formats::by_name(value).map_or(value, |row| row.name);
    let known = CODECS.iter().find(|(codec, _)| codec.eq_ignore_ascii_case(name));
    known
        .map(|(_, coding)| *coding)
        .ok_or_else(|| bad("codec", value, CODECS.map(|(codec, _)| codec).join(", ")))
}

fn check_text(field: &Field, text: &str) -> Result<(), BadValue> {
    if text.chars().count() > LONGEST_TAG || text.chars().any(char::is_control) {
        let allowed = format!("at most {LONGEST_TAG} characters without control characters");
        return Err(bad(field.option, text, allowed));
    }
    Ok(())
}

fn one_of(
    option: &'static str,
    value: &str,
    number: Option<u64>,
    allowed: &[u32],
) -> Result<u32, BadValue> {
    let number = number.and_then(|n| u32::try_from(n).ok()).filter(|n| allowed.contains(n));
    number.ok_or_else(|| {
        let allowed: Vec<_> = allowed.iter().map(u32::to_string).collect();
        bad(option, value, allowed.join(", "))
    })
}

/// `64`, and `64k` as people write it.
fn kilobits(value: &str) -> Option<u64> {
    digits(value.strip_suffix(['k', 'K']).unwrap_or(value))
}

/// `8000`, and `8k`, `8khz`, `44.1k` as people write it.
fn hertz(value: &str) -> Option<u64> {
    let lower = value.to_ascii_lowercase();
    match lower.strip_suffix("khz").or_else(|| lower.strip_suffix('k')) {
        Some(thousands) => thousandths(thousands),
        None => digits(value),
    }
}

fn channels(value: &str) -> Result<ChannelWish, BadValue> {
    match value {
        "1" | "mix" | "mono" => Ok(ChannelWish::Mix),
        "2" | "stereo" => Ok(ChannelWish::Two),
        "left" => Ok(ChannelWish::Left),
        "right" => Ok(ChannelWish::Right),
        "swap" => Ok(ChannelWish::Swap),
        _ => by_number(value).ok_or_else(|| {
            bad("ch", value, "1, 2, left, right, mix, mono, stereo, swap, cN, cNcM (N from 1)")
        }),
    }
}

/// `cN` or `cNcM`.
fn by_number(value: &str) -> Option<ChannelWish> {
    let number = |text: &str| {
        let number = digits(text).filter(|n| *n > 0).and_then(|n| u16::try_from(n).ok());
        number.filter(|_| !text.starts_with('0'))
    };
    let numbers = value.strip_prefix('c')?;
    match numbers.split_once('c') {
        None => number(numbers).map(ChannelWish::One),
        Some((left, right)) => Some(ChannelWish::Pair(number(left)?, number(right)?)),
    }
}

/// `START-END` in milliseconds, or `START,END` in seconds as W3C media fragments have it.
fn clip(value: &str) -> Result<ClipWish, BadValue> {
    let wrong = || {
        bad("t", value, "START-END, START- or -END in whole milliseconds, or START,END in seconds")
    };
    let read = |text: &str| -> Result<Option<u64>, BadValue> {
        match (text.is_empty(), value.contains(',')) {
            (true, _) => Ok(None),
            (false, false) => digits(text).map(Some).ok_or_else(wrong),
            (false, true) => thousandths(text).map(Some).ok_or_else(wrong),
        }
    };
    let (start, end) = value.split_once([',', '-']).unwrap_or((value, ""));
    let (start, end_ms) = (read(start)?, read(end)?);
    if !value.contains([',', '-']) || (start.is_none() && end_ms.is_none()) {
        return Err(wrong());
    }
    let start_ms = start.unwrap_or(0);
    if end_ms.is_some_and(|end| end <= start_ms) {
        return Err(bad("t", value, "an END after the START"));
    }
    Ok(ClipWish { start_ms, end_ms })
}

fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A number with at most three decimals that count, in thousandths.
fn thousandths(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let decimals: String = fraction.chars().chain("000".chars()).take(3).collect();
    digits(whole)?.checked_mul(1000)?.checked_add(digits(&decimals)?)
}
