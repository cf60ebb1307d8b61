//! A data folder made from a backup.
//!
//! The order: hold an empty folder → copy the catalog and bring it up to date → bring in its objects, each compared
//! with its hash → copy the keys → put the catalog in its place. What is broken off can be run again; until then no
//! server starts there, because the catalog is missing.

use super::folder::{
    KEYS, Manifest, NEW_CATALOG, check_apart, check_empty, clear_copy, copy_key, hash_of, hold,
    place_of,
};
use super::{BackupError, Progress, bring_in, check_sound};
use crate::CATALOG_FILE;
use crate::store::bytes_lie_beside;
use blob::{Local, Sure, private_folder};
use catalog::Catalog;
use std::fs;
use std::path::Path;

/// The file that marks a data folder into which a backup is being restored.
pub const RESTORING: &str = "restoring";

/// What was restored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// Files that the catalog knows.
    pub files: u64,
    /// Bytes of the objects that hold theirs.
    pub bytes: u64,
    /// When the backup was made, RFC 3339.
    pub made_at: String,
    /// Objects that the backup lacks, or whose bytes are damaged there.
    pub lost: Vec<String>,
}

/// Makes a data folder from a backup. What is there must be nothing, or what a restore left that was broken off.
///
/// # Errors
/// [`BackupError`].
pub async fn restore(
    backup: &Path,
    data: &Path,
    progress: &Progress,
) -> Result<Restored, BackupError> {
    let (backup, data) = (place_of(backup)?, place_of(data)?);
    check_apart(&backup, &data)?;
    let manifest = Manifest::read(&backup)?;
    let (Some(kept), Some(made_at)) = (&manifest.catalog, manifest.made_at.clone()) else {
        let told = format!("the backup {} was broken off before it was whole", backup.display());
        return Err(BackupError::Refused(told));
    };
    let failed = |e| BackupError::disk(&data, e);
    private_folder(&data).map_err(failed)?;
    let mark = data.join(RESTORING);
    if !mark.exists() {
        check_empty(&data, "an empty folder or a new one")?;
    }
    let _hold = hold(&data)?;
    fs::write(&mark, made_at.as_bytes()).map_err(failed)?;
    let new = data.join(NEW_CATALOG);
    let kept = backup.join(kept);
    copy_catalog(&kept, &new)?;
    let catalog = Catalog::open(&new)?;
    check_sound(&catalog, &kept.display().to_string()).await?;
    let blobs = Local::open(&data).map_err(failed)?;
    // A backup may be on a disk that nobody may write to.
    let from = Local::of(&backup);
    let (files, total) = catalog.file_totals().await?;
    let folders = bytes_lie_beside(&catalog).await?.then_some((&from, &blobs));
    let brought = bring_in(&catalog, folders, Sure::ByHash, total, progress).await?;
    drop(catalog);
    KEYS.iter().try_for_each(|name| copy_key(&backup.join(name), &data.join(name)))?;
    blob::sync_disk(&data).map_err(failed)?;
    fs::rename(&new, data.join(CATALOG_FILE)).map_err(failed)?;
    fs::remove_file(&mark).and_then(|()| blob::sync_disk(&data)).map_err(failed)?;
    Ok(Restored { files, bytes: brought.bytes, made_at, lost: brought.lost() })
}

/// Copies a backup's catalog, and compares it with the hash in its name.
fn copy_catalog(from: &Path, to: &Path) -> Result<(), BackupError> {
    clear_copy(to)?;
    fs::copy(from, to).map_err(|e| BackupError::disk(from, e))?;
    let hash = hash_of(to).map_err(|e| BackupError::disk(to, e))?;
    let named = from.file_name().and_then(|name| name.to_str());
    match named.is_some_and(|name| name.contains(&hash)) {
        true => Ok(()),
        false => Err(BackupError::Refused(format!(
            "{} is damaged: its bytes are not those that its name tells",
            from.display()
        ))),
    }
}
