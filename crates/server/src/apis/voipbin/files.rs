//! The calls about a customer's files, and what those about an agent's have in common with them.

use super::errors::{ApiError, ErrorBody};
use super::objects::{FileObject, Link, Page};
use super::parameters::{Listed, Paged, Parameters};
use super::{Caller, Id, now_ms, upload};
use crate::apis::publish::{Form, Wish, can_be_signed};
use crate::apis::storage::{Refusal, Storage};
use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::Uri;
use library::{File, Library, Principal, VoipbinRow, VoipbinSide};
use uuid::Uuid;

const SIDE: VoipbinSide = VoipbinSide::Customer;

/// Longest link that a header takes; the rest of the line is its name.
const LONGEST_LINK: usize = 980;

/// Uploads a file of the customer.
#[utoipa::path(post, path = "/v1.0/storage_files",
    operation_id = "voipbinUploadFile", tag = "voipbin",
    request_body(content = upload::UploadForm, content_type = "multipart/form-data"),
    responses((status = 200, body = FileObject), (status = "4XX", body = ErrorBody),
        (status = 503, body = ErrorBody)))]
pub async fn create(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    request: Request,
) -> Result<Json<FileObject>, ApiError> {
    let row = upload::kept(&storage, &caller, SIDE, request).await?;
    Ok(Json(one_shown(&storage, &caller, row).await?))
}

/// Lists the customer's files, whatever API they came in through.
#[utoipa::path(get, path = "/v1.0/storage_files",
    operation_id = "voipbinListFiles", tag = "voipbin",
    params(Paged, Listed,
        ("customer_id" = Option<String>, Query, description = "Another customer, for administrators.")),
    responses((status = 200, body = Page<FileObject>), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    uri: Uri,
) -> Result<Json<Page<FileObject>>, ApiError> {
    Ok(Json(listed(&storage, &caller, SIDE, &uri).await?))
}

/// A file.
#[utoipa::path(get, path = "/v1.0/storage_files/{id}",
    operation_id = "voipbinGetFile", tag = "voipbin", params(("id" = Uuid, Path)),
    responses((status = 200, body = FileObject), (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<FileObject>, ApiError> {
    Ok(Json(found(&storage, &caller, id).await?))
}

/// Leads to a link that plays a file, in another format if one is asked for.
#[utoipa::path(get, path = "/v1.0/storage_files/{id}/file",
    operation_id = "voipbinPlayFile", tag = "voipbin",
    params(("id" = Uuid, Path), ("f" = Option<String>, Query, description = "Any option of a published link.")),
    responses((status = 307), (status = "4XX", body = ErrorBody)))]
pub async fn play(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Id(id): Id,
    uri: Uri,
) -> Result<Response, ApiError> {
    played(&storage, &caller, id, SIDE, &uri).await
}

/// Deletes a file.
#[utoipa::path(delete, path = "/v1.0/storage_files/{id}",
    operation_id = "voipbinDeleteFile", tag = "voipbin", params(("id" = Uuid, Path)),
    responses((status = 200, body = FileObject), (status = "4XX", body = ErrorBody)))]
pub async fn delete(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<FileObject>, ApiError> {
    Ok(Json(deleted(&storage, &caller, id, SIDE).await?))
}

/// Leads to a link that plays the newest file of a recording, or the file that has this id.
#[utoipa::path(get, path = "/v1.0/recordingfiles/{id}",
    operation_id = "voipbinPlayRecording", tag = "voipbin",
    params(("id" = Uuid, Path), ("f" = Option<String>, Query, description = "Any option of a published link.")),
    responses((status = 307), (status = "4XX", body = ErrorBody)))]
pub async fn play_recording(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Id(id): Id,
    uri: Uri,
) -> Result<Response, ApiError> {
    let file = storage.library.voipbin_recording(&caller, id).await;
    let file = known(&storage, &caller, id, file).await?;
    redirected(&storage, &file, &uri).await
}

/// A part of a list.
pub async fn listed(
    storage: &Storage,
    caller: &Principal,
    side: VoipbinSide,
    uri: &Uri,
) -> Result<Page<FileObject>, ApiError> {
    let parameters = Parameters::of(uri);
    let (customer_id, list) = (parameters.customer_id()?, parameters.files()?);
    let page = storage.library.list_voipbin_files(caller, side, customer_id, list).await;
    let page = page.map_err(|error| match error {
        library::Error::NotFound => ApiError::no_resource("there is no such customer"),
        other => other.into(),
    })?;
    let result = shown(storage, caller, page.items).await?;
    Ok(Page { result, next_page_token: page.next.unwrap_or_default() })
}

/// A file.
pub async fn found(
    storage: &Storage,
    caller: &Principal,
    id: Uuid,
) -> Result<FileObject, ApiError> {
    let row = storage.library.voipbin_file(caller, id).await;
    one_shown(storage, caller, known(storage, caller, id, row).await?).await
}

/// Leads to a file's link.
pub async fn played(
    storage: &Storage,
    caller: &Principal,
    id: Uuid,
    side: VoipbinSide,
    uri: &Uri,
) -> Result<Response, ApiError> {
    let row = storage.library.voipbin_file_to_play(caller, id, side).await;
    redirected(storage, &known(storage, caller, id, row).await?.file, uri).await
}

/// Deletes a file; it as it is from now on.
pub async fn deleted(
    storage: &Storage,
    caller: &Principal,
    id: Uuid,
    side: VoipbinSide,
) -> Result<FileObject, ApiError> {
    let row = storage.library.delete_voipbin_file(caller, id, side).await;
    let row = known(storage, caller, id, row).await?;
    Ok(FileObject::deleted(row, now_ms(), storage.voipbin.times))
}

/// What was found of a file; one that went is told from one that never was.
async fn known<T>(
    storage: &Storage,
    caller: &Principal,
    id: Uuid,
    found: Result<T, library::Error>,
) -> Result<T, ApiError> {
    match found {
        Err(library::Error::NotFound)
            if storage.library.has_voipbin_file_departed(caller, id).await? =>
        {
            Err(ApiError::no_resource("the file was deleted"))
        }
        found => Ok(found?),
    }
}

/// A file with its link.
pub async fn one_shown(
    storage: &Storage,
    caller: &Principal,
    row: VoipbinRow,
) -> Result<FileObject, ApiError> {
    let mut shown = shown(storage, caller, vec![row]).await?;
    shown.pop().ok_or_else(|| Refusal::Failed.into())
}

/// Files with their links, if the caller may have what they lead to.
async fn shown(
    storage: &Storage,
    caller: &Principal,
    rows: Vec<VoipbinRow>,
) -> Result<Vec<FileObject>, ApiError> {
    if !Library::may_play_voipbin_files(caller) {
        let without = |row| FileObject::without_link(row, storage.voipbin.times);
        return Ok(rows.into_iter().map(without).collect());
    }
    let files: Vec<File> = rows.iter().map(|row| row.file.clone()).collect();
    let wish = wish(storage, Vec::new());
    let (uris, ends_at_s) = storage.signer.sign_each(&files, &wish, now_s()).await?;
    let times = storage.voipbin.times;
    let linked = rows.into_iter().zip(uris);
    Ok(linked.map(|(row, uri)| FileObject::of(row, Link { uri, ends_at_s }, times)).collect())
}

/// Leads to a file's link with the options of the query.
async fn redirected(storage: &Storage, file: &File, uri: &Uri) -> Result<Response, ApiError> {
    let options = Parameters::of(uri).which(can_be_signed);
    let wish = wish(storage, options);
    let (link, _) = storage.signer.sign(file, &wish, now_s()).await?;
    let judged = storage.publish.judge(file.file_sid, wish.options).await;
    judged.map_err(Refusal::from)?;
    if link.len() > LONGEST_LINK {
        let message = format!("the options make a link longer than {LONGEST_LINK} bytes");
        return Err(Refusal::invalid("query", message).into());
    }
    Ok(Redirect::temporary(&link).into_response())
}

/// A link that saves the file, unless the options say another disposition.
fn wish(storage: &Storage, mut options: Vec<(String, String)>) -> Wish {
    if !options.iter().any(|(name, value)| name == "disposition" && !value.is_empty()) {
        options.push(("disposition".into(), "attachment".into()));
    }
    Wish { life_s: storage.voipbin.link_life_s, options, form: Form::Query }
}

fn now_s() -> u64 {
    u64::try_from(now_ms() / 1000).unwrap_or(0)
}
