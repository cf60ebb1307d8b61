//! The one place that writes status and headers of media answers.

use crate::body::Body;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use std::time::{Instant, SystemTime};

/// What is answered at a published link.
pub enum Answer {
    /// All bytes.
    Whole {
        /// The bytes; ignored for HEAD.
        body: Body,
        /// How many they are.
        length_bytes: u64,
    },
    /// One range.
    Part {
        /// The bytes.
        body: Body,
        /// First byte, inclusive.
        first: u64,
        /// Last byte, inclusive.
        last: u64,
        /// Length of the representation.
        length_bytes: u64,
    },
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
    Unsatisfiable {
        /// Length of the representation.
        length_bytes: u64,
    },
}

/// Why there's no representation to answer with.
pub enum Problem {
    /// Unknown, unpublished, expired or deleted: all alike.
    NotFound,
    /// An option at fault.
    BadOption {
        /// Its name.
        option: String,
        /// What was wrong and what is allowed.
        message: String,
    },
    /// The source can't be decoded.
    Unplayable {
        /// What was found.
        message: String,
    },
    /// Another method than GET, HEAD, OPTIONS.
    BadMethod,
    /// Come back later.
    Later {
        /// Why.
        message: String,
        /// Seconds.
        retry_after_s: u64,
    },
    /// A request's body is larger than allowed.
    TooLarge {
        /// How large it may be.
        message: String,
    },
    /// A request's body stands still.
    Stalled {
        /// For how long.
        message: String,
    },
    /// A fault of ours, in the log.
    Failed,
}

/// The whole answer to a client that takes too long for the head of its request.
pub const LATE_HEAD: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// The whole answer to a client that is one too many.
pub const TOO_MANY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";

/// What identifies a representation, and the headers that all its answers share.
pub struct Meta {
    /// Strong ETag, quoted.
    pub etag: String,
    /// When the content was stored.
    pub last_modified: SystemTime,
    /// Media type.
    pub content_type: String,
    headers: HeaderMap,
    /// Those that a 304 repeats: what a cache needs to go on using what it has (RFC 9110 §15.4.5).
    renewing: HeaderMap,
}

impl Meta {
    /// With the values of Content-Disposition and Cache-Control.
    pub fn new(
        etag: String,
        last_modified: SystemTime,
        content_type: String,
        disposition: &str,
        cache_control: &str,
    ) -> Self {
        let mut headers = HeaderMap::with_capacity(20);
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        put(&mut headers, header::ETAG, &etag);
        put(&mut headers, header::LAST_MODIFIED, &httpdate::fmt_http_date(last_modified));
        put(&mut headers, header::CONTENT_TYPE, &content_type);
        put(&mut headers, header::CONTENT_DISPOSITION, disposition);
        put(&mut headers, header::CACHE_CONTROL, cache_control);
        let is_media = ["audio/", "video/"].iter().any(|kind| content_type.starts_with(kind));
        if !is_media {
            put(&mut headers, header::CONTENT_SECURITY_POLICY, "sandbox");
        }
        shared_headers(&mut headers, "GET");
        let renewing = [
            header::ETAG,
            header::LAST_MODIFIED,
            header::CACHE_CONTROL,
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
        ];
        let renewing = renewing.into_iter().filter_map(|name| {
            let value = headers.get(&name)?.clone();
            Some((name, value))
        });
        Self { etag, last_modified, content_type, renewing: renewing.collect(), headers }
    }

    /// The headers of one answer; `cached` if nothing has to be encoded for it.
    fn headers(&self, answer: &Answer, cached: bool, started: Instant) -> HeaderMap {
        let mut headers = match answer {
            Answer::NotModified => self.renewing.clone(),
            _ => self.headers.clone(),
        };
        let cache_status = if cached { "tonearm; hit" } else { "tonearm; fwd=miss" };
        let cache_status = HeaderValue::from_static(cache_status);
        headers.insert(HeaderName::from_static("cache-status"), cache_status);
        let timing = match started.elapsed().as_micros() {
            0..100 => HeaderValue::from_static("total;dur=0.0"),
            us => value(format!("total;dur={}.{}", us / 1000, us / 100 % 10)),
        };
        headers.insert(HeaderName::from_static("server-timing"), timing);
        headers
    }
}

const EXPOSED: &str = "Access-Control-Allow-Methods,Access-Control-Allow-Origin,Content-Disposition,\
Content-Range,Accept-Ranges,Content-Length,ETag,Last-Modified";

/// Renders an answer to a request that came at `started`; `cached` if nothing has to be encoded for it.
pub fn answer(answer: Answer, meta: &Meta, cached: bool, started: Instant) -> Response<Body> {
    let mut headers = meta.headers(&answer, cached, started);
    let (status, body) = match answer {
        Answer::Whole { body, length_bytes } => {
            headers.insert(header::CONTENT_LENGTH, length_bytes.into());
            (StatusCode::OK, body)
        }
        Answer::Part { body, first, last, length_bytes } => {
            headers.insert(header::CONTENT_LENGTH, (last + 1 - first).into());
            let range = format!("bytes {first}-{last}/{length_bytes}");
            headers.insert(header::CONTENT_RANGE, value(range));
            (StatusCode::PARTIAL_CONTENT, body)
        }
        Answer::Parts { body, body_bytes, content_type } => {
            headers.insert(header::CONTENT_LENGTH, body_bytes.into());
            put(&mut headers, header::CONTENT_TYPE, &content_type);
            (StatusCode::PARTIAL_CONTENT, body)
        }
        Answer::NotModified => (StatusCode::NOT_MODIFIED, Body::empty()),
        Answer::PreconditionFailed => {
            headers.insert(header::CONTENT_LENGTH, 0.into());
            (StatusCode::PRECONDITION_FAILED, Body::empty())
        }
        Answer::Unsatisfiable { length_bytes } => {
            headers.insert(header::CONTENT_LENGTH, 0.into());
            put(&mut headers, header::CONTENT_RANGE, &format!("bytes */{length_bytes}"));
            (StatusCode::RANGE_NOT_SATISFIABLE, Body::empty())
        }
    };
    rendered(status, headers, body)
}

/// Renders a problem as JSON, never stored by a cache.
pub fn problem(problem: &Problem) -> Response<Body> {
    let mut headers = HeaderMap::new();
    let (status, field, message) = match problem {
        Problem::NotFound => {
            (StatusCode::NOT_FOUND, None, "there is nothing published at this link")
        }
        Problem::BadOption { option, message } => {
            (StatusCode::BAD_REQUEST, Some(option.as_str()), message.as_str())
        }
        Problem::Unplayable { message } => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, Some("f"), message.as_str())
        }
        Problem::BadMethod => {
            put(&mut headers, header::ALLOW, "GET, HEAD, OPTIONS");
            (StatusCode::METHOD_NOT_ALLOWED, None, "a published link answers GET, HEAD and OPTIONS")
        }
        Problem::Later { message, retry_after_s } => {
            headers.insert(header::RETRY_AFTER, (*retry_after_s).into());
            (StatusCode::SERVICE_UNAVAILABLE, None, message.as_str())
        }
        Problem::TooLarge { message } => (StatusCode::PAYLOAD_TOO_LARGE, None, message.as_str()),
        Problem::Stalled { message } => (StatusCode::REQUEST_TIMEOUT, None, message.as_str()),
        Problem::Failed => {
            (StatusCode::INTERNAL_SERVER_ERROR, None, "the server failed; its log tells why")
        }
    };
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
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// A value of our own making, without a copy.
fn value(text: String) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::from(text)).unwrap_or(HeaderValue::from_static(""))
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
