//! Presets: names that stand for several options of a link.

use super::options::{Options, bad, is_presettable};
use media::BadValue;
use semantics::link::{Pair, pairs};
use std::str::FromStr;

/// Those that are always there, in the form in which others are configured.
const BUILT_IN: &str = "asterisk?f=wav&rate=8000&ch=1&cache_headers=300 \
    asterisk16?f=wav&rate=16000&ch=1&cache_headers=300 ulaw?f=ulaw&cache_headers=300 \
    alaw?f=alaw&cache_headers=300 g722?f=g722&cache_headers=300 web?f=mp3&br=64 \
    sln16?f=sln&rate=16000&cache_headers=300 gsm?f=gsm&cache_headers=300 \
    cisco?f=wav&codec=ulaw&rate=8000&ch=1&cache_headers=300";

/// The presets: a name, and the options that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presets(Vec<(String, Vec<Pair>)>);

impl Default for Presets {
    fn default() -> Self {
        Self(BUILT_IN.split(' ').filter(|text| !text.is_empty()).map(split).collect())
    }
}

/// Reads `NAME?OPTION=VALUE&…`, several parted by spaces, beside the built-in ones; one of the same name takes
/// its place.
impl FromStr for Presets {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut presets = Self::default();
        for text in text.split_whitespace() {
            let (name, options) = split(text);
            check(&name, &options)?;
            presets.0.retain(|(known, _)| *known != name);
            presets.0.push((name, options));
        }
        Ok(presets)
    }
}

impl Presets {
    /// The options that a name stands for.
    pub fn find(&self, name: &str) -> Result<&[Pair], BadValue> {
        let found = self.0.iter().find(|(known, _)| known == name);
        let names =
            || self.0.iter().map(|(known, _)| known.as_str()).collect::<Vec<_>>().join(", ");
        found.map(|(_, options)| options.as_slice()).ok_or_else(|| bad("p", name, names()))
    }
}

fn split(text: &str) -> (String, Vec<Pair>) {
    let (name, query) = text.split_once('?').unwrap_or((text, ""));
    (name.to_owned(), pairs(query))
}

/// A link may ask for all of them.
fn check(name: &str, options: &[Pair]) -> Result<(), String> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
        return Err(format!("`{name}` is no name of a preset: letters, digits, `-` and `_`"));
    }
    let wrong = |message: String| format!("the preset `{name}`: {message}");
    if let Some((option, _)) = options.iter().find(|(o, _)| !is_presettable(o)) {
        return Err(wrong(format!("`{option}` is no option that it can stand for")));
    }
    if options.is_empty() {
        return Err(wrong("it stands for nothing: NAME?OPTION=VALUE&…".into()));
    }
    let mut stood_for = Options::of(Vec::new());
    stood_for.complete(options);
    let readable = stood_for.preferences().and_then(|_| stood_for.overrides());
    readable.map(|_| ()).map_err(|bad| wrong(bad.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn configured_presets_stand_beside_the_built_in_ones_or_in_their_place() {
        let presets: Presets =
            "hold?f=mp3&br=32&cache_control=public%2C%20max-age%3D9  web?f=ogg".parse().unwrap();
        let of = |name: &str| presets.find(name).unwrap().len();
        assert_eq!([of("hold"), of("web"), of("asterisk")], [3, 1, 4]);
        let hold = presets.find("hold").unwrap();
        assert_eq!(hold[2], ("cache_control".to_owned(), "public, max-age=9".to_owned()));
        assert!(presets.find("none").unwrap_err().allowed.contains("hold"));
        assert_eq!("".parse(), Ok(Presets::default()));
    }

    #[test]
    fn a_preset_that_no_link_could_ask_for_is_refused() {
        for (text, at_fault) in [
            ("a?f=xyz", "xyz"),
            ("a?frob=1", "frob"),
            ("a?p=web", "`p`"),
            ("a?exp=9", "exp"),
            ("a", "nothing"),
            ("?f=mp3", "name"),
            ("ü?f=mp3", "ü"),
            ("a?cache_control=frob", "frob"),
        ] {
            let refused = text.parse::<Presets>().unwrap_err();
            assert!(refused.contains(at_fault), "{text}: {refused}");
        }
    }
}
