//! The calls that list files.

use super::described;
use super::errors::ApiError;
use super::files::shown;
use super::formats::{Envelope, List, Totals};
use super::objects::MEMBERS;
use super::parameters::{Edge, Parameters};
use super::{Call, answers};
use crate::apis::storage::Refusal;
use crate::body::Body;
use axum::response::Response;
use library::{EvoVoiceList, EvoVoiceOrder};
use std::io::{BufWriter, Seek};
use uuid::Uuid;

/// How many files a page has where nothing is said of it, as the service has.
const PER_PAGE: u64 = 25;

/// Most files of a page.
const MOST_PER_PAGE: u64 = 1000;

/// Files of a list without pages that are in memory at a time.
const AT_ONCE: usize = 500;

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
    whole(call, wanted, Envelope::Files).await
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
    if call.query.truth("All")? {
        return whole(call, EvoVoiceList { offset: 0, limit: u64::MAX, ..wanted }, Envelope::Page)
            .await;
    }
    let caller = call.caller().await?;
    let (limit, library) = (wanted.limit, &call.storage.library);
    let page = library.evovoice_files(&caller, wanted).await?;
    let totals =
        Totals { count: page.total, pages: page.total.div_ceil(limit), has_more: page.has_more };
    let mut list = List::begin(Vec::new(), call.wants.clone(), Envelope::Page)?;
    for file in shown(&call.storage, &page.items).await? {
        list.add(&file, totals.has_more)?;
    }
    Ok(answers::list(&call.wants, Envelope::Page, list.end(&totals)?))
}

/// A list without pages: its files are written to the disk as they are read, and sent from there. So it has a
/// length, takes no memory, and a slow client holds nothing of the catalog.
async fn whole(call: Call, wanted: EvoVoiceList, envelope: Envelope) -> Result<Response, ApiError> {
    let caller = call.caller().await?;
    let (is_counted, library) = (wanted.is_counted, &call.storage.library);
    let rows = library.evovoice_row_numbers(&caller, wanted).await?;
    let to = BufWriter::new(library.scratch_file().await?);
    let mut list = List::begin(to, call.wants.clone(), envelope)?;
    let mut count = 0;
    for rows in rows.chunks(AT_ONCE) {
        let items = library.evovoice_rows(&caller, rows).await?;
        let files = shown(&call.storage, &items).await?;
        count += files.len() as u64;
        list = blocking(move || {
            files.iter().try_for_each(|file| list.add(file, false))?;
            Ok(list)
        })
        .await?;
    }
    let totals = match is_counted {
        true => Totals { count, pages: count.min(1), has_more: false },
        false => Totals::default(),
    };
    let (file, length_bytes) = blocking(move || {
        let mut file = list.end(&totals)?.into_inner().map_err(std::io::Error::from)?;
        let length_bytes = file.stream_position()?;
        Ok((file, length_bytes))
    })
    .await?;
    Ok(answers::list(&call.wants, envelope, Body::of_file(file, length_bytes).into_api()))
}

/// Runs what the disk may hold up off the threads that serve.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| ApiError::from(Refusal::failed(&e)))?.map_err(ApiError::from)
}
