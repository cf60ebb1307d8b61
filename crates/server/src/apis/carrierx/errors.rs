//! Errors as the API words them: `{"message", "errors": [{"field", "message", "reference_sid"}]}`.

use super::objects::{ErrorBody, FieldError};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use uuid::Uuid;

/// An error answer.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    body: ErrorBody,
}

impl ApiError {
    fn new(status: StatusCode, message: &str) -> Self {
        Self { status, body: ErrorBody { message: message.into(), errors: Vec::new() } }
    }

    fn with(mut self, field: &str, message: impl Into<String>, reference: Option<Uuid>) -> Self {
        let error =
            FieldError { field: field.into(), message: message.into(), reference_sid: reference };
        self.body.errors.push(error);
        self
    }

    /// The request can't be read; `field` is the part at fault.
    pub fn malformed(field: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Bad Request").with(field, message, None)
    }

    /// A body that is no JSON object.
    pub fn no_json(field: &str, message: impl Into<String>) -> Self {
        let known = "No JSON object could be decoded";
        Self::new(StatusCode::BAD_REQUEST, known).with(field, message, None)
    }

    /// More bytes than the body or part may have.
    pub fn too_large(field: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large").with(field, message, None)
    }

    /// A body of a type that the call doesn't take.
    pub fn unsupported_type(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type").with(
            "Content-Type",
            message,
            None,
        )
    }

    /// An attribute has a value that it can't have.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::unprocessable().with(field, message, None)
    }

    fn unprocessable() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "object validation error")
    }

    /// No credentials came.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized")
    }

    /// Credentials came that are no good.
    pub fn bad_credentials() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Bad credentials")
    }

    /// There is no such object.
    pub fn no_item() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Cannot find item by SID")
    }

    /// There is no such path.
    pub fn no_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    /// The path knows other methods.
    pub fn bad_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
    }

    /// Come back later.
    pub fn busy(message: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }

    /// A fault of ours; the log tells what.
    pub fn failed(why: &dyn std::fmt::Display) -> Self {
        tracing::error!(%why, "a request failed");
        let told = "the server failed; its log tells why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, told)
    }
}

impl From<library::Error> for ApiError {
    fn from(error: library::Error) -> Self {
        use library::Error as E;
        match error {
            E::NotFound => Self::no_item(),
            E::Unauthenticated => Self::bad_credentials(),
            E::Forbidden => Self::new(StatusCode::FORBIDDEN, "Forbidden"),
            E::Invalid { field, message } => Self::invalid(&field, message),
            E::Conflict { field, message, reference_sid } => {
                Self::unprocessable().with(field, message, Some(reference_sid))
            }
            E::NotEmpty { .. } => Self::new(StatusCode::CONFLICT, &error.to_string()),
            E::LimitReached { quota, limit } => {
                Self::invalid(quota, format!("quota exceeded: {limit}"))
            }
            E::Storage(why) => Self::failed(&why),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status;
        let mut response = (status, Json(self.body)).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            let schemes = [r#"Bearer realm="tonearm""#, r#"Basic realm="tonearm""#];
            for scheme in schemes {
                headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
            }
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}
