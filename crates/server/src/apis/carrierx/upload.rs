//! Uploads: `multipart/form-data` (a JSON part `file_object`, then the part `data`) or a raw body with
//! the attributes in the query. Both are streamed to the disk; what breaks off leaves nothing.

use super::errors::ApiError;
use super::objects;
use super::routes::Caller;
use axum::Json;
use axum::extract::{FromRequest, Multipart, Query, Request, State};
use futures_util::StreamExt;
use http::{StatusCode, header};
use library::{File, Library, Principal, UploadAttributes};
use serde_json::{Map, Value};
use std::collections::HashMap;
use uuid::Uuid;

/// `POST /storage/files`.
pub async fn create(
    State(library): State<Library>,
    Caller(caller): Caller,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let kind = kind.unwrap_or("").to_ascii_lowercase();
    let file = if kind.starts_with("multipart/form-data") {
        from_form(&library, &caller, request).await?
    } else if kind.is_empty() || kind.starts_with("application/octet-stream") {
        let attributes = query.into_iter().map(|(name, value)| (name, Value::String(value)));
        from_body(&library, &caller, attributes.collect(), request).await?
    } else {
        return Err(ApiError::malformed(format!(
            "`{kind}` is no way to upload; allowed: multipart/form-data, application/octet-stream"
        )));
    };
    Ok((StatusCode::CREATED, Json(objects::file(&file, &library))))
}

async fn from_body(
    library: &Library,
    caller: &Principal,
    attributes: Map<String, Value>,
    request: Request,
) -> Result<File, ApiError> {
    let mut upload = library.begin_upload(caller, read(attributes)?).await?;
    let mut body = request.into_body().into_data_stream();
    while let Some(bytes) = body.next().await {
        let bytes = bytes.map_err(|e| ApiError::malformed(format!("the upload broke off: {e}")))?;
        upload.write(bytes).await?;
    }
    Ok(upload.finish().await?)
}

async fn from_form(
    library: &Library,
    caller: &Principal,
    request: Request,
) -> Result<File, ApiError> {
    let broken =
        |e: &dyn std::fmt::Display| ApiError::malformed(format!("the multipart body: {e}"));
    let mut form = Multipart::from_request(request, &()).await.map_err(|e| broken(&e))?;
    let mut attributes = None;
    while let Some(mut part) = form.next_field().await.map_err(|e| broken(&e))? {
        match part.name() {
            Some("file_object") => {
                let text = part.bytes().await.map_err(|e| broken(&e))?;
                let object = serde_json::from_slice(&text).map_err(|e| {
                    ApiError::malformed(format!("`file_object` must be a JSON object: {e}"))
                })?;
                attributes = Some(read(object)?);
            }
            Some("data") => {
                let Some(mut said) = attributes else {
                    let message = "the part `file_object` must come before the part `data`";
                    return Err(ApiError::malformed(message));
                };
                said.name = said.name.or_else(|| part.file_name().map(str::to_owned));
                said.mime_type = said.mime_type.or_else(|| part.content_type().map(str::to_owned));
                let mut upload = library.begin_upload(caller, said).await?;
                while let Some(bytes) = part.chunk().await.map_err(|e| broken(&e))? {
                    upload.write(bytes).await?;
                }
                drop(part);
                // The closing boundary must be there: a body cut short is no upload.
                if form.next_field().await.map_err(|e| broken(&e))?.is_some() {
                    return Err(ApiError::malformed("the part `data` must be the last"));
                }
                return Ok(upload.finish().await?);
            }
            other => {
                let name = other.unwrap_or("").to_owned();
                return Err(ApiError::malformed(format!(
                    "unknown part `{name}`; allowed: file_object, data"
                )));
            }
        }
    }
    Err(ApiError::malformed("the part `data` is missing"))
}

/// The attributes that may be set so far; read-only ones are passed over, since clients send back what
/// they were given; unknown ones are refused by name.
fn read(object: Map<String, Value>) -> Result<UploadAttributes, ApiError> {
    const READ_ONLY: [&str; 10] = [
        "content_classification",
        "content_duration",
        "content_format",
        "content_transcoding_progress",
        "date_last_accessed",
        "date_modified",
        "file_bytes",
        "file_sid",
        "partner_sid",
        "publish_uri",
    ];
    let mut attributes = UploadAttributes::default();
    let mut container = None;
    for (name, value) in object {
        if READ_ONLY.contains(&name.as_str()) || value.is_null() {
            continue;
        }
        let text = value.as_str().map(str::to_owned);
        let text = text.ok_or_else(|| ApiError::invalid(&name, "must be a string"));
        match name.as_str() {
            "container_sid" => container = Some(text?),
            "name" => attributes.name = Some(text?),
            "mime_type" => attributes.mime_type = Some(text?),
            "file_access_name" => attributes.file_access_name = Some(text?),
            "publish" => attributes.publish = Some(text?),
            _ => {
                let known = "container_sid, name, mime_type, file_access_name, publish";
                return Err(ApiError::invalid(&name, format!("can't be set; allowed: {known}")));
            }
        }
    }
    let container = container.ok_or_else(|| ApiError::invalid("container_sid", "is required"))?;
    attributes.container_sid = Uuid::try_parse(&container)
        .map_err(|_| ApiError::invalid("container_sid", format!("`{container}` is no sid")))?;
    Ok(attributes)
}
