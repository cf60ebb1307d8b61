//! Objects in a bucket of a cloud.
//!
//! An object's key is the prefix and `ab/cd/<name>`, as on the local disk. Names are used once and a put overwrites, so
//! one that timed out is simply sent again. Nothing is ever listed.

use crate::requests::{Operation, counted};
use crate::{Draft, Leftover, ObjectName, StoreError};
use bytes::Bytes;
use futures_util::future::select;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetRange, GetResult, ObjectStore, ObjectStoreExt, PutOptions, PutPayload,
};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// What a cloud's client does.
pub(crate) trait Backend: ObjectStore + MultipartStore {}
impl<T: ObjectStore + MultipartStore> Backend for T {}

/// One prefix of a bucket. Clones share it.
#[derive(Debug, Clone)]
pub struct Remote {
    bucket: Arc<Bucket>,
    /// How long a read may take to begin before it is asked for a second time.
    second_after: Duration,
}

#[derive(Debug)]
struct Bucket {
    /// Two clients, because reads are given up sooner than uploads.
    reads: Arc<dyn Backend>,
    writes: Arc<dyn Backend>,
    prefix: String,
    /// Reads under way.
    reading: Arc<Semaphore>,
    /// Parts in memory.
    parts: Arc<Semaphore>,
}

/// Reads at a time: a slow store holds no more sockets than these.
const MAX_READS: usize = 64;

/// Bytes of a part. Stores want equal ones of 5 MiB at least.
const PART_BYTES: u64 = 8 << 20;

/// Parts of all uploads that are in memory at a time, and those of one.
const MAX_PARTS: usize = 8;
const MAX_PARTS_OF_ONE: usize = 4;

/// Up to two parts go in one request.
const SINGLE_BYTES: u64 = 2 * PART_BYTES;

/// Stores take 10 000 parts: those of a longer object are larger.
const MAX_PARTS_OF_OBJECT: u64 = 9_000;

/// Objects removed at a time.
const MAX_REMOVALS: usize = 8;

/// A read that has not begun by then is asked for again, because what is slow once is seldom slow twice.
const SECOND_AFTER: Duration = Duration::from_millis(250);

/// How long settings are tried: who makes a container waits for it.
const CHECK_WITHIN: Duration = Duration::from_secs(15);

impl Remote {
    pub(crate) fn new(reads: Arc<dyn Backend>, writes: Arc<dyn Backend>, prefix: String) -> Self {
        let [reading, parts] = [MAX_READS, MAX_PARTS].map(|n| Arc::new(Semaphore::new(n)));
        let bucket = Arc::new(Bucket { reads, writes, prefix, reading, parts });
        Self { bucket, second_after: SECOND_AFTER }
    }

    /// The same, but patient for so long with a read that does not begin: for who counts requests.
    #[must_use]
    pub fn patient_for(self, second_after: Duration) -> Self {
        Self { second_after, ..self }
    }

    /// Whether it is the same one, with the same keys.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.bucket, &other.bucket)
    }

    fn path(&self, name: &ObjectName) -> Path {
        let [first, second, ..] = name.hash().as_bytes();
        Path::from(format!("{}{first:02x}/{second:02x}/{name}", self.bucket.prefix))
    }

    /// The bytes of a range as they come, of an object of this length. Where an ETag is given it must still be the
    /// object's. A range that is the whole object is not asked for as one, because some stores answer that with 200.
    ///
    /// # Errors
    /// [`StoreError`], at once or in the stream.
    pub async fn read(
        &self,
        name: &ObjectName,
        range: Range<u64>,
        length_bytes: u64,
        e_tag: Option<String>,
    ) -> Result<BoxStream<'static, Result<Bytes, StoreError>>, StoreError> {
        let turn = acquire(&self.bucket.reading, 1).await?;
        let range = (range != (0..length_bytes)).then_some(GetRange::Bounded(range));
        let options = GetOptions { range, if_match: e_tag, ..GetOptions::default() };
        let got = self.begin_read(&self.path(name), &options).await?;
        if got.meta.size != length_bytes {
            return Err(StoreError::Changed);
        }
        let bytes = got.into_stream().map_err(StoreError::from);
        Ok(bytes.inspect(move |_| _ = &turn).boxed())
    }

    /// The answer to the first of two requests that has one, the second sent if the first takes long.
    async fn begin_read(&self, path: &Path, options: &GetOptions) -> Result<GetResult, Error> {
        let ask = || {
            let request = self.bucket.reads.get_opts(path, options.clone());
            Box::pin(counted(Operation::Get, request))
        };
        let mut first = ask();
        if let Ok(got) = timeout(self.second_after, &mut first).await {
            return got;
        }
        let (got, other) = select(first, ask()).await.factor_first();
        match got {
            Err(Error::Generic { .. }) => other.await,
            said => said,
        }
    }

    /// The ETag of an object whose bytes, all read, are those that its name tells.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if they are others.
    pub async fn recognise(
        &self,
        name: &ObjectName,
        length_bytes: u64,
    ) -> Result<Option<String>, StoreError> {
        let _turn = acquire(&self.bucket.reading, 1).await?;
        let got = self.begin_read(&self.path(name), &GetOptions::default()).await?;
        let (e_tag, size) = (got.meta.e_tag.clone(), got.meta.size);
        let mut bytes = got.into_stream();
        let mut hasher = blake3::Hasher::new();
        while let Some(piece) = bytes.try_next().await? {
            hasher.update(&piece);
        }
        let is_same = hasher.finalize().as_bytes() == name.hash().as_bytes();
        if is_same && size == length_bytes { Ok(e_tag) } else { Err(StoreError::Changed) }
    }

    pub(crate) async fn put<F>(
        &self,
        name: ObjectName,
        draft: Draft,
        began: impl FnOnce(String) -> F + Send,
    ) -> Result<Option<String>, StoreError>
    where
        F: Future<Output = Result<(), StoreError>> + Send,
    {
        let path = self.path(&name);
        let file = Arc::new(draft.as_file().try_clone()?);
        let length = draft.length_bytes();
        if length <= SINGLE_BYTES {
            let _room = acquire(&self.bucket.parts, 2).await?;
            let payload = PutPayload::from(read(file, 0..length).await?);
            let request = self.bucket.writes.put_opts(&path, payload, PutOptions::default());
            let put = counted(Operation::Put, request).await;
            return Ok(put.map_err(of_put)?.e_tag);
        }
        let upload = self.bucket.writes.create_multipart(&path).await.map_err(of_put)?;
        let put = async {
            began(upload.clone()).await?;
            let parts = self.put_parts(&path, &upload, file, length).await?;
            self.bucket.writes.complete_multipart(&path, &upload, parts).await.map_err(of_put)
        };
        match put.await {
            Ok(put) => Ok(put.e_tag),
            Err(error) => {
                // What can't be given up now is a leftover that names the upload.
                let _ = self.bucket.writes.abort_multipart(&path, &upload).await;
                Err(error)
            }
        }
    }

    async fn put_parts(
        &self,
        path: &Path,
        upload: &String,
        file: Arc<File>,
        length: u64,
    ) -> Result<Vec<object_store::multipart::PartId>, StoreError> {
        let part_bytes = PART_BYTES.max(length.div_ceil(MAX_PARTS_OF_OBJECT));
        let parts = (0..length.div_ceil(part_bytes)).map(|part| {
            let range = part * part_bytes..length.min((part + 1) * part_bytes);
            let file = Arc::clone(&file);
            async move {
                let _room = acquire(&self.bucket.parts, 1).await?;
                let payload = PutPayload::from(read(file, range).await?);
                let request = self.bucket.writes.put_part(path, upload, part as usize, payload);
                counted(Operation::Put, request).await.map_err(of_put)
            }
        });
        stream::iter(parts).buffered(MAX_PARTS_OF_ONE).try_collect().await
    }

    /// Those that are still there, each with the reason.
    pub(crate) async fn remove(&self, objects: Vec<Leftover>) -> Vec<(ObjectName, String)> {
        let removals = objects.into_iter().map(|object| async move {
            let removed = self.remove_one(&object).await;
            removed.err().map(|error| (object.name, error.to_string()))
        });
        let kept = stream::iter(removals).buffer_unordered(MAX_REMOVALS);
        kept.filter_map(std::future::ready).collect().await
    }

    async fn remove_one(&self, object: &Leftover) -> Result<(), StoreError> {
        let path = self.path(&object.name);
        if let Some(upload) = &object.upload {
            gone(self.bucket.writes.abort_multipart(&path, upload).await)?;
        }
        gone(counted(Operation::Delete, self.bucket.writes.delete(&path)).await)
    }

    /// Writes, reads and removes a small object: whether the settings are right.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn check(&self) -> Result<(), StoreError> {
        let late = || StoreError::Unavailable(format!("no answer within {CHECK_WITHIN:?}"));
        timeout(CHECK_WITHIN, self.check_at_leisure()).await.map_err(|_| late())?
    }

    async fn check_at_leisure(&self) -> Result<(), StoreError> {
        let chance = getrandom::u64().map_err(io::Error::other)?;
        let path = Path::from(format!("{}tonearm-check-{chance:016x}", self.bucket.prefix));
        let text = Bytes::from(format!("{chance:016x}"));
        let store = &self.bucket.writes;
        store.put_opts(&path, text.clone().into(), PutOptions::default()).await.map_err(of_put)?;
        let got = store.get_opts(&path, GetOptions::default()).await?.bytes().await?;
        gone(store.delete(&path).await)?;
        if got == text { Ok(()) } else { Err(StoreError::Changed) }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound { .. } if !lacks_bucket(&error) => Self::Missing,
            Error::Precondition { .. } => Self::Changed,
            Error::NotFound { .. }
            | Error::PermissionDenied { .. }
            | Error::Unauthenticated { .. } => Self::Refused(error.to_string()),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// What is missing where something is put is the bucket.
fn of_put(error: Error) -> StoreError {
    match StoreError::from(error) {
        StoreError::Missing => StoreError::Refused("there is no such bucket".into()),
        other => other,
    }
}

/// Whether it is the bucket that is missing, by the codes that S3, Google and Azure give.
fn lacks_bucket(error: &Error) -> bool {
    let text = error.to_string();
    ["NoSuchBucket", "ContainerNotFound"].iter().any(|code| text.contains(code))
}

/// What is not there is gone.
fn gone(removed: object_store::Result<()>) -> Result<(), StoreError> {
    match removed.map_err(StoreError::from) {
        Err(StoreError::Missing) => Ok(()),
        done => done,
    }
}

async fn acquire(places: &Arc<Semaphore>, count: u32) -> Result<OwnedSemaphorePermit, StoreError> {
    let place = Arc::clone(places).acquire_many_owned(count).await;
    place.map_err(|closed| StoreError::Unavailable(closed.to_string()))
}

async fn read(file: Arc<File>, range: Range<u64>) -> io::Result<Bytes> {
    let read = move || {
        let mut bytes = vec![0; (range.end - range.start) as usize];
        file.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes.into())
    };
    tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
}
