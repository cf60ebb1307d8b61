//! Backups: a copy of the catalog of one moment and of all the bytes that it tells of, beside a running server; and a
//! data folder made from one.
//!
//! The order of a backup: open its folder → copy the catalog → bring in the objects that it tells of → copy the keys →
//! make that the backup → remove what only the one before had. An object has its name once, so what is there from an
//! earlier backup, or one that was broken off, stays. A file that is deleted meanwhile takes its object along: then the
//! catalog is copied again.

mod folder;
mod restore;

pub use restore::{RESTORING, Restored, restore};

use crate::store::bytes_lie_beside;
use crate::{Error, Library, blocking};
use blob::{Came, GetError, Local, ObjectName, Sure};
use catalog::Catalog;
pub(crate) use folder::check_empty;
use folder::{Folder, NEW_CATALOG, clear_copy};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// Objects that are brought in between two looks at the catalog.
const AT_ONCE: u32 = 1000;

/// How often the catalog is copied at most.
const MAX_COPIES: u32 = 20;

/// Why there is no backup, or nothing restored from it.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// What was asked for is not done, and why.
    #[error("{0}")]
    Refused(String),
    /// A disk fails.
    #[error("{path}: {error}", path = .0.display(), error = .1)]
    Disk(PathBuf, #[source] io::Error),
    /// The catalog, or its copy, fails.
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
    /// Something else does.
    #[error(transparent)]
    Other(#[from] Error),
}

impl BackupError {
    fn disk(path: &Path, error: io::Error) -> Self {
        Self::Disk(path.to_owned(), error)
    }
}

/// What a backup holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackedUp {
    /// Files that the catalog knows.
    pub files: u64,
    /// Objects that hold their bytes.
    pub objects: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Those that were not there from an earlier backup.
    pub new_objects: u64,
    /// Of them, how many are copies and no second names.
    pub copied: u64,
    /// Objects that are missing or damaged in the data folder: no backup has them.
    pub lost: Vec<String>,
}

/// What is done: how many bytes of how many.
pub type Progress = dyn Fn(u64, u64) + Send + Sync;

/// How the objects of a catalog came.
#[derive(Default)]
struct Brought {
    objects: u64,
    bytes: u64,
    by: BTreeMap<Came, u64>,
    /// Those that did not, with the reason.
    lost: BTreeMap<ObjectName, GetError>,
}

impl Library {
    /// Makes a backup in a folder, or brings the one there up to date.
    ///
    /// # Errors
    /// [`BackupError`]. The backup that was there before is still whole then.
    pub async fn back_up(&self, to: &Path, progress: &Progress) -> Result<BackedUp, BackupError> {
        let data = self.config.data_dir.clone();
        let folder = Folder::open(to, &data, self.catalog.identity().await?)?;
        let from = Local::attach(&data).map_err(|e| BackupError::disk(&data, e))?;
        let new = folder.path.join(NEW_CATALOG);
        let mut gone = BTreeSet::new();
        let mut done = BackedUp::default();
        for _ in 0..MAX_COPIES {
            self.copy_catalog(&new).await?;
            let copy = Catalog::join(&new)?;
            let (files, total) = copy.file_totals().await?;
            let folders = bytes_lie_beside(&copy).await?.then_some((&from, &folder.blobs));
            let brought = bring_in(&copy, folders, Sure::ByLength, total, progress).await?;
            done.new_objects += brought.new_objects();
            done.copied += brought.by.get(&Came::Copied).copied().unwrap_or_default();
            (done.files, done.objects, done.bytes) = (files, brought.objects, brought.bytes);
            // What was missing already for the copy before is not a deletion.
            let lost: BTreeSet<_> = brought.lost.keys().copied().collect();
            if lost.is_subset(&gone) {
                done.lost = brought.lost();
                self.finish(&folder, copy, &done).await?;
                return Ok(done);
            }
            gone = lost;
        }
        Err(BackupError::Refused(
            "files are deleted faster than they are backed up; try again".into(),
        ))
    }

    async fn copy_catalog(&self, to: &Path) -> Result<(), BackupError> {
        clear_copy(to)?;
        self.catalog.snapshot(to.to_owned()).await.map_err(|error| match error {
            // It is not the disk of the data folder.
            catalog::Error::Full => BackupError::disk(to, io::ErrorKind::StorageFull.into()),
            other => other.into(),
        })
    }

    /// The backup is whole: makes it the one that counts, and takes away what only the one before had.
    async fn finish(
        &self,
        folder: &Folder,
        copy: Catalog,
        done: &BackedUp,
    ) -> Result<(), BackupError> {
        check_sound(&copy, "the catalog").await?;
        drop(copy);
        folder.keep_keys(&self.config.data_dir)?;
        let kept = folder.commit(jiff::Timestamp::now().to_string(), done.lost.clone())?;
        remove_unknown(&Catalog::join(kept)?, &folder.blobs).await
    }
}

/// Refuses a catalog that is damaged, because no backup of it would be one.
async fn check_sound(catalog: &Catalog, what: &str) -> Result<(), BackupError> {
    match catalog.faults().await?.first() {
        None => Ok(()),
        Some(first) => Err(BackupError::Refused(format!("{what} is damaged: {first}"))),
    }
}

impl Brought {
    fn new_objects(&self) -> u64 {
        self.by.iter().filter(|(came, _)| **came != Came::Before).map(|(_, count)| count).sum()
    }

    /// The names of those that did not come; the log tells why.
    fn lost(&self) -> Vec<String> {
        for error in self.lost.values() {
            tracing::warn!(%error, "a stored object is lost");
        }
        self.lost.keys().map(ToString::to_string).collect()
    }
}

/// Brings the objects that a catalog tells of from one folder into another; without folders it counts them.
async fn bring_in(
    catalog: &Catalog,
    folders: Option<(&Local, &Local)>,
    sure: Sure,
    total: u64,
    progress: &Progress,
) -> Result<Brought, BackupError> {
    let (mut brought, mut last) = (Brought::default(), String::new());
    loop {
        let objects = catalog.objects_after(last.clone(), AT_ONCE).await?;
        let Some((object, _)) = objects.last() else { return Ok(brought) };
        last.clone_from(object);
        for (object, length_bytes) in objects {
            let Ok(name) = object.parse::<ObjectName>() else { continue };
            brought.objects += 1;
            brought.bytes += length_bytes;
            progress(brought.bytes, total.max(brought.bytes));
            let Some((from, to)) = folders.map(|(from, to)| (from.clone(), to.clone())) else {
                continue;
            };
            match blocking(move || to.bring_in(&from, (name, length_bytes), sure)).await? {
                Ok(came) => *brought.by.entry(came).or_default() += 1,
                Err(GetError::Failed(path, e)) => return Err(BackupError::Disk(path, e)),
                Err(lost) => drop(brought.lost.insert(name, lost)),
            }
        }
    }
}

/// Removes the objects that a backup's catalog doesn't tell of.
async fn remove_unknown(catalog: &Catalog, blobs: &Local) -> Result<(), BackupError> {
    for first in 0..=u8::MAX {
        let found = blobs.beginning_with(first).await.map_err(Error::from)?;
        for some in found.chunks(AT_ONCE as usize) {
            let objects = some.iter().map(|object| object.name.to_string()).collect();
            let unknown = catalog.unknown_objects(objects).await?;
            let names = unknown.iter().filter_map(|name| name.parse().ok()).collect();
            for (name, error) in blobs.remove(names).await.map_err(Error::from)? {
                tracing::warn!(%name, %error, "the backup keeps an object that it has no use for");
            }
        }
    }
    Ok(())
}
