//! Bodies that are JSON objects, and what they say of containers and files.

use super::errors::ApiError;
use axum::body::Body;
use axum::extract::Request;
use futures_util::StreamExt;
use http::{HeaderMap, header};
use library::{ContainerChanges, FileChanges};
use media::{BadValue, Preferences};
use serde_json::{Map, Value};

/// Longest JSON object, in bytes: several times what all attributes at their longest take.
const MOST_BYTES: usize = 64 * 1024;

/// Attributes that are the server's alone. They are passed over, since clients send back what they were
/// given.
const OURS: [&str; 22] = [
    "available_bytes_percent",
    "available_files_percent",
    "content_classification",
    "content_duration",
    "content_format",
    "content_transcoding_progress",
    "date_last_accessed",
    "date_modified",
    "durability_class",
    "encrypted",
    "file_bytes",
    "file_sid",
    "partner_sid",
    "publish_uri",
    "threshold_available_bytes_percent",
    "threshold_available_files_percent",
    "threshold_total_bytes",
    "threshold_total_files",
    "total_bytes",
    "total_files",
    "date_created",
    "container_sid",
];

/// The media type of a body, in lower case, without parameters.
pub fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    value.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

/// The JSON object that a request brings.
pub async fn object(request: Request) -> Result<Map<String, Value>, ApiError> {
    let kind = media_type(request.headers());
    if !matches!(kind.as_str(), "" | "application/json") {
        return Err(ApiError::unsupported_type(format!("`{kind}`; allowed: application/json")));
    }
    parse(&read(request.into_body()).await?, "body")
}

async fn read(body: Body) -> Result<Vec<u8>, ApiError> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(more) = stream.next().await {
        let more = more.map_err(|e| ApiError::malformed("body", format!("broke off: {e}")))?;
        extend(&mut bytes, &more, "body")?;
    }
    Ok(bytes)
}

/// Adds to an object's text, up to its limit.
pub fn extend(bytes: &mut Vec<u8>, more: &[u8], field: &str) -> Result<(), ApiError> {
    if bytes.len() + more.len() > MOST_BYTES {
        let message = format!("is too large; allowed: {MOST_BYTES} bytes");
        return Err(ApiError::too_large(field, message));
    }
    bytes.extend_from_slice(more);
    Ok(())
}

/// Reads an object's text.
pub fn parse(text: &[u8], field: &str) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_slice(text)
        .map_err(|e| ApiError::no_json(field, format!("must be a JSON object: {e}")))
}

/// What an object says of a container.
pub fn container(object: &Map<String, Value>) -> Result<ContainerChanges, ApiError> {
    let mut changes = ContainerChanges::default();
    for (name, value) in object {
        if name == "partner_sid" || !OURS.contains(&name.as_str()) {
            changes.set(name, value)?;
        }
    }
    Ok(changes)
}

/// What an object says of a file.
pub fn file(object: &Map<String, Value>) -> Result<FileChanges, ApiError> {
    let mut changes = FileChanges::default();
    for (name, value) in object {
        if name == "container_sid" || !OURS.contains(&name.as_str()) {
            changes.set(name, value)?;
        }
    }
    desired(&changes)?;
    Ok(changes)
}

/// The representation that is to be stored in place of what comes; `None` if it stays as it is.
pub fn desired(changes: &FileChanges) -> Result<Option<Preferences>, ApiError> {
    let mut wanted = Preferences::default();
    if let Some(Some(format)) = &changes.desired_format {
        wanted.set("f", format).map_err(|bad| refused(&bad))?;
    }
    if let Some(Some(bitrate)) = changes.desired_bitrate {
        wanted.set("br", &bitrate.to_string()).map_err(|bad| refused(&bad))?;
    }
    Ok((wanted != Preferences::default()).then_some(wanted))
}

fn refused(bad: &BadValue) -> ApiError {
    let what = if bad.option == "br" { "bit rate" } else { "format" };
    let message = format!("unsupported {what}: `{}`; allowed: {}", bad.value, bad.allowed);
    ApiError::invalid(field_of(bad.option), message)
}

/// The attribute that stands for an option of a link.
pub fn field_of(option: &str) -> &'static str {
    if option == "br" { "desired_bitrate" } else { "desired_format" }
}
