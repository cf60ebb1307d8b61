//! How bytes go out to callers of an API: by the one reader that published links have, with ranges, preconditions and
//! all options in the query.

use super::{Refusal, Storage};
use crate::body::Body;
use crate::respond::CROSS_ORIGIN_RESOURCE_POLICY;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use library::File;

/// Answers GET and HEAD of a file, published or not; a GET that is answered with content, or with the word that
/// the caller has it, is an access to it.
pub async fn answer(
    storage: &Storage,
    file: &File,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let answered = storage.publish.to_caller(file.file_sid, method, uri, headers).await?;
    if method == Method::GET && matches!(answered.status().as_u16(), 200 | 206 | 304) {
        storage.library.count_access(file).await;
    }
    let mut response = answered.map(Body::into_api);
    let headers = response.headers_mut();
    // It is for the caller alone, and nothing of it runs beside the page.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    Ok(response)
}
