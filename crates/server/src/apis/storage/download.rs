//! How bytes go out to callers of an API.

use super::{Refusal, Storage};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, header};
use library::File;
use std::sync::Arc;

/// Answers GET and HEAD of a file's stored bytes; a GET is an access to the file.
pub async fn answer(storage: &Storage, row: &File, method: &Method) -> Result<Response, Refusal> {
    let (file, length) = storage.library.open_content(row).await?;
    if method == Method::GET {
        storage.library.count_access(row).await;
    }
    let mut response = crate::body::of_file(Arc::new(file), length).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, length.into());
    let mime_type = HeaderValue::from_str(&row.mime_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, mime_type);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    Ok(response)
}
