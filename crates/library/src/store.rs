//! Bytes in the store: put before the commit that refers to them, removed after the one that ends that.
//!
//! Neither happens within a transaction, so a slow disk holds up nobody but its own upload. What must not stay is a
//! leftover in the catalog first, so a crash at any point leaves nothing that a later sweep doesn't know.

use crate::{Error, Library, blocking, now_ms};
use blob::{Draft, GetError, InvalidName, ObjectName};
use catalog::{ContentRow, Left, NewContent};
use std::time::Duration;

/// Objects that are removed or checked between two looks at the catalog.
const AT_ONCE: u32 = 100;

/// When an object that could not be removed is tried again.
const AGAIN: Duration = Duration::from_secs(600);

impl Library {
    /// Puts bytes into the store, then `commit`s what refers to them. If that comes to nothing, they go again.
    pub(crate) async fn put_then_commit<T, F>(
        &self,
        draft: Draft,
        row: ContentRow,
        commit: impl FnOnce(NewContent) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let name = ObjectName::fresh(draft.hash())?;
        let object = name.to_string();
        let done = match self.blobs.put(name, draft).await {
            Ok(()) => commit(NewContent { row, object: object.clone() }).await,
            Err(error) => Err(error.into()),
        };
        if done.is_err() {
            match self.make_room(|| self.catalog.leave(object.clone())).await {
                Ok(left) => self.clear(left).await,
                Err(error) => {
                    tracing::warn!(%error, "the bytes of an upload that failed stay for a start to set aside");
                }
            }
        }
        done
    }

    /// The object that holds a content's bytes, if the content is there.
    pub(crate) async fn object_of(&self, content_id: &str) -> Result<Option<ObjectName>, Error> {
        let object = self.catalog.object_of(content_id).await?;
        object
            .map(|name| name.parse())
            .transpose()
            .map_err(|e: InvalidName| Error::Storage(e.into()))
    }

    /// Does what makes room on the disk. A full disk lets no row go either, so the reserve is given up for that.
    pub(crate) async fn make_room<T, F>(&self, deletion: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, catalog::Error>>,
    {
        match deletion().await {
            Err(catalog::Error::Full) => {
                let reserve = self.reserve.clone();
                match blocking(move || reserve.give_up()).await? {
                    true => Ok(deletion().await?),
                    false => Err(Error::Full),
                }
            }
            done => Ok(done?),
        }
    }

    /// How often a stored file was found missing or damaged since the start.
    #[must_use]
    pub fn lost_count(&self) -> u64 {
        self.blobs.lost_count()
    }

    /// Reads all stored bytes through, at most so fast, and tells the log of those that are missing or damaged. Returns
    /// how many objects these were.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn check_objects(&self, bytes_per_s: u64) -> Result<u64, Error> {
        let (mut lost, mut last) = (0, String::new());
        loop {
            let objects = self.catalog.objects_after(last.clone(), AT_ONCE).await?;
            match objects.last() {
                Some(object) => last.clone_from(object),
                None => return Ok(lost),
            }
            for name in objects.iter().filter_map(|object| object.parse().ok()) {
                let error = match self.blobs.check(name, bytes_per_s).await {
                    Ok(()) => continue,
                    Err(error @ GetError::Failed(..)) => {
                        tracing::warn!(%error, "stored bytes can't be checked now");
                        continue;
                    }
                    Err(lost) => lost,
                };
                // The object may have gone while it was read, because a deletion waits for no check.
                if self.object_of(&name.hash().to_string()).await? == Some(name) {
                    tracing::error!(%error, "stored bytes are lost until the same file is uploaded again");
                    self.blobs.count_lost();
                    // Links in use hold it open.
                    self.catalog.outdate();
                    lost += 1;
                }
            }
        }
    }

    /// Removes the leftovers that are due.
    pub(crate) async fn clear_due(&self) -> Result<(), Error> {
        loop {
            let due = self.catalog.leftovers(now_ms(), AT_ONCE).await?;
            if due.0.is_empty() {
                return Ok(());
            }
            self.remove(due).await?;
        }
    }

    /// Removes what a transaction left. A failure is logged, and a sweep tries again.
    pub(crate) async fn clear(&self, left: Left) {
        if !left.0.is_empty()
            && let Err(error) = self.remove(left).await
        {
            tracing::warn!(%error, "removing the bytes of deleted files");
        }
    }

    async fn remove(&self, left: Left) -> Result<(), Error> {
        let names = left.0.iter().filter_map(|object| object.parse().ok()).collect();
        let still_there = self.blobs.remove(names).await?;
        for (name, error) in &still_there {
            tracing::warn!(%name, %error, "the bytes of a deleted file can't be removed; tried again later");
        }
        let others: Vec<_> = still_there.iter().map(|(name, _)| name.to_string()).collect();
        let gone: Vec<_> = left.0.into_iter().filter(|object| !others.contains(object)).collect();
        let due_at_ms = now_ms() + AGAIN.as_millis() as i64;
        let settle = || self.catalog.settle_leftovers(gone.clone(), others.clone(), due_at_ms);
        self.make_room(settle).await
    }
}
