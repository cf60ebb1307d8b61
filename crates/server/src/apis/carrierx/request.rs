//! What a request says beside its body: the sid or the name in its path, and its query. What can't be read is refused
//! in the API's own words.

use super::errors::ApiError;
use super::query::Parameters;
use crate::apis::storage::{Refusal, Storage, query};
use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use uuid::Uuid;

/// The sid in a path. What is none is answered as a sid that nothing has.
pub struct Sid(pub Uuid);

impl FromRequestParts<Storage> for Sid {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, storage: &Storage) -> Result<Self, ApiError> {
        let text = Path::<String>::from_request_parts(parts, storage).await;
        let Path(text) = text.map_err(|_| Refusal::NotFound)?;
        Ok(Self(super::sid(&text)?))
    }
}

/// The name in a path, if it has one.
pub struct Name(pub Option<String>);

impl FromRequestParts<Storage> for Name {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, storage: &Storage) -> Result<Self, ApiError> {
        let name = Option::<Path<String>>::from_request_parts(parts, storage).await;
        let name = name.map_err(|_| ApiError::invalid("name", "must be text in UTF-8"))?;
        Ok(Self(name.map(|Path(name)| name)))
    }
}

/// The arguments of the query; of one that is said twice, the later counts.
pub struct Query(pub Parameters);

impl FromRequestParts<Storage> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Storage) -> Result<Self, ApiError> {
        Ok(Self(query::of_uri(&parts.uri)?.into_iter().collect()))
    }
}
