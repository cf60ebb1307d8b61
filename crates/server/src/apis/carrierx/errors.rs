//! Errors as the API words them: `{"message", "errors": [{"field", "message", "reference_sid"}]}`.

use super::objects::{ErrorBody, FieldError};
use crate::apis::storage::{FOREIGN_PAGE, Refusal};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use uuid::Uuid;

#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    /// Boxed, because results that hold an error are moved about.
    body: Box<ErrorBody>,
    headers: HeaderMap,
}

impl ApiError {
    fn new(status: StatusCode, message: &str) -> Self {
        let body = Box::new(ErrorBody { message: message.into(), errors: Vec::new() });
        Self { status, body, headers: HeaderMap::new() }
    }

    fn with(mut self, field: &str, message: impl Into<String>, reference: Option<Uuid>) -> Self {
        let error =
            FieldError { field: field.into(), message: message.into(), reference_sid: reference };
        self.body.errors.push(error);
        self
    }

    /// The request goes on from another state than there is.
    pub fn conflict(field: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "Conflict").with(field, message, None)
    }

    /// A version of a protocol that isn't spoken.
    pub fn version(field: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "Precondition Failed").with(field, message, None)
    }

    /// An attribute has a value that it can't have.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Refusal::invalid(field, message).into()
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        use Refusal as R;
        let plain = Self::new;
        let of = |status, message: &str, field: &str, what: String| {
            Self::new(status, message).with(field, what, None)
        };
        let headers = refusal.headers();
        let error = match refusal {
            R::NoCredentials => plain(StatusCode::UNAUTHORIZED, "Unauthorized"),
            R::BadCredentials => plain(StatusCode::UNAUTHORIZED, "Bad credentials"),
            R::TooManyAttempts { .. } => {
                plain(StatusCode::TOO_MANY_REQUESTS, "Too many failed logins")
            }
            R::Forbidden => plain(StatusCode::FORBIDDEN, "Forbidden"),
            R::ForeignPage => {
                of(StatusCode::FORBIDDEN, "Forbidden", "Origin", FOREIGN_PAGE.to_owned())
            }
            R::NotFound => plain(StatusCode::NOT_FOUND, "Cannot find item by SID"),
            R::NoPath => plain(StatusCode::NOT_FOUND, "Not Found"),
            R::BadMethod => plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"),
            R::Invalid { field, message } => {
                of(StatusCode::UNPROCESSABLE_ENTITY, INVALID, &field, message)
            }
            R::Malformed { field, message } => {
                of(StatusCode::BAD_REQUEST, "Bad Request", &field, message)
            }
            R::NoJson { field, message } => {
                of(StatusCode::BAD_REQUEST, "No JSON object could be decoded", &field, message)
            }
            R::Conflict { field, message, reference_sid } => {
                plain(StatusCode::UNPROCESSABLE_ENTITY, INVALID).with(field, message, reference_sid)
            }
            R::NotEmpty { message } => plain(StatusCode::CONFLICT, &message),
            R::LimitReached { quota, limit } => {
                let message = format!("quota exceeded: {limit}");
                of(StatusCode::UNPROCESSABLE_ENTITY, INVALID, quota, message)
            }
            R::TooLarge { field, message } => {
                of(StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large", &field, message)
            }
            R::Stalled { message } => {
                of(StatusCode::REQUEST_TIMEOUT, "Request Timeout", "body", message)
            }
            R::UnsupportedType { message } => {
                let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                of(status, "Unsupported media type", "Content-Type", message)
            }
            R::Unplayable { message } => {
                of(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type", "f", message)
            }
            R::Coded { coding } => {
                let message = format!("`{coding}`; allowed: identity, which is no coding");
                let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                of(status, "Unsupported media type", "Content-Encoding", message)
            }
            R::Busy { message, .. } => plain(StatusCode::SERVICE_UNAVAILABLE, &message),
            R::Full { message } => plain(StatusCode::INSUFFICIENT_STORAGE, &message),
            R::Failed => {
                let told = "the server failed; its log tells why";
                plain(StatusCode::INTERNAL_SERVER_ERROR, told)
            }
        };
        Self { headers, ..error }
    }
}

/// What the reference service says of an object that can't be as it is.
const INVALID: &str = "object validation error";

impl From<library::Error> for ApiError {
    fn from(error: library::Error) -> Self {
        Refusal::from(error).into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, self.headers, Json(self.body)).into_response()
    }
}
