//! Errors as the API words them: `{"message", "errors": [{"field", "message"}]}`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

/// An error answer.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    field: Option<String>,
    message: String,
    reference_sid: Option<uuid::Uuid>,
}

impl ApiError {
    fn new(status: StatusCode, field: Option<String>, message: impl Into<String>) -> Self {
        Self { status, field, message: message.into(), reference_sid: None }
    }

    /// The request can't be read.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, None, message)
    }

    /// An attribute has a value that it can't have.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, Some(field.into()), message)
    }
}

impl From<library::Error> for ApiError {
    fn from(error: library::Error) -> Self {
        use library::Error as E;
        let message = error.to_string();
        match error {
            E::NotFound => Self::new(StatusCode::NOT_FOUND, None, message),
            E::Unauthenticated => Self::new(StatusCode::UNAUTHORIZED, None, message),
            E::Forbidden => Self::new(StatusCode::FORBIDDEN, None, message),
            E::Invalid { field, message } => Self::invalid(field, message),
            E::Conflict { message, reference_sid } => Self {
                reference_sid: Some(reference_sid),
                ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, None, message)
            },
            E::LimitReached { quota, .. } => Self::invalid(quota, message),
            E::Storage(_) => {
                tracing::error!(%message, "the storage failed");
                let told = "the server failed; its log tells why";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, None, told)
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let errors: Vec<_> = self
            .field
            .iter()
            .map(|field| json!({"field": field, "message": self.message}))
            .collect();
        let mut body = json!({"message": self.message, "errors": errors});
        if let Some(sid) = self.reference_sid {
            body["reference_sid"] = json!(sid);
        }
        let mut response = (self.status, Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = http::HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
