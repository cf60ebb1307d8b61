//! What kind of content it is, and its media type.

use crate::Classification;
use audio::foreign::{Foreign, foreign};
use audio::format::Format;
use audio::formats::mp4::Tracks;
use audio::formats::{amr, by_extension, by_name};
use semantics::media_type::MediaType;

/// Types that say more than the group that the detection puts them in.
const BY_TYPE: [(&str, Classification); 9] = [
    ("application/pdf", Classification::Document),
    ("application/rtf", Classification::Document),
    ("application/postscript", Classification::Document),
    ("application/vnd.sqlite3", Classification::Unknown),
    ("application/x-nintendo-nes-rom", Classification::Executable),
    ("application/x-shockwave-flash", Classification::Executable),
    ("application/x-ole-storage", Classification::Document),
    ("application/x-msi", Classification::Executable),
    ("text/x-shellscript", Classification::Executable),
];

/// Classification by the first bytes alone; what has no telling ones counts by whether it plays.
pub(crate) fn classification(head: &[u8], plays: bool) -> Classification {
    use infer::MatcherType as M;
    // Some recordings begin like shell scripts: `#!AMR`.
    if amr(head).is_some() || foreign(head).is_some_and(Foreign::is_sure) {
        return Classification::Media;
    }
    let Some(kind) = infer::get(head) else {
        return match (is_text(head), plays || foreign(head).is_some()) {
            (true, _) if head.starts_with(b"#!") => Classification::Executable,
            (true, _) => Classification::Document,
            (false, true) => Classification::Media,
            (false, false) => Classification::Unknown,
        };
    };
    if let Some((_, class)) = BY_TYPE.iter().find(|(known, _)| *known == kind.mime_type()) {
        return *class;
    }
    match kind.matcher_type() {
        M::App => Classification::Executable,
        M::Archive => Classification::Archive,
        M::Audio | M::Image | M::Video => Classification::Media,
        M::Book | M::Doc | M::Text => Classification::Document,
        M::Font | M::Custom => Classification::Unknown,
    }
}

/// The row of AMR or AMR-WB, by the mark alone: a file that holds no whole frame is one, too.
fn amr(head: &[u8]) -> Option<&'static Format> {
    let rows = [&amr::FORMAT, &amr::WIDE];
    rows.into_iter().find(|row| row.source.is_some_and(|source| source.recognises(head, false)))
}

/// Whether it reads as UTF-8 text; a character cut off at the end does not count.
fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(e) if e.error_len().is_none() => {
            std::str::from_utf8(&head[..e.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !valid.is_empty() && !valid.chars().any(|c| c.is_control() && !"\t\r\n\u{c}".contains(c))
}

/// Types by the extension alone, where neither the bytes nor a format of ours tell one.
const BY_EXTENSION: [(&str, &str); 8] = [
    ("3gp", "audio/3gpp"),
    ("3g2", "audio/3gpp2"),
    ("caf", "audio/x-caf"),
    ("wma", "audio/x-ms-wma"),
    ("aac", "audio/aac"),
    ("m4a", "audio/mp4"),
    ("m4b", "audio/mp4"),
    ("mov", "video/quicktime"),
];

/// The declared type, unless it says nothing; else the one that the bytes tell, or the extension.
pub(crate) fn mime_type(
    declared: Option<&str>,
    told: Option<&'static str>,
    extension: Option<&str>,
) -> String {
    let declared = declared.map(str::trim).filter(|t| says_something(t));
    let known = declared.or(told).or_else(|| {
        let by_table = BY_EXTENSION.iter().find(|(known, _)| Some(*known) == extension);
        by_table
            .map(|(_, media_type)| *media_type)
            .or_else(|| first_type(by_extension(extension?)?))
    });
    known.unwrap_or("application/octet-stream").into()
}

/// Whether the first bytes are MP4's.
pub(crate) fn is_mp4(head: &[u8]) -> bool {
    head.get(4..8) == Some(b"ftyp")
}

fn first_type(format: &Format) -> Option<&'static str> {
    format.media_types.first().copied()
}

/// The type that the bytes tell: of audio that is read, of audio that isn't, of pictures, films and PDFs.
/// Others, as HTML, are what their uploader says, or nothing that a browser runs.
pub(crate) fn type_told(
    head: &[u8],
    format: Option<&str>,
    tracks: Tracks,
    extension: Option<&str>,
) -> Option<&'static str> {
    let brand = is_mp4(head).then(|| &head[8..head.len().min(12)]);
    let is_3gp = brand.is_some_and(|brand| brand.starts_with(b"3gp"));
    let is_quicktime = brand == Some(b"qt  ");
    match (is_3gp, tracks, format) {
        (true, Tracks::Video, _) => return Some("video/3gpp"),
        (true, _, _) => return Some("audio/3gpp"),
        (false, Tracks::Video, _) if !is_quicktime => return Some("video/mp4"),
        (false, Tracks::SoundAlone, Some("mp4")) => return Some("audio/mp4"),
        // One that can't be decoded has nothing to be seen all the same.
        (false, Tracks::SoundAlone, None) if !is_quicktime => return Some("audio/mp4"),
        _ => {}
    }
    if let Some(format) = format.and_then(by_name).or_else(|| amr(head)) {
        return first_type(format);
    }
    if let Some(foreign) = foreign(head) {
        let is_film = matches!(extension, Some("wmv" | "asf"));
        let is_asf = foreign.media_type == "audio/x-ms-wma";
        return Some(if is_asf && is_film { "video/x-ms-wmv" } else { foreign.media_type });
    }
    let kind = infer::get(head)?;
    let is_shown = matches!(
        kind.matcher_type(),
        infer::MatcherType::Image | infer::MatcherType::Audio | infer::MatcherType::Video
    );
    // Any bytes behind an ID3v2 tag are MPEG audio to it.
    let is_told = is_shown && kind.mime_type() != "audio/mpeg";
    (is_told || kind.mime_type() == "application/pdf").then(|| kind.mime_type())
}

fn says_something(media_type: &str) -> bool {
    let generic =
        ["application/octet-stream", "binary/octet-stream", "application/x-www-form-urlencoded"];
    MediaType::parse(media_type).is_some_and(|read| !generic.contains(&read.essence()))
}

/// The name of a file that is in this format now.
pub fn renamed(name: &str, format: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    format!("{stem}.{format}")
}

/// The extension of a name, lower case, if it is a plain one.
pub(crate) fn extension(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    let plain = (1..=16).contains(&extension.len())
        && extension.bytes().all(|b| b.is_ascii_alphanumeric())
        && !stem.is_empty();
    plain.then(|| extension.to_ascii_lowercase())
}
