//! A published link into what it asks for: the file, the preferences, the headers it overrides.
//!
//! Precedence for one option: query, then path segment, then extension, then preset. The grammar itself is
//! `semantics::link`'s.

use super::options::{Options, Overrides, is_option, near_miss, value};
use super::presets::Presets;
use media::{BadValue, Preferences};
use semantics::link::{Address, Grammar, Link};

/// How our links are read: by the names of our options and the table of formats.
pub const GRAMMAR: Grammar = Grammar { is_option, stands_for: Preferences::of_extension };

/// What a link asks for.
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
    /// Names in the query that look like options, and are none.
    pub ignored: Vec<&'static str>,
}

/// Extensions of audio that we don't write: a link that ends in one asks for what it can't have. Those that stand for
/// options come first.
const UNWRITTEN: [&str; 40] = [
    "3gp", "8svx", "aac", "ac3", "aif", "aifc", "aiff", "alac", "ape", "dsf", "dts", "eac3",
    "g723", "g726", "g729", "ilbc", "l16", "lpc10", "m4b", "mid", "mka", "mp1", "mp2", "mpc",
    "oga", "opus", "ra", "silk", "siren14", "siren7", "snd", "sph", "spx", "tak", "tta", "vox",
    "wma", "wv", "wve", "xa",
];

/// Reads what a link asks for.
///
/// # Errors
/// The option whose value is not allowed.
pub fn read(address: &Address, presets: &Presets) -> Result<Asked, BadValue> {
    let extension = address.extension();
    let says_format = address.values("f").next().is_some();
    let suffix = extension.as_deref().filter(|_| !says_format);
    suffix.map(check_suffix).transpose()?;
    let mut sent = address.in_force(&GRAMMAR);
    sent.retain(|(name, _)| says_format || *name != "f");
    let mut options = Options::of(sent);
    let preset = options.get("p").map(|name| presets.find(name)).transpose()?;
    options.complete(preset.unwrap_or(&[]));
    let mut preferences = options.preferences()?;
    let by_suffix = suffix.and_then(|suffix| value(&Preferences::of_extension(suffix), "f"));
    // Also one that isn't written: it may be the stored one.
    preferences.format = by_suffix.or(preferences.format);
    Ok(Asked {
        link: address.link.clone(),
        preferences,
        overrides: options.overrides()?,
        extension: extension.filter(|extension| !Preferences::of_extension(extension).is_empty()),
        ignored: address.query.iter().filter_map(|(name, _)| near_miss(name)).collect(),
    })
}

fn check_suffix(extension: &str) -> Result<(), BadValue> {
    if !UNWRITTEN.contains(&extension) || !Preferences::of_extension(extension).is_empty() {
        return Ok(());
    }
    Preferences::default().set("f", extension)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::options::Caching;
    use super::*;

    const SID: &str = "f6030be2-9abd-4726-870c-c86c9aac5c7e";

    fn address(rest: &str) -> Option<Address> {
        let url = format!("/f/{SID}{rest}");
        let (path, query) = url.split_once('?').unwrap_or((&url, ""));
        Address::parse(path, query, &GRAMMAR)
    }

    fn asked(rest: &str) -> Asked {
        read(&address(rest).unwrap(), &Presets::default()).unwrap()
    }

    fn refused(rest: &str) -> BadValue {
        read(&address(rest).unwrap(), &Presets::default()).unwrap_err()
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
            asked("?p=asterisk").overrides.caching,
            Caching::OfPreset("public, max-age=300".into())
        );
    }

    #[test]
    fn an_unknown_extension_or_query_option_selects_nothing() {
        assert_eq!(asked(".pdf").preferences, Preferences::default());
        assert_eq!(asked("?utm=x&f=").preferences, Preferences::default());
    }

    #[test]
    fn an_unknown_path_option_and_a_bad_sid_name_no_file() {
        assert_eq!(address("/frob=1/x.wav"), None);
        for path in ["/f/nonsense", "/x/"] {
            assert_eq!(Address::parse(path, "", &GRAMMAR), None);
        }
    }

    #[test]
    fn a_suffix_of_audio_that_is_not_written_is_refused_unless_the_format_is_said() {
        for suffix in ["ape", "WMA"] {
            let bad = refused(&format!(".{suffix}"));
            assert_eq!((bad.option, bad.value), ("f", suffix.to_lowercase()));
            assert!(bad.allowed.contains("mp3"), "{}", bad.allowed);
            assert_eq!(asked(&format!(".{suffix}?f=mp3")).preferences.format, Some("mp3"));
        }
    }

    #[test]
    fn what_looks_like_an_option_is_told_of() {
        assert_eq!(asked("?format=mp3&utm=x&Bitrate=64").ignored, ["format", "bitrate"]);
    }

    #[test]
    fn what_the_link_says_of_caching_stands_in_the_place_of_all_that_its_preset_says() {
        let presets = "hold?f=mp3&cache_control=no-store".parse().unwrap();
        let address = address("?p=hold&cache_headers=7").unwrap();
        let caching = read(&address, &presets).unwrap().overrides.caching;
        assert_eq!(caching, Caching::OfLink("public, max-age=7".into()));
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
            ("?f=xyz", "f"),
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
            let bad = refused(rest);
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
        let Link::Name { name, .. } = Address::parse(&url, "", &GRAMMAR).unwrap().link else {
            panic!()
        };
        assert_eq!(name, "menu/welcome home.wav");
    }
}
