//! The folder of a backup.
//!
//! ```text
//! backup.json                 what the backup is; it changes last, and all else that is there follows from it
//! catalog-<its hash>.sqlite   the catalog of one moment
//! blobs/ab/cd/<object>        the stored bytes that it tells of
//! admin.token, secret.key     as they are in the data folder
//! lock, tmp/, catalog.new     of a backup under way
//! ```
//!
//! No file is called as a server would look for it, because a server that ran here would change what was kept.

use super::BackupError;
use blob::{DataFolder, Local, private_folder};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

/// What says that a folder is a backup.
const MANIFEST: &str = "backup.json";

/// The catalog while it is copied.
pub(super) const NEW_CATALOG: &str = "catalog.new";

/// The files of a data folder that hold keys: each is where it was, or gone.
pub(super) const KEYS: [&str; 2] = ["admin.token", "secret.key"];

/// What a backup is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    /// The name of its catalog; none while the first backup is under way.
    pub catalog: Option<String>,
    /// When it was made, RFC 3339.
    pub made_at: Option<String>,
    /// The objects that were lost when it was made.
    pub lost: Vec<String>,
    /// The identity of its catalog.
    pub of: Option<String>,
}

/// A backup's folder, held by this process alone.
pub(super) struct Folder {
    pub path: PathBuf,
    pub blobs: Local,
    /// The identity of the catalog that is backed up.
    of: String,
    _hold: DataFolder,
}

impl Folder {
    /// Opens the folder of a backup, or makes it. Refused is one within the data folder or around it, one that holds
    /// anything else, and the backup of another catalog than the one `of` that identity.
    pub fn open(path: &Path, data: &Path, of: String) -> Result<Self, BackupError> {
        let path = place_of(path)?;
        check_apart(&path, &place_of(data)?)?;
        private_folder(&path).map_err(|e| BackupError::disk(&path, e))?;
        let manifest = path.join(MANIFEST);
        if manifest.is_file() {
            Manifest::read(&path)?.check_is_of(&of, &path, data)?;
        } else {
            check_empty(&path, "an empty folder, a new one, or that of an earlier backup")?;
            let first = Manifest::default();
            first.write(&path).map_err(|e| BackupError::disk(&manifest, e))?;
        }
        for name in ["blobs", "tmp"].map(|name| path.join(name)) {
            // What is removed in a backup must be the backup's.
            if fs::symlink_metadata(&name).is_ok_and(|there| !there.is_dir()) {
                return Err(BackupError::Refused(format!("{} is no folder", name.display())));
            }
        }
        let hold = hold(&path)?;
        let blobs = Local::open(&path).map_err(|e| BackupError::disk(&path, e))?;
        Ok(Self { path, blobs, of, _hold: hold })
    }

    /// Puts the keys of the data folder beside, as they are there.
    pub fn keep_keys(&self, data: &Path) -> Result<(), BackupError> {
        KEYS.iter().try_for_each(|name| copy_key(&data.join(name), &self.path.join(name)))
    }

    /// Makes the new catalog the backup's: from here on it is another backup. Gives the catalog's place.
    pub fn commit(&self, made_at: String, lost: Vec<String>) -> Result<PathBuf, BackupError> {
        let new = self.path.join(NEW_CATALOG);
        let failed = |e| BackupError::disk(&self.path, e);
        let name = format!("catalog-{}.sqlite", hash_of(&new).map_err(failed)?);
        let kept = self.path.join(&name);
        fs::rename(&new, &kept).map_err(failed)?;
        let of = Some(self.of.clone());
        let manifest = Manifest { catalog: Some(name), made_at: Some(made_at), lost, of };
        blob::sync_disk(&self.path).and_then(|()| manifest.write(&self.path)).map_err(failed)?;
        self.forget_others(&kept).map_err(failed)?;
        Ok(kept)
    }

    /// Removes the catalogs of earlier backups.
    fn forget_others(&self, kept: &Path) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("catalog-") && path != kept {
                fs::remove_file(&path)?;
            }
        }
        Ok(())
    }
}

impl Manifest {
    /// That of a folder.
    pub fn read(folder: &Path) -> Result<Self, BackupError> {
        let path = folder.join(MANIFEST);
        let no_backup = || {
            let told = format!("{} is no backup (no sound {MANIFEST})", folder.display());
            BackupError::Refused(told)
        };
        let text = fs::read_to_string(&path).map_err(|e| match e.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => no_backup(),
            _ => BackupError::disk(&path, e),
        })?;
        let told: Value = serde_json::from_str(&text).map_err(|_| no_backup())?;
        let word = |key: &str| told[key].as_str().map(str::to_owned);
        let lost = told["lost"].as_array().into_iter().flatten();
        let catalog = word("catalog");
        // It is opened below the folder.
        if catalog.as_deref().is_some_and(|name| name.contains('/')) {
            return Err(no_backup());
        }
        let lost = lost.filter_map(|name| name.as_str().map(str::to_owned)).collect();
        Ok(Self { catalog, made_at: word("made_at"), lost, of: word("of") })
    }

    /// Refuses what is the backup of another catalog: with the one there it would lose all that the other one had,
    /// and where a disk isn't mounted a server begins a new catalog by itself.
    fn check_is_of(&self, of: &str, path: &Path, data: &Path) -> Result<(), BackupError> {
        if self.of.as_deref().is_none_or(|kept| kept == of) {
            return Ok(());
        }
        Err(BackupError::Refused(format!(
            "{} is the backup of another catalog than that of {}, and stays as it is: is the right disk mounted? Each \
             data folder needs a backup folder of its own",
            path.display(),
            data.display()
        )))
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        let Self { catalog, made_at, lost, of } = self;
        let text = json!({
            "tonearm": "backup", "catalog": catalog, "made_at": made_at, "lost": lost, "of": of,
        });
        put(&folder.join(MANIFEST), format!("{text:#}\n").as_bytes())
    }
}

/// The place that a path leads to, whether or not something is there.
pub(super) fn place_of(path: &Path) -> Result<PathBuf, BackupError> {
    let failed = |e| BackupError::disk(path, e);
    let path = std::path::absolute(path).map_err(failed)?;
    let (mut there, mut rest) = (path.as_path(), Vec::new());
    loop {
        match fs::canonicalize(there) {
            Ok(place) => return Ok(rest.iter().rev().fold(place, |place, name| place.join(name))),
            Err(e) if e.kind() == ErrorKind::NotFound => {
                let last = there.components().next_back();
                let (Some(Component::Normal(name)), Some(parent)) = (last, there.parent()) else {
                    return Err(failed(e));
                };
                rest.push(name.to_owned());
                there = parent;
            }
            Err(e) => return Err(failed(e)),
        }
    }
}

/// A backup within what it keeps would keep itself, and go with it.
pub(super) fn check_apart(backup: &Path, data: &Path) -> Result<(), BackupError> {
    if backup.starts_with(data) || data.starts_with(backup) {
        return Err(BackupError::Refused(format!(
            "the backup {} and the data folder {} must not lie within each other",
            backup.display(),
            data.display()
        )));
    }
    Ok(())
}

/// Refuses a folder in which something is; `wanted` says what is taken.
pub(crate) fn check_empty(path: &Path, wanted: &str) -> Result<(), BackupError> {
    let entries = fs::read_dir(path).map_err(|e| BackupError::disk(path, e))?;
    let mut names = entries.flatten().map(|entry| entry.file_name());
    // What a file system of its own has from the start, and what a kill left of the first backup.
    let is_nothing = |name: &OsString| name == "lost+found" || name == "backup.part";
    match names.find(|name| !is_nothing(name)) {
        None => Ok(()),
        Some(name) => Err(BackupError::Refused(format!(
            "{} holds something else ({}): name {wanted}",
            path.display(),
            name.to_string_lossy()
        ))),
    }
}

/// Holds a folder against other backups and restores.
pub(super) fn hold(path: &Path) -> Result<DataFolder, BackupError> {
    DataFolder::lock(path).map_err(|e| match e.kind() {
        ErrorKind::WouldBlock => BackupError::Refused(format!(
            "{} is in use by another backup, restore or server",
            path.display()
        )),
        _ => BackupError::disk(path, e),
    })
}

/// Removes what an earlier copy of the catalog left, with what SQLite has beside it.
pub(super) fn clear_copy(path: &Path) -> Result<(), BackupError> {
    for end in ["", "-wal", "-shm", "-journal"] {
        let mut path = path.as_os_str().to_owned();
        path.push(end);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => {
                return Err(BackupError::disk(Path::new(&path), e));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Copies a key for its owner's eyes alone; where there is none there will be none.
pub(super) fn copy_key(from: &Path, to: &Path) -> Result<(), BackupError> {
    match fs::read(from) {
        Ok(key) => put(to, &key).map_err(|e| BackupError::disk(to, e)),
        Err(e) if e.kind() == ErrorKind::NotFound => match fs::remove_file(to) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(BackupError::disk(to, e)),
            _ => Ok(()),
        },
        Err(e) => Err(BackupError::disk(from, e)),
    }
}

/// Puts a small private file in its place, whole or not at all.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    match fs::remove_file(&part) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// The BLAKE3 of a file, hex.
pub(super) fn hash_of(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}
