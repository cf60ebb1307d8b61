//! Uploads: a form with the file and what is said of it, in any order, streamed to the disk.

use super::errors::ApiError;
use super::parameters::{file_type, reference_id, reference_type};
use crate::apis::storage::form::{Form, Part};
use crate::apis::storage::ingest::{self, Carried};
use crate::apis::storage::{Refusal, Storage};
use axum::extract::Request;
use library::{Principal, ReferenceType, VoipbinFile, VoipbinRow, VoipbinSide, VoipbinType};
use utoipa::ToSchema;
use uuid::Uuid;

/// What is said of a file that an agent says nothing of.
const BY_AGENT: &str = "Uploaded by agent";

/// The fields of an upload; others are ignored.
#[derive(ToSchema)]
#[schema(as = VoipbinUpload)]
#[allow(dead_code)] // It describes what is read piece by piece.
pub struct UploadForm {
    /// The file.
    #[schema(value_type = String, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// A name for people; of an agent's file, the file's own where it is left out.
    name: Option<String>,
    /// What is said of it.
    detail: Option<String>,
    /// What it is for: empty, `rag`, `talk` or `recording`; of an agent's file, `talk` where it is left out.
    r#type: Option<String>,
    /// What kind of thing it belongs to: `none`, `normal` or `recording`.
    reference_type: Option<String>,
    /// The thing that it belongs to.
    reference_id: Option<String>,
}

/// What the fields say.
#[derive(Default)]
struct Said {
    kind: Option<VoipbinType>,
    name: Option<String>,
    detail: Option<String>,
    reference_type: Option<ReferenceType>,
    reference_id: Option<Uuid>,
    /// The name that the file came under.
    filename: String,
}

impl Said {
    async fn take(&mut self, field: &str, part: &mut Part<'_>) -> Result<(), Refusal> {
        let text = match field {
            "name" | "detail" | "type" | "reference_type" | "reference_id" => part.text().await?,
            _ => {
                while part.chunk().await?.is_some() {}
                return Ok(());
            }
        };
        match field {
            "name" => self.name = Some(text),
            "detail" => self.detail = Some(text),
            "type" => self.kind = Some(file_type(&text)?),
            "reference_type" => self.reference_type = Some(reference_type(&text)?),
            _ => self.reference_id = Some(reference_id(&text)?),
        }
        Ok(())
    }

    /// What is kept, by the routes that it came in by.
    fn by(self, side: VoipbinSide) -> VoipbinFile {
        let (kind, name, detail) = match side {
            VoipbinSide::Customer => (VoipbinType::None, String::new(), ""),
            VoipbinSide::Agent => (VoipbinType::Talk, self.filename, BY_AGENT),
        };
        VoipbinFile {
            kind: self.kind.unwrap_or(kind),
            name: self.name.unwrap_or(name),
            detail: self.detail.unwrap_or_else(|| detail.to_owned()),
            reference_type: self.reference_type.unwrap_or(ReferenceType::None),
            reference_id: self.reference_id.unwrap_or_default(),
        }
    }
}

/// Keeps the file that a form brings.
pub async fn kept(
    storage: &Storage,
    caller: &Principal,
    side: VoipbinSide,
    request: Request,
) -> Result<VoipbinRow, ApiError> {
    let (library, quota) = (&storage.library, storage.voipbin.quota_bytes);
    let mut upload = library.begin_voipbin_upload(caller, side, quota).await?;
    if !matches!(Carried::by(request.headers())?, Carried::Form) {
        let message = "must be multipart/form-data with the file in its field `file`";
        return Err(ApiError::bad_upload("Content-Type", message));
    }
    let (head, body) = request.into_parts();
    let (mut parts, mut said) = (Form::of(&head.headers, body).await?, Said::default());
    // The closing boundary must be there: a body cut short is no upload.
    while let Some(mut part) = parts.next().await? {
        let field = part.name().to_owned();
        if field != "file" {
            said.take(&field, &mut part).await?;
            continue;
        }
        if upload.has_bytes() {
            return Err(ApiError::bad_upload("file", "a second one; allowed: one"));
        }
        said.filename = ingest::base_name(part.file_name().unwrap_or("")).to_owned();
        ingest::take_part(&mut upload, &mut part).await?;
    }
    if !upload.has_bytes() {
        let message = "required: a field with the file; without bytes it needs a file's name";
        return Err(ApiError::bad_upload("file", message));
    }
    Ok(library.keep_voipbin_upload(caller, upload, said.by(side), quota).await?)
}
