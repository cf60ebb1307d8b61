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
use crate::request_id::RequestId;
use crate::respond;
use http::{HeaderMap, HeaderName, Method, Request, Response, Version, header};
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

/// What a request says that a line tells, each text without its secrets and its end, if it is long.
pub struct Said {
    version: Version,
    /// All texts in one copy: pieces of the connection's read buffer would keep that from being used again.
    texts: String,
    /// Where the text of each field ends; `None` where there is none.
    ends: [Option<u16>; FIELDS],
}

/// What the texts are of.
#[derive(Clone, Copy)]
enum Field {
    Path,
    Query,
    Range,
    Agent,
    Referrer,
}

const FIELDS: usize = 5;

impl Said {
    fn of<B>(request: &Request<B>) -> Self {
        let (uri, headers) = (request.uri(), request.headers());
        let value = |name: HeaderName| {
            headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
        };
        let [path, query] = [Some(uri.path()), uri.query()].map(|text| text.map(Cow::from));
        let [range, agent, referrer] =
            [header::RANGE, header::USER_AGENT, header::REFERER].map(value);
        // Room for what most requests say.
        let mut texts = String::with_capacity(128);
        let ends = [path, query, range, agent, referrer].map(|field| {
            let text = field?;
            texts.push_str(&masked(&text[..text.floor_char_boundary(MAX_TEXT_BYTES)]));
            u16::try_from(texts.len()).ok()
        });
        Self { version: request.version(), texts, ends }
    }

    /// The text of a field.
    fn text(&self, field: Field) -> Option<&str> {
        let field = field as usize;
        let end = self.ends[field]?;
        let start = self.ends[..field].iter().rev().find_map(|end| *end).unwrap_or(0);
        self.texts.get(usize::from(start)..usize::from(end))
    }
}

/// A request's line in the making.
pub struct Entry {
    pub started: Instant,
    format: LogFormat,
    /// The client's address, and its port where that is known.
    remote: Arc<str>,
    /// By what the client and the log call the request.
    pub id: RequestId,
    pub method: Method,
    /// `None` where nothing is logged.
    said: Option<Box<Said>>,
    pub status: u16,
    caller: Option<Caller>,
    /// Whether what was asked for was there before; nothing of answers that no cache has to do with.
    pub was_there: Option<bool>,
    /// Bytes of body given to the connection.
    pub bytes: u64,
}

/// Marks an answer to a client that has left meanwhile: the request counts as one that ended without an answer,
/// because a status would tell of a failure that nobody met.
#[derive(Debug, Clone, Copy)]
pub struct Unheard;

impl Entry {
    /// A request that came just now.
    pub fn begin<B>(
        remote: Arc<str>,
        id: RequestId,
        format: LogFormat,
        request: &Request<B>,
    ) -> Self {
        let is_wanted = tracing::enabled!(target: "access", tracing::Level::ERROR);
        let said = is_wanted.then(|| Box::new(Said::of(request)));
        let started = Instant::now();
        let method = request.method().clone();
        let (caller, was_there) = (None, None);
        Self { started, format, remote, id, method, said, status: 0, caller, was_there, bytes: 0 }
    }

    /// A request that was answered although its head was never understood.
    pub fn unread(remote: Arc<str>, format: LogFormat, status: u16) -> Self {
        // A method of one character that none has.
        let method = Method::from_bytes(b"-").unwrap_or_default();
        let said = Said { version: Version::HTTP_11, texts: String::new(), ends: [None; FIELDS] };
        let (id, said) = (RequestId::of(&HeaderMap::new()), Some(Box::new(said)));
        let (started, caller, was_there) = (Instant::now(), None, None);
        Self { started, format, remote, id, method, said, status, caller, was_there, bytes: 0 }
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
        if response.extensions().get::<Unheard>().is_none() {
            self.status = response.status().as_u16();
        }
        self.was_there = respond::was_there(response.headers());
        self.caller = response.extensions().get::<Caller>().copied();
    }
}
