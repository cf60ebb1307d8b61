//! What is done without being asked: files whose lifecycle has ended go, and their contents after them.

use crate::{Error, Library, now_ms};
use blob::Hash;
use std::io;
use std::time::Duration;

/// How long a file outlives its lifecycle at most; its link ends at once.
const EVERY: Duration = Duration::from_secs(10);

/// Files that one transaction deletes at most, so that uploads don't wait long.
const AT_ONCE: u32 = 500;

impl Library {
    /// Sweeps for ever.
    pub async fn keep_sweeping(self) {
        loop {
            if let Err(error) = self.sweep().await {
                tracing::warn!(%error, "sweeping");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Deletes the files whose lifecycle has ended. Returns how many.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn sweep(&self) -> Result<u64, Error> {
        let mut gone = 0;
        loop {
            let contents = self.catalog.delete_expired(now_ms(), AT_ONCE).await?;
            if contents.is_empty() {
                return Ok(gone);
            }
            gone += contents.len() as u64;
            self.forget(contents).await;
        }
    }

    /// Removes content that no file refers to, as a crash may leave it behind.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn forget_unreferenced(&self) -> Result<u64, Error> {
        let contents = self.catalog.unreferenced().await?;
        self.remove(contents).await
    }

    /// Removes those of these contents that no file refers to any more. The files are gone whatever
    /// comes of it; what stays behind goes with the next start.
    pub(crate) async fn forget(&self, contents: Vec<String>) {
        if contents.is_empty() {
            return;
        }
        if let Err(error) = self.remove(contents).await {
            tracing::warn!(%error, "removing the content of deleted files");
        }
    }

    async fn remove(&self, contents: Vec<String>) -> Result<u64, Error> {
        Ok(self.catalog.forget(contents, self.remover()).await?)
    }

    /// Takes a blob away; one that can't be is logged and left for the next start.
    fn remover(&self) -> impl Fn(&str) -> bool + Send + 'static {
        let blobs = self.blobs.clone();
        move |address| {
            let hash = address.parse::<Hash>().map_err(io::Error::other);
            let removed = hash.and_then(|hash| blobs.remove(&hash));
            removed.inspect_err(|error| tracing::warn!(%error, "removing stored bytes")).is_ok()
        }
    }
}
