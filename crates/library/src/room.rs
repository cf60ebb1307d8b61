//! Room on the local disk: whether there is enough for what comes in. The tmp, blobs and data folders may lie on disks
//! of their own; the least of them counts.

use crate::{Error, Library, PLACE_KEY, blocking};
use blob::{RESERVE_BYTES, free_bytes};

/// Whether files can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// They can.
    Ready,
    /// There is too little room.
    DiskFull {
        /// Bytes that are free.
        free: u64,
        /// Bytes that must be.
        needed: u64,
    },
    /// The catalog can't be read.
    NoCatalog,
}

impl Library {
    /// Whether files can be taken now.
    pub async fn readiness(&self) -> Readiness {
        if let Err(error) = self.catalog.meta(PLACE_KEY).await {
            tracing::error!(%error, "the catalog can't be read");
            return Readiness::NoCatalog;
        }
        let needed = self.config.min_free_bytes.max(RESERVE_BYTES);
        match self.free_bytes().await {
            Some(free) if free < needed => Readiness::DiskFull { free, needed },
            _ => Readiness::Ready,
        }
    }

    /// Refuses what comes in where less is free than is to be left.
    ///
    /// # Errors
    /// [`Error::Full`].
    pub(crate) async fn check_room(&self) -> Result<(), Error> {
        let needed = self.config.min_free_bytes;
        if needed > 0 && self.free_bytes().await.is_some_and(|free| free < needed) {
            return Err(Error::Full);
        }
        Ok(())
    }

    /// Bytes that are free on the disk that has least; `None` if no disk tells.
    pub async fn free_bytes(&self) -> Option<u64> {
        let data = self.config.data_dir.clone();
        let look = move || {
            let places = [data.join("tmp"), data.join("blobs"), data];
            places.iter().filter_map(|place| free_bytes(place).ok()).min()
        };
        blocking(look).await.ok().flatten()
    }
}
