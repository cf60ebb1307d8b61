//! Uploads: `multipart/form-data` (the parts `file_object` and `data`, in either order) or a raw body
//! with the attributes in the query. Both are streamed to the disk; what breaks off leaves nothing.

use super::auth::Caller;
use super::errors::ApiError;
use super::objects::{ErrorBody, FileObject};
use super::query::Parameters;
use super::{Api, body, transcode};
use axum::Json;
use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Query, Request, State};
use futures_util::StreamExt;
use http::{StatusCode, header};
use library::{File, FileChanges, Principal, Upload};
use serde_json::{Map, Value};
use std::fmt::Display;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use utoipa::ToSchema;
use uuid::Uuid;

/// Most bytes of a form in which the next part must begin. What begins one takes a fraction of it, but
/// may come in one piece with as much of the part as the connection reads at a time.
const MOST_BETWEEN_PARTS: usize = 1024 * 1024;

/// The parts of an upload.
#[derive(ToSchema)]
#[allow(dead_code)] // It describes what is read piece by piece.
pub struct Form {
    /// What is said of the file; `container_sid` is required.
    file_object: FileObject,
    /// The bytes.
    #[schema(value_type = String, content_media_type = "application/octet-stream")]
    data: Vec<u8>,
}

/// Uploads a file.
///
/// As `application/octet-stream` the attributes are query arguments, and the body is the file.
#[utoipa::path(post, path = "/core/v2/storage/files", tag = "files",
    params(("container_sid" = Option<Uuid>, Query), ("name" = Option<String>, Query)),
    request_body(content((Form = "multipart/form-data"), (String = "application/octet-stream"))),
    responses((status = 201, body = FileObject), (status = "4XX", body = ErrorBody),
        (status = 503, body = ErrorBody)))]
pub async fn create(
    State(api): State<Api>,
    Caller(caller): Caller,
    Query(query): Query<Parameters>,
    request: Request,
) -> Result<(StatusCode, Json<FileObject>), ApiError> {
    let mut upload = api.library.begin_upload(&caller).await?;
    match body::media_type(request.headers()).as_str() {
        "multipart/form-data" => from_form(&mut upload, request, true).await?,
        "" | "application/octet-stream" => from_body(&mut upload, query, request).await?,
        other => {
            let message =
                format!("`{other}`; allowed: multipart/form-data, application/octet-stream");
            return Err(ApiError::unsupported_type(message));
        }
    }
    let upload = transcode::as_desired(&api, upload).await?;
    let file = upload.finish().await?;
    Ok((StatusCode::CREATED, Json(api.file(file).await?)))
}

/// Changes a file by a JSON object or by a form, which may bring new bytes.
pub async fn change(
    api: &Api,
    caller: &Principal,
    sid: Uuid,
    request: Request,
    anew: bool,
) -> Result<File, ApiError> {
    if body::media_type(request.headers()) != "multipart/form-data" {
        let changes = body::file(&body::object(request).await?)?;
        return Ok(api.library.change_file(caller, sid, changes, None, anew).await?);
    }
    let mut upload = api.library.begin_replacement(caller).await?;
    let has_data = from_form(&mut upload, request, false).await.map(|()| upload.has_bytes)?;
    if !has_data {
        let changes = upload.changes.clone();
        return Ok(api.library.change_file(caller, sid, changes, None, anew).await?);
    }
    let upload = transcode::as_desired(api, upload).await?;
    let changes = upload.changes.clone();
    Ok(api.library.change_file(caller, sid, changes, Some(upload), anew).await?)
}

async fn from_body(
    upload: &mut Upload,
    query: Parameters,
    request: Request,
) -> Result<(), ApiError> {
    let attributes: Map<String, Value> =
        query.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    upload.changes = body::file(&attributes)?;
    upload.refuse_early().await?;
    let mut bytes = request.into_body().into_data_stream();
    while let Some(more) = bytes.next().await {
        let more = more.map_err(|e| ApiError::malformed("data", format!("broke off: {e}")))?;
        upload.write(more).await?;
    }
    upload.has_bytes = true;
    Ok(())
}

fn broken(e: &dyn Display) -> ApiError {
    ApiError::malformed("body", format!("the multipart body: {e}"))
}

/// The parts of a form. Until the next one begins, the parser holds all that comes in memory and searches
/// it again with each piece: so it is given only so much for that.
struct Parts {
    form: Multipart,
    /// Bytes that the parser may still be given.
    allowed: Arc<AtomicUsize>,
    /// The type of the form, which says its boundary.
    content_type: String,
}

impl Parts {
    async fn of(request: Request) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
        let allowed = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&allowed);
        let bounded = request.map(|body| {
            Body::from_stream(body.into_data_stream().map(move |more| {
                let more = more.map_err(io::Error::other)?;
                let taken = left.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(more.len()));
                taken.map(|_| more).map_err(|_| {
                    left.store(0, Relaxed);
                    io::Error::other("the form is given up")
                })
            }))
        });
        let form = Multipart::from_request(bounded, &()).await.map_err(|e| broken(&e))?;
        Ok(Self { form, allowed, content_type })
    }

    /// The next part; what it has is read as it comes.
    async fn next(&mut self) -> Result<Option<Field<'_>>, ApiError> {
        self.allowed.store(MOST_BETWEEN_PARTS, Relaxed);
        let part = self.form.next_field().await.map_err(|e| match self.allowed.load(Relaxed) {
            0 => broken(&format_args!(
                "{MOST_BETWEEN_PARTS} bytes without the boundary of `{}` and the head of a part",
                self.content_type
            )),
            _ => broken(&e),
        })?;
        self.allowed.store(usize::MAX, Relaxed);
        Ok(part)
    }
}

/// Reads the parts; those of a new file are both required.
async fn from_form(upload: &mut Upload, request: Request, new: bool) -> Result<(), ApiError> {
    let mut parts = Parts::of(request).await?;
    let mut said: Option<FileChanges> = None;
    // The closing boundary must be there: a body cut short is no upload.
    while let Some(mut part) = parts.next().await? {
        match part.name().unwrap_or("") {
            "file_object" if said.is_none() => {
                let changes = file_object(&mut part).await?;
                upload.changes = changes.clone();
                said = Some(changes);
            }
            "data" | "file" if !upload.has_bytes => {
                upload.file_name = part.file_name().map(str::to_owned);
                upload.content_type = part.content_type().map(str::to_owned);
                if new && said.is_some() {
                    upload.refuse_early().await?;
                }
                while let Some(more) = part.chunk().await.map_err(|e| broken(&e))? {
                    upload.write(more).await?;
                }
                upload.has_bytes = true;
            }
            other => {
                let message = "unknown or repeated part; allowed: file_object, data";
                return Err(ApiError::malformed(other, message));
            }
        }
    }
    match (said, upload.has_bytes) {
        (None, _) if new => Err(ApiError::invalid("file_object", "required")),
        (_, false) if new => Err(ApiError::invalid("data", "required")),
        _ => Ok(()),
    }
}

async fn file_object(part: &mut Field<'_>) -> Result<FileChanges, ApiError> {
    let mut text = Vec::new();
    while let Some(more) = part.chunk().await.map_err(|e| broken(&e))? {
        body::extend(&mut text, &more, "file_object")?;
    }
    body::file(&body::parse(&text, "file_object")?)
}
