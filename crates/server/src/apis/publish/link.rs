//! A publish URL into what it asks for: the link, the preferences, the headers it overrides.
//!
//! Precedence for one option: query, then path segment, then extension, then preset.

use super::options::{Options, Overrides, is_option};
use super::presets::Presets;
use media::{BadValue, Link, Preferences};
use percent_encoding::percent_decode_str;
use uuid::Uuid;

/// What a URL asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The file.
    pub link: Link,
    /// The options that decide the bytes.
    pub preferences: Preferences,
    /// The options that decide headers.
    pub overrides: Overrides,
    /// The extension of the path in lower case, if it is a known audio one.
    pub extension: Option<String>,
}

/// Why a URL asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unasked {
    /// It names no file.
    NotFound,
    /// An option has a value that it can't have.
    Bad(BadValue),
}

impl From<BadValue> for Unasked {
    fn from(bad: BadValue) -> Self {
        Self::Bad(bad)
    }
}

/// Reads a URL's path (as sent, percent-encoded) and query.
pub fn parse(path: &str, query: &str, presets: &Presets) -> Result<Asked, Unasked> {
    let mut options = Options::default();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        options.add(decode_query(name), decode_query(value));
    }
    let (link, extension) = if let Some(rest) = path.strip_prefix("/f/") {
        by_sid(rest, &mut options)?
    } else {
        (by_name(path.strip_prefix("/c/").ok_or(Unasked::NotFound)?)?, None)
    };
    let preset = options.get("p").map(|name| presets.find(name)).transpose()?.unwrap_or(&[]);
    for &(name, value) in extension.as_deref().map_or(&[][..], of_extension) {
        options.add(name.into(), value.into());
    }
    let selected = extension.as_deref().and_then(audio::formats::by_extension);
    let by_extension = selected.map(|row| row.name);
    let explicit_format = options.get("f").is_some();
    for (name, value) in preset {
        // What the extension says of the format is more explicit than the preset.
        if !(name == "f" && by_extension.is_some()) {
            options.add(name.clone(), value.clone());
        }
    }
    let mut preferences = options.preferences()?;
    if !explicit_format && preferences.format.is_none() {
        preferences.format = by_extension;
    }
    let overrides = options.overrides()?;
    Ok(Asked { link, preferences, overrides, extension })
}

/// The link of a path that has nothing else in it.
pub fn parse_plain(path: &str) -> Option<Link> {
    match path.strip_prefix("/f/") {
        Some(sid) => Uuid::try_parse(sid).ok().map(Link::Sid),
        None => by_name(path.strip_prefix("/c/")?).ok(),
    }
}

pub fn decode_query(text: &str) -> String {
    decode_path(&text.replace('+', " "))
}

fn decode_path(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// `{sid}`, `{sid}.{ext}` or `{sid}/{option=value}/…/{any-name}.{ext}`.
fn by_sid(rest: &str, options: &mut Options) -> Result<(Link, Option<String>), Unasked> {
    let mut segments: Vec<String> = rest.split('/').map(decode_path).collect();
    let first = segments.remove(0);
    let (sid, mut extension) = match segments.is_empty() {
        true => match first.split_once('.') {
            Some((sid, extension)) => (sid.to_owned(), Some(extension.to_owned())),
            None => (first, None),
        },
        false => (first, None),
    };
    let last = segments.len().wrapping_sub(1);
    for (i, segment) in segments.iter().enumerate() {
        match segment.split_once('=') {
            Some((name, value)) if is_option(name) => options.add(name.into(), value.into()),
            _ if i == last => {
                extension = segment.rsplit_once('.').map(|(_, extension)| extension.to_owned());
            }
            _ => return Err(Unasked::NotFound),
        }
    }
    let sid = Uuid::try_parse(&sid).map_err(|_| Unasked::NotFound)?;
    Ok((Link::Sid(sid), extension.map(|e| e.to_lowercase()).filter(|e| is_audio(e))))
}

fn by_name(rest: &str) -> Result<Link, Unasked> {
    let (container, name) = rest.split_once('/').ok_or(Unasked::NotFound)?;
    let container = Uuid::try_parse(container).map_err(|_| Unasked::NotFound)?;
    Ok(Link::Name { container, name: decode_path(name) })
}

fn is_audio(extension: &str) -> bool {
    extension == "wav16" || audio::formats::by_extension(extension).is_some()
}

/// `.wav16` is Asterisk's name for 16 kHz mono.
fn of_extension(extension: &str) -> &'static [(&'static str, &'static str)] {
    match extension {
        "wav16" => &[("f", "wav"), ("rate", "16000"), ("ch", "1")],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SID: &str = "f6030be2-9abd-4726-870c-c86c9aac5c7e";

    fn asked(rest: &str) -> Asked {
        let url = format!("/f/{SID}{rest}");
        let (path, query) = url.split_once('?').unwrap_or((&url, ""));
        parse(path, query, &Presets::default()).unwrap()
    }

    fn refused(rest: &str) -> Unasked {
        let url = format!("/f/{SID}{rest}");
        let (path, query) = url.split_once('?').unwrap_or((&url, ""));
        parse(path, query, &Presets::default()).unwrap_err()
    }

    #[test]
    fn an_option_counts_from_the_query_then_the_path_then_the_extension_then_the_preset() {
        assert_eq!(asked(".mp3").preferences.format, Some("mp3"));
        assert_eq!(asked("/f=flac/x.mp3").preferences.format, Some("flac"));
        assert_eq!(asked("/f=flac/x.mp3?f=OGG").preferences.format, Some("ogg"));
        assert_eq!(asked("/p=ulaw/x.mp3").preferences.format, Some("mp3"));
        assert_eq!(asked("?p=ulaw").preferences.format, Some("ulaw"));
        assert_eq!(asked("?p=asterisk&rate=16000").preferences.rate_hz, Some(16000));
        assert_eq!(
            asked("?p=asterisk").overrides.cache_control.as_deref(),
            Some("public, max-age=300")
        );
    }

    #[test]
    fn an_unknown_extension_or_query_option_selects_nothing() {
        assert_eq!(asked(".pdf").preferences, Preferences::default());
        assert_eq!(asked("?utm=x&f=").preferences, Preferences::default());
    }

    #[test]
    fn an_unknown_path_option_and_a_bad_sid_name_no_file() {
        assert_eq!(refused("/frob=1/x.wav"), Unasked::NotFound);
        for path in ["/f/nonsense", "/x/"] {
            assert_eq!(parse(path, "", &Presets::default()), Err(Unasked::NotFound));
        }
    }

    #[test]
    fn wav16_is_sixteen_kilohertz_mono() {
        let wanted = asked("/prompt.wav16").preferences;
        assert_eq!((wanted.format, wanted.rate_hz), (Some("wav"), Some(16000)));
        assert_eq!(wanted.channels, Some(media::ChannelWish::Mix));
    }

    #[test]
    fn a_value_that_is_not_allowed_is_named_with_those_that_are() {
        let cases = [
            ("?f=aac", "f"),
            ("?br=65", "br"),
            ("?rate=+8000", "rate"),
            ("?ch=3", "ch"),
            ("?t=5", "t"),
            ("?t=20-10", "t"),
            ("?p=none", "p"),
            ("?disposition=x", "disposition"),
            ("?disposition_name=%0d%0a", "disposition_name"),
            ("?cache_headers=-1", "cache_headers"),
            ("?cache_control=frob", "cache_control"),
        ];
        for (rest, option) in cases {
            let Unasked::Bad(bad) = refused(rest) else { panic!("{rest}") };
            assert!(bad.option == option && !bad.allowed.is_empty(), "{rest}: {bad}");
        }
    }

    #[test]
    fn clips_are_read_in_milliseconds_and_in_seconds() {
        let clip = |rest| asked(rest).preferences.clip.map(|c| (c.start_ms, c.end_ms));
        assert_eq!(clip("?t=1500-4000"), Some((1500, Some(4000))));
        assert_eq!(clip("/t=1500-/x.wav"), Some((1500, None)));
        assert_eq!(clip("?t=-4000"), Some((0, Some(4000))));
        assert_eq!(clip("?t=12.5,20"), Some((12_500, Some(20_000))));
    }

    #[test]
    fn a_file_published_by_name_is_found_by_its_whole_name() {
        let url = format!("/c/{SID}/menu/welcome%20home.wav");
        let Link::Name { name, .. } = parse(&url, "", &Presets::default()).unwrap().link else {
            panic!()
        };
        assert_eq!(name, "menu/welcome home.wav");
    }
}
