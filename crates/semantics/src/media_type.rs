//! Media types (RFC 9110 §8.3.1), read strictly: what is none, or more than one, is nothing.

use std::borrow::Cow;

/// Longest media type, in bytes.
const MAX_BYTES: usize = 255;

/// Images that a browser shows without ever running anything in them.
const PLAIN_IMAGES: [&str; 9] = [
    "image/apng",
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/tiff",
    "image/webp",
    "image/x-icon",
];

/// A media type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType<'a> {
    essence: String,
    /// Names in lower case, values without their quotes.
    parameters: Vec<(String, Cow<'a, str>)>,
}

impl<'a> MediaType<'a> {
    /// Reads `type "/" subtype *( OWS ";" OWS name "=" ( token / quoted-string ) )` of at most 255 bytes.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let (kind, rest) = token(text)?;
        let (subtype, mut rest) = token(rest.strip_prefix('/')?)?;
        let essence = format!("{kind}/{subtype}").to_ascii_lowercase();
        let mut parameters = Vec::new();
        while !rest.is_empty() {
            let after = rest.trim_start_matches(BLANK).strip_prefix(';')?;
            let (name, after) = token(after.trim_start_matches(BLANK))?;
            let after = after.strip_prefix('=')?;
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted_string(quoted)?,
                None => token(after).map(|(value, rest)| (Cow::Borrowed(value), rest))?,
            };
            parameters.push((name.to_ascii_lowercase(), value));
            rest = after;
        }
        Some(Self { essence, parameters })
    }

    /// Type and subtype, in lower case.
    #[must_use]
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// The value of a parameter, by its name in lower case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_ref())
    }

    /// Whether a browser that opens it by itself can't run anything in it: sound, film and plain images. Whatever is
    /// XML may hold script, and where a value holds a comma, browsers may see two types (WHATWG Fetch, "extract a
    /// MIME type").
    #[must_use]
    pub fn is_inert(&self) -> bool {
        let (kind, subtype) = self.essence.split_once('/').unwrap_or_default();
        let is_plain = match kind {
            "audio" | "video" => !["xml", "html"].iter().any(|word| subtype.contains(word)),
            _ => PLAIN_IMAGES.contains(&self.essence.as_str()),
        };
        is_plain && self.parameters.iter().all(|(_, value)| !value.contains([',', '"', '\\']))
    }
}

const BLANK: [char; 2] = [' ', '\t'];

/// A token (RFC 9110 §5.6.2) and what follows it.
fn token(text: &str) -> Option<(&str, &str)> {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let end = text.bytes().position(|b| !is_token(b)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The rest of a quoted string (RFC 9110 §5.6.4) after its first quote, and what follows it. ASCII alone.
fn quoted_string(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        let character = match character {
            '"' => return Some((Cow::Owned(value), &text[at + 1..])),
            '\\' => characters.next()?.1,
            other => other,
        };
        if !matches!(character, '\t' | ' '..='~') {
            return None;
        }
        value.push(character);
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_media_type_with_its_parameters_is_read() {
        let read = MediaType::parse("Audio/L16; Rate=16000 ;channels=\"1\\\"\"").unwrap();
        assert_eq!(read.essence(), "audio/l16");
        assert_eq!(
            (read.parameter("rate"), read.parameter("channels")),
            (Some("16000"), Some("1\""))
        );
        assert_eq!(read.parameter("bits"), None);
        for plain in
            ["audio/mpeg", "application/vnd.x+json", "audio/x-wav;codec=pcm;bit=16;rate=16000"]
        {
            assert!(MediaType::parse(plain).is_some(), "{plain}");
        }
    }

    #[test]
    fn what_is_none_or_more_than_one_is_nothing() {
        let long = format!("audio/{}", "x".repeat(250));
        for wrong in [
            "",
            "audio",
            "/",
            "audio/",
            "/mpeg",
            "audio /mpeg",
            " audio/mpeg",
            "audio/mpeg ",
            "audio/mpeg,text/html",
            "audio/mpeg, text/html",
            "audio/mpeg;,text/html",
            "audio/mpeg;",
            "audio/mpeg;a",
            "audio/mpeg;a=",
            "audio/mpeg;a=b,text/html",
            "audio/mpeg;a=\"b",
            "audio/mpeg;a=\"b\"c",
            "audio/mpeg;a=\"\u{1}\"",
            "audio/mp\u{e9}g",
            "audio/mpeg\r\nx: y",
            "text/html<",
            &long,
        ] {
            assert_eq!(MediaType::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn sound_film_and_plain_images_are_inert_and_nothing_else_is() {
        let inert = |text: &str| MediaType::parse(text).unwrap().is_inert();
        for plain in ["audio/mpeg", "AUDIO/x-wav;codec=pcm", "video/mp4", "image/png", "image/jpeg"]
        {
            assert!(inert(plain), "{plain}");
        }
        for active in [
            "text/html",
            "image/svg+xml",
            "application/xhtml+xml",
            "audio/x+xml",
            "video/xml",
            "audio/html",
            "application/pdf",
            "application/octet-stream",
            "text/plain",
            "audio/x;a=\"b,text/html\"",
        ] {
            assert!(!inert(active), "{active}");
        }
    }
}
