//! Why the library refuses.

use uuid::Uuid;

/// Named by what the caller does about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or not for this caller.
    #[error("not found")]
    NotFound,
    /// The token is not (or no longer) valid.
    #[error("the access token is missing or not valid")]
    Unauthenticated,
    /// The role does not allow it.
    #[error("the role of this token does not allow it")]
    Forbidden,
    /// An attribute is not allowed.
    #[error("{field}: {message}")]
    Invalid {
        /// The attribute.
        field: &'static str,
        /// What is wrong and what is allowed.
        message: String,
    },
    /// Something else stands in the way.
    #[error("{message}")]
    Conflict {
        /// What.
        message: String,
        /// Its id.
        reference_sid: Uuid,
    },
    /// A hard limit is reached.
    #[error("{quota} of the container is reached ({limit})")]
    LimitReached {
        /// `quota_bytes` or `quota_files`.
        quota: &'static str,
        /// Its value.
        limit: u64,
    },
    /// The disk or the catalog failed.
    #[error("storage: {0}")]
    Storage(String),
}

impl From<catalog::Error> for Error {
    fn from(error: catalog::Error) -> Self {
        match error {
            catalog::Error::NoContainer => Self::NotFound,
            catalog::Error::QuotaReached { quota, limit } => Self::LimitReached { quota, limit },
            catalog::Error::NameTaken { file_sid } => Self::Conflict {
                message: "another file of the container has that file_access_name".into(),
                reference_sid: file_sid,
            },
            other => Self::Storage(other.to_string()),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Storage(error.to_string())
    }
}
