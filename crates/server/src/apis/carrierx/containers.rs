//! The calls about containers.

use super::auth::Caller;
use super::errors::ApiError;
use super::objects::{ContainerObject, ErrorBody, Page};
use super::query::{self, Fields};
use super::request::{Query, Sid};
use super::{Listed, Shown, body};
use crate::apis::storage::{Storage, json};
use axum::Json;
use axum::extract::{Request, State};
use http::StatusCode;
use library::{Container, Rest};
use uuid::Uuid;

/// Makes a container.
#[utoipa::path(post, path = "/core/v2/storage/containers",
    operation_id = "createContainer", tag = "containers",
    request_body = ContainerObject,
    responses((status = 200, body = ContainerObject), (status = "4XX", body = ErrorBody),
        (status = 507, body = ErrorBody)))]
pub async fn create(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    request: Request,
) -> Result<Json<ContainerObject>, ApiError> {
    let changes = body::container(&json::object(request).await?)?;
    Ok(Json(shown(&storage, storage.library.create_container(&caller, changes).await?)))
}

/// Lists containers.
#[utoipa::path(get, path = "/core/v2/storage/containers",
    operation_id = "listContainers", tag = "containers", params(Listed),
    responses((status = 200, body = Page<ContainerObject>), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Query(parameters): Query,
) -> Result<Json<Page<query::View<ContainerObject>>>, ApiError> {
    let ((wanted, offset), fields) = (query::list(&parameters)?, Fields::of(&parameters));
    let limit = wanted.limit;
    let mut listing = storage.library.list_containers(&caller, wanted).await?;
    let rows = std::mem::take(&mut listing.items).into_iter();
    let items = rows.map(|row| fields.of_object(shown(&storage, row))).collect::<Result<_, _>>()?;
    Ok(Json(Page::of(listing, items, limit, offset)))
}

/// A container.
#[utoipa::path(get, path = "/core/v2/storage/containers/{container_sid}",
    operation_id = "getContainer", tag = "containers",
    params(("container_sid" = Uuid, Path), Shown),
    responses((status = 200, body = ContainerObject), (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Sid(sid): Sid,
    Query(parameters): Query,
) -> Result<Json<query::View<ContainerObject>>, ApiError> {
    let row = storage.library.container(&caller, sid).await?;
    Ok(Json(Fields::of(&parameters).of_object(shown(&storage, row))?))
}

/// Changes the attributes that are sent.
#[utoipa::path(patch, path = "/core/v2/storage/containers/{container_sid}",
    operation_id = "changeContainer", tag = "containers",
    params(("container_sid" = Uuid, Path)), request_body = ContainerObject,
    responses((status = 200, body = ContainerObject), (status = "4XX", body = ErrorBody),
        (status = 507, body = ErrorBody)))]
pub async fn patch(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Sid(sid): Sid,
    request: Request,
) -> Result<Json<ContainerObject>, ApiError> {
    Ok(Json(change(&storage, caller, sid, request, Rest::Stays).await?))
}

/// Changes all attributes; those not sent take their defaults.
#[utoipa::path(put, path = "/core/v2/storage/containers/{container_sid}",
    operation_id = "replaceContainer", tag = "containers",
    params(("container_sid" = Uuid, Path)), request_body = ContainerObject,
    responses((status = 200, body = ContainerObject), (status = "4XX", body = ErrorBody),
        (status = 507, body = ErrorBody)))]
pub async fn put(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Sid(sid): Sid,
    request: Request,
) -> Result<Json<ContainerObject>, ApiError> {
    Ok(Json(change(&storage, caller, sid, request, Rest::TakesDefaults).await?))
}

async fn change(
    storage: &Storage,
    caller: library::Principal,
    sid: Uuid,
    request: Request,
    rest: Rest,
) -> Result<ContainerObject, ApiError> {
    let changes = body::container(&json::object(request).await?)?;
    let row = storage.library.change_container(&caller, sid, changes, rest).await?;
    Ok(shown(storage, row))
}

/// Deletes a container that holds no files.
#[utoipa::path(delete, path = "/core/v2/storage/containers/{container_sid}",
    operation_id = "deleteContainer", tag = "containers",
    params(("container_sid" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody),
        (status = 507, body = ErrorBody)))]
pub async fn delete(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Sid(sid): Sid,
) -> Result<StatusCode, ApiError> {
    storage.library.delete_container(&caller, sid).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(storage: &Storage, row: Container) -> ContainerObject {
    ContainerObject::of(row, storage.library.link_base())
}
