//! The options of a link: their names, their precedence, and what their values may be.

use media::{BadValue, Preferences};
use semantics::cache;
use semantics::disposition::{Disposition, content_disposition};

/// Headers that a link may set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `disposition`.
    pub disposition: Disposition,
    /// `disposition_name`.
    pub disposition_name: Option<String>,
    /// `content_type`, not checked against the stored type yet.
    pub content_type: Option<String>,
    /// Cache-Control, from `cache_control` or `cache_headers`.
    pub caching: Caching,
}

/// Who says what caches may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Caching {
    /// Nobody.
    #[default]
    Unsaid,
    /// The link's preset.
    OfPreset(String),
    /// The link itself.
    OfLink(String),
}

/// The options of a link, beside those of [`Preferences`] and [`ACCESS`].
const OPTIONS: [&str; 6] =
    ["p", "disposition", "disposition_name", "content_type", "cache_headers", "cache_control"];

/// The options of a signed link.
const ACCESS: [&str; 2] = ["exp", "sig"];

/// What is taken for an option, and ignored: players and caches add names of their own.
const NEAR_MISSES: [&str; 24] = [
    "bit_rate",
    "bitrate",
    "channel",
    "channels",
    "content-type",
    "download",
    "duration",
    "end",
    "expires",
    "extension",
    "ext",
    "filename",
    "fmt",
    "format",
    "from",
    "name",
    "preset",
    "quality",
    "sample_rate",
    "samplerate",
    "signature",
    "start",
    "to",
    "type",
];

/// Whether a link may have an option of that name.
pub fn is_option(name: &str) -> bool {
    is_presettable(name) || name == "p" || ACCESS.contains(&name)
}

/// Whether a preset may stand for an option of that name.
pub fn is_presettable(name: &str) -> bool {
    name != "p" && (Preferences::OPTIONS.contains(&name) || OPTIONS.contains(&name))
}

/// The name that was probably meant as an option, in any case, if it's such a one; that of an option is one in
/// capitals.
pub fn near_miss(name: &str) -> Option<&'static str> {
    let options = Preferences::OPTIONS.iter().chain(&OPTIONS).chain(&ACCESS);
    let found = NEAR_MISSES.iter().chain(options).find(|miss| miss.eq_ignore_ascii_case(name));
    found.copied().filter(|found| NEAR_MISSES.contains(found) || *found != name)
}

/// The options in force, each once.
pub struct Options<'a> {
    link: Vec<(&'a str, &'a str)>,
    preset: Vec<(&'a str, &'a str)>,
}

impl<'a> Options<'a> {
    /// Those of a link.
    pub fn of(link: Vec<(&'a str, &'a str)>) -> Self {
        Self { link, preset: Vec::new() }
    }

    /// Takes those of a preset for what the link doesn't say.
    pub fn complete(&mut self, preset: &'a [(String, String)]) {
        self.preset = preset.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    }

    /// The value that counts.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        value(&self.link, name).or_else(|| value(&self.preset, name))
    }

    /// Those that decide the bytes.
    pub fn preferences(&self) -> Result<Preferences, BadValue> {
        let mut preferences = Preferences::default();
        for name in Preferences::OPTIONS {
            preferences.set(name, self.get(name).unwrap_or(""))?;
        }
        Ok(preferences)
    }

    /// Those that decide headers.
    pub fn overrides(&self) -> Result<Overrides, BadValue> {
        let disposition = match self.get("disposition") {
            None | Some("inline") => Disposition::Inline,
            Some("attachment") => Disposition::Attachment,
            Some(other) => return Err(bad("disposition", other, "inline, attachment")),
        };
        Ok(Overrides {
            disposition,
            disposition_name: self.disposition_name(disposition)?,
            content_type: self.get("content_type").map(str::to_owned),
            caching: self.caching()?,
        })
    }

    fn disposition_name(&self, disposition: Disposition) -> Result<Option<String>, BadValue> {
        let Some(name) = self.get("disposition_name") else { return Ok(None) };
        let too_long = content_disposition(disposition, name).is_none();
        if name.chars().count() > 255 || name.chars().any(char::is_control) || too_long {
            return Err(bad(
                "disposition_name",
                name,
                "at most 255 characters without control characters, in a header line of at most 1000 bytes",
            ));
        }
        Ok(Some(name.to_owned()))
    }

    fn caching(&self) -> Result<Caching, BadValue> {
        let of_link = cache_control(&self.link)?.map(Caching::OfLink);
        let of_preset = || cache_control(&self.preset).map(|said| said.map(Caching::OfPreset));
        Ok(match of_link {
            None => of_preset()?.unwrap_or_default(),
            Some(said) => said,
        })
    }
}

/// The value of an option.
pub fn value<'a>(options: &[(&'a str, &'a str)], name: &str) -> Option<&'a str> {
    options.iter().find(|(n, v)| *n == name && !v.is_empty()).map(|(_, value)| *value)
}

/// Cache-Control as options say it.
fn cache_control(options: &[(&str, &str)]) -> Result<Option<String>, BadValue> {
    match (value(options, "cache_control"), value(options, "cache_headers")) {
        (Some(list), _) => {
            cache::check_directives(list).map_err(|allowed| bad("cache_control", list, allowed))?;
            if list.len() > 900 {
                return Err(bad("cache_control", list, "a list of at most 900 bytes"));
            }
            Ok(Some(list.to_owned()))
        }
        (None, Some(seconds)) => {
            let number = seconds.parse::<u32>().ok();
            let number = number.filter(|_| seconds.bytes().all(|b| b.is_ascii_digit()));
            let wrong = || bad("cache_headers", seconds, "whole seconds from 0 on");
            Ok(Some(cache::for_seconds(u64::from(number.ok_or_else(wrong)?))))
        }
        (None, None) => Ok(None),
    }
}

/// A value that is not allowed, cut to what a message can hold.
pub fn bad(option: &'static str, value: &str, allowed: impl Into<String>) -> BadValue {
    let value = value.chars().filter(|c| !c.is_control()).take(64).collect();
    BadValue { option, value, allowed: allowed.into() }
}
