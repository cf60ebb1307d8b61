//! Stored bytes, addressed by their BLAKE3 hash.
//!
//! A [`Draft`] is written under `tmp/`, synced, then renamed to `blobs/ab/cd/<hash>`, and the folder
//! is synced: a crash leaves either the whole blob or a leftover in `tmp/`, which the owner of the
//! data folder empties at start. Blobs never change, so an open file outlives its removal.
//! Deliberately knows nothing of who refers to a blob: that is the catalog's.

mod draft;
mod folder;
mod hash;

pub use draft::{Draft, Stored};
pub use folder::{DataFolder, Successor};
pub use hash::{Hash, InvalidHash};

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The blobs of one data folder. Clones share it.
#[derive(Debug, Clone)]
pub struct Blobs {
    root: Arc<Root>,
}

#[derive(Debug)]
struct Root {
    blobs: PathBuf,
    tmp: PathBuf,
    /// Blobs that were set aside, in the same order.
    strays: PathBuf,
}

impl Blobs {
    /// Opens the blobs of a data folder and empties `tmp/`. Only the holder of its [`DataFolder`]
    /// may call this: another process's drafts would be lost.
    ///
    /// # Errors
    /// If a folder can't be made or read.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let blobs = Self::attach(data_dir)?;
        for entry in fs::read_dir(&blobs.root.tmp)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(blobs)
    }

    /// The blobs of a data folder that another process may be using: nothing is removed.
    ///
    /// # Errors
    /// If a folder can't be made.
    pub fn attach(data_dir: &Path) -> io::Result<Self> {
        let [blobs, tmp, strays] = ["blobs", "tmp", "strays"].map(|name| data_dir.join(name));
        let root = Root { blobs, tmp, strays };
        fs::create_dir_all(&root.blobs)?;
        fs::create_dir_all(&root.tmp)?;
        sync_folder(data_dir)?;
        Ok(Self { root: Arc::new(root) })
    }

    /// Begins a new blob.
    ///
    /// # Errors
    /// If the temporary file can't be made.
    pub fn begin(&self) -> io::Result<Draft> {
        Draft::begin(self.clone())
    }

    /// The blob, opened for reading, or `None` if there is none.
    ///
    /// # Errors
    /// If it is there but can't be opened.
    pub fn get(&self, hash: &Hash) -> io::Result<Option<File>> {
        match File::open(self.path(hash)) {
            Ok(file) => Ok(Some(file)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Whether the blob is there.
    #[must_use]
    pub fn exists(&self, hash: &Hash) -> bool {
        self.path(hash).is_file()
    }

    /// The blobs whose addresses begin with this byte, in no order; what is no blob is passed over.
    ///
    /// # Errors
    /// If a folder can't be read.
    pub fn beginning_with(&self, first: u8) -> io::Result<Vec<Hash>> {
        let mut hashes = Vec::new();
        for folder in entries(&self.root.blobs.join(format!("{first:02x}")))? {
            for blob in entries(&folder.path())? {
                hashes.extend(blob.file_name().to_str().and_then(|name| name.parse::<Hash>().ok()));
            }
        }
        Ok(hashes)
    }

    /// Removes the blob; one that is not there is no error.
    ///
    /// # Errors
    /// If it can't be removed; the text says where it lies.
    pub fn remove(&self, hash: &Hash) -> io::Result<()> {
        let path = self.path(hash);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                Err(io::Error::new(e.kind(), format!("{}: {e}", path.display())))
            }
            _ => Ok(()),
        }
    }

    /// Moves the blob from `blobs/` to the same place in `strays/`; one that is not there is no error.
    ///
    /// # Errors
    /// If it can't be moved.
    pub fn set_aside(&self, hash: &Hash) -> io::Result<()> {
        let path = self.path(hash);
        let blob = match File::open(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            blob => blob?,
        };
        // From now on it counts how long it lies there.
        blob.set_modified(SystemTime::now())?;
        let folder = within(&self.root.strays, hash);
        fs::create_dir_all(&folder)?;
        fs::rename(path, folder.join(hash.to_string()))
    }

    /// Removes what was set aside longer ago than this.
    ///
    /// # Errors
    /// If a folder can't be read or a file removed.
    pub fn clear_strays(&self, older_than: Duration) -> io::Result<()> {
        for first in entries(&self.root.strays)? {
            for second in entries(&first.path())? {
                for blob in entries(&second.path())? {
                    let since = blob.metadata()?.modified()?;
                    if since.elapsed().is_ok_and(|age| age > older_than) {
                        fs::remove_file(blob.path())?;
                    }
                }
            }
        }
        Ok(())
    }

    fn tmp(&self) -> &Path {
        &self.root.tmp
    }

    fn folder(&self, hash: &Hash) -> PathBuf {
        within(&self.root.blobs, hash)
    }

    fn path(&self, hash: &Hash) -> PathBuf {
        self.folder(hash).join(hash.to_string())
    }

    /// Makes a blob's folder and syncs the path down to it, so that the rename is durable.
    fn make_folder(&self, hash: &Hash) -> io::Result<PathBuf> {
        let folder = self.folder(hash);
        if !folder.is_dir() {
            fs::create_dir_all(&folder)?;
            sync_folder(&self.root.blobs)?;
            if let Some(parent) = folder.parent() {
                sync_folder(parent)?;
            }
        }
        Ok(folder)
    }
}

/// A blob's folder.
fn within(root: &Path, hash: &Hash) -> PathBuf {
    let [first, second, ..] = hash.as_bytes();
    root.join(format!("{first:02x}")).join(format!("{second:02x}"))
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

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
