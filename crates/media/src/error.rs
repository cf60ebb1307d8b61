//! Why a representation can't be sent now, and when a client should come back.

/// Seconds after which a client that found no place should come back: a segment's encoding takes less.
pub const RETRY_AFTER_S: u64 = 2;

/// The same for one that waits for a whole encode (flac, mp4), which takes longer.
pub const RETRY_AFTER_ENCODE_S: u64 = 5;

/// Why a representation can't be sent now.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// All threads and the queue are full: come back.
    #[error("all transcoding slots are taken")]
    Busy {
        /// Seconds until a try is worth it.
        retry_after_s: u64,
    },
    /// The sizes are still being learned; the encoding goes on.
    #[error("the representation is still being encoded")]
    StillEncoding {
        /// Seconds until a try is worth it.
        retry_after_s: u64,
    },
    /// The content is gone (deleted meanwhile).
    #[error("the content is gone")]
    Gone,
    /// The store of the bytes can't be reached now: come back.
    #[error("the store of the bytes can't be reached")]
    StoreAway,
    /// The catalog can't be reached now: come back.
    #[error("the catalog can't be reached")]
    CatalogAway,
    /// Anything else, for the log.
    #[error("{0}")]
    Failed(String),
}

impl OpenError {
    /// What has no better name, for the log.
    pub(crate) fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<catalog::Error> for OpenError {
    fn from(error: catalog::Error) -> Self {
        match error {
            catalog::Error::Unavailable(_) | catalog::Error::Again | catalog::Error::GivenUp => {
                tracing::error!(%error, "the catalog can't be used");
                Self::CatalogAway
            }
            _ => Self::failed(error),
        }
    }
}

impl From<blob::GetError> for OpenError {
    fn from(error: blob::GetError) -> Self {
        match &error {
            blob::GetError::Failed(_, io) if is_shortage(io) => {
                tracing::warn!(%error, "the process has no descriptor left");
                Self::Busy { retry_after_s: RETRY_AFTER_S }
            }
            _ => Self::failed(error),
        }
    }
}

/// Whether the process or the system has used up its descriptors, which come back as answers end.
fn is_shortage(error: &std::io::Error) -> bool {
    let errno = rustix::io::Errno::from_io_error(error);
    matches!(errno, Some(rustix::io::Errno::MFILE | rustix::io::Errno::NFILE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn a_shortage_of_descriptors_passes_and_another_fault_of_the_disk_does_not() {
        let open_error = |io| OpenError::from(blob::GetError::Failed("blobs/ab".into(), io));
        for errno in [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE] {
            assert!(matches!(open_error(errno.into()), OpenError::Busy { .. }), "{errno}");
        }
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(matches!(open_error(denied), OpenError::Failed(_)));
    }
}
