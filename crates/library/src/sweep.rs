//! What is done without being asked: files whose lifecycle has ended go, and their contents after them; so do stored
//! bytes that the catalog doesn't know.

use crate::{Error, Library, blocking, now_ms};
use blob::{Blobs, Hash};
use std::io;
use std::time::Duration;

/// How long a file outlives its lifecycle at most; its link ends at once.
const EVERY: Duration = Duration::from_secs(10);

/// Files or blobs that one transaction deletes at most, so that uploads don't wait long.
const AT_ONCE: u32 = 500;

/// The walk through all blobs rests so long after so many, so that answers don't notice it.
const REST: Duration = Duration::from_millis(100);

/// How long strays can be looked at before they are removed, at a start.
const STRAYS_LAST: Duration = Duration::from_secs(7 * 24 * 3600);

impl Library {
    /// Sweeps for ever, and looks once for strays.
    pub async fn keep_sweeping(self) {
        let strays = async {
            match self.set_strays_aside().await {
                Ok(0) => {}
                Ok(count) => {
                    tracing::warn!(
                        count,
                        "stored bytes that no file has were moved to strays/, for a week"
                    );
                }
                Err(error) => tracing::warn!(%error, "looking for stored bytes that no file has"),
            }
        };
        let expired = async {
            loop {
                if let Err(error) = self.sweep().await {
                    tracing::warn!(%error, "sweeping");
                }
                tokio::time::sleep(EVERY).await;
            }
        };
        tokio::join!(strays, expired);
    }

    /// Sets the blobs aside that no content has: a kill between an upload's blob and its commit leaves one, and a
    /// power failure can bring back one that was removed. But it may also be the catalog that is at fault, an
    /// older one put back: so they go for good only after [`STRAYS_LAST`]. Returns how many.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn set_strays_aside(&self) -> Result<u64, Error> {
        let mut count = 0;
        let blobs = self.blobs.clone();
        blocking(move || blobs.clear_strays(STRAYS_LAST)).await??;
        if !self.catalog.has_contents().await? {
            // Beside blobs that is rather a catalog that was lost: they may be all that is left.
            return Ok(count);
        }
        for first in 0..=u8::MAX {
            let blobs = self.blobs.clone();
            let hashes = blocking(move || blobs.beginning_with(first)).await??;
            for some in hashes.chunks(AT_ONCE as usize) {
                let addresses = some.iter().map(Hash::to_string).collect();
                count +=
                    self.catalog.remove_strays(addresses, self.with_blob(Blobs::set_aside)).await?;
                tokio::time::sleep(REST).await;
            }
        }
        Ok(count)
    }

    /// What came of keeping a content. If its commit failed, its blob may be in place already: it goes at once,
    /// unless another content has it.
    pub(crate) async fn without_stray<T>(
        &self,
        outcome: Result<T, Error>,
        content_hash: Option<&str>,
    ) -> Result<T, Error> {
        if let (Err(Error::Storage(_)), Some(content)) = (&outcome, content_hash) {
            let address = catalog::blob_address(content).to_owned();
            if let Err(error) =
                self.catalog.remove_strays(vec![address], self.with_blob(Blobs::remove)).await
            {
                tracing::warn!(%error, "removing the bytes of an upload that failed");
            }
        }
        outcome
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
        Ok(self.catalog.forget(contents, self.with_blob(Blobs::remove)).await?)
    }

    /// Takes the blob at an address away, one way or the other; one that can't be is logged and left for the
    /// next start.
    fn with_blob(
        &self,
        act: impl Fn(&Blobs, &Hash) -> io::Result<()> + Send + 'static,
    ) -> impl Fn(&str) -> bool + Send + 'static {
        let blobs = self.blobs.clone();
        move |address| {
            let hash = address.parse::<Hash>().map_err(io::Error::other);
            let done = hash.and_then(|hash| act(&blobs, &hash));
            done.inspect_err(|error| tracing::warn!(%error, "stored bytes stay where they are"))
                .is_ok()
        }
    }
}
