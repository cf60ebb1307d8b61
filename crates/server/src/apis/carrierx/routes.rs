//! The routes: each authenticates, asks the library, and shows the object.

use super::errors::ApiError;
use super::{objects, upload};
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode, header};
use library::{Container, ContainerAttributes, Library, Page, Principal};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// The API under `/core/v2`.
pub fn router(library: Library) -> Router {
    // Older clients upload under the admin base; both mean the same.
    let files = |router: Router<Library>, base: &str| {
        router
            .route(base, get(list_files).post(upload::create))
            .route(&format!("{base}/{{file_sid}}"), get(get_file).delete(delete_file))
            .route(&format!("{base}/{{file_sid}}/data"), get(file_data))
    };
    let router = Router::new()
        .route("/core/v2/storage/containers", post(create_container).get(list_containers))
        .route("/core/v2/storage/containers/{container_sid}", get(get_container));
    ["/core/v2/storage/files", "/core/v2/admin/storage/files"]
        .into_iter()
        .fold(router, files)
        // Uploads are streamed to the disk; what bounds them is the container's quota.
        .layer(DefaultBodyLimit::disable())
        .with_state(library)
}

/// Who asks, by bearer token.
pub struct Caller(pub Principal);

impl FromRequestParts<Library> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, library: &Library) -> Result<Self, ApiError> {
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        let token = value.and_then(|v| v.split_once(' ')).and_then(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        let token = token.ok_or(library::Error::Unauthenticated)?;
        Ok(Self(library.authenticate(token).await?))
    }
}

async fn create_container(
    State(library): State<Library>,
    Caller(caller): Caller,
    body: axum::body::Bytes,
) -> Result<Json<Value>, ApiError> {
    let attributes = container_attributes(&body)?;
    let row = library.create_container(&caller, attributes).await?;
    shown(&library, &row).await
}

/// The attributes that may be set so far; unknown ones are refused by name.
fn container_attributes(body: &[u8]) -> Result<ContainerAttributes, ApiError> {
    let object: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|e| ApiError::malformed(format!("the body must be a JSON object: {e}")))?;
    let mut attributes = ContainerAttributes::default();
    for (name, value) in object {
        let wrong = |kind: &str| ApiError::invalid(&name, format!("must be {kind}"));
        match name.as_str() {
            "name" => {
                attributes.name = Some(value.as_str().ok_or_else(|| wrong("a string"))?.into());
            }
            "allow_publish" => {
                attributes.allow_publish = value.as_bool().ok_or_else(|| wrong("true or false"))?;
            }
            "default_file_publish" => {
                attributes.default_file_publish =
                    value.as_str().ok_or_else(|| wrong("a string"))?.into();
            }
            "quota_bytes" | "quota_files" => {
                let quota = match &value {
                    Value::Null => None,
                    number => Some(number.as_u64().ok_or_else(|| wrong("a whole number or null"))?),
                };
                match name.as_str() {
                    "quota_bytes" => attributes.quota_bytes = quota,
                    _ => attributes.quota_files = quota,
                }
            }
            _ => {
                let known = "name, allow_publish, default_file_publish, quota_bytes, quota_files";
                return Err(ApiError::invalid(&name, format!("can't be set; allowed: {known}")));
            }
        }
    }
    Ok(attributes)
}

async fn shown(library: &Library, row: &Container) -> Result<Json<Value>, ApiError> {
    let usage = library.usage(row.container_sid).await?;
    Ok(Json(objects::container(row, usage, library.public_url())))
}

async fn get_container(
    State(library): State<Library>,
    Caller(caller): Caller,
    Path(sid): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let row = library.container(&caller, sid_of(&sid)?).await?;
    shown(&library, &row).await
}

async fn list_containers(
    State(library): State<Library>,
    Caller(caller): Caller,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, ApiError> {
    let page = page(&query)?;
    let listing = library.list_containers(&caller, page).await?;
    let mut items = Vec::with_capacity(listing.items.len());
    for row in &listing.items {
        let usage = library.usage(row.container_sid).await?;
        items.push(objects::container(row, usage, library.public_url()));
    }
    Ok(Json(objects::list(&listing, page.limit, page.offset, items)))
}

async fn list_files(
    State(library): State<Library>,
    Caller(caller): Caller,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, ApiError> {
    let page = page(&query)?;
    let container_sid = query.get("filter").map(|f| container_filter(f)).transpose()?;
    let listing = library.list_files(&caller, container_sid, page).await?;
    let items = listing.items.iter().map(|row| objects::file(row, &library)).collect();
    Ok(Json(objects::list(&listing, page.limit, page.offset, items)))
}

/// `limit` and `offset`; the reference service answers 1000 items where none are asked for.
fn page(query: &HashMap<String, String>) -> Result<Page, ApiError> {
    const MOST: u64 = 1000;
    let number = |name: &str, default: u64| match query.get(name) {
        None => Ok(default),
        Some(text) => text.parse::<u64>().map_err(|_| {
            ApiError::invalid(name, format!("`{text}` is not a whole number from 0 on"))
        }),
    };
    Ok(Page {
        limit: number("limit", MOST)?.min(MOST),
        offset: number("offset", 0)?,
        descending: false,
    })
}

/// The filter that clients send: `container_sid eq {sid}`, quoted or not.
fn container_filter(filter: &str) -> Result<Uuid, ApiError> {
    let words: Vec<&str> = filter.split_whitespace().collect();
    match words.as_slice() {
        ["container_sid", "eq", sid] => sid_of(sid.trim_matches(['"', '\''])),
        _ => Err(ApiError::invalid("filter", "supported so far: container_sid eq SID")),
    }
}

fn sid_of(text: &str) -> Result<Uuid, ApiError> {
    // What is no sid names nothing.
    Uuid::try_parse(text).map_err(|_| library::Error::NotFound.into())
}

async fn get_file(
    State(library): State<Library>,
    Caller(caller): Caller,
    Path(sid): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let row = library.file(&caller, sid_of(&sid)?).await?;
    Ok(Json(objects::file(&row, &library)))
}

async fn delete_file(
    State(library): State<Library>,
    Caller(caller): Caller,
    Path(sid): Path<String>,
) -> Result<StatusCode, ApiError> {
    library.delete_file(&caller, sid_of(&sid)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The stored bytes, whole: this call knows no ranges.
async fn file_data(
    State(library): State<Library>,
    Caller(caller): Caller,
    Path(sid): Path<String>,
) -> Result<Response<Body>, ApiError> {
    let row = library.file(&caller, sid_of(&sid)?).await?;
    let (file, length) = library.open_content(&row).await?;
    let mut response = crate::body::of_file(Arc::new(file), length).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, length.into());
    let mime_type = HeaderValue::from_str(&row.mime_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, mime_type);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    Ok(response)
}
