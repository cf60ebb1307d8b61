//! How bytes come in: streamed to the disk from a body or a part of a form, and stored as they are or as the
//! published representation with the same options. What breaks off leaves nothing.

use super::form::Part;
use super::{Refusal, Storage, json};
use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use http::{HeaderMap, header};
use library::{FileChanges, Upload};
use media::{BadValue, Preferences, Prepared, Representation, Resource, Transcoded};
use std::sync::Arc;

/// Bytes that are held back until they are as many.
const HELD_BYTES: usize = 16 * 1024;

/// What the body of an upload is, by its declared type.
pub enum Carried {
    /// `multipart/form-data`.
    Form,
    /// A JSON document.
    Json,
    /// Bytes of this type; `None` where the type says nothing of them, or is none.
    Bytes(Option<String>),
}

impl Carried {
    /// What a request brings. A coded body is refused, because its bytes are not the file's; so is a part of a file
    /// (RFC 9110 §14.5), because it would be kept as the whole.
    pub fn by(headers: &HeaderMap) -> Result<Self, Refusal> {
        let said = |name| {
            let values = headers.get_all(name).into_iter();
            values.flat_map(|value| value.to_str().unwrap_or("?").split(',')).map(str::trim)
        };
        // Chunks are taken apart below (RFC 9112 §7.1).
        let is_plain = |coding: &str| ["", "identity", "chunked"].contains(&coding);
        let mut codings = said(header::CONTENT_ENCODING).chain(said(header::TRANSFER_ENCODING));
        if let Some(coding) = codings.find(|coding| !is_plain(&coding.to_ascii_lowercase())) {
            return Err(Refusal::Coded { coding: coding.chars().take(64).collect() });
        }
        if headers.contains_key(header::CONTENT_RANGE) {
            let message = "a part of a file is not taken; send the whole, without this header";
            return Err(Refusal::malformed("Content-Range", message));
        }
        Ok(match json::media_type(headers).as_str() {
            "multipart/form-data" => Self::Form,
            kind if json::is_json(kind) => Self::Json,
            _ => {
                let declared = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
                Self::Bytes(declared.map(str::trim).map(str::to_owned))
            }
        })
    }
}

/// The last component of a file's name: clients of some systems send the whole path.
pub fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or("")
}

/// Takes a body as the file's bytes, of a declared type if it has one, under the name that is said of the file.
pub async fn take_body(
    upload: &mut Upload,
    declared: Option<String>,
    body: Body,
) -> Result<(), Refusal> {
    let name = Some(upload.said().values().name.clone()).filter(|name| !name.is_empty());
    upload.begin_bytes(name, declared);
    let (mut bytes, mut held) = (body.into_data_stream(), Vec::new());
    while let Some(more) = bytes.next().await {
        let more = more.map_err(|e| {
            Refusal::of_body(&e, || Refusal::malformed("data", format!("broke off: {e}")))
        })?;
        take(upload, &mut held, more).await?;
    }
    finish(upload, held).await
}

/// Takes a part of a form as the file's bytes, with its name and its declared type.
pub async fn take_part(upload: &mut Upload, part: &mut Part<'_>) -> Result<(), Refusal> {
    let name = part.file_name().map(base_name).filter(|name| !name.is_empty());
    upload.begin_bytes(name.map(str::to_owned), part.content_type().map(str::to_owned));
    let mut held = Vec::new();
    while let Some(more) = part.chunk().await? {
        take(upload, &mut held, more).await?;
    }
    finish(upload, held).await
}

/// Writes a piece, or holds it until there is more: each write costs a change of threads, and a client may send
/// bytes one by one.
pub async fn take(upload: &mut Upload, held: &mut Vec<u8>, more: Bytes) -> Result<(), Refusal> {
    if held.is_empty() && more.len() >= HELD_BYTES {
        return Ok(upload.write(more).await?);
    }
    held.extend_from_slice(&more);
    if held.len() >= HELD_BYTES {
        upload.write(std::mem::take(held)).await?;
    }
    Ok(())
}

/// Writes what is held.
pub async fn finish(upload: &mut Upload, held: Vec<u8>) -> Result<(), Refusal> {
    if !held.is_empty() {
        upload.write(held).await?;
    }
    Ok(())
}

/// The representation that is to be stored in place of what comes; `None` if it stays as it is.
pub fn desired(changes: &FileChanges) -> Result<Option<Preferences>, Refusal> {
    let mut wanted = Preferences::default();
    if let Some(format) = &changes.values().desired_format {
        wanted.set("f", format).map_err(|bad| refused(&bad))?;
    }
    if let Some(bitrate) = changes.values().desired_bitrate {
        wanted.set("br", &bitrate.to_string()).map_err(|bad| refused(&bad))?;
    }
    Ok((wanted != Preferences::default()).then_some(wanted))
}

fn refused(bad: &BadValue) -> Refusal {
    let what = if bad.option == "br" { "bit rate" } else { "format" };
    let message = format!("unsupported {what}: `{}`; allowed: {}", bad.value, bad.allowed);
    Refusal::invalid(attribute_of(bad.option), message)
}

/// The attribute that stands for an option of a link.
pub fn attribute_of(option: &str) -> &'static str {
    if option == "br" { "desired_bitrate" } else { "desired_format" }
}

/// The upload with the bytes that are to be stored: those that came, or their transcode.
pub async fn as_desired(storage: &Storage, upload: Upload) -> Result<Upload, Refusal> {
    match desired(upload.said())? {
        Some(wanted) => as_wanted(storage, upload, &wanted).await,
        None => Ok(upload),
    }
}

/// The upload with the representation that is wanted in place of the bytes that came.
pub async fn as_wanted(
    storage: &Storage,
    mut upload: Upload,
    wanted: &Preferences,
) -> Result<Upload, Refusal> {
    let examined = upload.examine().await?;
    let undecodable = |reason| Refusal::invalid("data", format!("can't be decoded: {reason}"));
    let (facts, index) = examined.probed.map_err(undecodable)?;
    let facts = storage.media.playable(facts).map_err(undecodable)?;
    let length_bytes = examined.source.length_bytes();
    let facts = Some(Arc::new(facts));
    let resource = Arc::new(Resource::of_content(examined.content_hash, length_bytes, facts));
    match media::select(&resource, wanted)? {
        Representation::Original(_) => Ok(upload),
        Representation::Transcode(chosen) => {
            let prepared = storage.media.prepare_source(&chosen, examined.source, index).await?;
            copy(upload, &chosen, &prepared).await
        }
    }
}

async fn copy(upload: Upload, chosen: &Transcoded, prepared: &Prepared) -> Result<Upload, Refusal> {
    let mut out = upload.transcoded_to(chosen.format.name).await?;
    let mut body = prepared.open(0..prepared.length_bytes())?;
    while let Some(bytes) = body.bytes().await {
        out.write(bytes.map_err(|e| Refusal::failed(&e))?).await?;
    }
    Ok(out)
}
