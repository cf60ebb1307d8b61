//! The calls that list files.

use super::described;
use super::errors::ApiError;
use super::files::shown;
use super::formats::{Envelope, List, Totals};
use super::objects::{FileInfo, MEMBERS};
use super::parameters::{Edge, Parameters};
use super::{Call, answers};
use crate::apis::storage::Refusal;
use crate::body::Body;
use axum::response::Response;
use library::{EvoVoiceList, EvoVoiceOrder, Principal};
use std::io::{BufWriter, Seek};
use uuid::Uuid;

/// How many files a page has where nothing is said of it, as the service has.
const PER_PAGE: u64 = 25;

/// Most files of a page.
const MOST_PER_PAGE: u64 = 1000;

/// Files of a list that are in memory at a time: any page whose texts are not too long for it.
const AT_ONCE: usize = MOST_PER_PAGE as usize;

/// Bytes of their texts, after which no further one is read.
const AT_ONCE_BYTES: usize = 1024 * 1024;

/// The longest list that is answered from memory, in bytes, which a slow client holds.
const IN_MEMORY_BYTES: usize = 2 * 1024 * 1024;

/// Longer lists that a partner may be reading at a time.
pub const LONG_LISTS: usize = 8;

/// Lists files.
#[utoipa::path(get, path = "/files",
    operation_id = "evovoiceListFiles", tag = "evovoice",
    params(described::Filters, described::Paging, described::Asked),
    responses((status = 200, body = described::ListResponse), (status = "4XX", body = described::ErrorBody)))]
pub async fn files(call: Call) -> Result<Response, ApiError> {
    let query = &call.query;
    let wanted = EvoVoiceList {
        partners: ids(query, "AccountIds")?,
        customer_ids: query.list("CustomerIds")?,
        session_id: query.text("SessionId").map(str::to_owned),
        user_id: query.text("UserId").map(str::to_owned),
        file_name: query.text("FileName").map(str::to_owned),
        content_type: query.text("ContentType").map(str::to_owned),
        transcription: query.text("TranscriptionContains").map(str::to_owned),
        ..common(&call)?
    };
    pages(call, wanted).await
}

/// Lists files, by less.
#[utoipa::path(get, path = "/portal/files",
    operation_id = "evovoiceListPortalFiles", tag = "evovoice",
    params(described::PortalFilters, described::Paging, described::Asked),
    responses((status = 200, body = described::ListResponse), (status = "4XX", body = described::ErrorBody)))]
pub async fn portal_files(call: Call) -> Result<Response, ApiError> {
    let query = &call.query;
    let wanted = EvoVoiceList {
        partners: ids(query, "AccountId")?,
        customer_ids: query.text("CustomerId").map(|id| vec![id.to_owned()]),
        file_name: query.text("FileNameFilter").map(str::to_owned),
        ..common(&call)?
    };
    pages(call, wanted).await
}

/// Lists all files that the calling token made.
#[utoipa::path(get, path = "/app/files",
    operation_id = "evovoiceListMyFiles", tag = "evovoice",
    params(described::FileTypes, described::Asked),
    responses((status = 200, body = described::Files), (status = "4XX", body = described::ErrorBody)))]
pub async fn my_files(call: Call) -> Result<Response, ApiError> {
    let caller = call.caller().await?;
    let wanted = EvoVoiceList {
        file_types: call.query.words("FileTypes")?,
        created_by: Some(caller.token_id),
        ..everything()
    };
    answer(call, wanted, Envelope::Files).await
}

/// Whatever there is, the latest first.
fn everything() -> EvoVoiceList {
    EvoVoiceList {
        partners: None,
        file_sids: None,
        customer_ids: None,
        session_id: None,
        user_id: None,
        file_types: None,
        file_name: None,
        content_type: None,
        transcription: None,
        from_ms: None,
        until_ms: None,
        created_by: None,
        order: EvoVoiceOrder::DateCreated,
        descending: true,
        offset: 0,
        limit: u64::MAX,
        is_counted: false,
    }
}

/// What both lists with pages take: type, dates, order and page.
fn common(call: &Call) -> Result<EvoVoiceList, Refusal> {
    let query = &call.query;
    let limit = query.number("CountPerPage", 1, MOST_PER_PAGE)?.unwrap_or(PER_PAGE);
    // The service counts pages in 32 bits.
    let page = query.number("Page", 0, i32::MAX as u64)?.unwrap_or(0);
    Ok(EvoVoiceList {
        file_sids: ids(query, "SpecificIds")?,
        file_types: query.words("Type")?,
        from_ms: query.time("DateCreatedStart", Edge::Start)?,
        until_ms: query.time("DateCreatedEnd", Edge::End)?,
        order: order(query, call.storage.library.link_base().as_str())?,
        descending: descends(query)?,
        offset: page * limit,
        limit,
        is_counted: !query.truth("SimplifiedPaging")?,
        ..everything()
    })
}

fn order(query: &Parameters, base: &str) -> Result<EvoVoiceOrder, Refusal> {
    let Some(field) = query.text("SortField") else { return Ok(EvoVoiceOrder::DateCreated) };
    let found = MEMBERS.iter().find(|member| member.name.eq_ignore_ascii_case(field));
    found.map(|member| (member.order)(base)).ok_or_else(|| {
        let names: Vec<_> = MEMBERS.iter().map(|member| member.name).collect();
        let message = format!("`{field}` is no member; allowed: {}", names.join(", "));
        Refusal::invalid("SortField", message)
    })
}

fn descends(query: &Parameters) -> Result<bool, Refusal> {
    match query.text("SortOrder").map(str::to_ascii_lowercase).as_deref() {
        None | Some("descend") => Ok(true),
        Some("ascend") => Ok(false),
        Some(_) => Err(Refusal::invalid("SortOrder", "allowed: Ascend, Descend")),
    }
}

/// Ids; those that are none stand for nothing.
fn ids(query: &Parameters, name: &str) -> Result<Option<Vec<Uuid>>, Refusal> {
    let list = query.list(name)?;
    Ok(list.map(|list| list.iter().filter_map(|id| Uuid::try_parse(id).ok()).collect()))
}

/// The page that is wanted, or all of them.
async fn pages(call: Call, wanted: EvoVoiceList) -> Result<Response, ApiError> {
    let wanted = match call.query.truth("All")? {
        true => EvoVoiceList { offset: 0, limit: u64::MAX, ..wanted },
        false => wanted,
    };
    answer(call, wanted, Envelope::Page).await
}

/// A list: from memory if it is short.
async fn answer(
    call: Call,
    wanted: EvoVoiceList,
    envelope: Envelope,
) -> Result<Response, ApiError> {
    let caller = call.caller().await?;
    let (limit, library) = (wanted.limit, &call.storage.library);
    let page = library.evovoice_row_numbers(&caller, wanted).await?;
    let (total, has_more) = (page.total, page.has_more);
    let totals = Totals { count: total, pages: total.div_ceil(limit), has_more };
    let mut rest = Rest { call: &call, caller: &caller, rows: &page.items };
    let first = rest.next().await?;
    if rest.rows.is_empty() {
        let mut list = List::begin(Vec::new(), call.wants.clone(), envelope)?;
        first.iter().try_for_each(|file| list.add(file, has_more))?;
        let body = list.end(&totals)?;
        if body.len() <= IN_MEMORY_BYTES {
            return Ok(answers::list(&call.wants, envelope, body));
        }
    }
    long(&call, &caller, first, rest, &totals, envelope).await
}

/// The files of a list that are not read yet.
struct Rest<'a> {
    call: &'a Call,
    caller: &'a Principal,
    rows: &'a [i64],
}

impl Rest<'_> {
    /// The next ones, as many as may be in memory at a time.
    async fn next(&mut self) -> Result<Vec<FileInfo>, ApiError> {
        let storage = &self.call.storage;
        let next = &self.rows[..self.rows.len().min(AT_ONCE)];
        let (items, count) =
            storage.library.evovoice_rows(self.caller, next, AT_ONCE_BYTES).await?;
        self.rows = &self.rows[count..];
        shown(storage, self.caller, &items).await
    }
}

/// A list that is too long for memory: its files are written to the disk as they are read, and sent from there. So
/// it has a length, and a slow client holds nothing of the catalog, but a place among its partner's.
async fn long(
    call: &Call,
    caller: &Principal,
    mut files: Vec<FileInfo>,
    mut rest: Rest<'_>,
    totals: &Totals,
    envelope: Envelope,
) -> Result<Response, ApiError> {
    let turn = call.storage.long_lists.at_once(caller.partner_sid).ok_or_else(|| {
        let message =
            format!("{LONG_LISTS} long lists of this account are being read; wait for one of them");
        Refusal::Busy { message, retry_after_s: 5 }
    })?;
    let (has_more, totals) = (totals.has_more, *totals);
    let to = BufWriter::new(call.storage.library.scratch_file().await?);
    let mut list = List::begin(to, call.wants.clone(), envelope)?;
    while !files.is_empty() || !rest.rows.is_empty() {
        list = blocking(move || {
            files.iter().try_for_each(|file| list.add(file, has_more))?;
            Ok(list)
        })
        .await?;
        files = rest.next().await?;
    }
    let (file, length_bytes) = blocking(move || {
        let mut file = list.end(&totals)?.into_inner().map_err(std::io::Error::from)?;
        let length_bytes = file.stream_position()?;
        Ok((file, length_bytes))
    })
    .await?;
    let body = answers::Held::new(Body::of_file(file, length_bytes).into_api(), turn);
    Ok(answers::list(&call.wants, envelope, axum::body::Body::new(body)))
}

/// Runs what the disk may hold up off the threads that serve.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| ApiError::from(Refusal::failed(&e)))?.map_err(ApiError::from)
}
