//! The files of `web/`, each ready to be sent: as it is, and in the codings that browsers take. They are coded once,
//! when they are first asked for.

use crate::coded::Coded;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use semantics::coding::Coding;
use std::fmt::Write;
use std::sync::LazyLock;

/// Name and text of each file of a folder.
macro_rules! web {
    ($($name:literal),* $(,)?) => { [$(($name, include_str!(concat!("web/", $name)))),*] };
}

/// Name and text; a page loads the styles and modules that its own module is made of.
static FILES: [(&str, &str); 37] = web![
    "api.js",
    "app.js",
    "base.css",
    "bus.js",
    "controls.js",
    "details.js",
    "dialogs.css",
    "dialogs.js",
    "docs.css",
    "docs.js",
    "dom.js",
    "favicon.svg",
    "filters.js",
    "keys.js",
    "lines.js",
    "links.js",
    "list.css",
    "list.js",
    "listen.css",
    "listen.js",
    "menu.js",
    "parts.js",
    "player.css",
    "player.js",
    "rows.js",
    "said.js",
    "search.js",
    "send.js",
    "session.js",
    "share.js",
    "show.js",
    "silence.js",
    "snippets.js",
    "transfer.js",
    "upload.js",
    "waveform.js",
    "words.js",
];

/// The name of all files together, by what they hold.
static FOLDER: LazyLock<String> = LazyLock::new(|| {
    let mut hash = blake3::Hasher::new();
    for (name, text) in FILES {
        hash.update(name.as_bytes()).update(&[0]).update(text.as_bytes()).update(&[0]);
    }
    hash.finalize().to_hex()[..8].to_owned()
});

static ASSETS: LazyLock<Vec<(&str, Asset)>> = LazyLock::new(|| {
    let asset = |(name, text): (&'static str, &'static str)| {
        (name, Asset::new(text.to_owned(), kind(name), "public, max-age=31536000, immutable"))
    };
    FILES.into_iter().map(asset).collect()
});

/// The folder that the files are in.
pub fn folder() -> &'static str {
    &FOLDER
}

/// A file by its name.
pub fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|(known, _)| *known == name).map(|(_, asset)| asset)
}

/// What a document's head says to have these styles, a module, and everything that it imports, which a browser would
/// else learn one after the other; `up` leads from the document to the server's root.
pub fn links_to(up: &str, styles: &[&str], module: &str) -> String {
    let (folder, mut head) = (folder(), self::styles(up, styles));
    for name in closure(module).into_iter().skip(1) {
        // Writing to a string can't fail.
        let _ = write!(head, "<link rel=\"modulepreload\" href=\"{up}page/{folder}/{name}\">");
    }
    head + &format!("<script type=\"module\" src=\"{up}page/{folder}/{module}\"></script>")
}

/// What a document's head says to have these styles.
pub fn styles(up: &str, names: &[&str]) -> String {
    let folder = folder();
    let link = |name| format!("<link rel=\"stylesheet\" href=\"{up}page/{folder}/{name}\">");
    names.iter().map(link).collect()
}

/// A module, and then all that it imports.
fn closure(module: &str) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = Vec::new();
    let mut open = vec![module.to_owned()];
    while let Some(name) = open.pop() {
        let Some((name, text)) = FILES.iter().find(|(known, _)| *known == name) else { continue };
        if found.contains(name) {
            continue;
        }
        found.push(name);
        let imported = text.lines().filter_map(|line| {
            let quoted = line.strip_prefix("import ")?.split("\"./").nth(1)?.strip_suffix("\";")?;
            Some(quoted.to_owned())
        });
        open.extend(imported);
    }
    found
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/html; charset=utf-8",
    }
}

/// A text that is served as it is.
pub struct Asset {
    kind: &'static str,
    caching: &'static str,
    hash: String,
    coded: Coded,
}

impl Asset {
    fn new(text: String, kind: &'static str, caching: &'static str) -> Self {
        let hash = blake3::hash(text.as_bytes()).to_hex()[..16].to_owned();
        Self { kind, caching, hash, coded: Coded::new(text.into()) }
    }

    /// A document, which is asked for anew each time.
    pub fn document(text: String) -> Self {
        Self::new(text, kind("html"), "no-cache")
    }

    /// A description in JSON, which is asked for anew each time.
    pub fn description(text: String) -> Self {
        Self::new(text, "application/json", "no-cache")
    }

    /// The answer to a request with these headers: the file in a coding that the client takes, or the word that it has
    /// it.
    pub fn answer(&self, headers: &HeaderMap) -> Response {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let coding = Coding::accepted(text(header::ACCEPT_ENCODING).unwrap_or(""));
        let etag = format!("\"{}-{}\"", self.hash, coding.name());
        let known = text(header::IF_NONE_MATCH).is_some_and(|known| {
            known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)
        });
        let mut answer = match known {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => Body::from(self.coded.bytes(coding)).into_response(),
        };
        let sent = answer.headers_mut();
        for (name, value) in [(header::ETAG, etag.as_str()), (header::CACHE_CONTROL, self.caching)]
        {
            if let Ok(value) = HeaderValue::from_str(value) {
                sent.insert(name, value);
            }
        }
        sent.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if !known {
            sent.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
            if coding != Coding::Identity {
                sent.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
            }
        }
        answer
    }
}
