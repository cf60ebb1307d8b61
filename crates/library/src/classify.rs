//! What kind of content it is, and its media type.

use crate::Classification;
use audio::formats::by_extension;
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
    let Some(kind) = infer::get(head) else {
        return match (is_text(head), plays) {
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

/// The declared type, unless it says nothing; else by what the content is or how it is named.
pub(crate) fn mime_type(
    declared: Option<&str>,
    format: Option<&str>,
    extension: Option<&str>,
) -> String {
    let declared = declared.map(str::trim).filter(|t| says_something(t));
    if let Some(declared) = declared {
        return declared.to_owned();
    }
    let known = format.and_then(audio::formats::by_name).or_else(|| by_extension(extension?));
    let named = known.map(|format| format.media_type(extension.unwrap_or("")));
    named.unwrap_or("application/octet-stream").into()
}

fn says_something(media_type: &str) -> bool {
    let generic =
        ["application/octet-stream", "binary/octet-stream", "application/x-www-form-urlencoded"];
    MediaType::parse(media_type).is_some_and(|read| !generic.contains(&read.essence()))
}

/// The extension of a name, lower case, if it is a plain one.
pub(crate) fn extension(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    let plain = (1..=16).contains(&extension.len())
        && extension.bytes().all(|b| b.is_ascii_alphanumeric())
        && !stem.is_empty();
    plain.then(|| extension.to_ascii_lowercase())
}
