//! Bytes in the store: put before the commit that refers to them, removed after the one that ends that.
//!
//! Neither happens within a transaction, so a slow disk holds up nobody but its own upload. What must not stay is a
//! leftover in the catalog first, so a crash at any point leaves nothing that a later sweep doesn't know.

use crate::{Error, File, Library, blocking, now_ms};
use blob::{Draft, GetError, InvalidName, Leftover, ObjectName, Remote, Store, StoreError};
use catalog::{ContentRow, Left, NewContent, Object};
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;

/// Objects that are removed or checked between two looks at the catalog.
const AT_ONCE: u32 = 100;

/// When an object that could not be removed is tried again.
const AGAIN: Duration = Duration::from_secs(600);

/// An object that was announced is kept within this time or goes; no upload takes as long.
const KEPT_WITHIN: Duration = Duration::from_secs(24 * 3600);

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
        let done = match self.put(name, draft).await {
            Ok((e_tag, is_announced)) => {
                let object = Object { name: object.clone(), e_tag };
                commit(NewContent { row, object, is_announced }).await
            }
            Err(error) => Err(error),
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

    /// Puts bytes into the store; gives the ETag of the object, and whether it was announced to the catalog. That is
    /// spared on the local disk, where a start finds what a kill left.
    async fn put(&self, name: ObjectName, draft: Draft) -> Result<(Option<String>, bool), Error> {
        let (store, object) = (self.stores.own(), name.to_string());
        let is_announced = matches!(store, Store::Remote(_));
        if is_announced {
            let due_at_ms = now_ms() + KEPT_WITHIN.as_millis() as i64;
            self.catalog.announce(object.clone(), due_at_ms).await?;
        }
        let began = async |upload| {
            let noted = self.catalog.announce_upload(object, upload).await;
            noted.map_err(|e| StoreError::Unavailable(e.to_string()))
        };
        Ok((store.put(name, draft, began).await?, is_announced))
    }

    /// The stored bytes of a file, to be read at any place; fetched whole where they lie in a bucket.
    pub(crate) async fn stored(&self, file: &File) -> Result<audio::Source, Error> {
        let content = file.content_hash.as_str();
        match self.stores.own() {
            Store::Local(local) => {
                let found = local.find(|| self.object_of(content)).await?;
                Ok(Arc::new(found.ok_or(Error::NotFound)?))
            }
            Store::Remote(remote) => {
                let object = self.catalog.object_of(content).await?.ok_or(Error::NotFound)?;
                let draft = self.fetched(remote, &object, file.file_bytes).await?;
                Ok(Arc::new(draft.as_file().try_clone()?))
            }
        }
    }

    /// All bytes of an object in a bucket, whose name tells what they are.
    async fn fetched(
        &self,
        remote: &Remote,
        object: &Object,
        length_bytes: u64,
    ) -> Result<Draft, Error> {
        let name: ObjectName =
            object.name.parse().map_err(|e: InvalidName| Error::Storage(e.into()))?;
        let stores = self.stores.clone();
        let mut draft = blocking(move || stores.begin()).await??;
        if length_bytes > 0 {
            let mut pieces = remote.read(&name, 0..length_bytes, object.e_tag.clone()).await?;
            while let Some(piece) = pieces.next().await {
                let piece = piece?;
                draft = blocking(move || draft.write(&piece).map(|()| draft)).await??;
            }
        }
        match draft.hash() == *name.hash() {
            true => Ok(draft),
            false => Err(StoreError::Changed.into()),
        }
    }

    /// The object that holds a content's bytes, if the content is there.
    async fn object_of(&self, content_id: &str) -> Result<Option<ObjectName>, Error> {
        let object = self.catalog.object_of(content_id).await?;
        object
            .map(|object| object.name.parse())
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
        self.stores.lost_count()
    }

    /// Reads all stored bytes through, at most so fast, and tells the log of those that are missing or damaged. Returns
    /// how many objects these were. A bucket is not read through, because that costs money: what is wrong there is
    /// found when it is read.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn check_objects(&self, bytes_per_s: u64) -> Result<u64, Error> {
        let (mut lost, mut last) = (0, String::new());
        let Store::Local(local) = self.stores.own() else { return Ok(lost) };
        loop {
            let objects = self.catalog.objects_after(last.clone(), AT_ONCE).await?;
            match objects.last() {
                Some(object) => last.clone_from(object),
                None => return Ok(lost),
            }
            for name in objects.iter().filter_map(|object| object.parse().ok()) {
                let error = match local.check(name, bytes_per_s).await {
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
                    self.stores.count_lost();
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
            let now = now_ms();
            let left_ms = now - self.stores.own().linger().as_millis() as i64;
            let take = || self.catalog.take_leftovers(left_ms, now + again_ms(), AT_ONCE);
            let taken = self.make_room(take).await?;
            if taken.is_empty() {
                return Ok(());
            }
            let leftover = |taken: catalog::Taken| {
                Some(Leftover { name: taken.object.parse().ok()?, upload: taken.upload })
            };
            self.remove(taken.into_iter().filter_map(leftover).collect()).await?;
        }
    }

    /// Removes what a transaction left, if nothing reads it any more. A failure is logged, and a sweep tries again.
    pub(crate) async fn clear(&self, left: Left) {
        if left.0.is_empty() || !self.stores.own().linger().is_zero() {
            return;
        }
        let leftover = |object: String| Some(Leftover { name: object.parse().ok()?, upload: None });
        if let Err(error) = self.remove(left.0.into_iter().filter_map(leftover).collect()).await {
            tracing::warn!(%error, "removing the bytes of deleted files");
        }
    }

    async fn remove(&self, objects: Vec<Leftover>) -> Result<(), Error> {
        let names: Vec<_> = objects.iter().map(|object| object.name).collect();
        let still_there = self.stores.own().remove(objects).await?;
        for (name, error) in &still_there {
            tracing::warn!(%name, %error, "the bytes of a deleted file can't be removed; tried again later");
        }
        let others: Vec<_> = still_there.iter().map(|(name, _)| name.to_string()).collect();
        let gone = names.iter().map(ToString::to_string).filter(|name| !others.contains(name));
        let gone: Vec<_> = gone.collect();
        let due_at_ms = now_ms() + again_ms();
        let settle = || self.catalog.settle_leftovers(gone.clone(), others.clone(), due_at_ms);
        self.make_room(settle).await
    }
}

fn again_ms() -> i64 {
    AGAIN.as_millis() as i64
}
