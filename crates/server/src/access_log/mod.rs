//! One line a request, written when its body is done or given up. Who reads a log must not be able to use what is in
//! it: signatures, tokens and access keys are left out of paths, queries and referrers (see `masked.rs`), and no other
//! header is logged that may hold one.
//!
//! Lines are collected and written by a thread of their own a few times a second, so that a slow log holds no answer up
//! (see `journal.rs`). They look like the log's other lines (see `line.rs`), and `--log` counts for them as for any:
//! their target is `access`, their level `error` where the server failed, else `info`.

mod journal;
mod line;
mod masked;

pub use journal::{LogWriter, flush};

use crate::log_format::LogFormat;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Version, header};
use journal::JOURNAL;
use masked::masked;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Bytes of a text from a client that a line keeps.
const MAX_TEXT_BYTES: usize = 1000;

/// Who asked, as known by a token.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// Whose files the token reaches.
    pub partner_sid: Uuid,
    /// The token, which is no secret by its id.
    pub token_id: Uuid,
}

/// What a request says that a line tells.
pub struct Said {
    version: Version,
    /// Copies: pieces of the connection's read buffer would keep that from being used again.
    path: Box<str>,
    query: Option<Box<str>>,
    range: Option<Box<str>>,
    agent: Option<Box<str>>,
    referrer: Option<Box<str>>,
}

impl Said {
    fn of<B>(request: &Request<B>) -> Self {
        let uri = request.uri();
        let value = |name: HeaderName| text(request.headers(), &name);
        Self {
            version: request.version(),
            path: kept(uri.path()),
            query: uri.query().map(kept),
            range: value(header::RANGE),
            agent: value(header::USER_AGENT),
            referrer: value(header::REFERER),
        }
    }
}

/// The beginning of a text without its secrets.
fn kept(text: &str) -> Box<str> {
    masked(&text[..text.floor_char_boundary(MAX_TEXT_BYTES)]).into()
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<Box<str>> {
    let text: Cow<'_, str> = String::from_utf8_lossy(headers.get(name)?.as_bytes());
    Some(kept(&text))
}

/// A request's line in the making.
pub struct Entry {
    pub started: Instant,
    format: LogFormat,
    /// The client's address, and its port where that is known.
    remote: Arc<str>,
    /// By what the client and the log call the request.
    pub id: HeaderValue,
    pub method: Method,
    /// `None` where nothing is logged.
    said: Option<Box<Said>>,
    pub status: u16,
    caller: Option<Caller>,
    cache: Option<HeaderValue>,
    /// Bytes of body given to the connection.
    pub bytes: u64,
}

impl Entry {
    /// A request that came just now.
    pub fn begin<B>(
        remote: Arc<str>,
        id: HeaderValue,
        format: LogFormat,
        request: &Request<B>,
    ) -> Self {
        let is_wanted = tracing::enabled!(target: "access", tracing::Level::ERROR);
        let said = is_wanted.then(|| Box::new(Said::of(request)));
        let started = Instant::now();
        let method = request.method().clone();
        let (caller, cache) = (None, None);
        Self { started, format, remote, id, method, said, status: 0, caller, cache, bytes: 0 }
    }

    /// Whether the server failed.
    fn is_failure(&self) -> bool {
        self.status >= 500
    }

    /// Writes the line of an answer that ended, after so long.
    pub fn write(&self, ended: Instant, duration: Duration) {
        let is_wanted =
            self.is_failure() || tracing::enabled!(target: "access", tracing::Level::INFO);
        if let (true, Some(said)) = (is_wanted, &self.said) {
            JOURNAL.add(self, said, ended, duration);
        }
    }

    /// Takes down what is answered.
    pub fn answered<B>(&mut self, response: &Response<B>) {
        self.status = response.status().as_u16();
        self.cache = response.headers().get("cache-status").cloned();
        self.caller = response.extensions().get::<Caller>().copied();
    }

    /// Whether what was asked for was there before; nothing of answers that no cache has to do with.
    pub fn was_there(&self) -> Option<bool> {
        let value = self.cache.as_ref()?.to_str().unwrap_or("");
        Some(!value.contains("fwd=miss"))
    }
}
