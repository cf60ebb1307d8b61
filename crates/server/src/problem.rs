//! Why there is nothing to answer with; the one place that maps the errors of `media`.

use media::{BadValue, OpenError, Refusal};

/// Why there's no representation to answer with.
pub enum Problem {
    /// Unknown, unpublished, expired or deleted: all alike.
    NotFound,
    /// The link's signature is wrong, or its time is over; whether there is a file is not told.
    Forbidden,
    /// An option at fault.
    BadOption {
        /// Its name.
        option: String,
        /// What was wrong and what is allowed.
        message: String,
    },
    /// The source can't be decoded.
    Unplayable {
        /// What was found.
        message: String,
    },
    /// A request that doesn't say as it must for which host it is.
    NoHost,
    /// A request with more headers than it may have.
    TooManyHeaders {
        /// As many as that.
        most: usize,
    },
    /// Another method than GET, HEAD, OPTIONS.
    BadMethod,
    /// Come back later.
    Later {
        /// Why.
        message: String,
        /// Seconds.
        retry_after_s: u64,
    },
    /// A fault of ours, in the log.
    Failed,
}

impl From<BadValue> for Problem {
    fn from(bad: BadValue) -> Self {
        Self::BadOption { option: bad.option.into(), message: bad.to_string() }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::BadOption { option, message } => {
                Self::BadOption { option: option.into(), message }
            }
            Refusal::Unplayable { message } => Self::Unplayable { message },
        }
    }
}

/// When a store or a catalog that can't be reached is worth another try, in seconds.
pub const STORE_RETRY_AFTER_S: u64 = 5;

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        let message = error.to_string();
        match error {
            OpenError::Busy { retry_after_s } | OpenError::StillEncoding { retry_after_s } => {
                Self::Later { message, retry_after_s }
            }
            OpenError::StoreAway | OpenError::CatalogAway => {
                Self::Later { message, retry_after_s: STORE_RETRY_AFTER_S }
            }
            OpenError::Gone => Self::NotFound,
            OpenError::Failed(_) => {
                tracing::error!(%message, "a representation can't be sent");
                Self::Failed
            }
        }
    }
}
