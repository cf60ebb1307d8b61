//! Why a storage API refuses, named by what the caller does about it. Each API words it in its own way, by one
//! `From<Refusal>` for its error.

use crate::connection::request_body::Fault;
use crate::problem::{Problem, STORE_RETRY_AFTER_S};
use http::header::{self, HeaderMap, HeaderValue};
use media::OpenError;
use std::error::Error;
use std::fmt::Display;
use uuid::Uuid;

/// Why a request is refused.
#[derive(Debug)]
pub enum Refusal {
    /// No credentials came.
    NoCredentials,
    /// The credentials are no good, or not any more.
    BadCredentials,
    /// Too many logins of its address failed.
    TooManyAttempts {
        /// Seconds after which it may try again.
        retry_after_s: u64,
    },
    /// The caller may not do it.
    Forbidden,
    /// A page of another origin made the browser send the credentials that it keeps.
    ForeignPage,
    /// There is no such object, or not for this caller.
    NotFound,
    /// The API has no such path.
    NoPath,
    /// The path takes other methods.
    BadMethod,
    /// A value that can't be taken.
    Invalid {
        /// The attribute, parameter or part, as the library names it.
        field: String,
        /// What is wrong and what is allowed.
        message: String,
    },
    /// The request can't be read.
    Malformed {
        /// The part at fault: `body`, or a part of a form.
        field: String,
        /// What is wrong.
        message: String,
    },
    /// A JSON object was expected.
    NoJson {
        /// The part at fault.
        field: String,
        /// Where it stops being one.
        message: String,
    },
    /// Another object stands in the way.
    Conflict {
        /// The attribute.
        field: &'static str,
        /// What is the matter.
        message: String,
        /// The other object, if it may be told.
        reference_sid: Option<Uuid>,
    },
    /// A container that is to go still holds files.
    NotEmpty {
        /// How many, and what to do.
        message: String,
    },
    /// A hard limit of the container is reached.
    LimitReached {
        /// `quota_bytes` or `quota_files`.
        quota: &'static str,
        /// Its value.
        limit: u64,
    },
    /// More bytes than are taken.
    TooLarge {
        /// The part: `body`, or a part of a form.
        field: String,
        /// How many are taken.
        message: String,
    },
    /// The body stands still, or comes too slowly.
    Stalled {
        /// For how long.
        message: String,
    },
    /// A body of a type that the call doesn't take.
    UnsupportedType {
        /// What came and what is allowed.
        message: String,
    },
    /// A file that can't be decoded was asked for in another form.
    Unplayable {
        /// What was found and what is supported.
        message: String,
    },
    /// A coded body (RFC 9110 §8.4), which is not taken.
    Coded {
        /// Its coding.
        coding: String,
    },
    /// What is needed is in use by others.
    Busy {
        /// What is in use.
        message: String,
        /// Seconds after which it is worth trying again.
        retry_after_s: u64,
    },
    /// The disk has no room.
    Full {
        /// What can't be done for that.
        message: String,
    },
    /// A fault of ours; the log tells what.
    Failed,
}

/// What [`Refusal::ForeignPage`] says.
pub const FOREIGN_PAGE: &str = "a page of another origin can't use the cookie or the password that the browser keeps; \
                                a script that has the token sends it as `Authorization: Bearer`";

impl Refusal {
    /// A value that can't be taken.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), message: message.into() }
    }

    /// A part of the request that can't be read.
    pub fn malformed(field: &str, message: impl Into<String>) -> Self {
        Self::Malformed { field: field.into(), message: message.into() }
    }

    /// A fault of ours, told in the log.
    pub fn failed(why: &dyn Display) -> Self {
        tracing::error!(%why, "a request failed");
        Self::Failed
    }

    /// The headers that an answer to it has, however an API words it: how to say who asks (RFC 9110 §11.6.1), when to
    /// come back (§10.2.3), which codings of a body would be taken (§12.5.3).
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        match self {
            Self::NoCredentials | Self::BadCredentials => {
                for scheme in [r#"Bearer realm="tonearm""#, r#"Basic realm="tonearm""#] {
                    headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
                }
            }
            Self::TooManyAttempts { retry_after_s } | Self::Busy { retry_after_s, .. } => {
                headers.insert(header::RETRY_AFTER, (*retry_after_s).into());
            }
            Self::Coded { .. } => {
                headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            }
            _ => {}
        }
        headers
    }

    /// What went wrong while a body was read: a limit of the server, or else whatever broke off, in the words of
    /// `otherwise`.
    pub fn of_body(error: &(dyn Error + 'static), otherwise: impl FnOnce() -> Self) -> Self {
        let mut cause = Some(error);
        let mut fault = None;
        while let Some(error) = cause {
            fault = fault.or(error.downcast_ref::<Fault>());
            cause = error.source();
        }
        match fault {
            Some(fault @ Fault::TooLarge { .. }) => {
                Self::TooLarge { field: "body".into(), message: fault.to_string() }
            }
            Some(fault @ (Fault::Stalled { .. } | Fault::Slow { .. })) => {
                Self::Stalled { message: fault.to_string() }
            }
            Some(Fault::Broken(_)) | None => otherwise(),
        }
    }
}

impl From<library::Error> for Refusal {
    fn from(error: library::Error) -> Self {
        use library::Error as E;
        match error {
            E::NotFound => Self::NotFound,
            E::Unauthenticated => Self::BadCredentials,
            E::Forbidden => Self::Forbidden,
            E::Invalid { field, message } => Self::Invalid { field, message },
            E::Conflict { field, message, reference_sid } => {
                Self::Conflict { field, message, reference_sid }
            }
            E::NotEmpty { .. } => Self::NotEmpty { message: error.to_string() },
            E::LimitReached { quota, limit } => Self::LimitReached { quota, limit },
            E::Full => {
                tracing::warn!(%error, "a request was refused");
                Self::Full { message: error.to_string() }
            }
            E::StoreAway(ref cause) => {
                tracing::error!(%cause, "the store of the bytes can't be used");
                Self::Busy { message: error.to_string(), retry_after_s: STORE_RETRY_AFTER_S }
            }
            E::CatalogAway(ref cause) => {
                tracing::error!(%cause, "the catalog can't be used");
                Self::Busy { message: error.to_string(), retry_after_s: STORE_RETRY_AFTER_S }
            }
            E::Storage(cause) => Self::failed(&cause),
        }
    }
}

/// Of what comes in: the option is one of the transcode that is to be stored.
impl From<media::Refusal> for Refusal {
    fn from(refusal: media::Refusal) -> Self {
        match refusal {
            media::Refusal::BadOption { option, message } => {
                Self::invalid(super::ingest::attribute_of(option), message)
            }
            media::Refusal::Unplayable { message } => Self::invalid("data", message),
        }
    }
}

/// Of what goes out.
impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::NotFound => Self::NotFound,
            Problem::Forbidden => Self::Forbidden,
            Problem::BadOption { option, message } => Self::invalid(&option, message),
            Problem::Unplayable { message } => Self::Unplayable { message },
            Problem::NoHost => Self::malformed("Host", "must be said once"),
            Problem::TooManyHeaders { most } => {
                Self::malformed("headers", format!("at most {most}"))
            }
            Problem::BadMethod => Self::BadMethod,
            Problem::Later { message, retry_after_s } => Self::Busy { message, retry_after_s },
            Problem::Failed => Self::Failed,
        }
    }
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        Problem::from(error).into()
    }
}
