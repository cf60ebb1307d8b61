//! The calls about recordings: all of them, or those of a profile, which the path then says.

use super::data::{self, Sent};
use super::errors::{ApiError, ErrorBody};
use super::fields;
use super::objects::{RecordingForm, RecordingObject, shown, urls};
use super::request::{Caller, Ids, Listed, Wanted};
use crate::apis::storage::ingest::Carried;
use crate::apis::storage::{Storage, json};
use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{StatusCode, Uri};
use library::Recordable;

/// Lists recordings, in the order of making; a list that goes on says where in `Link`.
#[utoipa::path(get, path = "/recordings",
    operation_id = "voxboneListRecordings", tag = "voxbone", params(Listed),
    responses((status = 200, body = [RecordingObject]), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    ids: Ids,
    uri: Uri,
) -> Result<Response, ApiError> {
    let (wanted, library) = (Wanted::of(&uri)?, &storage.library);
    let mut rows = library.list_recordings(&caller, ids.of_profile(), wanted.part()).await?;
    let has_more = wanted.cut(&mut rows);
    let urls = urls(&storage, &rows).await?;
    let recordings: Vec<_> =
        rows.into_iter().zip(urls).map(|(row, url)| RecordingObject::of(row, url)).collect();
    Ok(wanted.answer(&recordings, has_more))
}

/// Makes a recording: by JSON without content, by a form with it.
#[utoipa::path(put, path = "/recordings",
    operation_id = "voxboneCreateRecording", tag = "voxbone",
    request_body(content((RecordingObject = "application/json"), (RecordingForm = "multipart/form-data"))),
    responses((status = 201, body = RecordingObject), (status = "4XX", body = ErrorBody),
        (status = 503, body = ErrorBody)))]
pub async fn create(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    ids: Ids,
    request: Request,
) -> Result<(StatusCode, Json<RecordingObject>), ApiError> {
    let library = &storage.library;
    let profile_id = ids.of_profile();
    let recorded = match Carried::by(request.headers())? {
        Carried::Form => {
            let sent = data::read_form(&storage, &caller, profile_id, request).await?;
            let Sent { recording, upload } = sent;
            library.keep_content(&caller, Recordable::New(recording), upload).await?
        }
        Carried::Json | Carried::Bytes(_) => {
            let said = json::object(request).await?;
            let edit = |row: &mut _| fields::recording(&said, row);
            let recording = library.new_recording(&caller, profile_id, edit).await?;
            library.keep_recording(recording).await?
        }
    };
    Ok((StatusCode::CREATED, Json(shown(&storage, recorded).await?)))
}

/// A recording.
#[utoipa::path(get, path = "/recordings/{id}",
    operation_id = "voxboneGetRecording", tag = "voxbone", params(("id" = Uuid, Path)),
    responses((status = 200, body = RecordingObject), (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<RecordingObject>, ApiError> {
    let found = storage.library.recording(&caller, ids.of_profile(), ids.recording()?).await?;
    Ok(Json(shown(&storage, found).await?))
}

/// Changes the fields that are sent.
#[utoipa::path(post, path = "/recordings/{id}",
    operation_id = "voxboneChangeRecording", tag = "voxbone", params(("id" = Uuid, Path)),
    request_body = RecordingObject,
    responses((status = 200, body = RecordingObject), (status = "4XX", body = ErrorBody)))]
pub async fn change(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    ids: Ids,
    request: Request,
) -> Result<Json<RecordingObject>, ApiError> {
    let said = json::object(request).await?;
    let edit = move |row: &mut _| fields::recording(&said, row);
    let (of, id) = (ids.of_profile(), ids.recording()?);
    let changed = storage.library.change_recording(&caller, of, id, edit).await?;
    Ok(Json(shown(&storage, changed).await?))
}

/// Deletes a recording and its content.
#[utoipa::path(delete, path = "/recordings/{id}",
    operation_id = "voxboneDeleteRecording", tag = "voxbone", params(("id" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn delete(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<StatusCode, ApiError> {
    storage.library.delete_recording(&caller, ids.of_profile(), ids.recording()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
