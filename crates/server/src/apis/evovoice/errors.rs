//! Errors as the API words them: `{"responseStatus": {"errorCode", "message", "errors"}}`, in the format that
//! was asked for.

use super::objects::Node;
use super::wants::Wants;
use super::{answers, formats};
use crate::apis::publish::Unsigned;
use crate::apis::storage::{FOREIGN_PAGE, Refusal};
use axum::response::Response;
use http::{HeaderMap, StatusCode};

/// Why a call is refused.
#[derive(Debug)]
pub enum ApiError {
    Refused(Refusal),
    /// The caller may not say this of a file.
    FieldForbidden(&'static str),
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<library::Error> for ApiError {
    fn from(error: library::Error) -> Self {
        Self::Refused(error.into())
    }
}

impl From<std::io::Error> for ApiError {
    fn from(error: std::io::Error) -> Self {
        library::Error::from(error).into()
    }
}

impl From<Unsigned> for ApiError {
    fn from(why: Unsigned) -> Self {
        match why {
            Unsigned::Library(error) => error.into(),
            Unsigned::Life(allowed) => Refusal::failed(&allowed).into(),
            Unsigned::UnknownOption(name) => Refusal::failed(&name).into(),
            Unsigned::BadValue(bad) => Refusal::failed(&bad).into(),
        }
    }
}

/// What is told of an error.
struct Told {
    status: StatusCode,
    message: String,
    /// The parameter, member or header that is at fault.
    field: Option<String>,
    headers: HeaderMap,
}

impl Told {
    fn plain(status: StatusCode, message: &str) -> Self {
        Self { status, message: message.to_owned(), field: None, headers: HeaderMap::new() }
    }

    fn of(status: StatusCode, field: &str, message: String) -> Self {
        Self { status, message, field: Some(member(field).to_owned()), headers: HeaderMap::new() }
    }

    fn by(error: ApiError) -> Self {
        let refusal = match error {
            ApiError::Refused(refusal) => refusal,
            ApiError::FieldForbidden(field) => {
                let message = "is a manager's to set".to_owned();
                return Self::of(StatusCode::FORBIDDEN, field, message);
            }
        };
        use Refusal as R;
        let plain = Self::plain;
        let headers = refusal.headers();
        let told = match refusal {
            R::NoCredentials => plain(StatusCode::UNAUTHORIZED, "Not authenticated"),
            R::BadCredentials => plain(StatusCode::UNAUTHORIZED, "Invalid user name or password"),
            R::TooManyAttempts { .. } => {
                plain(StatusCode::TOO_MANY_REQUESTS, "too many logins of this address failed")
            }
            R::Forbidden => plain(StatusCode::FORBIDDEN, "Forbidden"),
            R::ForeignPage => plain(StatusCode::FORBIDDEN, FOREIGN_PAGE),
            R::NotFound => plain(StatusCode::NOT_FOUND, "there is no such file or account"),
            R::NoPath => plain(StatusCode::NOT_FOUND, "there is no such path"),
            R::BadMethod => plain(StatusCode::METHOD_NOT_ALLOWED, "the path takes other methods"),
            R::Invalid { field, message }
            | R::Malformed { field, message }
            | R::NoJson { field, message } => Self::of(StatusCode::BAD_REQUEST, &field, message),
            R::Conflict { field, message, reference_sid } => {
                let other = reference_sid.map(|sid| format!(": {sid}")).unwrap_or_default();
                Self::of(StatusCode::CONFLICT, field, message + &other)
            }
            R::NotEmpty { message } => plain(StatusCode::CONFLICT, &message),
            R::LimitReached { quota, limit } => {
                let message = format!("{quota} of the container is reached: {limit}");
                Self::of(StatusCode::BAD_REQUEST, "Data", message)
            }
            R::TooLarge { field, message } => {
                Self::of(StatusCode::PAYLOAD_TOO_LARGE, &field, message)
            }
            R::Stalled { message } => plain(StatusCode::REQUEST_TIMEOUT, &message),
            R::UnsupportedType { message } => {
                Self::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type", message)
            }
            R::Unplayable { message } => Self::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, "f", message),
            R::Coded { coding } => {
                let message = format!("`{coding}`; allowed: identity, which is no coding");
                Self::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Encoding", message)
            }
            R::Busy { message, .. } => plain(StatusCode::SERVICE_UNAVAILABLE, &message),
            R::Full { message } => plain(StatusCode::INSUFFICIENT_STORAGE, &message),
            R::Failed => {
                let told = "the server failed; its log tells why";
                plain(StatusCode::INTERNAL_SERVER_ERROR, told)
            }
        };
        Self { headers, ..told }
    }

    /// The status in one word.
    fn code(&self) -> String {
        self.status.canonical_reason().unwrap_or("Error").replace([' ', '-'], "")
    }
}

/// What the API calls what the library calls so.
fn member(field: &str) -> &str {
    match field {
        "name" => "FileName",
        "mime_type" => "ContentType",
        "data" => "Data",
        "container_sid" => "AccountId",
        other => other,
    }
}

/// The answer to a call that is refused.
pub fn response(error: ApiError, wants: &Wants) -> Response {
    let told = Told::by(error);
    let code = told.code();
    let mut status = vec![
        Node::text("errorCode", &code),
        Node::text(
            "message",
            match &told.field {
                Some(field) => format!("{field}: {}", told.message),
                None => told.message.clone(),
            },
        ),
    ];
    if let Some(field) = &told.field {
        let error = Node::Object(vec![
            Node::text("errorCode", &code),
            Node::text("fieldName", field),
            Node::text("message", &told.message),
        ]);
        status.push(("errors", Node::List("ResponseError", vec![error])));
    }
    let node = Node::Object(vec![("responseStatus", Node::Object(status))]);
    let mut body = Vec::new();
    // Memory takes it.
    let _ = formats::object(&mut body, wants, "ErrorResponse", &node);
    let mut response = answers::of(wants, body);
    *response.status_mut() = told.status;
    response.headers_mut().extend(told.headers);
    response
}
