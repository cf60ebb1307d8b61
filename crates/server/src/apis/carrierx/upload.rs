//! Uploads in whatever form a client sends them: a raw body of any type, at `files` or under a name at `upload/`, or a
//! form. All are streamed to the disk; what breaks off leaves nothing.
//!
//! Attributes come in the query, as fields of a form, or in its part `file_object`; of one that is said twice, the
//! later counts.

use super::auth::Caller;
use super::body;
use super::errors::ApiError;
use super::objects::{ErrorBody, FileObject};
use super::query::Parameters;
use super::request::{Name, Query};
use crate::apis::storage::form::Form;
use crate::apis::storage::ingest::{self, Carried};
use crate::apis::storage::{Refusal, Storage, json};
use axum::Json;
use axum::extract::{Request, State};
use http::StatusCode;
use library::{Beside, Change, File, FileChanges, Principal, Rest, Upload};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// The parts of an upload. Attributes may be fields of their own, too.
#[derive(ToSchema)]
#[allow(dead_code)] // It describes what is read piece by piece.
pub struct UploadForm {
    /// What is said of the file.
    file_object: Option<FileObject>,
    /// The bytes; the part may have any name if it has a file's name.
    #[schema(value_type = String, content_media_type = "application/octet-stream")]
    data: Vec<u8>,
}

/// Uploads a file.
///
/// A body of any type but a form's and JSON's is the file, its attributes are query arguments.
#[utoipa::path(post, path = "/core/v2/storage/files",
    operation_id = "uploadFile", tag = "files",
    params(("container_sid" = Option<String>, Query, description = "Sid or name; `default` if left out."),
        ("name" = Option<String>, Query)),
    request_body(content((UploadForm = "multipart/form-data"), (String = "application/octet-stream"))),
    responses((status = 201, body = FileObject), (status = "4XX", body = ErrorBody),
        (status = 503, body = ErrorBody), (status = 507, body = ErrorBody)))]
pub async fn create(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Query(query): Query,
    request: Request,
) -> Result<(StatusCode, Json<FileObject>), ApiError> {
    if matches!(Carried::by(request.headers())?, Carried::Json) {
        let message = "required: a JSON body says attributes and holds no file; send the file as the body \
                       (of another type, attributes in the query), as a form, or to /core/v2/storage/upload/NAME";
        return Err(ApiError::invalid("data", message));
    }
    kept(&storage, caller, attributes(query), request).await
}

/// Uploads a file under a name.
///
/// The body is the file, of whatever type it is declared. A second file of a name is another file.
#[utoipa::path(put, path = "/core/v2/storage/upload/{name}",
    operation_id = "uploadNamedFile", tag = "files",
    params(("name" = String, Path),
        ("container_sid" = Option<String>, Query, description = "Sid or name; `default` if left out.")),
    request_body(content((String = "application/octet-stream"), (UploadForm = "multipart/form-data"))),
    responses((status = 201, body = FileObject), (status = "4XX", body = ErrorBody),
        (status = 503, body = ErrorBody), (status = 507, body = ErrorBody)))]
pub async fn create_named(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Name(name): Name,
    Query(query): Query,
    request: Request,
) -> Result<(StatusCode, Json<FileObject>), ApiError> {
    let mut said = attributes(query);
    if let Some(name) = name {
        said.entry("name").or_insert_with(|| ingest::base_name(&name).into());
    }
    kept(&storage, caller, said, request).await
}

fn attributes(query: Parameters) -> Map<String, Value> {
    query.into_iter().map(|(name, value)| (name, Value::String(value))).collect()
}

async fn kept(
    storage: &Storage,
    caller: Principal,
    said: Map<String, Value>,
    request: Request,
) -> Result<(StatusCode, Json<FileObject>), ApiError> {
    let mut upload = storage.library.begin_upload(&caller).await?;
    let sender = Sender { storage, caller, uploads: true };
    match Carried::by(request.headers())? {
        Carried::Form => sender.send_form(&mut upload, said, request).await?,
        carried => {
            upload.say(sender.changes(said).await?);
            upload.refuse_early().await?;
            let declared = match carried {
                Carried::Bytes(declared) => declared,
                Carried::Json | Carried::Form => Some("application/json".into()),
            };
            ingest::take_body(&mut upload, declared, request.into_body()).await?;
        }
    }
    if !upload.has_bytes() {
        let message =
            "required: the file as the body, or as a part of a form; without bytes it needs a name";
        return Err(ApiError::invalid("data", message));
    }
    let upload = ingest::as_desired(storage, upload).await?;
    let file = upload.finish(Beside::Nothing).await?;
    Ok((StatusCode::CREATED, Json(super::shown(storage, file).await?)))
}

/// Changes a file by a JSON object or by a form, which may bring new bytes.
pub async fn change(
    storage: &Storage,
    caller: &Principal,
    sid: Uuid,
    request: Request,
    rest: Rest,
) -> Result<File, ApiError> {
    let sender = Sender { storage, caller: *caller, uploads: false };
    if !matches!(Carried::by(request.headers())?, Carried::Form) {
        let changes = sender.changes(json::object(request).await?).await?;
        let change = Change::attributes(changes).with_rest(rest);
        return Ok(storage.library.change_file(caller, sid, change).await?);
    }
    let mut upload = storage.library.begin_replacement(caller, sid).await?;
    sender.send_form(&mut upload, Map::new(), request).await?;
    let change = match upload.has_bytes() {
        true => Change::content(ingest::as_desired(storage, upload).await?),
        false => Change::attributes(upload.said().clone()),
    };
    Ok(storage.library.change_file(caller, sid, change.with_rest(rest)).await?)
}

/// Who sends a file, or what is to change of one.
pub(super) struct Sender<'a> {
    pub storage: &'a Storage,
    pub caller: Principal,
    /// Whether it is a new file, which goes to the container `default` where none is said.
    pub uploads: bool,
}

impl Sender<'_> {
    /// What is said of the file, the container found by its name where that is said.
    pub async fn changes(&self, mut said: Map<String, Value>) -> Result<FileChanges, Refusal> {
        let container = said.get("container_sid").and_then(Value::as_str);
        let name = match container {
            Some(sid) if Uuid::try_parse(sid).is_ok() => None,
            Some(name) => Some(name.to_owned()),
            None => (self.uploads && !said.contains_key("container_sid")).then(|| "default".into()),
        };
        if let Some(name) = name {
            let sid = self.storage.library.container_named(&self.caller, &name).await?;
            said.insert("container_sid".into(), sid.to_string().into());
        }
        body::file(&said)
    }

    /// Reads the parts of a form, in any order: the file, `file_object`, and attributes as fields of their own.
    async fn send_form(
        &self,
        upload: &mut Upload,
        mut said: Map<String, Value>,
        request: Request,
    ) -> Result<(), Refusal> {
        let (head, body) = request.into_parts();
        let mut parts = Form::of(&head.headers, body).await?;
        // The closing boundary must be there: a body cut short is no upload.
        while let Some(mut part) = parts.next().await? {
            let name = part.name().to_owned();
            if name == "file_object" {
                said.extend(json::parse(&part.all().await?, &name)?);
            } else if part.is_file() {
                if upload.has_bytes() {
                    return Err(Refusal::malformed(&name, "a second file; allowed: one"));
                }
                if self.uploads && said.contains_key("container_sid") {
                    upload.say(self.changes(said.clone()).await?);
                    upload.refuse_early().await?;
                }
                ingest::take_part(upload, &mut part).await?;
            } else {
                said.insert(name, Value::String(part.text().await?));
            }
        }
        upload.say(self.changes(said).await?);
        Ok(())
    }
}
