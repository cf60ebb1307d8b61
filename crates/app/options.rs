//! The options of a representation as the command line spells them: those of a publish link.

use crate::cli::Transcode;
use crate::failure::Failure;
use audio::formats::{self, FORMATS, Format};
use media::{ChannelWish, ClipWish, Preferences};
use std::path::Path;

const BITRATES_KBPS: [u32; 16] =
    [8, 16, 24, 32, 40, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const RATES_HZ: [u32; 10] = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 96000];

/// Reads the options; without `--f` the target's extension names the format, if it is one.
pub fn preferences(args: &Transcode) -> Result<Preferences, Failure> {
    let format = match &args.f {
        Some(name) => Some(format(name)?),
        None => by_extension(&args.target)?,
    };
    Ok(Preferences {
        format: format.map(|f| f.name),
        bitrate_kbps: one_of("--br", args.br.as_deref(), &BITRATES_KBPS)?,
        rate_hz: one_of("--rate", args.rate.as_deref(), &RATES_HZ)?,
        channels: args.ch.as_deref().map(channels).transpose()?,
        clip: args.t.as_deref().map(clip).transpose()?,
    })
}

fn format(name: &str) -> Result<&'static Format, Failure> {
    let found = formats::by_name(name).filter(|f| f.target.is_some());
    found.ok_or_else(|| wrong("--f", name, &writable()))
}

/// The format that the target's extension names, if it names one.
fn by_extension(target: &Path) -> Result<Option<&'static Format>, Failure> {
    let extension = target.extension().and_then(|e| e.to_str());
    match extension.and_then(formats::by_extension) {
        Some(found) if found.target.is_none() => Err(wrong("--f", found.name, &writable())),
        found => Ok(found),
    }
}

fn writable() -> String {
    let known = FORMATS.iter().filter(|f| f.target.is_some());
    known.map(|f| f.name).collect::<Vec<_>>().join(", ")
}

fn wrong(option: &str, value: &str, allowed: &str) -> Failure {
    Failure::Usage(format!("{option}: `{value}` is not allowed; allowed: {allowed}"))
}

fn one_of(option: &str, value: Option<&str>, allowed: &[u32]) -> Result<Option<u32>, Failure> {
    let Some(value) = value else { return Ok(None) };
    let number = value.parse().ok().filter(|n| allowed.contains(n));
    let names = || allowed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    number.map(Some).ok_or_else(|| wrong(option, value, &names()))
}

fn channels(value: &str) -> Result<ChannelWish, Failure> {
    Ok(match value {
        "1" | "mix" => ChannelWish::Mix,
        "2" => ChannelWish::Two,
        "left" => ChannelWish::Left,
        "right" => ChannelWish::Right,
        "swap" => ChannelWish::Swap,
        _ => return Err(wrong("--ch", value, "1, 2, left, right, mix, swap")),
    })
}

fn clip(value: &str) -> Result<ClipWish, Failure> {
    let wrong = || wrong("--t", value, "START-END, START- or -END in milliseconds");
    let (start, end) = value.split_once('-').ok_or_else(wrong)?;
    let number = |text: &str| match text {
        "" => Ok(None),
        digits => digits.parse::<u64>().map(Some).map_err(|_| wrong()),
    };
    let (start, end_ms) = (number(start)?, number(end)?);
    if start.is_none() && end_ms.is_none() {
        return Err(wrong());
    }
    Ok(ClipWish { start_ms: start.unwrap_or(0), end_ms })
}
