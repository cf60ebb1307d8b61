//! Who owns a data folder, and who waits for it.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Makes a folder for its owner alone, whatever the umask is; one that is there already becomes so, if it is ours.
///
/// # Errors
/// If it can't be made.
pub fn private_folder(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists && path.is_dir() => make_private(path),
        made => made,
    }
}

/// Takes a file or folder of ours from all but its owner.
///
/// # Errors
/// If it is not there.
pub fn make_private(path: &Path) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    match fs::set_permissions(path, Permissions::from_mode(mode & !0o077)) {
        // Whoever owns it has decided.
        Err(e) if e.kind() == ErrorKind::PermissionDenied => Ok(()),
        set => set,
    }
}

/// The exclusive hold on a data folder, released when dropped (and by the system when the process
/// dies, so that no stale lock is ever left).
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if needed and takes hold of it.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if another process holds it, with a text that says so.
    pub fn lock(path: &Path) -> io::Result<Self> {
        private_folder(path)?;
        match try_lock(path, "lock")? {
            Some(lock) => Ok(Self { path: path.into(), _lock: lock }),
            None => Err(taken(format!(
                "the data folder {} is in use by another server or import: stop it, or choose another --data",
                path.display()
            ))),
        }
    }

    /// Whether another process waits to take this folder over.
    #[must_use]
    pub fn has_successor(&self) -> bool {
        matches!(try_lock(&self.path, NEXT), Ok(None))
    }
}

/// The wait for a data folder: its holder learns of it by [`DataFolder::has_successor`].
#[derive(Debug)]
pub struct Successor {
    _lock: File,
}

impl Successor {
    /// Waits in line, at most one at a time; [`DataFolder::lock`] is to be tried again and again.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if another process waits already, with a text that says so.
    pub fn announce(path: &Path) -> io::Result<Self> {
        private_folder(path)?;
        let message =
            format!("another server waits for the data folder {} already", path.display());
        let lock = try_lock(path, NEXT)?.ok_or_else(|| taken(message))?;
        Ok(Self { _lock: lock })
    }
}

/// Locked by the process that waits.
const NEXT: &str = "next.lock";

/// The lock of that name, or `None` if another process has it.
fn try_lock(folder: &Path, name: &str) -> io::Result<Option<File>> {
    let path = folder.join(name);
    let mut options = File::options();
    options.create(true).truncate(false).read(true).write(true).mode(0o600);
    let lock = options.open(path)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(e)) => Err(e),
    }
}

fn taken(message: String) -> io::Error {
    io::Error::new(ErrorKind::WouldBlock, message)
}
