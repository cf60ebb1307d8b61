//! Who asks: a bearer token, or HTTP Basic with a token as its password.

use super::errors::ApiError;
use crate::apis::storage::Storage;
use crate::apis::storage::auth::{self, Credential};
use axum::extract::FromRequestParts;
use http::request::Parts;
use library::Principal;

/// The authenticated caller.
pub struct Caller(pub Principal);

impl FromRequestParts<Storage> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, storage: &Storage) -> Result<Self, ApiError> {
        let forms = [Credential::Bearer, Credential::Basic];
        Ok(Self(auth::caller(&storage.library, parts, &forms).await?))
    }
}
