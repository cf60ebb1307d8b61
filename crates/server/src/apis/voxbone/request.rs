//! What requests have in common: who asks, the ids of the path, the part of a list that is wanted.

use super::errors::ApiError;
use crate::apis::storage::auth::{self, Credential};
use crate::apis::storage::{Refusal, Storage};
use axum::Json;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::{IntoResponse, Response};
use http::Uri;
use http::header::{self, HeaderValue};
use http::request::Parts;
use library::{Part, Principal};
use semantics::link::pairs;
use serde::Serialize;
use utoipa::IntoParams;
use uuid::Uuid;

/// Most items of a list.
const MAX_LIMIT: u64 = 1000;

/// The authenticated caller.
pub struct Caller(pub Principal);

impl FromRequestParts<Storage> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, storage: &Storage) -> Result<Self, ApiError> {
        let forms = [Credential::Bearer, Credential::Basic];
        Ok(Self(auth::caller(&storage.library, parts, &forms).await?))
    }
}

/// The ids of a path. One that is no UUID is answered 404, like one that nothing has.
#[derive(Default)]
pub struct Ids {
    profile: Option<Uuid>,
    recording: Option<Uuid>,
}

impl FromRequestParts<Storage> for Ids {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, storage: &Storage) -> Result<Self, ApiError> {
        let segments = RawPathParams::from_request_parts(parts, storage).await;
        let segments = segments.map_err(|_| Refusal::NotFound)?;
        let mut ids = Self::default();
        for (name, value) in &segments {
            let id = Uuid::try_parse(value).map_err(|_| Refusal::NotFound)?;
            match name {
                "profile_id" => ids.profile = Some(id),
                _ => ids.recording = Some(id),
            }
        }
        Ok(ids)
    }
}

impl Ids {
    /// The profile whose recordings are meant, if the path says one.
    pub fn of_profile(&self) -> Option<Uuid> {
        self.profile
    }

    /// The profile of a path that has one.
    pub fn profile(&self) -> Result<Uuid, Refusal> {
        self.profile.ok_or(Refusal::NotFound)
    }

    /// The recording of a path that has one.
    pub fn recording(&self) -> Result<Uuid, Refusal> {
        self.recording.ok_or(Refusal::NotFound)
    }
}

/// The query of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // It describes what `Wanted` reads.
pub struct Listed {
    /// Most items; 1000 at most, and where it's left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Items to leave out.
    #[param(minimum = 0)]
    offset: Option<u64>,
}

/// The part of a list that is wanted.
pub struct Wanted<'a> {
    path: &'a str,
    limit: u64,
    offset: u64,
}

impl<'a> Wanted<'a> {
    /// Of a list's URI. Parameters that a list doesn't have are ignored.
    pub fn of(uri: &'a Uri) -> Result<Self, Refusal> {
        let (mut limit, mut offset) = (MAX_LIMIT, 0);
        for (name, value) in pairs(uri.query().unwrap_or("")) {
            let number = value.parse().ok();
            match name.as_str() {
                "limit" => {
                    let allowed = || format!("must be a whole number from 1 to {MAX_LIMIT}");
                    limit = number
                        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                        .ok_or_else(|| Refusal::invalid("limit", allowed()))?;
                }
                "offset" => {
                    let allowed = "must be a whole number from 0 on";
                    offset = number
                        .filter(|offset| i64::try_from(*offset).is_ok())
                        .ok_or_else(|| Refusal::invalid("offset", allowed))?;
                }
                _ => {}
            }
        }
        Ok(Self { path: uri.path(), limit, offset })
    }

    /// What is to be read: one item more than is shown tells whether there are more.
    pub fn part(&self) -> Part {
        Part { offset: self.offset, limit: self.limit + 1 }
    }

    /// Leaves out the item that is read beyond those shown; whether there was one.
    pub fn cut<T>(&self, items: &mut Vec<T>) -> bool {
        let shown = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_more = items.len() > shown;
        items.truncate(shown);
        has_more
    }

    /// The answer; a list that goes on says where (RFC 8288).
    pub fn answer<T: Serialize>(&self, items: &[T], has_more: bool) -> Response {
        let mut response = Json(items).into_response();
        if has_more {
            let Self { path, limit, offset } = self;
            let next = format!("<{path}?limit={limit}&offset={}>; rel=\"next\"", offset + limit);
            let next = HeaderValue::try_from(next).ok();
            response.headers_mut().extend(next.map(|next| (header::LINK, next)));
        }
        response
    }
}
