//! Bytes in the store: put before the commit that refers to them, removed after the one that ends that.
//!
//! Neither happens within a transaction, so a slow disk holds up nobody but its own upload. What must not stay is a
//! leftover in the catalog first, so a crash at any point leaves nothing that a later sweep doesn't know.

use crate::{Container, Error, File, Library, PLACE_KEY, StorageKind, Word, blocking, now_ms};
use blob::{
    BadSettings, Bucket, Draft, GetError, InvalidName, Leftover, ObjectName, Place, REMOTE_LINGER,
    Remote, Store, StoreError,
};
use catalog::{Catalog, ContentRow, Left, LeftSince, NewContent, Object};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Objects that are removed or checked between two looks at the catalog.
const AT_ONCE: u32 = 100;

/// When an object that could not be removed is tried again.
const AGAIN: Duration = Duration::from_secs(600);

/// An object that was announced is kept within this time or goes; no upload takes as long.
const KEPT_WITHIN: Duration = Duration::from_secs(24 * 3600);

/// Bytes read from a file at a time.
const BLOCK_BYTES: usize = 256 << 10;

/// Where the bytes of a container's files lie.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    /// As files say it: the container's sid where the bucket is its own, else empty.
    pub name: String,
    store: Store,
}

impl Library {
    /// Where the bytes of a container's files lie.
    pub(crate) fn home(&self, container: &Container) -> Result<Home, Error> {
        let store = match self.bucket(container)? {
            None => self.stores.own().clone(),
            Some(bucket) => self.stores.open(&bucket)?,
        };
        Ok(Home { name: home_name(container), store })
    }

    /// The bucket of a container's own, if it has one.
    pub(crate) fn bucket(&self, container: &Container) -> Result<Option<Bucket>, Error> {
        Ok(self.stores.bucket(container.kind.as_str(), &container.external_attributes)?)
    }

    /// Tries the bucket of a container's own: whether its settings are right.
    pub(crate) async fn try_bucket(&self, container: &Container) -> Result<(), Error> {
        let Some(bucket) = self.bucket(container)? else { return Ok(()) };
        let home = Home { name: home_name(container), store: self.stores.open(&bucket)? };
        let Store::Remote(remote) = &home.store else { return Ok(()) };
        remote.check().await.map_err(|error| home.refusal(error))
    }

    /// Where the bytes of a file lie.
    async fn home_of(&self, store: &str) -> Result<Option<Home>, Error> {
        let Ok(container_sid) = store.parse() else {
            return Ok(Some(Home { name: String::new(), store: self.stores.own().clone() }));
        };
        let container = self.catalog.container(container_sid).await?;
        container.map(|container| self.home(&container)).transpose()
    }

    /// Puts bytes into a store, then `commit`s what refers to them. If that comes to nothing, they go again.
    pub(crate) async fn put_then_commit<T, F>(
        &self,
        home: &Home,
        draft: Draft,
        row: ContentRow,
        commit: impl FnOnce(NewContent) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let name = ObjectName::fresh(draft.hash())?;
        let object = name.to_string();
        let done = match self.put(home, name, draft).await {
            Ok((e_tag, is_announced)) => {
                let object = Object { store: home.name.clone(), name: object.clone(), e_tag };
                commit(NewContent { row, object, is_announced }).await
            }
            Err(error) => Err(error),
        };
        if done.is_err() {
            match self.make_room(|| self.catalog.leave(home.name.clone(), object.clone())).await {
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
    async fn put(
        &self,
        home: &Home,
        name: ObjectName,
        draft: Draft,
    ) -> Result<(Option<String>, bool), Error> {
        let object = name.to_string();
        let is_announced = matches!(home.store, Store::Remote(_));
        if is_announced {
            let due_at_ms = now_ms() + KEPT_WITHIN.as_millis() as i64;
            self.catalog.announce(home.name.clone(), object.clone(), due_at_ms).await?;
        }
        let began = async |upload| {
            let noted = self.catalog.announce_upload(object, upload).await;
            noted.map_err(|e| StoreError::Unavailable(e.to_string()))
        };
        let put = home.store.put(name, draft, began).await;
        Ok((put.map_err(|error| home.refusal(error))?, is_announced))
    }

    /// The stored bytes of a file, to be read at any place; fetched whole where they lie in a bucket.
    pub(crate) async fn stored(&self, file: &File) -> Result<audio::Source, Error> {
        let content = file.content_hash.as_str();
        match self.home_of(&file.store).await?.ok_or(Error::NotFound)?.store {
            Store::Local(local) => {
                let found = local.find(|| self.object_of(content)).await?;
                Ok(Arc::new(found.ok_or(Error::NotFound)?))
            }
            Store::Remote(remote) => {
                let draft = self.fetched(&remote, file).await?;
                Ok(Arc::new(draft.as_file().try_clone()?))
            }
        }
    }

    /// The bytes of a file that is to lie elsewhere, as if they came in again.
    pub(crate) async fn copied(&self, file: &File) -> Result<(ContentRow, Draft), Error> {
        let home = self.home_of(&file.store).await?.ok_or(Error::NotFound)?;
        let draft = match home.store {
            Store::Remote(remote) => self.fetched(&remote, file).await?,
            Store::Local(_) => {
                let (source, stores) = (self.stored(file).await?, self.stores.clone());
                let copy = move || {
                    let (mut draft, mut block) = (stores.begin()?, vec![0; BLOCK_BYTES]);
                    loop {
                        match source.read_full_at(&mut block, draft.length_bytes())? {
                            0 => return Ok::<_, std::io::Error>(draft),
                            read => draft.write(&block[..read])?,
                        }
                    }
                };
                blocking(copy).await??
            }
        };
        // What is known of the content stays.
        let row = ContentRow {
            content_hash: file.content_hash.clone(),
            length_bytes: file.file_bytes,
            facts: None,
            probe_error: None,
            seek_index: Vec::new(),
            probe_revision: 0,
            stored_at_ms: now_ms(),
        };
        Ok((row, draft))
    }

    /// All bytes of a file in a bucket; the object's name tells what they are.
    async fn fetched(&self, remote: &Remote, file: &File) -> Result<Draft, Error> {
        let object = self.catalog.object_of(&file.store, &file.content_hash).await?;
        let object = object.ok_or(Error::NotFound)?;
        let name: ObjectName =
            object.name.parse().map_err(|e: InvalidName| Error::Storage(e.into()))?;
        let stores = self.stores.clone();
        let draft = blocking(move || stores.begin()).await??;
        Ok(remote.fetch(name, file.file_bytes, object.e_tag, draft).await?)
    }

    /// The object of the server's own store that holds a content's bytes, if the content is there.
    pub(crate) async fn object_of(&self, content_id: &str) -> Result<Option<ObjectName>, Error> {
        let object = self.catalog.object_of("", content_id).await?;
        object
            .map(|object| object.name.parse())
            .transpose()
            .map_err(|e: InvalidName| Error::Storage(e.into()))
    }

    /// Whether the bytes of files lie in the data folder, and not in a bucket: whatever this process was told.
    pub(crate) async fn bytes_lie_here(&self) -> Result<bool, Error> {
        Ok(bytes_lie_beside(&self.catalog).await?)
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
                Some((object, _)) => last.clone_from(object),
                None => return Ok(lost),
            }
            for name in objects.iter().filter_map(|(object, _)| object.parse().ok()) {
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

    /// Removes the leftovers that are due. A bucket of a container may take its time, so nobody waits for it.
    pub(crate) async fn clear_due(&self) -> Result<(), Error> {
        loop {
            let now = now_ms();
            let linger_ms = |linger: Duration| linger.as_millis() as i64;
            let left = LeftSince {
                own_ms: now - linger_ms(self.stores.own().linger()),
                external_ms: now - linger_ms(REMOTE_LINGER),
            };
            let take = || self.catalog.take_leftovers(left, now + again_ms(), AT_ONCE);
            let taken = self.make_room(take).await?;
            if taken.is_empty() {
                return Ok(());
            }
            let mut by_store: BTreeMap<String, Vec<_>> = BTreeMap::new();
            for left in taken {
                by_store.entry(left.store.clone()).or_default().push(left);
            }
            for (store, leftovers) in by_store {
                if store.is_empty() {
                    self.remove(&store, leftovers).await?;
                    continue;
                }
                let library = self.clone();
                tokio::spawn(async move {
                    if let Err(error) = library.remove(&store, leftovers).await {
                        tracing::warn!(%error, container = store, "removing the bytes of deleted files");
                    }
                });
            }
        }
    }

    /// Removes all that is left in the bucket of a container that is about to go; what stays is given up, because the
    /// bucket is not the server's.
    pub(crate) async fn clear_all(&self, container: &Container) -> Result<(), Error> {
        let store = container.container_sid.to_string();
        let leftovers = self.catalog.take_all_leftovers(store.clone()).await?;
        if leftovers.is_empty() {
            return Ok(());
        }
        let objects: Vec<_> = leftovers.iter().map(|left| left.object.clone()).collect();
        if let Err(error) = self.remove(&store, leftovers).await {
            tracing::warn!(%error, container = store, "removing the bytes of deleted files");
        }
        for left in self.catalog.take_all_leftovers(store.clone()).await? {
            tracing::warn!(
                container = store,
                object = left.object,
                "bytes stay in a bucket that was given up"
            );
        }
        Ok(self.catalog.settle_leftovers(objects, Vec::new(), 0).await?)
    }

    /// Removes what a transaction left, if nothing reads it any more. A failure is logged, and a sweep tries again.
    pub(crate) async fn clear(&self, left: Left) {
        let own: Vec<_> = left.0.into_iter().filter(|left| left.store.is_empty()).collect();
        if own.is_empty() || !self.stores.own().linger().is_zero() {
            return;
        }
        if let Err(error) = self.remove("", own).await {
            tracing::warn!(%error, "removing the bytes of deleted files");
        }
    }

    async fn remove(&self, store: &str, left: Vec<catalog::Leftover>) -> Result<(), Error> {
        let objects = left.iter().filter_map(|left| {
            Some(Leftover { name: left.object.parse().ok()?, upload: left.upload.clone() })
        });
        // Of a container that is gone nothing can be removed any more.
        let still_there = match self.home_of(store).await? {
            Some(home) => home.store.remove(objects.collect()).await?,
            None => Vec::new(),
        };
        for (name, error) in &still_there {
            tracing::warn!(%name, %error, "the bytes of a deleted file can't be removed; tried again later");
        }
        let others: Vec<_> = still_there.iter().map(|(name, _)| name.to_string()).collect();
        let gone = left.into_iter().map(|left| left.object);
        let gone: Vec<_> = gone.filter(|object| !others.contains(object)).collect();
        let due_at_ms = now_ms() + again_ms();
        let settle = || self.catalog.settle_leftovers(gone.clone(), others.clone(), due_at_ms);
        self.make_room(settle).await
    }
}

impl Home {
    /// Why a put failed, to whom it concerns: a bucket of the caller's own is the caller's to put right.
    fn refusal(&self, error: StoreError) -> Error {
        match error {
            StoreError::Refused(why) if !self.name.is_empty() => {
                Error::invalid("external_attributes", why)
            }
            other => other.into(),
        }
    }
}

impl From<BadSettings> for Error {
    fn from(wrong: BadSettings) -> Self {
        let BadSettings { field, message } = wrong;
        match field {
            "type" | "external_attributes" => Self::invalid(field, message),
            _ => Self::invalid(&format!("external_attributes.{field}"), message),
        }
    }
}

/// Whether the bytes of files lie beside their catalog, and not in a bucket.
pub(crate) async fn bytes_lie_beside(catalog: &Catalog) -> Result<bool, catalog::Error> {
    let place = catalog.meta(PLACE_KEY).await?;
    Ok(place.is_none_or(|place| place == Place::DataFolder.to_string()))
}

/// What files of a container say where their bytes lie.
pub(crate) fn home_name(container: &Container) -> String {
    match container.kind {
        StorageKind::Internal => String::new(),
        _ => container.container_sid.to_string(),
    }
}

fn again_ms() -> i64 {
    AGAIN.as_millis() as i64
}
