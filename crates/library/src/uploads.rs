//! How uploads end, counted for the figures: each once, whichever API it came by.

use crate::Error;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How an upload ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadEnd {
    /// Its bytes are kept.
    Kept,
    /// A rule is against it.
    Refused,
    /// The disk has no room.
    Full,
    /// The disk, the store or the catalog failed.
    Failed,
    /// It broke off, or was no upload of its API.
    GivenUp,
}

impl UploadEnd {
    /// All of them, with their names.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Kept, "kept"),
        (Self::Refused, "refused"),
        (Self::Full, "full"),
        (Self::Failed, "failed"),
        (Self::GivenUp, "given_up"),
    ];

    fn of(error: &Error) -> Self {
        match error {
            Error::NotFound
            | Error::Unauthenticated
            | Error::Forbidden
            | Error::Invalid { .. }
            | Error::Conflict { .. }
            | Error::LimitReached { .. }
            | Error::NotEmpty { .. } => Self::Refused,
            Error::Full => Self::Full,
            Error::StoreAway(_) | Error::CatalogAway(_) | Error::Storage(_) => Self::Failed,
        }
    }
}

/// The uploads of this process.
#[derive(Debug)]
pub struct Uploads {
    by_end: [AtomicU64; UploadEnd::ALL.len()],
    kept_bytes: AtomicU64,
}

static UPLOADS: Uploads = Uploads {
    by_end: [const { AtomicU64::new(0) }; UploadEnd::ALL.len()],
    kept_bytes: AtomicU64::new(0),
};

impl Uploads {
    /// Uploads that ended so.
    #[must_use]
    pub fn ended(end: UploadEnd) -> u64 {
        UPLOADS.by_end[end as usize].load(Relaxed)
    }

    /// Bytes of those that are kept.
    #[must_use]
    pub fn kept_bytes() -> u64 {
        UPLOADS.kept_bytes.load(Relaxed)
    }
}

/// An upload under way, counted when this is dropped: as given up if bytes came and nothing else was told, and not at
/// all if none did.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    end: Option<UploadEnd>,
}

impl Tally {
    /// Bytes come.
    pub fn bytes_come(&mut self) {
        self.end.get_or_insert(UploadEnd::GivenUp);
    }

    /// What goes on counting in its place.
    pub fn hand_on(&mut self) -> Self {
        Self { end: self.end.take() }
    }

    /// Notes why a step failed, if it did.
    pub fn noted<T>(&mut self, step: Result<T, Error>) -> Result<T, Error> {
        step.inspect_err(|error| self.end = Some(UploadEnd::of(error)))
    }

    /// The bytes are kept.
    pub fn is_kept(&mut self, bytes: u64) {
        self.end = Some(UploadEnd::Kept);
        UPLOADS.kept_bytes.fetch_add(bytes, Relaxed);
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        if let Some(end) = self.end {
            UPLOADS.by_end[end as usize].fetch_add(1, Relaxed);
        }
    }
}
