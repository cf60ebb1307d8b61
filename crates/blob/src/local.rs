//! Objects on the local disk.
//!
//! A [`Draft`] is written under `tmp/`. To put it is to sync it, to rename it to `blobs/ab/cd/<name>` and to sync the
//! folder: a crash leaves either the whole object or a rest in `tmp/`, which the owner of the data folder empties at
//! start of all but drafts that were to outlive their process. Objects never change, so an open file outlives its
//! removal; what a disk makes of them is found when they are opened first and by [`Local::check`].

use crate::check::{BLOCK_BYTES, Checked};
use crate::{Draft, Hash, LeftDraft, ObjectName, lasting, private_folder};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The objects of one data folder. Clones share it.
#[derive(Debug, Clone)]
pub struct Local {
    root: Arc<Root>,
}

#[derive(Debug)]
pub(crate) struct Root {
    blobs: PathBuf,
    tmp: PathBuf,
    /// Objects that were set aside, in the same order.
    strays: PathBuf,
    checked: Checked,
    lost: AtomicU64,
}

/// An object as it lies on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: ObjectName,
    /// Its length.
    pub length_bytes: u64,
    /// How long it has been there; no time if that is in the future.
    pub age: Duration,
}

/// Why an object can't be read.
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// There is none.
    #[error("{0} is missing")]
    Missing(PathBuf),
    /// It is not what was put there.
    #[error("{0} is damaged: its bytes are not those that its name tells")]
    Damaged(PathBuf),
    /// It can't be told.
    #[error("{0}: {1}")]
    Failed(PathBuf, #[source] io::Error),
}

impl Local {
    /// Opens the objects of a data folder and empties `tmp/` of what nobody goes on with. Only the holder of its
    /// [`DataFolder`](crate::DataFolder) may call this: another process's drafts would be lost.
    ///
    /// # Errors
    /// If a folder can't be made or read.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let blobs = Self::attach(data_dir)?;
        let (_, others) = lasting::left(&blobs.root.tmp)?;
        others.iter().try_for_each(|path| lasting::remove(path))?;
        Ok(blobs)
    }

    /// The objects of a data folder that another process may be using: nothing is removed.
    ///
    /// # Errors
    /// If a folder can't be made.
    pub fn attach(data_dir: &Path) -> io::Result<Self> {
        let blobs = Self::of(data_dir);
        private_folder(&blobs.root.blobs)?;
        private_folder(&blobs.root.tmp)?;
        sync_folder(data_dir)?;
        Ok(blobs)
    }

    /// The objects of a folder that is only looked into: nothing is made there.
    #[must_use]
    pub fn of(data_dir: &Path) -> Self {
        let [blobs, tmp, strays] = ["blobs", "tmp", "strays"].map(|name| data_dir.join(name));
        let (checked, lost) = (Checked::default(), AtomicU64::new(0));
        Self { root: Arc::new(Root { blobs, tmp, strays, checked, lost }) }
    }

    pub(crate) fn root(&self) -> &Root {
        &self.root
    }

    /// Begins to take in bytes.
    ///
    /// # Errors
    /// If the temporary file can't be made.
    pub fn begin(&self) -> io::Result<Draft> {
        Draft::begin(&self.root.tmp)
    }

    /// The drafts that earlier processes left to be gone on with.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn left(&self) -> io::Result<Vec<LeftDraft>> {
        Ok(lasting::left(&self.root.tmp)?.0)
    }

    /// Makes a draft the object of that name, durably.
    ///
    /// # Errors
    /// If any of that fails; there is no object then, or a whole one.
    pub async fn put(&self, name: ObjectName, draft: Draft) -> io::Result<()> {
        let root = Arc::clone(&self.root);
        blocking(move || {
            let folder = root.make_folder(name.hash())?;
            draft.persist(&root.path(&name))?;
            sync_folder(&folder)?;
            root.checked.trust(&name);
            Ok(())
        })
        .await
    }

    /// The object, opened for reading. The first time it is read through and compared with its name, which takes a
    /// second for some gigabytes.
    ///
    /// # Errors
    /// [`GetError`].
    pub async fn get(&self, name: ObjectName) -> Result<File, GetError> {
        let root = Arc::clone(&self.root);
        let path = root.path(&name);
        let open = move || {
            let file = File::open(root.path(&name))?;
            Ok(root.checked.is_sound(&name, &file).then_some(file))
        };
        match blocking(open).await {
            Ok(Some(file)) => Ok(file),
            Ok(None) => Err(GetError::Damaged(path)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(GetError::Missing(path)),
            Err(e) => Err(GetError::Failed(path, e)),
        }
    }

    /// The object that holds some bytes, opened for reading; `None` if nothing does. `object` tells which that is. It's
    /// asked again before an object is given up as lost, because meanwhile the bytes may have come in again or gone.
    ///
    /// # Errors
    /// Those of [`Self::get`] and of `object`.
    pub async fn find<E, F>(&self, mut object: impl FnMut() -> F) -> Result<Option<File>, E>
    where
        E: From<GetError>,
        F: Future<Output = Result<Option<ObjectName>, E>>,
    {
        let mut lost: Option<(ObjectName, GetError)> = None;
        loop {
            let Some(name) = object().await? else { return Ok(None) };
            if let Some((_, why)) = lost.take_if(|(before, _)| *before == name) {
                self.count_lost();
                return Err(why.into());
            }
            match self.get(name).await {
                Ok(file) => return Ok(Some(file)),
                Err(why @ GetError::Failed(..)) => return Err(why.into()),
                Err(why) => lost = Some((name, why)),
            }
        }
    }

    /// Reads an object through, at most so fast, and compares it with its name. One that is damaged is compared again
    /// when it is opened next.
    ///
    /// # Errors
    /// [`GetError`].
    pub async fn check(&self, name: ObjectName, bytes_per_s: u64) -> Result<(), GetError> {
        let path = self.root.path(&name);
        let open = path.clone();
        let file = match blocking(|| File::open(open)).await {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(GetError::Missing(path)),
            Err(e) => return Err(GetError::Failed(path, e)),
        };
        match hash_slowly(file, bytes_per_s).await {
            Ok(hash) if hash == *name.hash() => Ok(()),
            // What can't be read is damaged, too.
            _ => {
                self.root.checked.forget(&name);
                Err(GetError::Damaged(path))
            }
        }
    }

    /// How many bytes an object has, as far as the disk's folder tells; `None` if there is none.
    ///
    /// # Errors
    /// If it can't be told.
    pub async fn length(&self, name: ObjectName) -> io::Result<Option<u64>> {
        let path = self.root.path(&name);
        blocking(move || match fs::metadata(path) {
            Ok(there) => Ok(Some(there.len())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        })
        .await
    }

    /// Counts that a stored object was found missing or damaged.
    pub fn count_lost(&self) {
        self.root.lost.fetch_add(1, Relaxed);
    }

    /// How often that was counted since the start.
    #[must_use]
    pub fn lost_count(&self) -> u64 {
        self.root.lost.load(Relaxed)
    }

    /// Removes objects, durably; one that is not there is gone already. Returns those that are still there, each with
    /// the reason.
    ///
    /// # Errors
    /// If it was not even tried.
    pub async fn remove(&self, names: Vec<ObjectName>) -> io::Result<Vec<(ObjectName, io::Error)>> {
        let root = Arc::clone(&self.root);
        let still_there = move |name| {
            root.checked.forget(&name);
            root.remove(&name).err().map(|error| (name, error))
        };
        blocking(move || Ok(names.into_iter().filter_map(still_there).collect())).await
    }

    /// The objects whose hashes begin with this byte, in no order; what is no object is passed over.
    ///
    /// # Errors
    /// If a folder can't be read.
    pub async fn beginning_with(&self, first: u8) -> io::Result<Vec<Found>> {
        let root = Arc::clone(&self.root);
        blocking(move || objects(&root.blobs, first)).await
    }

    /// As [`Self::beginning_with`], of those that were set aside.
    ///
    /// # Errors
    /// If a folder can't be read.
    pub async fn strays_beginning_with(&self, first: u8) -> io::Result<Vec<Found>> {
        let root = Arc::clone(&self.root);
        blocking(move || objects(&root.strays, first)).await
    }

    /// Moves an object from `blobs/` to the same place in `strays/`, where nothing looks for it.
    ///
    /// # Errors
    /// If it can't be moved.
    pub async fn set_aside(&self, name: ObjectName) -> io::Result<()> {
        let root = Arc::clone(&self.root);
        blocking(move || {
            make_private_folders(&within(&root.strays, name.hash()))?;
            fs::rename(root.path(&name), root.stray(&name))
        })
        .await
    }
}

impl Root {
    pub(crate) fn path(&self, name: &ObjectName) -> PathBuf {
        within(&self.blobs, name.hash()).join(name.to_string())
    }

    pub(crate) fn stray(&self, name: &ObjectName) -> PathBuf {
        within(&self.strays, name.hash()).join(name.to_string())
    }

    /// Where drafts are made.
    pub(crate) fn drafts(&self) -> &Path {
        &self.tmp
    }

    /// Makes an object's folder and syncs the path down to it, so that the rename is durable.
    pub(crate) fn make_folder(&self, hash: &Hash) -> io::Result<PathBuf> {
        let folder = within(&self.blobs, hash);
        if !folder.is_dir() {
            make_private_folders(&folder)?;
            sync_folder(&self.blobs)?;
            if let Some(parent) = folder.parent() {
                sync_folder(parent)?;
            }
        }
        Ok(folder)
    }

    fn remove(&self, name: &ObjectName) -> io::Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            // A power failure would bring back what is gone in memory alone.
            removed => removed.and_then(|()| sync_folder(&within(&self.blobs, name.hash()))),
        }
    }
}

/// The hash of a file that is read at most so fast.
async fn hash_slowly(mut file: File, bytes_per_s: u64) -> io::Result<Hash> {
    let (mut hasher, mut block) = (blake3::Hasher::new(), vec![0; BLOCK_BYTES]);
    loop {
        let (read, rest) = blocking(move || {
            let read = file.read(&mut block)?;
            hasher.update(&block[..read]);
            Ok((read, (file, hasher, block)))
        })
        .await?;
        (file, hasher, block) = rest;
        if read == 0 {
            return Ok(Hash::from(*hasher.finalize().as_bytes()));
        }
        tokio::time::sleep(Duration::from_secs_f64(read as f64 / bytes_per_s as f64)).await;
    }
}

/// An object's folder.
fn within(root: &Path, hash: &Hash) -> PathBuf {
    let [first, second, ..] = hash.as_bytes();
    root.join(format!("{first:02x}")).join(format!("{second:02x}"))
}

/// The objects under a folder whose hashes begin with this byte.
fn objects(root: &Path, first: u8) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for folder in entries(&root.join(format!("{first:02x}")))? {
        for object in entries(&folder.path())? {
            let name = object.file_name();
            let name = name.to_str().and_then(|name| name.parse().ok());
            // One that is removed at this moment is none.
            let (Some(name), Ok(data)) = (name, object.metadata()) else { continue };
            let age = data.modified().ok().and_then(|since| since.elapsed().ok());
            let (length_bytes, age) = (data.len(), age.unwrap_or_default());
            found.push(Found { name, length_bytes, age });
        }
    }
    Ok(found)
}

/// What lies in a folder; nothing if there is none.
fn entries(path: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(path) {
        Ok(entries) => entries.collect(),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(Vec::new())
        }
        Err(e) => Err(e),
    }
}

pub(crate) fn make_private_folders(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Runs disk work off the async threads. Boxed, because a runtime's task is compiled anew for each type of work.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let work: Box<dyn FnOnce() -> io::Result<T> + Send> = Box::new(work);
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
