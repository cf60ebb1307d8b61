//! Uploads that go on where they were after a connection broke: tus 1.0.0 with its extensions `creation`, `expiration`
//! and `termination`. What a request brought stays, also of one that broke off.
//!
//! `Upload-Metadata` says attributes of the file, beside `filename` and `filetype`, which clients of tus send, and what
//! Uppy sends beside them: the same again as `name` and `type`, and the folder that it came from (`relativePath`). The
//! answer to the last bytes, and each later HEAD, names the file in `X-File-Uri`.

use super::auth::Caller;
use super::errors::ApiError;
use super::objects::ErrorBody;
use super::upload::Sender;
use crate::apis::storage::ingest::{self, Carried};
use crate::apis::storage::{Refusal, Storage, base64, json};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use library::{Beside, Coming, OpenUpload, Principal, Upload, UploadTurn};
use serde_json::{Map, Value};
use std::sync::Arc;

const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,expiration,termination";
const LENGTH: &str = "Upload-Length";
const OFFSET: &str = "Upload-Offset";
const METADATA: &str = "Upload-Metadata";

/// What a line of an answer has room for.
const MOST_SAID: usize = 900;

/// Says in every answer which protocol it is, and what of it pages of other origins may read.
pub async fn said(response: Response) -> Response {
    let mut response = response;
    let headers = response.headers_mut();
    headers.insert("tus-resumable", HeaderValue::from_static(VERSION));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let exposed = "Location, Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Upload-Offset, \
                   Upload-Length, Upload-Metadata, Upload-Expires, X-File-Uri";
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed));
    if response.status() == StatusCode::PRECONDITION_FAILED {
        response.headers_mut().insert("tus-version", HeaderValue::from_static(VERSION));
    }
    response
}

/// Tells what of tus is spoken.
pub async fn options(State(storage): State<Storage>) -> Response {
    let greatest = storage.max_upload_bytes.to_string();
    let told =
        [("tus-version", VERSION), ("tus-extension", EXTENSIONS), ("tus-max-size", &greatest)];
    (StatusCode::NO_CONTENT, told.map(|(name, value)| (name, value.to_owned()))).into_response()
}

/// Begins an upload that may come in several requests (tus 1.0.0).
#[utoipa::path(post, path = "/core/v2/storage/uploads", operation_id = "beginUpload", tag = "files",
    params(("Upload-Length" = u64, Header, description = "Bytes that the file will have."),
        ("Upload-Metadata" = Option<String>, Header,
            description = "`name BASE64,name BASE64 …`: attributes, `filename`, `filetype`."),
        ("Tus-Resumable" = String, Header, pattern = r"^1\.0\.0$")),
    responses((status = 201, description = "`Location` is where its bytes go."),
        (status = "4XX", body = ErrorBody), (status = 507, body = ErrorBody)))]
pub async fn create(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    check_version(&headers)?;
    let length = number(&headers, LENGTH)?;
    let greatest = storage.max_upload_bytes;
    if length > greatest {
        let message = format!("the file is too large; allowed: {greatest} bytes");
        return Err(Refusal::TooLarge { field: LENGTH.into(), message }.into());
    }
    let metadata = headers.get(METADATA).map_or(Ok(""), HeaderValue::to_str);
    let metadata = metadata.map_err(|_| not_metadata())?;
    let mut upload = storage.library.begin_upload(&caller).await?;
    say(&storage, caller, &mut upload, metadata).await?;
    let opened = storage.library.open_upload(&caller, upload, length, greatest, metadata);
    let open = opened.await?;
    let mut turn = Arc::clone(&open).turn().await;
    kept_if_whole(&storage, &open, &mut turn).await?;
    // Seen from this call: the server may lie below a path.
    let place = [(header::LOCATION, format!("uploads/{}", open.id()))];
    Ok((StatusCode::CREATED, place, told(&open, &turn.coming)).into_response())
}

/// Says of an upload what `Upload-Metadata` says.
async fn say(
    storage: &Storage,
    caller: Principal,
    upload: &mut Upload,
    metadata: &str,
) -> Result<(), ApiError> {
    let mut said = attributes(metadata)?;
    said.remove("relativePath");
    // What is no media type, and said once, is the attribute of that name.
    let is_kind = |kind: &Value| kind.as_str().is_some_and(|kind| !kind.contains('/'));
    if said.get("type").is_some_and(|kind| !is_kind(kind) || said.get("filetype") == Some(kind))
        && let Some(kind) = said.remove("type")
    {
        said.entry("filetype").or_insert(kind);
    }
    let mut take =
        |name: &str| said.remove(name).and_then(|value| Some(value.as_str()?.to_owned()));
    let (name, kind) = (take("filename"), take("filetype"));
    if let Some(name) = name.as_deref().map(ingest::base_name).filter(|name| !name.is_empty()) {
        said.entry("name").or_insert_with(|| name.into());
    }
    let sender = Sender { storage, caller, uploads: true };
    upload.say(sender.changes(said).await?);
    upload.refuse_early().await?;
    upload.begin_bytes(None, kind);
    Ok(())
}

/// An upload that the caller began, which a request goes on with.
pub struct Begun {
    storage: Storage,
    caller: Principal,
    open: Arc<OpenUpload>,
}

impl FromRequestParts<Storage> for Begun {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, storage: &Storage) -> Result<Self, ApiError> {
        check_version(&parts.headers)?;
        let Caller(caller) = Caller::from_request_parts(parts, storage).await?;
        let id = Path::<String>::from_request_parts(parts, storage).await;
        let Path(id) = id.map_err(|_| Refusal::NotFound)?;
        let open = storage.library.opened(&caller, super::sid(&id)?)?;
        Ok(Self { storage: storage.clone(), caller, open })
    }
}

impl Begun {
    /// The turn after whoever sends to it now; with what came, also where an earlier process took that.
    async fn turn(&self) -> Result<UploadTurn, ApiError> {
        let mut turn = Arc::clone(&self.open).turn().await;
        if let Coming::Left = *turn.coming {
            let mut upload = self.storage.library.go_on_with(&self.caller, &self.open).await?;
            say(&self.storage, self.caller, &mut upload, self.open.said()).await?;
            *turn.coming = Coming::Part(upload);
        }
        Ok(turn)
    }
}

/// How far an upload has come, after whoever sends to it has stopped.
#[utoipa::path(head, path = "/core/v2/storage/uploads/{upload_id}", operation_id = "getUpload", tag = "files",
    params(("upload_id" = Uuid, Path), ("Tus-Resumable" = String, Header, pattern = r"^1\.0\.0$")),
    responses((status = 200, description = "`Upload-Offset` bytes of `Upload-Length`."), (status = "4XX")))]
pub async fn head(begun: Begun) -> Result<Response, ApiError> {
    let turn = begun.turn().await?;
    if let Coming::Failed = *turn.coming {
        return Err(Refusal::NotFound.into());
    }
    let mut headers = told(&begun.open, &turn.coming);
    let said = begun.open.said();
    if let (1..=MOST_SAID, Ok(said)) = (said.len(), HeaderValue::from_str(said)) {
        headers.insert("upload-metadata", said);
    }
    Ok((StatusCode::OK, headers).into_response())
}

/// Brings bytes of an upload, behind those that have come.
#[utoipa::path(patch, path = "/core/v2/storage/uploads/{upload_id}", operation_id = "continueUpload", tag = "files",
    params(("upload_id" = Uuid, Path), ("Tus-Resumable" = String, Header, pattern = r"^1\.0\.0$"),
        ("Upload-Offset" = u64, Header, description = "Bytes that have come.")),
    request_body(content((String = "application/offset+octet-stream"))),
    responses((status = 204, description = "`Upload-Offset` bytes have come; after the last `X-File-Uri` is the file."),
        (status = "4XX", body = ErrorBody), (status = 503, body = ErrorBody), (status = 507, body = ErrorBody)))]
pub async fn patch(begun: Begun, request: Request) -> Result<Response, ApiError> {
    let headers = request.headers();
    // A coded body is refused, as elsewhere.
    Carried::by(headers)?;
    let kind = json::media_type(headers);
    if kind != "application/offset+octet-stream" {
        let message = format!("`{kind}`; allowed: application/offset+octet-stream");
        return Err(Refusal::UnsupportedType { message }.into());
    }
    let offset = number(headers, OFFSET)?;
    // It goes on though its client is gone: what came is to stay.
    let work = tokio::spawn(async move {
        let mut turn = begun.turn().await?;
        let Begun { storage, open, .. } = &begun;
        let taken = take(open, &mut turn, offset, request.into_body()).await;
        if let Coming::Failed = *turn.coming {
            storage.library.forget_upload(open.id());
        }
        taken?;
        kept_if_whole(storage, open, &mut turn).await?;
        Ok((StatusCode::NO_CONTENT, told(open, &turn.coming)).into_response())
    });
    work.await.unwrap_or_else(|e| Err(Refusal::failed(&e).into()))
}

/// What `X-HTTP-Method-Override` says, of clients that can send GET and POST alone.
pub async fn post(begun: Begun, request: Request) -> Result<Response, ApiError> {
    let method = request.headers().get("x-http-method-override").map(HeaderValue::as_bytes);
    match method {
        Some(b"PATCH") => patch(begun, request).await,
        Some(b"DELETE") => Ok(delete(begun).await.into_response()),
        Some(b"HEAD") => head(begun).await,
        _ => Err(Refusal::BadMethod.into()),
    }
}

/// Gives up an upload.
#[utoipa::path(delete, path = "/core/v2/storage/uploads/{upload_id}", operation_id = "cancelUpload", tag = "files",
    params(("upload_id" = Uuid, Path), ("Tus-Resumable" = String, Header, pattern = r"^1\.0\.0$")),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn delete(Begun { storage, open, .. }: Begun) -> StatusCode {
    let mut turn = Arc::clone(&open).turn().await;
    turn.coming.take();
    storage.library.forget_upload(open.id());
    StatusCode::NO_CONTENT
}

/// Takes a body until it ends, breaks off, or its sender begins another.
async fn take(
    open: &OpenUpload,
    turn: &mut UploadTurn,
    offset: u64,
    body: Body,
) -> Result<(), ApiError> {
    let Some(mut upload) = turn.coming.take() else {
        return at(offset, open.length_bytes(), matches!(*turn.coming, Coming::Whole(_)));
    };
    let come = upload.length_bytes();
    let mut taken = at(offset, come, true);
    if taken.is_ok() {
        taken = take_bytes(open, turn, &mut upload, body).await;
    }
    // What can't be written any more is lost.
    if upload.goes_on() {
        *turn.coming = Coming::Part(upload);
    }
    taken
}

async fn take_bytes(
    open: &OpenUpload,
    turn: &mut UploadTurn,
    upload: &mut Upload,
    body: Body,
) -> Result<(), ApiError> {
    let (mut bytes, mut held) = (body.into_data_stream(), Vec::new());
    let mut come = upload.length_bytes();
    let mut ended = Ok(());
    loop {
        let more: Option<Result<Bytes, _>> = tokio::select! {
            () = turn.is_over() => break,
            more = bytes.next() => more,
        };
        let more = match more {
            None => break,
            Some(Ok(more)) => more,
            Some(Err(error)) => {
                let broke = || Refusal::malformed("body", format!("broke off: {error}"));
                ended = Err(Refusal::of_body(&error, broke).into());
                break;
            }
        };
        come += more.len() as u64;
        if come > open.length_bytes() {
            let message = format!("more bytes than Upload-Length says: {}", open.length_bytes());
            ended = Err(Refusal::TooLarge { field: "body".into(), message }.into());
            break;
        }
        ingest::take(upload, &mut held, more).await?;
    }
    ingest::finish(upload, held).await?;
    ended
}

fn at(offset: u64, come: u64, is_there: bool) -> Result<(), ApiError> {
    match is_there {
        false => Err(Refusal::NotFound.into()),
        true if offset == come => Ok(()),
        true => Err(ApiError::conflict(OFFSET, format!("{come} bytes have come"))),
    }
}

/// Makes an upload that is whole a file.
async fn kept_if_whole(
    storage: &Storage,
    open: &OpenUpload,
    turn: &mut UploadTurn,
) -> Result<(), ApiError> {
    let Some(upload) = turn.coming.take_whole(open.length_bytes()) else { return Ok(()) };
    let kept = async {
        let upload = ingest::as_desired(storage, upload).await?;
        Ok::<_, Refusal>(upload.finish(Beside::Nothing).await?)
    };
    match kept.await {
        Ok(file) => *turn.coming = Coming::Whole(file.file_sid),
        Err(refusal) => {
            storage.library.forget_upload(open.id());
            return Err(refusal.into());
        }
    }
    Ok(())
}

/// What every answer tells of an upload.
fn told(open: &OpenUpload, coming: &Coming) -> HeaderMap {
    let (offset, file) = match coming {
        Coming::Part(upload) => (upload.length_bytes(), None),
        Coming::Whole(sid) => (open.length_bytes(), Some(format!("../files/{sid}"))),
        Coming::Left | Coming::Failed => (0, None),
    };
    let lines = [
        (OFFSET, Some(offset.to_string())),
        (LENGTH, Some(open.length_bytes().to_string())),
        ("Upload-Expires", Some(httpdate::fmt_http_date(open.expires()))),
        ("X-File-Uri", file),
    ];
    let line = |(name, text): (&'static str, Option<String>)| {
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(text?).ok()?))
    };
    lines.into_iter().filter_map(line).collect()
}

fn check_version(headers: &HeaderMap) -> Result<(), ApiError> {
    match headers.get("Tus-Resumable").map(HeaderValue::as_bytes) {
        Some(version) if version == VERSION.as_bytes() => Ok(()),
        _ => Err(ApiError::version("Tus-Resumable", format!("required; allowed: {VERSION}"))),
    }
}

fn number(headers: &HeaderMap, name: &'static str) -> Result<u64, ApiError> {
    let text = headers.get(name).and_then(|value| value.to_str().ok());
    let digits = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let wrong = || Refusal::malformed(name, "required: a whole number of bytes").into();
    digits.and_then(|text| text.parse().ok()).ok_or_else(wrong)
}

fn not_metadata() -> Refusal {
    Refusal::malformed(METADATA, "must be: name BASE64,name BASE64 …")
}

/// Those of `name BASE64,name BASE64 …`; a name without a value says nothing.
fn attributes(metadata: &str) -> Result<Map<String, Value>, Refusal> {
    let mut said = Map::new();
    for pair in metadata.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once(' ') else { continue };
        let value = base64::decode(value.trim()).and_then(|bytes| String::from_utf8(bytes).ok());
        said.insert(name.to_owned(), value.ok_or_else(not_metadata)?.into());
    }
    Ok(said)
}
