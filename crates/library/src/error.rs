//! Why the library refuses.

use crate::Principal;
use std::io::{self, ErrorKind};
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
        field: String,
        /// What is wrong and what is allowed.
        message: String,
    },
    /// Something else stands in the way.
    #[error("{field}: {message}")]
    Conflict {
        /// The attribute.
        field: &'static str,
        /// What.
        message: String,
        /// Its id, where the caller may know it.
        reference_sid: Option<Uuid>,
    },
    /// A hard limit is reached.
    #[error("{quota} is reached ({limit})")]
    LimitReached {
        /// `quota_bytes` or `quota_files` of the container, or `quota` of the account.
        quota: &'static str,
        /// Its value.
        limit: u64,
    },
    /// The container still holds files.
    #[error("the container holds {files} files; delete them first")]
    NotEmpty {
        /// How many.
        files: u64,
    },
    /// The disk has no room.
    #[error("the disk is full: nothing can be stored until there is room again")]
    Full,
    /// The store of the bytes can't be reached, or refuses: it may do it later.
    #[error("the store of the bytes can't be used now; try again later")]
    StoreAway(#[source] blob::StoreError),
    /// The catalog can't be reached, or others changed the same: it may do it later.
    #[error("the catalog can't be used now; try again later")]
    CatalogAway(#[source] catalog::Error),
    /// The disk or the catalog failed.
    #[error("storage: {0}")]
    Storage(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// An attribute that can't be as it is.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), message: message.into() }
    }

    /// As it is told to a caller: who may not read learns no id, because a file's is its link.
    pub(crate) fn told_to(self, caller: &Principal) -> Self {
        match self {
            Self::Conflict { field, message, .. } if !caller.may_read() => {
                Self::Conflict { field, message, reference_sid: None }
            }
            other => other,
        }
    }
}

impl From<catalog::Error> for Error {
    fn from(error: catalog::Error) -> Self {
        match error {
            catalog::Error::NoContainer => Self::NotFound,
            catalog::Error::NoPartner => Self::invalid("partner_sid", "partner not found"),
            catalog::Error::NotEmpty { files } => Self::NotEmpty { files },
            catalog::Error::BadList { parameter, message } => Self::invalid(parameter, message),
            catalog::Error::NameTaken { file_sid } => Self::Conflict {
                field: "file_access_name",
                message: "another file of the container has that name".into(),
                reference_sid: Some(file_sid),
            },
            catalog::Error::KeysTaken { sid, of } => Self::Conflict {
                field: "unique",
                message: format!("{of} with the same set of keys already exists"),
                reference_sid: Some(sid),
            },
            catalog::Error::QuotaReached { limit } => Self::LimitReached { quota: "quota", limit },
            catalog::Error::AccountTaken { partner_sid } => Self::Conflict {
                field: "customer_id",
                message: "the customer has an account".into(),
                reference_sid: Some(partner_sid),
            },
            catalog::Error::NoProfile => Self::invalid("profileId", "profile not found"),
            catalog::Error::RecordingChanged { sid } => Self::Conflict {
                field: "data",
                message: "the recording got other content, or was deleted, while this one came"
                    .into(),
                reference_sid: Some(sid),
            },
            catalog::Error::Full => Self::Full,
            away @ (catalog::Error::Unavailable(_)
            | catalog::Error::Again
            | catalog::Error::GivenUp
            | catalog::Error::ObjectTaken) => Self::CatalogAway(away),
            other => Self::Storage(other.into()),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Storage(error.into()),
        }
    }
}

impl From<blob::GetError> for Error {
    fn from(error: blob::GetError) -> Self {
        Self::Storage(error.into())
    }
}

impl From<blob::StoreError> for Error {
    fn from(error: blob::StoreError) -> Self {
        match error {
            blob::StoreError::Disk(error) => error.into(),
            away => Self::StoreAway(away),
        }
    }
}
