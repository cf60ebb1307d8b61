//! Lists in a coding that the client takes. Files never are: theirs are the bytes that were stored.

use crate::coded::{Effort, encode};
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{self, HeaderValue};
use http_body::Body as _;
use semantics::coding::Coding;

/// Below this a coding saves nothing.
const LEAST_BYTES: u64 = 1024;

/// What isn't in memory anyway is sent as it comes: longer lists lie on the disk.
const MOST_BYTES: u64 = 2 << 20;

/// Codes what is worth it.
pub async fn compressed(request: Request, next: Next) -> Response {
    let accepted = request.headers().get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok());
    let coding = Coding::accepted(accepted.unwrap_or(""));
    let mut answer = next.run(request).await;
    if !is_text(&answer) {
        return answer;
    }
    let headers = answer.headers_mut();
    let varies = match headers.contains_key(header::VARY) {
        true => "Accept, Accept-Encoding",
        false => "Accept-Encoding",
    };
    headers.insert(header::VARY, HeaderValue::from_static(varies));
    if coding == Coding::Identity {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let Ok(plain) = to_bytes(body, usize::MAX).await else {
        return Response::from_parts(parts, Body::empty());
    };
    let coded = tokio::task::spawn_blocking(move || encode(&plain, coding, Effort::Quick)).await;
    let coded = coded.unwrap_or_default();
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    parts.headers.insert(header::CONTENT_LENGTH, coded.len().into());
    Response::from_parts(parts, coded.into())
}

/// Whether an answer is a text of the server's own making, whole in memory and long enough.
fn is_text(answer: &Response) -> bool {
    let headers = answer.headers();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("");
    let is_ours = ["application/json", "application/xml", "text/xml", "text/csv", "text/html"];
    let is_file = [header::ACCEPT_RANGES, header::CONTENT_DISPOSITION, header::CONTENT_ENCODING]
        .iter()
        .any(|name| headers.contains_key(name));
    let length = answer.body().size_hint().exact();
    !is_file
        && is_ours.contains(&kind)
        && length.is_some_and(|bytes| (LEAST_BYTES..=MOST_BYTES).contains(&bytes))
}
