//! Who owns a data folder, and who waits for it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

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
        fs::create_dir_all(path)?;
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
        fs::create_dir_all(path)?;
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
    let lock = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(e)) => Err(e),
    }
}

fn taken(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::WouldBlock, message)
}
