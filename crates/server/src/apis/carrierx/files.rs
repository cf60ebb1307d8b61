//! The calls about files that are there.

use super::auth::Caller;
use super::errors::ApiError;
use super::objects::{ErrorBody, FileObject, Page};
use super::query::{self, Fields};
use super::request::{Query, Sid};
use super::{Listed, Shown, shown, upload};
use crate::apis::storage::{Storage, download};
use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use library::Rest;

/// Lists files.
#[utoipa::path(get, path = "/core/v2/storage/files",
    operation_id = "listFiles", tag = "files", params(Listed),
    responses((status = 200, body = Page<FileObject>), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Query(parameters): Query,
) -> Result<Json<Page<query::View<FileObject>>>, ApiError> {
    let ((wanted, offset), fields) = (query::list(&parameters)?, Fields::of(&parameters));
    let limit = wanted.limit;
    let mut listing = storage.library.list_files(&caller, wanted).await?;
    let rows = std::mem::take(&mut listing.items);
    let uris = storage.signer.publish_uris(&rows).await?;
    let shown = rows.into_iter().zip(uris).map(|(row, uri)| FileObject::of(row, uri));
    let items = shown.map(|object| fields.of_object(object)).collect::<Result<_, _>>()?;
    Ok(Json(Page::of(listing, items, limit, offset)))
}

/// A file.
#[utoipa::path(get, path = "/core/v2/storage/files/{file_sid}",
    operation_id = "getFile", tag = "files",
    params(("file_sid" = Uuid, Path), Shown),
    responses((status = 200, body = FileObject), (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Sid(sid): Sid,
    Query(parameters): Query,
) -> Result<Json<query::View<FileObject>>, ApiError> {
    let row = storage.library.file(&caller, sid).await?;
    Ok(Json(Fields::of(&parameters).of_object(shown(&storage, row).await?)?))
}

/// Changes the attributes that are sent, and the content if it is.
#[utoipa::path(patch, path = "/core/v2/storage/files/{file_sid}",
    operation_id = "changeFile", tag = "files",
    params(("file_sid" = Uuid, Path)), request_body = FileObject,
    responses((status = 200, body = FileObject), (status = "4XX", body = ErrorBody),
        (status = 503, body = ErrorBody), (status = 507, body = ErrorBody)))]
pub async fn patch(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Sid(sid): Sid,
    request: Request,
) -> Result<Json<FileObject>, ApiError> {
    let row = upload::change(&storage, &caller, sid, request, Rest::Stays).await?;
    Ok(Json(shown(&storage, row).await?))
}

/// Changes all attributes; those not sent take their defaults, names excepted.
#[utoipa::path(put, path = "/core/v2/storage/files/{file_sid}",
    operation_id = "replaceFile", tag = "files",
    params(("file_sid" = Uuid, Path)), request_body = FileObject,
    responses((status = 200, body = FileObject), (status = "4XX", body = ErrorBody),
        (status = 503, body = ErrorBody), (status = 507, body = ErrorBody)))]
pub async fn put(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Sid(sid): Sid,
    request: Request,
) -> Result<Json<FileObject>, ApiError> {
    let row = upload::change(&storage, &caller, sid, request, Rest::TakesDefaults).await?;
    Ok(Json(shown(&storage, row).await?))
}

/// Deletes a file.
#[utoipa::path(delete, path = "/core/v2/storage/files/{file_sid}",
    operation_id = "deleteFile", tag = "files",
    params(("file_sid" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody),
        (status = 507, body = ErrorBody)))]
pub async fn delete(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Sid(sid): Sid,
) -> Result<StatusCode, ApiError> {
    storage.library.delete_file(&caller, sid).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The bytes, published or not.
///
/// With ranges, preconditions, and the options of a published link in the query (`f=mp3`, `t=0-1000` …).
#[utoipa::path(get, path = "/core/v2/storage/files/{file_sid}/data",
    operation_id = "getFileData", tag = "files",
    params(("file_sid" = Uuid, Path), ("f" = Option<String>, Query, description = "Another format.")),
    responses((status = 200, content_type = "*/*"), (status = 206, content_type = "*/*"), (status = 304),
        (status = "4XX", body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn data(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Sid(sid): Sid,
    request: Request,
) -> Result<Response, ApiError> {
    let row = storage.library.file(&caller, sid).await?;
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    Ok(download::answer(&storage, &row, method, uri, headers).await?)
}
