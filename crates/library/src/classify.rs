//! What kind of content it is, and its media type.

use audio::formats::by_extension;

/// First bytes, and what they say.
const MAGIC: &[(&[u8], &str)] = &[
    (b"\x7fELF", "executable"),
    (b"MZ", "executable"),
    (b"#!", "executable"),
    (b"%PDF-", "document"),
    (b"{\\rtf", "document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "document"),
    (b"PK\x03\x04", "archive"),
    (b"\x1f\x8b", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\0", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!\x1a\x07", "archive"),
    (b"\x89PNG\r\n\x1a\n", "media"),
    (b"\xff\xd8\xff", "media"),
    (b"GIF8", "media"),
    (b"ID3", "media"),
    (b"fLaC", "media"),
    (b"OggS", "media"),
    (b"\x1aE\xdf\xa3", "media"),
    (b"RIFF", "media"),
];

/// Classification by content alone.
pub(crate) fn classification(head: &[u8], plays: bool) -> &'static str {
    if plays || head.get(4..8) == Some(b"ftyp") {
        return "media";
    }
    MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map_or("unknown", |(_, class)| class)
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
    known.and_then(|f| f.media_types.first()).copied().unwrap_or("application/octet-stream").into()
}

fn says_something(media_type: &str) -> bool {
    let generic =
        ["application/octet-stream", "binary/octet-stream", "application/x-www-form-urlencoded"];
    media_type.len() <= 255
        && media_type.contains('/')
        && media_type.bytes().all(|b| (0x20..0x7f).contains(&b))
        && !generic.iter().any(|g| media_type.eq_ignore_ascii_case(g))
}

/// The extension of a name, lower case, if it is a plain one.
pub(crate) fn extension(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    let plain = (1..=16).contains(&extension.len())
        && extension.bytes().all(|b| b.is_ascii_alphanumeric())
        && !stem.is_empty();
    plain.then(|| extension.to_ascii_lowercase())
}
