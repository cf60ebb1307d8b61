//! Errors as the API words them: `{"error": {"message", "field"}}`, the field where one is at fault.

use crate::apis::storage::{FOREIGN_PAGE, Refusal};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

/// An error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VoxboneError)]
pub struct ErrorBody {
    error: ErrorWord,
}

/// What is wrong.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VoxboneErrorWord)]
pub struct ErrorWord {
    /// What is wrong and what is allowed.
    message: String,
    /// The field, parameter or part at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    /// Boxed, because results that hold an error are moved about.
    body: Box<ErrorWord>,
    headers: HeaderMap,
}

impl ApiError {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let body = Box::new(ErrorWord { message: message.into(), field: None });
        Self { status, body, headers: HeaderMap::new() }
    }

    fn of(self, field: impl Into<String>) -> Self {
        let field = Some(field.into()).filter(|field| field != "body");
        Self { body: Box::new(ErrorWord { field, ..*self.body }), ..self }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        use Refusal as R;
        let headers = refusal.headers();
        let error = match refusal {
            R::NoCredentials => Self::new(StatusCode::UNAUTHORIZED, "a token is required"),
            R::BadCredentials => Self::new(StatusCode::UNAUTHORIZED, "the token is not good"),
            R::TooManyAttempts { .. } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too many failed logins")
            }
            R::Forbidden => Self::new(StatusCode::FORBIDDEN, "the token does not allow it"),
            R::ForeignPage => Self::new(StatusCode::FORBIDDEN, FOREIGN_PAGE),
            R::NotFound => Self::new(StatusCode::NOT_FOUND, "not found"),
            R::NoPath => Self::new(StatusCode::NOT_FOUND, "the API has no such path"),
            R::BadMethod => {
                Self::new(StatusCode::METHOD_NOT_ALLOWED, "the path does not take this method")
            }
            R::Invalid { field, message }
            | R::Malformed { field, message }
            | R::NoJson { field, message } => Self::new(StatusCode::BAD_REQUEST, message).of(field),
            R::Conflict { field, message, .. } => {
                Self::new(StatusCode::CONFLICT, message).of(field)
            }
            R::NotEmpty { message } => Self::new(StatusCode::CONFLICT, message),
            R::LimitReached { quota, limit } => {
                let message =
                    format!("the container `voxbone` takes no more: its {quota} is {limit}");
                Self::new(StatusCode::CONFLICT, message).of("data")
            }
            R::TooLarge { field, message } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, message).of(field)
            }
            R::Stalled { message } => Self::new(StatusCode::REQUEST_TIMEOUT, message),
            R::UnsupportedType { message } => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message).of("Content-Type")
            }
            R::Unplayable { message } => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message).of("f")
            }
            R::Coded { coding } => {
                let message = format!("`{coding}`; allowed: identity, which is no coding");
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message).of("Content-Encoding")
            }
            R::Busy { message, .. } => Self::new(StatusCode::SERVICE_UNAVAILABLE, message),
            R::Full { message } => Self::new(StatusCode::INSUFFICIENT_STORAGE, message),
            R::Failed => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the server failed; its log tells why")
            }
        };
        Self { headers, ..error }
    }
}

impl From<library::Error> for ApiError {
    fn from(error: library::Error) -> Self {
        Refusal::from(error).into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = ErrorBody { error: *self.body };
        (self.status, self.headers, Json(body)).into_response()
    }
}
