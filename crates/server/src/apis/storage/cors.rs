//! Cross-origin requests (Fetch §3.2): any page may call, since what counts is the token, and what a browser sends by
//! itself is taken from the server's own origin alone (see `auth.rs`).

use crate::respond::CROSS_ORIGIN_RESOURCE_POLICY;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, StatusCode};

/// An answer is read by programs: a browser that is led to one shows it alone, and runs nothing.
pub const INERT: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox; frame-ancestors 'none'"),
    (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    // A token may stand in the query.
    (header::REFERRER_POLICY, "no-referrer"),
];

/// What a page of another origin may send: its token, what the body is, and what it has of an answer already.
const ALLOWED_HEADERS: &str = "Authorization, Content-Type, Range, If-Range, If-Match, If-None-Match, \
                               If-Modified-Since, If-Unmodified-Since, Tus-Resumable, Upload-Length, \
                               Upload-Metadata, Upload-Offset, X-HTTP-Method-Override, X-Request-Id";

/// What it may read of an answer beside what every page may (Fetch §2.2.6).
const EXPOSED_HEADERS: &str = "Location, Link, ETag, Content-Disposition, Content-Length, Content-Range, \
                               Accept-Ranges, Retry-After, WWW-Authenticate, X-Request-Id";

/// Answers preflights, and lets every page read the answers.
pub async fn any_origin(request: Request, next: Next) -> Response {
    let asks = request.method() == Method::OPTIONS;
    let preflight = asks && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match preflight {
        true => StatusCode::NO_CONTENT.into_response(),
        false => next.run(request).await,
    };
    if asks && !response.status().is_success() {
        response = StatusCode::NO_CONTENT.into_response();
    }
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let exposed = HeaderValue::from_static(EXPOSED_HEADERS);
    headers.entry(header::ACCESS_CONTROL_EXPOSE_HEADERS).or_insert(exposed);
    // What an answer says of itself goes before: a stored file, or what is meant to be loaded by other sites.
    for (name, value) in INERT {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if asks {
        let methods = HeaderValue::from_static("GET, HEAD, POST, PATCH, PUT, DELETE, OPTIONS");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        let allowed = HeaderValue::from_static(ALLOWED_HEADERS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    }
    response
}
