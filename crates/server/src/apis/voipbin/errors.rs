//! Errors as VoIPBIN words them: `{"error": {"status", "reason", "message", "request_id", "details"?}}`; and the id
//! that each request has.

use crate::apis::publish::Unsigned;
use crate::apis::storage::{FOREIGN_PAGE, Refusal};
use axum::Json;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that a client may give its request.
const LONGEST_ID: usize = 64;

/// An error; its request's id is added where it is rendered.
#[derive(Debug, Clone)]
pub struct ApiError(Box<Fault>);

#[derive(Debug, Clone)]
struct Fault {
    code: StatusCode,
    status: &'static str,
    reason: &'static str,
    message: String,
    details: Vec<Detail>,
    headers: HeaderMap,
}

/// An error's body.
#[derive(Serialize, ToSchema)]
#[schema(as = VoipbinError)]
pub struct ErrorBody {
    /// The error.
    error: Told,
}

/// What is told of an error.
#[derive(Serialize, ToSchema)]
#[schema(as = VoipbinFault)]
struct Told {
    /// What kind it is, such as `INVALID_ARGUMENT`.
    status: &'static str,
    /// What it is, for programs, such as `INVALID_FILE_TYPE`.
    reason: &'static str,
    /// What is wrong and what is allowed, for people.
    message: String,
    /// The request's id: the one of its `X-Request-Id`, or one that was made.
    request_id: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    details: Vec<Detail>,
}

/// What an error is about.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = VoipbinErrorDetail)]
#[serde(rename_all = "snake_case")]
enum Detail {
    /// A field of the form, a parameter, or a member of the body.
    Field(String),
    /// Whose requests are too many.
    LimitedBy(&'static str),
}

impl ApiError {
    fn new(
        code: StatusCode,
        status: &'static str,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let (message, details, headers) = (message.into(), Vec::new(), HeaderMap::new());
        Self(Box::new(Fault { code, status, reason, message, details, headers }))
    }

    fn invalid(reason: &'static str, field: &str, message: &str) -> Self {
        let mut error = Self::new(
            StatusCode::BAD_REQUEST,
            "INVALID_ARGUMENT",
            reason,
            format!("{field}: {message}"),
        );
        error.0.details.push(Detail::Field(field.to_owned()));
        error
    }

    fn unavailable(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", reason, message)
    }

    fn unauthenticated(reason: &'static str, message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", reason, message)
    }

    fn exhausted(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED", reason, message)
    }

    /// The account's quota is reached, or one that somebody gave the container by another API.
    fn full(quota: &str, limit: u64) -> Self {
        let message = match quota {
            "quota" => "the quota of the account leaves no room for the file".to_owned(),
            quota => format!("the container `voipbin` takes no more: its {quota} is {limit}"),
        };
        Self::exhausted("QUOTA_EXCEEDED", message)
    }

    fn denied(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", "PERMISSION_DENIED", message)
    }

    fn slowed(retry_after_s: u64) -> Self {
        let message = format!("too many failed logins; try again in {retry_after_s} s");
        let mut error = Self::exhausted("RATE_LIMIT_EXCEEDED", message);
        error.0.details.push(Detail::LimitedBy("ip"));
        error
    }

    fn conflict(status: &'static str, reason: &'static str, message: &str) -> Self {
        Self::new(StatusCode::CONFLICT, status, reason, message)
    }

    fn missing(reason: &'static str, message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", reason, message)
    }

    /// A path's id is none.
    pub fn bad_id(field: &str) -> Self {
        Self::invalid("INVALID_ID", field, "must be a UUID")
    }

    /// A form's file is missing, or it can't be read.
    pub fn bad_upload(field: &str, message: &str) -> Self {
        Self::invalid("INVALID_FILE_UPLOAD", field, message)
    }

    /// A member that a body must have is not there.
    pub fn left_out(field: &str, message: &str) -> Self {
        Self::invalid("MISSING_REQUEST_PARAMETER", field, message)
    }

    /// There never was such a file, or not for this caller.
    pub fn no_file() -> Self {
        Self::missing("FILE_NOT_FOUND", "there is no such file")
    }

    /// What was there is gone, or a customer that is named is not there.
    pub fn no_resource(what: &str) -> Self {
        Self::missing("RESOURCE_NOT_FOUND", what)
    }

    /// An account is not there, or not for this caller; other refusals are worded as ever.
    pub fn of_account(error: library::Error) -> Self {
        match error {
            library::Error::NotFound => {
                Self::missing("ACCOUNT_NOT_FOUND", "there is no such account")
            }
            other => Refusal::from(other).into(),
        }
    }

    /// Renders it for a request with this id.
    fn rendered(self, id: HeaderValue) -> Response {
        let Fault { code, status, reason, message, details, headers } = *self.0;
        let request_id = id.to_str().unwrap_or_default().to_owned();
        let error = Told { status, reason, message, request_id, details };
        let mut response = (code, Json(ErrorBody { error })).into_response();
        response.headers_mut().extend(headers);
        if code == StatusCode::UNAUTHORIZED {
            // Of the schemes the API takes this one alone.
            let scheme = HeaderValue::from_static(r#"Bearer realm="tonearm""#);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        identify(response, id)
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let headers = refusal.headers();
        let mut error = Self::worded(refusal);
        error.0.headers = headers;
        error
    }
}

impl ApiError {
    fn worded(refusal: Refusal) -> Self {
        use Refusal as R;
        match refusal {
            R::NoCredentials => {
                Self::unauthenticated("AUTHENTICATION_REQUIRED", "a token is required")
            }
            R::BadCredentials => {
                Self::unauthenticated("INVALID_CREDENTIALS", "the credentials are not valid")
            }
            R::TooManyAttempts { retry_after_s } => Self::slowed(retry_after_s),
            R::Forbidden => Self::denied("the role of this token does not allow it"),
            R::ForeignPage => Self::denied(FOREIGN_PAGE),
            R::NotFound => Self::no_file(),
            R::NoPath => Self::missing("ROUTE_NOT_FOUND", "there is no such route"),
            R::BadMethod => Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "INVALID_ARGUMENT",
                "METHOD_NOT_ALLOWED",
                "the route takes other methods",
            ),
            R::Invalid { field, message } => {
                let of_type = field == "type";
                let reason =
                    if of_type { "INVALID_FILE_TYPE" } else { "INVALID_REQUEST_PARAMETER" };
                Self::invalid(reason, &field, &message)
            }
            R::NoJson { field, message } => Self::invalid("INVALID_JSON_BODY", &field, &message),
            R::Malformed { field, message } | R::TooLarge { field, message } => {
                Self::bad_upload(&field, &message)
            }
            R::UnsupportedType { message } => {
                Self::invalid("INVALID_JSON_BODY", "Content-Type", &message)
            }
            R::Unplayable { message } => Self::invalid("INVALID_ARGUMENT", "f", &message),
            R::Coded { coding } => {
                let message = format!("`{coding}`; allowed: identity, which is no coding");
                Self::bad_upload("Content-Encoding", &message)
            }
            R::Conflict { .. } => Self::conflict(
                "ALREADY_EXISTS",
                "ACCOUNT_ALREADY_EXISTS",
                "the customer has an account",
            ),
            R::NotEmpty { .. } => Self::conflict(
                "FAILED_PRECONDITION",
                "STATE_INVALID",
                "the customer of the account has files; delete them first",
            ),
            R::LimitReached { quota, limit } => Self::full(quota, limit),
            R::Stalled { message } => Self::unavailable("REQUEST_TIMEOUT", message),
            R::Busy { message, .. } | R::Full { message } => {
                Self::unavailable("SERVICE_UNAVAILABLE", message)
            }
            R::Failed => {
                let message = "the server failed; its log tells why";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "INTERNAL", message)
            }
        }
    }
}

impl From<library::Error> for ApiError {
    fn from(error: library::Error) -> Self {
        Refusal::from(error).into()
    }
}

impl From<Unsigned> for ApiError {
    fn from(why: Unsigned) -> Self {
        match why {
            Unsigned::BadValue(bad) => Refusal::invalid(bad.option, bad.to_string()).into(),
            Unsigned::UnknownOption(name) => {
                Refusal::invalid(&name, "no link has this option").into()
            }
            Unsigned::Life(allowed) => Refusal::failed(&allowed).into(),
            Unsigned::Library(error) => error.into(),
        }
    }
}

/// Rendered by [`identified`], which knows the request's id.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.0.code.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Renders what is refused before a route has the request.
pub fn refused(headers: &HeaderMap, refusal: Refusal) -> Response {
    ApiError::from(refusal).rendered(request_id(headers))
}

/// Gives each answer its request's id.
pub async fn identified(request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<ApiError>() {
        Some(error) => error.rendered(id),
        None => identify(response, id),
    }
}

/// Adds what every answer has. It is kept by no cache: there are signed links in it, and the token may be in its URL.
fn identify(mut response: Response, id: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, id);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The id that a client gave its request, or one made by chance.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let given = headers
        .get(X_REQUEST_ID)
        .filter(|id| (1..=LONGEST_ID).contains(&id.len()) && id.as_bytes().iter().all(is_plain));
    given.cloned().unwrap_or_else(|| {
        let made = HeaderValue::from_str(&made_id(Uuid::new_v4().as_u128()));
        made.unwrap_or(HeaderValue::from_static("req_"))
    })
}

/// `req_` and 26 digits of base 32 (RFC 4648 §6, lower case).
fn made_id(chance: u128) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let digit = |place: u32| char::from(DIGITS[(chance >> (5 * place)) as usize & 31]);
    format!("req_{}", (0..26).map(digit).collect::<String>())
}
