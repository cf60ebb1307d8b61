//! The Content-Type of a link: of the bytes, whatever their uploader said of them (README.md §4).

use super::link::Asked;
use super::options::bad;
use audio::format::Coding;
use audio::formats::{self, FORMATS};
use media::{BadValue, Representation, Resource};

/// The one string by which Asterisk knows 16 kHz.
const WAV16: &str = "audio/x-wav;codec=pcm;bit=16;rate=16000";

/// The type of WAVs of GSM (RFC 2361): Asterisk takes the usual ones for PCM, and this one for what the extension
/// `.wav49` says.
const WAV49: &str = "audio/vnd.wave";

/// Types that `content_type` may name, beside the stored one and those that we send: an open choice would let a
/// link serve script.
const CONTENT_TYPES: [&str; 10] = [
    "application/octet-stream",
    "audio/basic",
    "audio/mp4",
    "audio/ogg",
    "audio/opus",
    "audio/pcma",
    "audio/pcmu",
    "audio/wav",
    "video/mp4",
    WAV16,
];

/// The type of a representation. Where a format is asked for it is that format's own, always: telephones choose
/// their decoder by it, and audio/basic for a WAV is noise.
pub fn of(asked: &Asked, chosen: &Representation) -> String {
    let wanted = || asked.preferences.format.and_then(formats::by_name);
    let format = chosen.format().or_else(wanted);
    match (format, asked.extension.as_deref()) {
        (Some(format), Some("wav16")) if format.name == "wav" && is_wav16(chosen) => {
            WAV16.to_owned()
        }
        (Some(format), _) if is_wav49(chosen) && format.name == "wav" => WAV49.to_owned(),
        (Some(format), _) => format.media_types[0].to_owned(),
        (None, _) => of_original(chosen.resource()),
    }
}

/// Whether it is what [`WAV16`] says: other options of a link may have asked for something else.
fn is_wav16(chosen: &Representation) -> bool {
    match chosen {
        Representation::Original(resource) => resource
            .facts
            .as_ref()
            .is_some_and(|facts| facts.codec == "pcm_s16le" && facts.rate_hz == 16_000),
        Representation::Transcode(transcoded) => {
            transcoded.target.coding == Coding::Pcm16 && transcoded.target.rate_hz == 16_000
        }
    }
}

fn is_wav49(chosen: &Representation) -> bool {
    let stored = chosen.resource().facts.as_ref().is_some_and(|facts| facts.codec == "gsm");
    match chosen {
        Representation::Original(_) => stored,
        Representation::Transcode(transcoded) => transcoded.target.coding == Coding::Gsm,
    }
}

/// The type of stored bytes: that of the format that they were recognised as, under the name that the uploader has
/// for it. What was not recognised has the uploader's.
fn of_original(resource: &Resource) -> String {
    let facts = resource.facts.as_ref();
    let Some(format) = facts.and_then(|facts| formats::by_name(&facts.format)) else {
        return resource.mime_type.clone();
    };
    let own =
        format.media_type(resource.name.rsplit_once('.').map_or("", |(_, extension)| extension));
    let stored = resource.mime_type.split(';').next().unwrap_or("").trim();
    let same = format.media_types.iter().find(|name| name.eq_ignore_ascii_case(stored));
    match same {
        // Sound alone is no film, whatever its file was called when it came.
        Some(film) if own != format.media_types[0] && film.starts_with("video/") => own.to_owned(),
        Some(same) => (*same).to_owned(),
        None => own.to_owned(),
    }
}

/// Checks `content_type` against the allowed types and the stored one.
///
/// # Errors
/// It is none of them.
pub fn check(wanted: &str, stored: &str) -> Result<(), BadValue> {
    let written = FORMATS.iter().filter(|format| format.target.is_some());
    let mut allowed: Vec<_> = written.map(|format| format.media_types[0]).collect();
    allowed.extend(CONTENT_TYPES);
    if allowed.contains(&wanted) || wanted == stored {
        return Ok(());
    }
    allowed.sort_unstable();
    allowed.dedup();
    Err(bad("content_type", wanted, allowed.join(", ") + ", or the stored type"))
}
