//! Uploads: `multipart/form-data` (the parts `file_object` and `data`, in either order) or a raw body
//! with the attributes in the query. Both are streamed to the disk; what breaks off leaves nothing.

use super::auth::Caller;
use super::body;
use super::errors::ApiError;
use super::objects::{ErrorBody, FileObject};
use super::query::Parameters;
use crate::apis::storage::form::{Form, Part};
use crate::apis::storage::{Refusal, Storage, ingest, json};
use axum::Json;
use axum::extract::{Query, Request, State};
use http::StatusCode;
use library::{File, FileChanges, Principal, Upload};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// The parts of an upload.
#[derive(ToSchema)]
#[allow(dead_code)] // It describes what is read piece by piece.
pub struct UploadForm {
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
    request_body(content((UploadForm = "multipart/form-data"), (String = "application/octet-stream"))),
    responses((status = 201, body = FileObject), (status = "4XX", body = ErrorBody),
        (status = 503, body = ErrorBody)))]
pub async fn create(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Query(query): Query<Parameters>,
    request: Request,
) -> Result<(StatusCode, Json<FileObject>), ApiError> {
    let mut upload = storage.library.begin_upload(&caller).await?;
    match json::media_type(request.headers()).as_str() {
        "multipart/form-data" => from_form(&mut upload, request, true).await?,
        "" | "application/octet-stream" => from_body(&mut upload, query, request).await?,
        other => {
            let message =
                format!("`{other}`; allowed: multipart/form-data, application/octet-stream");
            return Err(Refusal::UnsupportedType { message }.into());
        }
    }
    let upload = ingest::as_desired(&storage, upload).await?;
    let file = upload.finish().await?;
    Ok((StatusCode::CREATED, Json(super::files::shown(&storage, file).await?)))
}

/// Changes a file by a JSON object or by a form, which may bring new bytes.
pub async fn change(
    storage: &Storage,
    caller: &Principal,
    sid: Uuid,
    request: Request,
    anew: bool,
) -> Result<File, ApiError> {
    if json::media_type(request.headers()) != "multipart/form-data" {
        let changes = body::file(&json::object(request).await?)?;
        return Ok(storage.library.change_file(caller, sid, changes, None, anew).await?);
    }
    let mut upload = storage.library.begin_replacement(caller).await?;
    let has_data = from_form(&mut upload, request, false).await.map(|()| upload.has_bytes)?;
    if !has_data {
        let changes = upload.changes.clone();
        return Ok(storage.library.change_file(caller, sid, changes, None, anew).await?);
    }
    let upload = ingest::as_desired(storage, upload).await?;
    let changes = upload.changes.clone();
    Ok(storage.library.change_file(caller, sid, changes, Some(upload), anew).await?)
}

async fn from_body(
    upload: &mut Upload,
    query: Parameters,
    request: Request,
) -> Result<(), Refusal> {
    let attributes: Map<String, Value> =
        query.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    upload.changes = body::file(&attributes)?;
    upload.refuse_early().await?;
    ingest::take_body(upload, request.into_body()).await
}

/// Reads the parts; those of a new file are both required.
async fn from_form(upload: &mut Upload, request: Request, new: bool) -> Result<(), Refusal> {
    let mut parts = Form::of(request).await?;
    let mut said: Option<FileChanges> = None;
    // The closing boundary must be there: a body cut short is no upload.
    while let Some(mut part) = parts.next().await? {
        match part.name() {
            "file_object" if said.is_none() => {
                let changes = file_object(&mut part).await?;
                upload.changes = changes.clone();
                said = Some(changes);
            }
            "data" | "file" if !upload.has_bytes => {
                if new && said.is_some() {
                    upload.refuse_early().await?;
                }
                ingest::take_part(upload, &mut part).await?;
            }
            other => {
                let message = "unknown or repeated part; allowed: file_object, data";
                return Err(Refusal::malformed(other, message));
            }
        }
    }
    match (said, upload.has_bytes) {
        (None, _) if new => Err(Refusal::invalid("file_object", "required")),
        (_, false) if new => Err(Refusal::invalid("data", "required")),
        _ => Ok(()),
    }
}

async fn file_object(part: &mut Part<'_>) -> Result<FileChanges, Refusal> {
    body::file(&json::parse(&part.all().await?, "file_object")?)
}
