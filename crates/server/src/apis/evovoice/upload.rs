//! Uploads, in whatever form a client sends them: the bytes as the body, a form, or JSON whose member `Data`
//! is the bytes in base64. All are streamed to the disk; what breaks off leaves nothing.

use super::described;
use super::errors::ApiError;
use super::parameters::Parameters;
use super::said::Said;
use super::{Call, data_member, files};
use crate::apis::storage::form::Form;
use crate::apis::storage::ingest::{self, Carried};
use crate::apis::storage::{Refusal, json};
use axum::body::Body;
use axum::response::Response;
use library::{EvoVoiceItem, Principal, Publish, Upload};
use media::Preferences;
use serde_json::Value;
use uuid::Uuid;

/// The container that files go to which come in through this API.
const CONTAINER: &str = "evovoice";

/// Whether the file is to be stored as [`PHONE_WAV`].
const CONVERT: &str = "ConvertToWav";

/// What ConvertToWav stores: what any phone plays.
const PHONE_WAV: [(&str, &str); 3] = [("f", "wav"), ("rate", "8000"), ("ch", "1")];

/// Uploads a file.
///
/// The body is the file, of any type but a form's and JSON's, and what is said of it stands in the query; or a
/// form of both; or JSON of both, the bytes as `Data` in base64.
#[utoipa::path(post, path = "/files",
    operation_id = "evovoiceUploadFile", tag = "evovoice",
    params(described::New, described::Asked),
    request_body(content((described::UploadForm = "multipart/form-data"),
        (described::UploadBody = "application/json"), (String = "application/octet-stream"))),
    responses((status = 200, body = described::File), (status = "4XX", body = described::ErrorBody),
        (status = 503, body = described::ErrorBody)))]
pub async fn create(mut call: Call, body: Body) -> Result<Response, ApiError> {
    let caller = call.caller().await?;
    let mut upload = call.storage.library.begin_upload(&caller).await?;
    let mut all = std::mem::take(&mut call.query);
    // What the query says wrongly is known before the bytes come.
    upload.say(of_new(&caller, &all)?.file);
    account(&caller, &all)?;
    all.truth(CONVERT)?;
    match Carried::by(&call.parts.headers)? {
        Carried::Form => {
            let form = Form::of(&call.parts.headers, body).await?;
            take_form(&mut upload, &mut all, form).await?;
        }
        Carried::Json => {
            let rest = data_member::take(&mut upload, body).await?;
            all.add_object(&json::parse(&rest, "body")?);
        }
        Carried::Bytes(declared) => ingest::take_body(&mut upload, declared, body).await?,
    }
    if !upload.has_bytes() {
        return Err(Refusal::invalid("Data", NO_BYTES).into());
    }
    let item = keep(&call, &caller, upload, &all).await?;
    files::one(&call, &caller, item).await
}

/// Uploads a file, as the service's apps do.
///
/// The same as at `/files`.
#[utoipa::path(post, path = "/app/file",
    operation_id = "evovoiceUploadAppFile", tag = "evovoice",
    params(described::New, described::Asked),
    request_body(content((described::UploadForm = "multipart/form-data"), (String = "application/octet-stream"))),
    responses((status = 200, body = described::File), (status = "4XX", body = described::ErrorBody),
        (status = 503, body = described::ErrorBody)))]
pub async fn create_by_app(call: Call, body: Body) -> Result<Response, ApiError> {
    create(call, body).await
}

/// Uploads a file in JSON.
///
/// The same as at `/files`.
#[utoipa::path(post, path = "/app/files",
    operation_id = "evovoiceUploadMyFile", tag = "evovoice", params(described::Asked),
    request_body(content((described::UploadBody = "application/json"),
        (described::UploadForm = "multipart/form-data"))),
    responses((status = 200, body = described::File), (status = "4XX", body = described::ErrorBody),
        (status = 503, body = described::ErrorBody)))]
pub async fn create_by_user(call: Call, body: Body) -> Result<Response, ApiError> {
    create(call, body).await
}

const NO_BYTES: &str = "required: send the file as the body, as a part of a form, or as base64 in JSON; \
                        without bytes it needs a name";

/// What is said of a new file: its type, too, which is only read from then on.
fn of_new(caller: &Principal, all: &Parameters) -> Result<Said, ApiError> {
    let mut said = Said::by(caller, all)?;
    if let Some(media_type) = all.text("ContentType") {
        said.file.set("mime_type", &Value::from(media_type)).map_err(Refusal::from)?;
    }
    Ok(said)
}

async fn keep(
    call: &Call,
    caller: &Principal,
    mut upload: Upload,
    all: &Parameters,
) -> Result<EvoVoiceItem, ApiError> {
    let library = &call.storage.library;
    let mut said = of_new(caller, all)?;
    let partner_sid = account(caller, all)?;
    let container =
        library.container_of_api(caller, partner_sid, CONTAINER, Publish::FileSid).await?;
    said.file.set("container_sid", &Value::from(container.container_sid.to_string()))?;
    upload.say(said.file);
    if all.truth(CONVERT)? {
        let mut wanted = Preferences::default();
        for (option, value) in PHONE_WAV {
            wanted.set(option, value).map_err(|bad| Refusal::failed(&bad))?;
        }
        upload = ingest::as_wanted(&call.storage, upload, &wanted).await?;
        upload.rename_transcode();
    }
    Ok(library.keep_evovoice_file(caller, upload, said.beside).await?)
}

/// The account that the file is to be of.
fn account(caller: &Principal, all: &Parameters) -> Result<Uuid, Refusal> {
    let Some(id) = all.text("AccountId") else { return Ok(caller.partner_sid) };
    let id = Uuid::try_parse(id).ok().filter(|id| caller.sees(*id));
    id.ok_or(Refusal::NotFound)
}

/// Reads the parts of a form, in any order: the file, under any name, and what is said of it.
async fn take_form(
    upload: &mut Upload,
    all: &mut Parameters,
    mut parts: Form,
) -> Result<(), Refusal> {
    // The closing boundary must be there: a body cut short is no upload.
    while let Some(mut part) = parts.next().await? {
        let name = part.name().to_owned();
        if part.is_file() || name.eq_ignore_ascii_case("data") {
            if upload.has_bytes() {
                return Err(Refusal::malformed(&name, "a second file; allowed: one"));
            }
            ingest::take_part(upload, &mut part).await?;
        } else {
            all.add(&name, part.text().await?);
        }
    }
    Ok(())
}
