//! What stands beside a file's link, under a name of its own: pictures of a recording, the page with a player, and what
//! tells other sites of that page. A file that is published under the very name goes before.

use super::waveform::Form;
use http::header::HeaderMap;
use http::{Method, Uri};
use semantics::link::{Address, Ending, Link};
use std::time::Instant;

/// What a last segment can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// A picture.
    Picture(Form),
    /// The page with a player.
    Page,
    /// The page's description for other sites (oEmbed).
    Oembed,
}

const NAMES: [(&str, Beside); 5] = [
    ("peaks.json", Beside::Picture(Form::Json)),
    ("waveform.svg", Beside::Picture(Form::Svg)),
    ("waveform.png", Beside::Picture(Form::Png)),
    ("listen", Beside::Page),
    ("oembed.json", Beside::Oembed),
];

/// A request at a link.
pub struct Request<'a> {
    /// GET or HEAD.
    pub method: &'a Method,
    /// As it was sent.
    pub uri: &'a Uri,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// When it came.
    pub started: Instant,
}

/// What a link names beside a file, if it names such, and the link of the file.
pub fn named(address: &Address) -> Option<(Beside, Address)> {
    let find = |last: &str| NAMES.iter().find(|(name, _)| *name == last).map(|(_, beside)| *beside);
    let mut file = address.clone();
    let named = match &mut file.link {
        Link::Sid(_) => {
            let Ending::Name(last) = &address.ending else { return None };
            find(last)?
        }
        Link::Name { name, .. } => {
            let (file, last) = name.rsplit_once('/')?;
            let named = find(last)?;
            *name = file.to_owned();
            named
        }
    };
    Some((named, file))
}

/// The file's link as it is signed where `bits` is the picture's.
pub fn signed(file: &Address) -> Address {
    let mut file = file.clone();
    file.path.retain(|(name, _)| name != "bits");
    file.query.retain(|(name, _)| name != "bits");
    file
}
