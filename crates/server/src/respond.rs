//! The one place that writes status and headers of media answers.

use crate::body::Body;
use crate::problem::Problem;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use semantics::media_type::MediaType;
use std::borrow::Cow;
use std::ops::Range;
use std::time::{Instant, SystemTime};

/// What is answered at a published link.
pub enum Answer {
    /// All bytes; for HEAD, none of them.
    Whole(Body),
    /// One range.
    Part(Body, Range<u64>),
    /// Several ranges.
    Parts {
        /// The framed bytes.
        body: Body,
        /// Their length.
        body_bytes: u64,
        /// `multipart/byteranges` with its boundary.
        content_type: String,
    },
    /// The client has it.
    NotModified,
    /// A precondition does not hold.
    PreconditionFailed,
    /// No range lies within.
    Unsatisfiable,
}

/// What identifies a representation, and the headers of its answers, ready to be copied.
pub struct Meta {
    /// Strong ETag, quoted.
    pub etag: String,
    /// When the content was stored.
    pub last_modified: SystemTime,
    /// Media type.
    pub content_type: String,
    /// Length of the representation.
    pub length_bytes: u64,
    /// Until when a cache may keep it, where that depends on when it is asked for.
    pub freshness: Option<Freshness>,
    /// Of an answer with all bytes.
    whole: HeaderMap,
    /// Of an answer with a range, which is still to be named.
    part: HeaderMap,
    /// Of a 304: what a cache needs to go on using what it has (RFC 9110 §15.4.5).
    renewing: HeaderMap,
}

impl Meta {
    /// With the values of Content-Disposition and Cache-Control.
    pub fn new(
        etag: String,
        last_modified: SystemTime,
        content_type: String,
        length_bytes: u64,
        disposition: &str,
        cache_control: &str,
    ) -> Self {
        let is_inert = MediaType::parse(&content_type).map(|read| read.is_inert());
        // Versions before this one took any text for a type.
        let content_type = match is_inert {
            Some(_) => content_type,
            None => "application/octet-stream".to_owned(),
        };
        let mut whole = HeaderMap::with_capacity(MAX_HEADERS);
        whole.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        put(&mut whole, header::ETAG, &etag);
        put(&mut whole, header::LAST_MODIFIED, &httpdate::fmt_http_date(last_modified));
        put(&mut whole, header::CONTENT_TYPE, &content_type);
        put(&mut whole, header::CONTENT_DISPOSITION, disposition);
        put(&mut whole, header::CACHE_CONTROL, cache_control);
        if is_inert != Some(true) {
            put(&mut whole, header::CONTENT_SECURITY_POLICY, "sandbox");
        }
        shared_headers(&mut whole, "GET");
        whole.insert(CACHE_STATUS, HeaderValue::from_static(HIT));
        whole.insert(SERVER_TIMING, HeaderValue::from_static("total;dur=0.0"));
        whole.insert(header::CONTENT_LENGTH, value(&[length_bytes.to_string().as_bytes()]));
        let mut part = whole.clone();
        part.insert(header::CONTENT_RANGE, HeaderValue::from_static(""));
        let renewing = [
            header::ETAG,
            header::LAST_MODIFIED,
            header::CACHE_CONTROL,
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            CACHE_STATUS,
            SERVER_TIMING,
        ];
        let mut kept = HeaderMap::with_capacity(MAX_HEADERS);
        kept.extend(renewing.into_iter().filter_map(|name| {
            let value = whole.get(&name)?.clone();
            Some((name, value))
        }));
        let (freshness, renewing) = (None, kept);
        Self { etag, last_modified, content_type, length_bytes, freshness, whole, part, renewing }
    }

    /// Says which names of the link look like options and are none.
    pub fn note_ignored(&mut self, names: &[&str]) {
        if !names.is_empty() {
            let names = names.join(", ");
            put(&mut self.whole, IGNORED, &names);
            put(&mut self.part, IGNORED, &names);
        }
    }
}

/// How long a client may keep the answer to a signed link: no shared cache may, which would give it to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// Until when the link lives, Unix seconds.
    pub until_s: u64,
    /// No longer than that, in seconds.
    pub max_s: u64,
}

impl Freshness {
    fn cache_control(self) -> HeaderValue {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now_s = now.map_or(0, |now| now.as_secs());
        let seconds = self.until_s.saturating_sub(now_s).min(self.max_s);
        value(&[b"private, max-age=", itoa::Buffer::new().format(seconds).as_bytes()])
    }
}

/// Headers that an answer has at most. A map that has room for them leaves its copies a table that never grows.
const MAX_HEADERS: usize = 20;

const IGNORED: HeaderName = HeaderName::from_static("x-tonearm-ignored");
/// Who may load what is answered (Fetch §3.7).
pub const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
/// What was asked for was there before (RFC 9211 §2.1), and was not (§2.2).
const HIT: &str = "tonearm; hit";
const MISS: &str = "tonearm; fwd=miss";
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

const EXPOSED: &str = "Access-Control-Allow-Methods,Access-Control-Allow-Origin,Content-Disposition,\
Content-Range,Accept-Ranges,Content-Length,ETag,Last-Modified";

/// Renders an answer to a request that came at `started`; `cached` if nothing has to be encoded for it.
pub fn answer(answer: Answer, meta: &Meta, cached: bool, started: Instant) -> Response<Body> {
    let length = |bytes: u64| HeaderValue::from(bytes);
    let is_kept = !matches!(answer, Answer::PreconditionFailed | Answer::Unsatisfiable);
    let (status, body, mut headers) = match answer {
        Answer::Whole(body) => (StatusCode::OK, body, meta.whole.clone()),
        Answer::Part(body, range) => {
            let mut headers = meta.part.clone();
            headers.insert(header::CONTENT_LENGTH, length(range.end - range.start));
            headers.insert(header::CONTENT_RANGE, content_range(&range, meta.length_bytes));
            (StatusCode::PARTIAL_CONTENT, body, headers)
        }
        Answer::Parts { body, body_bytes, content_type } => {
            let mut headers = meta.whole.clone();
            headers.insert(header::CONTENT_LENGTH, length(body_bytes));
            put(&mut headers, header::CONTENT_TYPE, &content_type);
            (StatusCode::PARTIAL_CONTENT, body, headers)
        }
        Answer::NotModified => (StatusCode::NOT_MODIFIED, Body::empty(), meta.renewing.clone()),
        Answer::PreconditionFailed => {
            (StatusCode::PRECONDITION_FAILED, Body::empty(), refusing(meta))
        }
        Answer::Unsatisfiable => {
            let mut headers = refusing(meta);
            put(&mut headers, header::CONTENT_RANGE, &format!("bytes */{}", meta.length_bytes));
            (StatusCode::RANGE_NOT_SATISFIABLE, Body::empty(), headers)
        }
    };
    if let (true, Some(freshness)) = (is_kept, meta.freshness) {
        headers.insert(header::CACHE_CONTROL, freshness.cache_control());
    }
    if !cached {
        headers.insert(CACHE_STATUS, HeaderValue::from_static(MISS));
    }
    let now = SystemTime::now();
    if meta.last_modified > now && headers.contains_key(header::LAST_MODIFIED) {
        // RFC 9110 §8.8.2.1: never later than the answer, though a clock was set back.
        put(&mut headers, header::LAST_MODIFIED, &httpdate::fmt_http_date(now));
    }
    let us = started.elapsed().as_micros();
    if us >= 100 {
        let timing = format!("total;dur={}.{}", us / 1000, us / 100 % 10);
        headers.insert(SERVER_TIMING, value(&[timing.as_bytes()]));
    }
    rendered(status, headers, body)
}

/// Headers of an answer that holds for one request's own conditions: a cache that kept it would give it to
/// all others.
fn refusing(meta: &Meta) -> HeaderMap {
    let mut headers = meta.whole.clone();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
}

fn content_range(range: &Range<u64>, length_bytes: u64) -> HeaderValue {
    let mut digits = [itoa::Buffer::new(); 3];
    let [first, last, length] = &mut digits;
    let [first, last] = [first.format(range.start), last.format(range.end - 1)];
    let length = length.format(length_bytes);
    value(&[b"bytes ", first.as_bytes(), b"-", last.as_bytes(), b"/", length.as_bytes()])
}

/// What is wrong, in words.
pub fn message(problem: &Problem) -> Cow<'_, str> {
    match problem {
        Problem::NotFound => "there is nothing published at this link".into(),
        Problem::Forbidden => "the signature of this link is wrong, or its time is over".into(),
        Problem::BadOption { message, .. }
        | Problem::Unplayable { message }
        | Problem::Later { message, .. } => message.into(),
        Problem::NoHost => "a request needs one Host header, of the form host or host:port".into(),
        Problem::TooManyHeaders { most } => {
            format!("a request may have {most} headers, and this one has more").into()
        }
        Problem::BadMethod => "only GET, HEAD and OPTIONS are answered here".into(),
        Problem::Failed => "the server failed; its log tells why".into(),
    }
}

/// Whether an answer tells no length of a body: that of 204 has none, and that of 304 would be another answer's
/// (RFC 9110 §8.6).
pub fn is_without_length(status: u16) -> bool {
    [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].iter().any(|without| *without == status)
}

/// Renders a problem as JSON, never stored by a cache.
pub fn problem(problem: &Problem) -> Response<Body> {
    let mut headers = HeaderMap::new();
    let (status, field) = match problem {
        Problem::NotFound => (StatusCode::NOT_FOUND, None),
        Problem::Forbidden => (StatusCode::FORBIDDEN, None),
        Problem::BadOption { option, .. } => (StatusCode::BAD_REQUEST, Some(option.as_str())),
        Problem::Unplayable { .. } => (StatusCode::UNSUPPORTED_MEDIA_TYPE, Some("f")),
        Problem::NoHost => (StatusCode::BAD_REQUEST, Some("Host")),
        Problem::TooManyHeaders { .. } => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, None),
        Problem::BadMethod => {
            put(&mut headers, header::ALLOW, "GET, HEAD, OPTIONS");
            (StatusCode::METHOD_NOT_ALLOWED, None)
        }
        Problem::Later { retry_after_s, .. } => {
            headers.insert(header::RETRY_AFTER, (*retry_after_s).into());
            (StatusCode::SERVICE_UNAVAILABLE, None)
        }
        Problem::Failed => (StatusCode::INTERNAL_SERVER_ERROR, None),
    };
    let message = message(problem);
    let errors: Vec<_> = field
        .map(|field| serde_json::json!({"field": field, "message": message}))
        .into_iter()
        .collect();
    let body = serde_json::json!({"message": message, "errors": errors}).to_string();
    headers.insert(header::CONTENT_LENGTH, body.len().into());
    put(&mut headers, header::CONTENT_TYPE, "application/json");
    put(&mut headers, header::CACHE_CONTROL, "no-store");
    shared_headers(&mut headers, "GET");
    rendered(status, headers, Body::of_memory(body.into()))
}

/// The status that a request was answered with by hyper because its head can't be read (as its server for HTTP/1 has
/// it), or by the wire because it was late; none if it got no answer.
pub fn refused_unread(error: &hyper::Error, is_late: bool) -> Option<u16> {
    let status = match error {
        error if error.is_parse_too_large() => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        error if error.is_parse() => StatusCode::BAD_REQUEST,
        _ if is_late => StatusCode::REQUEST_TIMEOUT,
        _ => return None,
    };
    Some(status.as_u16())
}

/// Leads to another place: the method stays what it was, and its body is sent again (RFC 9110 §15.4.9).
pub fn moved(location: HeaderValue) -> Response<Body> {
    let headers = HeaderMap::from_iter([(header::LOCATION, location)]);
    rendered(StatusCode::PERMANENT_REDIRECT, headers, Body::empty())
}

/// What a certificate authority is to see (RFC 8555 §8.3).
pub fn proof(text: String) -> Response<Body> {
    let kind = HeaderValue::from_static("application/octet-stream");
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]);
    rendered(StatusCode::OK, headers, Body::of_memory(text.into()))
}

/// The answer to a preflight (CORS), or to OPTIONS in general.
pub fn preflight() -> Response<Body> {
    let mut headers = HeaderMap::new();
    shared_headers(&mut headers, "GET, HEAD, OPTIONS");
    put(&mut headers, header::ALLOW, "GET, HEAD, OPTIONS");
    put(
        &mut headers,
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "Range, If-Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since",
    );
    put(&mut headers, header::ACCESS_CONTROL_MAX_AGE, "86400");
    rendered(StatusCode::NO_CONTENT, headers, Body::empty())
}

fn shared_headers(headers: &mut HeaderMap, methods: &'static str) {
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, methods),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// A value of our own making.
fn value(pieces: &[&[u8]]) -> HeaderValue {
    let text = Bytes::from(pieces.concat());
    HeaderValue::from_maybe_shared(text).unwrap_or(HeaderValue::from_static(""))
}

/// Sets a header; a value that can't stand in one (checked long before) is left out.
fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn rendered(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Whether what was asked for was there before; nothing of answers that no cache has to do with.
pub fn was_there(headers: &HeaderMap) -> Option<bool> {
    headers.get(CACHE_STATUS).map(|status| status != MISS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::time::Duration;

    fn meta(content_type: &str, last_modified: SystemTime) -> Meta {
        Meta::new("\"e\"".into(), last_modified, content_type.into(), 1, "inline", "None")
    }

    #[test]
    fn a_type_that_is_none_is_sent_as_unknown_bytes_in_a_sandbox() {
        for stored in ["audio/mpeg,text/html", "audio/mpeg, text/html", "audio", "video/mp4;"] {
            let meta = meta(stored, SystemTime::UNIX_EPOCH);
            let answer = answer(Answer::Whole(Body::empty()), &meta, true, Instant::now());
            assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/octet-stream");
            assert_eq!(answer.headers()[header::CONTENT_SECURITY_POLICY], "sandbox", "{stored}");
            assert_eq!(meta.content_type, "application/octet-stream");
        }
    }

    #[test]
    fn what_was_stored_by_a_clock_that_ran_ahead_was_not_modified_after_the_answer() {
        let ahead = SystemTime::now() + Duration::from_secs(86_400);
        for kind in [Answer::Whole(Body::empty()), Answer::NotModified] {
            let answer = answer(kind, &meta("audio/mpeg", ahead), true, Instant::now());
            let said = answer.headers()[header::LAST_MODIFIED].to_str().unwrap();
            assert!(httpdate::parse_http_date(said).unwrap() <= SystemTime::now(), "{said}");
        }
    }
}
