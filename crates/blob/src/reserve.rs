//! Room on the disk that is kept for the time when there is none else.

use rustix::fs::statvfs;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// As much as the catalog's log takes before it is written over.
pub const RESERVE_BYTES: u64 = 4 << 20;

/// With less than this free, no room is taken away from what is to be stored.
const FREE_BYTES: u64 = 4 * RESERVE_BYTES;

/// Bytes that are free, for us, on the disk on which this lies.
///
/// # Errors
/// If it can't be told.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let disk = statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// A file of a data folder that holds room. It is given up for what must be written on a full disk: a start, and the
/// deletions that make more room.
#[derive(Debug, Clone)]
pub struct Reserve {
    path: PathBuf,
}

impl Reserve {
    /// The reserve of a data folder.
    #[must_use]
    pub fn of(data_dir: &Path) -> Self {
        Self { path: data_dir.join("reserve") }
    }

    /// Keeps room, unless it is kept or there is little. Blocking.
    ///
    /// # Errors
    /// If it can't be kept.
    pub fn keep(&self) -> io::Result<()> {
        if free_bytes(self.path.parent().unwrap_or(Path::new(".")))? < FREE_BYTES {
            return Ok(());
        }
        let mut options = File::options();
        let mut file = match options.write(true).create_new(true).mode(0o600).open(&self.path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            made => made?,
        };
        let kept = file.write_all(&vec![0; RESERVE_BYTES as usize]).and_then(|()| file.sync_all());
        if kept.is_err() {
            self.give_up();
        }
        kept
    }

    /// Gives the room up: whether there was any.
    pub fn give_up(&self) -> bool {
        fs::remove_file(&self.path).is_ok()
    }
}
