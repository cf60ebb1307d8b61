//! The grammar of a published link: read, printed, and as the text that it is signed as (apis/publish/README.md §1,
//! §9).
//!
//! What the options are called and what an extension stands for is told by a [`Grammar`]: both follow from
//! the table of formats, which is not known here.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::fmt::{self, Display, Formatter};
use uuid::Uuid;

/// All but the unreserved characters of RFC 3986 §2.3.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same in a name that is a path: `/` parts it.
const NAME: &AsciiSet = &VALUE.remove(b'/');

/// What a published link names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Link {
    /// `/f/{file_sid}`.
    Sid(Uuid),
    /// `/c/{container_sid}/{file_access_name}`.
    Name {
        /// The container.
        container: Uuid,
        /// The file's name in it.
        name: String,
    },
}

/// The path of the link alone: sids in lower case, the name percent-encoded.
impl Display for Link {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sid(sid) => write!(f, "/f/{sid}"),
            Self::Name { container, name } => {
                write!(f, "/c/{container}/{}", utf8_percent_encode(name, NAME))
            }
        }
    }
}

/// What the options of a link are.
#[derive(Debug, Clone, Copy)]
pub struct Grammar {
    /// Whether an option has that name; it may then stand in the path.
    pub is_option: fn(&str) -> bool,
    /// The options that an extension (in lower case) stands for; none if it is no known audio one.
    pub stands_for: fn(&str) -> Vec<(&'static str, &'static str)>,
}

/// What a link's path ends with, beside its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Nothing.
    Bare,
    /// `{file_sid}.{extension}`.
    Suffix(String),
    /// A last segment that is no option: any name.
    Name(String),
}

/// A name and its value, percent-decoded.
pub type Pair = (String, String);

/// A link with its options, as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The file.
    pub link: Link,
    /// The path's options, in order.
    pub path: Vec<Pair>,
    /// How the path ends.
    pub ending: Ending,
    /// The query's options and whatever else is in it, in order.
    pub query: Vec<Pair>,
}

/// Name and value of options.
pub type Options<'a> = Vec<(&'a str, &'a str)>;

impl Address {
    /// Reads a path (as sent, percent-encoded) and a query. `None` if it is no link.
    #[must_use]
    pub fn parse(path: &str, query: &str, grammar: &Grammar) -> Option<Self> {
        let mut address = match path.strip_prefix("/f/") {
            Some(rest) => Self::by_sid(rest, grammar)?,
            None => Self::by_name(path.strip_prefix("/c/")?)?,
        };
        address.query = pairs(query);
        Some(address)
    }

    /// `{sid}`, `{sid}.{extension}` or `{sid}/{option=value}/…/{any-name}`.
    fn by_sid(rest: &str, grammar: &Grammar) -> Option<Self> {
        let (first, rest) = match rest.split_once('/') {
            Some((first, rest)) => (first, Some(rest)),
            None => (rest, None),
        };
        let first = decoded(first);
        let (sid, mut ending) = match first.split_once('.') {
            Some((sid, suffix)) if rest.is_none() => (sid, Ending::Suffix(suffix.to_owned())),
            _ => (first.as_str(), Ending::Bare),
        };
        let link = Link::Sid(Uuid::try_parse(sid).ok()?);
        let mut path = Vec::new();
        let mut segments = rest.map(|rest| rest.split('/')).into_iter().flatten().peekable();
        while let Some(segment) = segments.next() {
            let segment = decoded(segment);
            match segment.split_once('=') {
                Some((name, value)) if (grammar.is_option)(name) => {
                    path.push((name.to_owned(), value.to_owned()));
                }
                _ if segments.peek().is_none() => ending = Ending::Name(segment),
                _ => return None,
            }
        }
        Some(Self { link, path, ending, query: Vec::new() })
    }

    fn by_name(rest: &str) -> Option<Self> {
        let (container, name) = rest.split_once('/')?;
        let container = Uuid::try_parse(container).ok()?;
        let link = Link::Name { container, name: decoded(name) };
        Some(Self { link, path: Vec::new(), ending: Ending::Bare, query: Vec::new() })
    }

    /// The path's extension in lower case. The name of a `/c/` link has none: it is the file's own.
    #[must_use]
    pub fn extension(&self) -> Option<String> {
        let extension = match &self.ending {
            Ending::Bare => None,
            Ending::Suffix(suffix) => Some(suffix.as_str()),
            Ending::Name(name) => name.rsplit_once('.').map(|(_, extension)| extension),
        };
        extension.map(str::to_lowercase)
    }

    /// The values of an option, those of the query first; empty ones are none.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let pairs = self.query.iter().chain(&self.path);
        pairs.filter(move |(n, value)| n == name && !value.is_empty()).map(|(_, v)| v.as_str())
    }

    /// The options in force, presets as they are named: of one in several places the query's counts, then the
    /// path's, then the extension's. An extension whose first option, the format, is said otherwise stands for none.
    #[must_use]
    pub fn in_force(&self, grammar: &Grammar) -> Options<'_> {
        let sent = self.query.iter().chain(&self.path).map(|(n, v)| (n.as_str(), v.as_str()));
        let sent = sent.filter(|(name, _)| (grammar.is_option)(name));
        let extension = self.extension();
        let mut stands_for = extension.as_deref().map(grammar.stands_for).unwrap_or_default();
        let said = stands_for.first().and_then(|(format, _)| self.values(format).next());
        if said.is_some_and(|said| !said.eq_ignore_ascii_case(stands_for[0].1)) {
            stands_for.clear();
        }
        let mut options = Options::new();
        for (name, value) in sent.chain(stands_for) {
            if !value.is_empty() && options.iter().all(|(known, _)| *known != name) {
                options.push((name, value));
            }
        }
        options
    }

    /// The text that a signature is made of: the link, a line feed, and the options in force but `sig`, sorted
    /// (apis/publish/README.md §9). Whatever says the same has the same text.
    #[must_use]
    pub fn signed_text(&self, grammar: &Grammar) -> String {
        let mut options = self.in_force(grammar);
        options.retain(|(name, _)| *name != "sig");
        options.sort_unstable();
        format!("{}\n{}", self.link, printed(&options, "&"))
    }
}

/// The path and the query, as [`Address::parse`] reads them.
impl Display for Address {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.link)?;
        if !self.path.is_empty() {
            write!(f, "/{}", printed(&borrowed(&self.path), "/"))?;
        }
        match &self.ending {
            Ending::Bare => {}
            Ending::Suffix(suffix) => write!(f, ".{}", utf8_percent_encode(suffix, VALUE))?,
            Ending::Name(name) => write!(f, "/{}", utf8_percent_encode(name, VALUE))?,
        }
        if !self.query.is_empty() {
            write!(f, "?{}", printed(&borrowed(&self.query), "&"))?;
        }
        Ok(())
    }
}

fn borrowed(pairs: &[Pair]) -> Options<'_> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn printed(options: &[(&str, &str)], between: &str) -> String {
    let encoded = |text| utf8_percent_encode(text, VALUE);
    let pairs = options.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join(between)
}

/// The pairs of a query; a name alone has an empty value.
#[must_use]
pub fn pairs(query: &str) -> Vec<Pair> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let plain = |text: &str| decoded(&text.replace('+', " "));
    let split = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (plain(name), plain(value))
    };
    pairs.map(split).collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
