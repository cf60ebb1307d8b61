//! The content of recordings: streamed to the disk as every upload is, and out as every download.

use super::errors::{ApiError, ErrorBody};
use super::fields;
use super::objects::{RecordingObject, shown};
use super::request::{Caller, Ids};
use crate::apis::storage::form::Form;
use crate::apis::storage::ingest::{self, Carried};
use crate::apis::storage::{Refusal, Storage, download, json};
use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, Method, Uri};
use library::{Principal, Recording, Upload};
use serde_json::Map;
use uuid::Uuid;

/// What a form brings.
pub struct Sent {
    pub recording: Recording,
    pub upload: Upload,
}

/// The name that bytes come under if their sender gives them none. Headerless ones are told by it.
fn file_name(recording: &Recording) -> String {
    format!("{}.{}", recording.recording_id, recording.format)
}

/// Reads the parts of a form, in any order: `recording`, which may be left out, and `data`.
pub async fn read_form(
    storage: &Storage,
    caller: &Principal,
    profile_id: Option<Uuid>,
    request: Request,
) -> Result<Sent, Refusal> {
    let library = &storage.library;
    let mut upload = library.begin_upload(caller).await?;
    if profile_id.is_some() {
        // Before the form comes, as far as the path tells it.
        let blank = library.new_recording(caller, profile_id, |_| Ok(())).await?;
        library.check_records(&blank).await?;
    }
    let mut said = None;
    let (head, body) = request.into_parts();
    let mut form = Form::of(&head.headers, body).await?;
    // The closing boundary must be there: a body cut short is no upload.
    while let Some(mut part) = form.next().await? {
        match part.name() {
            "recording" if said.is_none() => {
                let object = json::parse(&part.all().await?, "recording")?;
                let edit = |row: &mut _| fields::recording(&object, row);
                let recording = library.new_recording(caller, profile_id, edit).await?;
                // Before the bytes come, as far as it's known by then.
                library.check_records(&recording).await?;
                said = Some(recording);
            }
            "data" if !upload.has_bytes() => {
                ingest::take_part(&mut upload, &mut part).await?;
            }
            name @ ("recording" | "data") => {
                return Err(Refusal::malformed(name, "a second part of that name; allowed: one"));
            }
            name => return Err(Refusal::invalid(name, "unknown part; allowed: recording, data")),
        }
    }
    if upload.length_bytes() == 0 {
        return Err(Refusal::invalid("data", "required: a part with the recording"));
    }
    let recording = match said {
        Some(recording) => recording,
        None => {
            let edit = |row: &mut _| fields::recording(&Map::new(), row);
            library.new_recording(caller, profile_id, edit).await?
        }
    };
    upload.name_bytes(file_name(&recording));
    Ok(Sent { recording, upload })
}

/// Stores the content of a recording, in place of what it had.
///
/// The body is the recording, of whatever type it is declared. The same bytes again change nothing.
#[utoipa::path(put, path = "/recordings/{id}/data",
    operation_id = "voxboneStoreContent", tag = "voxbone", params(("id" = Uuid, Path)),
    request_body(content((String = "application/octet-stream"))),
    responses((status = 200, body = RecordingObject), (status = "4XX", body = ErrorBody),
        (status = 503, body = ErrorBody)))]
pub async fn put(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    ids: Ids,
    request: Request,
) -> Result<Json<RecordingObject>, ApiError> {
    let library = &storage.library;
    let recordable = library.recordable(&caller, ids.recording()?).await?;
    let declared = match Carried::by(request.headers())? {
        Carried::Bytes(declared) => declared,
        Carried::Json => Some(json::media_type(request.headers())),
        Carried::Form => {
            let message =
                "`multipart/form-data`; send the recording as the body, or a form to /recordings";
            return Err(Refusal::UnsupportedType { message: message.into() }.into());
        }
    };
    let mut upload = library.begin_content(&caller, &recordable).await?;
    ingest::take_body(&mut upload, declared, request.into_body()).await?;
    if upload.length_bytes() == 0 {
        return Err(Refusal::invalid("data", "required: the recording as the body").into());
    }
    upload.name_bytes(file_name(recordable.recording()));
    let kept = library.keep_content(&caller, recordable, upload).await?;
    Ok(Json(shown(&storage, kept).await?))
}

/// The content of a recording, with ranges, preconditions and all options of a link.
#[utoipa::path(get, path = "/recordings/{id}/data",
    operation_id = "voxboneGetContent", tag = "voxbone", params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "*/*"), (status = 206, content_type = "*/*"), (status = 304),
        (status = "4XX", body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn get(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    ids: Ids,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let found = storage.library.recording(&caller, None, ids.recording()?).await?;
    let file = found.file.ok_or(Refusal::NotFound)?;
    Ok(download::answer(&storage, &file, &method, &uri, &headers).await?)
}
