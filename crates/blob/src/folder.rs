//! Who owns a data folder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

/// The exclusive hold on a data folder, released when dropped (and by the system when the process
/// dies, so that no stale lock is ever left).
#[derive(Debug)]
pub struct DataFolder {
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if needed and takes hold of it.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if another process holds it, with a text that says so.
    pub fn lock(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(io::Error::new(
                io::ErrorKind::WouldBlock,
                format!(
                    "the data folder {} is in use by another server or import: stop it, or choose another --data",
                    path.display()
                ),
            )),
            Err(TryLockError::Error(e)) => Err(e),
        }
    }
}
