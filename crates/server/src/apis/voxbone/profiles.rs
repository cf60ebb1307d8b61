//! The calls about profiles.

use super::errors::{ApiError, ErrorBody};
use super::fields;
use super::objects::ProfileObject;
use super::request::{Caller, Ids, Listed, Wanted};
use crate::apis::storage::{Storage, json};
use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{StatusCode, Uri};

/// Lists profiles, in the order of making; a list that goes on says where in `Link`.
#[utoipa::path(get, path = "/profiles",
    operation_id = "voxboneListProfiles", tag = "voxbone", params(Listed),
    responses((status = 200, body = [ProfileObject]), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    uri: Uri,
) -> Result<Response, ApiError> {
    let wanted = Wanted::of(&uri)?;
    let mut rows = storage.library.list_profiles(&caller, wanted.part()).await?;
    let has_more = wanted.cut(&mut rows);
    let profiles: Vec<_> = rows.into_iter().map(ProfileObject::from).collect();
    Ok(wanted.answer(&profiles, has_more))
}

/// Makes a profile.
#[utoipa::path(put, path = "/profiles",
    operation_id = "voxboneCreateProfile", tag = "voxbone", request_body = ProfileObject,
    responses((status = 201, body = ProfileObject), (status = "4XX", body = ErrorBody)))]
pub async fn create(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    request: Request,
) -> Result<(StatusCode, Json<ProfileObject>), ApiError> {
    let said = json::object(request).await?;
    let made = storage.library.create_profile(&caller, |row| fields::profile(&said, row)).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// A profile.
#[utoipa::path(get, path = "/profiles/{profile_id}",
    operation_id = "voxboneGetProfile", tag = "voxbone",
    params(("profile_id" = Uuid, Path)),
    responses((status = 200, body = ProfileObject), (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<ProfileObject>, ApiError> {
    Ok(Json(storage.library.profile(&caller, ids.profile()?).await?.into()))
}

/// Changes the fields that are sent.
#[utoipa::path(post, path = "/profiles/{profile_id}",
    operation_id = "voxboneChangeProfile", tag = "voxbone",
    params(("profile_id" = Uuid, Path)), request_body = ProfileObject,
    responses((status = 200, body = ProfileObject), (status = "4XX", body = ErrorBody)))]
pub async fn change(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    ids: Ids,
    request: Request,
) -> Result<Json<ProfileObject>, ApiError> {
    let said = json::object(request).await?;
    let edit = move |row: &mut _| fields::profile(&said, row);
    Ok(Json(storage.library.change_profile(&caller, ids.profile()?, edit).await?.into()))
}

/// Deletes a profile; its recordings stay, without a profile.
#[utoipa::path(delete, path = "/profiles/{profile_id}",
    operation_id = "voxboneDeleteProfile", tag = "voxbone",
    params(("profile_id" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn delete(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<StatusCode, ApiError> {
    storage.library.delete_profile(&caller, ids.profile()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
