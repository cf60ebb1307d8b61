//! In which format an answer is wanted: the suffix of the path decides, else `format`, else `Accept` (RFC 9110
//! §12.5.1).

use super::parameters::Parameters;
use crate::apis::storage::Refusal;
use http::request::Parts;
use http::{HeaderMap, header};

/// A format of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Xml,
    Csv,
    Jsv,
}

impl Format {
    /// All of them, the one that is taken where nothing else is said first.
    pub const ALL: [Self; 4] = [Self::Json, Self::Xml, Self::Csv, Self::Jsv];

    /// Its name, which is its suffix too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Xml => "xml",
            Self::Csv => "csv",
            Self::Jsv => "jsv",
        }
    }

    pub fn media_type(self) -> &'static str {
        self.media_types()[0]
    }

    /// All types that a client may mean it by.
    fn media_types(self) -> [&'static str; 2] {
        match self {
            Self::Json => ["application/json", "text/json"],
            Self::Xml => ["application/xml", "text/xml"],
            Self::Csv => ["text/csv", "application/csv"],
            Self::Jsv => ["text/jsv", "application/jsv"],
        }
    }

    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(name))
    }
}

/// What is wanted of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wants {
    pub format: Format,
    /// The function that JSON is given to (JSONP).
    pub callback: Option<String>,
}

impl Wants {
    /// What a request wants; where that can't be had, how it is told so.
    pub fn of(parts: &Parts, query: &Parameters) -> Result<Self, (Self, Refusal)> {
        let accepted = Self { format: accepted(&parts.headers), callback: None };
        let suffix = suffix(parts.uri.path()).and_then(|(_, suffix)| Format::by_name(suffix));
        let format = match (suffix, query.text("format")) {
            (Some(format), _) => format,
            (None, None) => accepted.format,
            (None, Some(name)) => match Format::by_name(name) {
                Some(format) => format,
                None => {
                    let message = format!("`{name}` is none; allowed: json, xml, csv, jsv");
                    return Err((accepted, Refusal::invalid("format", message)));
                }
            },
        };
        let callback = query.text("callback").map(str::to_owned);
        if callback.as_deref().is_some_and(|name| !is_name(name)) {
            let message = "must be a function's name: a letter, `_` or `$`, then letters, digits, `_`, `$`, `.`";
            let refusal = Refusal::invalid("callback", message);
            return Err((Self { format, callback: None }, refusal));
        }
        Ok(Self { format, callback: callback.filter(|_| format == Format::Json) })
    }

    /// The type of the answer. Text is in the charset that its type names; the other types have theirs (RFC 8259 §8.1).
    pub fn content_type(&self) -> &'static str {
        match (&self.callback, self.format) {
            (Some(_), _) => "text/javascript",
            (None, Format::Csv) => "text/csv; charset=utf-8",
            (None, Format::Jsv) => "text/jsv; charset=utf-8",
            (None, Format::Json | Format::Xml) => self.format.media_type(),
        }
    }
}

/// What comes before the last dot of the path's last segment, and what comes after it.
pub fn suffix(path: &str) -> Option<(&str, &str)> {
    path.rsplit('/').next()?.rsplit_once('.')
}

fn is_name(text: &str) -> bool {
    let of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    let begins = text.starts_with(|c| of_name(c) && !c.is_ascii_digit());
    begins && text.chars().all(|c| of_name(c) || c == '.')
}

/// The format that is accepted best; of equal ones the one that is named first.
fn accepted(headers: &HeaderMap) -> Format {
    let values = headers.get_all(header::ACCEPT).into_iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let ranges: Vec<_> = values.flat_map(|value| value.split(',')).map(range).collect();
    let mut best: Option<(Format, f32, usize)> = None;
    for format in Format::ALL {
        let Some((quality, place)) = quality_of(format, &ranges) else { continue };
        let is_better = match best {
            None => quality > 0.0,
            Some((_, most, first)) => quality > most || quality == most && place < first,
        };
        if is_better {
            best = Some((format, quality, place));
        }
    }
    best.map_or(Format::Json, |(format, ..)| format)
}

/// A media range in lower case, and how much it's wanted.
fn range(text: &str) -> (String, f32) {
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or("").to_ascii_lowercase();
    let quality = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().ok())?
    });
    (kind, quality.filter(|q| (0.0..=1.0).contains(q)).unwrap_or(1.0))
}

/// By the range that names it most closely (RFC 9110 §12.5.1), and that one's place.
fn quality_of(format: Format, ranges: &[(String, f32)]) -> Option<(f32, usize)> {
    let closeness = |kind: &str| match kind {
        "*/*" => Some(1),
        kind if format.media_types().contains(&kind) => Some(3),
        kind => {
            let main = kind.strip_suffix("/*")?;
            format.media_type().split('/').next().filter(|own| *own == main).map(|_| 2)
        }
    };
    let known = ranges.iter().enumerate();
    let known = known.filter_map(|(at, (kind, q))| Some((closeness(kind)?, *q, at)));
    let closest = known.reduce(|a, b| if b.0 > a.0 { b } else { a });
    closest.map(|(_, quality, at)| (quality, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn of(accept: &'static str) -> Format {
        accepted(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]))
    }

    #[test]
    fn the_best_accepted_format_is_taken() {
        for (accept, wanted) in [
            ("", Format::Json),
            ("*/*", Format::Json),
            ("image/png", Format::Json),
            ("application/xml", Format::Xml),
            ("text/xml", Format::Xml),
            ("TEXT/CSV", Format::Csv),
            ("text/jsv", Format::Jsv),
            ("text/*", Format::Csv),
            ("application/*", Format::Json),
            ("application/json;q=0.5, application/xml", Format::Xml),
            ("application/json;q=0.5, application/xml;q=0.4", Format::Json),
            ("text/csv, application/json", Format::Csv),
            ("application/json;q=0, */*", Format::Xml),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Format::Xml),
            ("text/csv; charset=utf-8; q=0.1, text/jsv;q=0.2", Format::Jsv),
            ("application/xml;q=0", Format::Json),
            ("application/xml;q=high", Format::Xml),
        ] {
            assert_eq!(of(accept), wanted, "{accept}");
        }
    }

    #[test]
    fn only_names_are_called() {
        for name in ["cb", "jQuery_1.done", "$", "_a.b$"] {
            assert!(is_name(name), "{name}");
        }
        for text in ["", "1a", ".a", "a()", "a;b", "a b", "alert(1)//", "ä", "a\u{2028}"] {
            assert!(!is_name(text), "{text}");
        }
    }
}
