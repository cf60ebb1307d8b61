//! The calls about an agent's files: what its token brought in.

use super::errors::{ApiError, ErrorBody};
use super::objects::{FileObject, Page};
use super::parameters::{Listed, Paged};
use super::{Caller, Id, files, upload};
use crate::apis::storage::Storage;
use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use http::Uri;
use library::VoipbinSide;

const SIDE: VoipbinSide = VoipbinSide::Agent;

/// Uploads a file of the agent.
#[utoipa::path(post, path = "/v1.0/service_agents/files",
    operation_id = "voipbinUploadAgentFile", tag = "voipbin",
    request_body(content = upload::UploadForm, content_type = "multipart/form-data"),
    responses((status = 200, body = FileObject), (status = "4XX", body = ErrorBody),
        (status = 503, body = ErrorBody)))]
pub async fn create(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    request: Request,
) -> Result<Json<FileObject>, ApiError> {
    let row = upload::kept(&storage, &caller, SIDE, request).await?;
    Ok(Json(files::one_shown(&storage, &caller, row).await?))
}

/// Lists the agent's files.
#[utoipa::path(get, path = "/v1.0/service_agents/files",
    operation_id = "voipbinListAgentFiles", tag = "voipbin", params(Paged, Listed),
    responses((status = 200, body = Page<FileObject>), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    uri: Uri,
) -> Result<Json<Page<FileObject>>, ApiError> {
    Ok(Json(files::listed(&storage, &caller, SIDE, &uri).await?))
}

/// A file of the customer.
#[utoipa::path(get, path = "/v1.0/service_agents/files/{id}",
    operation_id = "voipbinGetAgentFile", tag = "voipbin",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = FileObject), (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<FileObject>, ApiError> {
    Ok(Json(files::found(&storage, &caller, id).await?))
}

/// Leads to a link that plays a file of the customer, in another format if one is asked for.
#[utoipa::path(get, path = "/v1.0/service_agents/files/{id}/file",
    operation_id = "voipbinPlayAgentFile", tag = "voipbin",
    params(("id" = Uuid, Path), ("f" = Option<String>, Query, description = "Any option of a published link.")),
    responses((status = 307), (status = "4XX", body = ErrorBody)))]
pub async fn play(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Id(id): Id,
    uri: Uri,
) -> Result<Response, ApiError> {
    files::played(&storage, &caller, id, SIDE, &uri).await
}

/// Deletes a file of the agent.
#[utoipa::path(delete, path = "/v1.0/service_agents/files/{id}",
    operation_id = "voipbinDeleteAgentFile", tag = "voipbin",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = FileObject), (status = "4XX", body = ErrorBody)))]
pub async fn delete(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<FileObject>, ApiError> {
    Ok(Json(files::deleted(&storage, &caller, id, SIDE).await?))
}
