//! Bodies that are JSON objects, taken up to a limit.

use super::Refusal;
use axum::body::Body;
use axum::extract::Request;
use futures_util::StreamExt;
use http::{HeaderMap, header};
use serde_json::{Map, Value};

/// Longest JSON object, in bytes: the transcription of a long call has room in it, every sign escaped.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The media type of a body, in lower case, without parameters; empty if none was declared.
pub fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    value.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

/// Whether a media type is JSON's; the second is what some clients of old call it.
pub fn is_json(media_type: &str) -> bool {
    matches!(media_type, "application/json" | "text/json")
}

/// The JSON object that a request brings.
pub async fn object(request: Request) -> Result<Map<String, Value>, Refusal> {
    let kind = media_type(request.headers());
    if !(kind.is_empty() || is_json(&kind)) {
        let message = format!("`{kind}`; allowed: application/json");
        return Err(Refusal::UnsupportedType { message });
    }
    parse(&read(request.into_body(), MAX_BYTES).await?, "body")
}

/// The bytes of a body, at most so many.
pub async fn read(body: Body, most_bytes: usize) -> Result<Vec<u8>, Refusal> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(more) = stream.next().await {
        let more = more.map_err(|e| {
            Refusal::of_body(&e, || Refusal::malformed("body", format!("broke off: {e}")))
        })?;
        if bytes.len() + more.len() > most_bytes {
            return Err(too_large("body", most_bytes));
        }
        bytes.extend_from_slice(&more);
    }
    Ok(bytes)
}

/// Adds to an object's text, up to its limit.
pub fn extend(bytes: &mut Vec<u8>, more: &[u8], field: &str) -> Result<(), Refusal> {
    if bytes.len() + more.len() > MAX_BYTES {
        return Err(too_large(field, MAX_BYTES));
    }
    bytes.extend_from_slice(more);
    Ok(())
}

/// There is more of a text than the bytes that are allowed.
pub fn too_large(field: &str, most_bytes: usize) -> Refusal {
    let message = format!("is too large; allowed: {most_bytes} bytes");
    Refusal::TooLarge { field: field.into(), message }
}

/// Reads an object's text.
pub fn parse(text: &[u8], field: &str) -> Result<Map<String, Value>, Refusal> {
    serde_json::from_slice(text).map_err(|e| Refusal::NoJson {
        field: field.into(),
        message: format!("must be a JSON object: {e}"),
    })
}
