//! The calls about one file.

use super::described;
use super::errors::ApiError;
use super::objects::FileInfo;
use super::said::Said;
use super::wants::Format;
use super::{Call, answers};
use crate::apis::publish::{Form, Wish};
use crate::apis::storage::{Refusal, Storage, download, json};
use axum::body::Body;
use axum::response::Response;
use library::{EvoVoiceItem, File, Principal};
use std::time::SystemTime;
use uuid::Uuid;

/// How long the link of a file lives that is not published.
const LINK_LIFE_S: u64 = 3600;

/// A file.
#[utoipa::path(get, path = "/files/{file_id}",
    operation_id = "evovoiceGetFile", tag = "evovoice",
    params(("file_id" = String, Path), described::Asked),
    responses((status = 200, body = described::File), (status = "4XX", body = described::ErrorBody)))]
pub async fn get(call: Call) -> Result<Response, ApiError> {
    let caller = call.caller().await?;
    let item = call.storage.library.evovoice_file(&caller, file_id(&call)?).await?;
    one(&call, &caller, item).await
}

/// Changes what is sent of a file: its name, and for managers all that is said of it.
#[utoipa::path(patch, path = "/files/{file_id}",
    operation_id = "evovoiceChangeFile", tag = "evovoice",
    params(("file_id" = String, Path), described::Asked), request_body = described::Said,
    responses((status = 200, body = described::File), (status = "4XX", body = described::ErrorBody)))]
pub async fn patch(mut call: Call, body: Body) -> Result<Response, ApiError> {
    let caller = call.caller().await?;
    let id = file_id(&call)?;
    let all = std::mem::take(&mut call.query).of_all(&call.parts, body, json::MAX_BYTES);
    let all = all.await?;
    let Said { file, beside } = Said::by(&caller, &all)?;
    let item = call.storage.library.change_evovoice_file(&caller, id, file, beside).await?;
    one(&call, &caller, item).await
}

/// Deletes a file.
#[utoipa::path(delete, path = "/files/{file_id}",
    operation_id = "evovoiceDeleteFile", tag = "evovoice",
    params(("file_id" = String, Path), described::Asked),
    responses((status = 204), (status = "4XX", body = described::ErrorBody)))]
pub async fn delete(call: Call) -> Result<Response, ApiError> {
    let caller = call.caller().await?;
    call.storage.library.delete_file(&caller, file_id(&call)?).await?;
    Ok(answers::nothing())
}

/// The bytes, published or not.
///
/// With ranges, preconditions, and the options of a published link in the query (`f=mp3`, `t=0-1000` …).
#[utoipa::path(get, path = "/files/{file_id}/content",
    operation_id = "evovoiceGetContent", tag = "evovoice",
    params(("file_id" = String, Path), ("f" = Option<String>, Query, description = "Another format.")),
    responses((status = 200, content_type = "*/*"), (status = 206, content_type = "*/*"), (status = 304),
        (status = "4XX", body = described::ErrorBody), (status = 503, body = described::ErrorBody)))]
pub async fn content(call: Call) -> Result<Response, ApiError> {
    let caller = call.caller().await?;
    let file = call.storage.library.file(&caller, file_id(&call)?).await?;
    let (method, uri, headers) = (&call.parts.method, &call.parts.uri, &call.parts.headers);
    Ok(download::answer(&call.storage, &file, method, uri, headers).await?)
}

/// The file that a path names. What is no id is answered as an id that nothing has.
fn file_id(call: &Call) -> Result<Uuid, Refusal> {
    let text = call.parts.uri.path().split('/').nth(2).unwrap_or("");
    let id = match text.rsplit_once('.') {
        Some((id, suffix)) if Format::by_name(suffix).is_some() => id,
        _ => text,
    };
    Uuid::try_parse(id).map_err(|_| Refusal::NotFound)
}

/// The answer that is one file.
pub async fn one(
    call: &Call,
    caller: &Principal,
    item: EvoVoiceItem,
) -> Result<Response, ApiError> {
    let shown = shown(&call.storage, caller, std::slice::from_ref(&item)).await?;
    let file = shown.first().ok_or(Refusal::NotFound)?;
    Ok(answers::file(&call.wants, file)?)
}

/// Files with their links: the public one while there is one, else one that is signed for a caller who may read.
pub async fn shown(
    storage: &Storage,
    caller: &Principal,
    items: &[EvoVoiceItem],
) -> Result<Vec<FileInfo>, ApiError> {
    let files: Vec<File> = items.iter().map(|item| item.file.clone()).collect();
    let mut links = storage.signer.publish_uris(&files).await?;
    let is_open: Vec<bool> = links.iter().map(Option::is_some).collect();
    let unpublished = files.into_iter().zip(is_open).filter(|(_, is_open)| !is_open);
    let unpublished: Vec<File> = unpublished.map(|(file, _)| file).collect();
    if !unpublished.is_empty() && caller.may_read() {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now_s = now.map_or(0, |now| now.as_secs());
        let wish = Wish { life_s: LINK_LIFE_S, options: Vec::new(), form: Form::Query };
        let (signed, _) = storage.signer.sign_each(&unpublished, &wish, now_s).await?;
        let mut signed = signed.into_iter();
        links.iter_mut().filter(|link| link.is_none()).for_each(|link| *link = signed.next());
    }
    let of = |(item, link): (&EvoVoiceItem, Option<String>)| {
        FileInfo::of(item, link.as_deref().unwrap_or_default())
    };
    Ok(items.iter().zip(links).map(of).collect())
}
