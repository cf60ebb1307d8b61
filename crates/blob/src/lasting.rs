//! Drafts that outlive their process: beside the bytes lies a note, by which the next process on the data folder knows
//! them.
//!
//! What was written outlives a process, because the kernel has it, and not a machine, because nothing was synced. So
//! the note names the machine's boot; after another one there is no such draft.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the name of a note ends with, after that of the draft.
const ENDING: &str = ".note";

/// Where a draft lies that outlives its process.
#[derive(Debug, Clone)]
pub struct LastingDraft {
    path: PathBuf,
}

/// A draft that an earlier process left.
#[derive(Debug)]
pub struct LeftDraft {
    /// Where it lies.
    pub draft: LastingDraft,
    /// What was noted of it.
    pub note: String,
    /// How long nothing was written to it.
    pub age: Duration,
}

/// Tells one run of the machine from another; `None` where that can't be told.
fn boot() -> Option<String> {
    let told = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(told.trim().to_owned()).filter(|told| !told.is_empty())
}

impl LastingDraft {
    /// Notes something beside a draft.
    pub(crate) fn noted(path: &Path, note: &str) -> io::Result<Self> {
        let lasting = Self::at(path);
        let boot = boot().ok_or(io::ErrorKind::Unsupported)?;
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(lasting.note())?;
        let written = file.write_all(format!("{boot}\n{note}").as_bytes());
        if written.is_err() {
            lasting.forget();
        }
        written.map(|()| lasting)
    }

    fn note(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(ENDING);
        name.into()
    }

    /// Removes the note: the draft ends with its process.
    pub(crate) fn forget(&self) {
        // One that stays is removed at the next start, since it has no draft.
        let _ = fs::remove_file(self.note());
    }

    /// Removes the note and the bytes, as far as they are there.
    pub fn remove(&self) {
        self.forget();
        let _ = fs::remove_file(&self.path);
    }

    /// Opens the bytes, to read what is there and to go on.
    pub(crate) fn open(&self) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(&self.path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The lasting draft that a draft is.
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }
}

/// The drafts in a folder that earlier processes left, and the files of that folder that are none of theirs.
pub(crate) fn left(tmp: &Path) -> io::Result<(Vec<LeftDraft>, Vec<PathBuf>)> {
    let boot = boot();
    let (mut found, mut others) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(tmp)? {
        let entry = entry?;
        let path = entry.path();
        if !entry.file_type()?.is_file() {
            continue;
        }
        if path.to_string_lossy().ends_with(ENDING) {
            // It goes with its draft.
            if !path.with_extension("").is_file() {
                others.push(path);
            }
            continue;
        }
        let draft = LastingDraft::at(&path);
        let told = fs::read_to_string(draft.note()).unwrap_or_default();
        match told.split_once('\n') {
            Some((of, note)) if boot.as_deref() == Some(of) => {
                let written = entry.metadata().and_then(|data| data.modified()).ok();
                let age = written.and_then(|at| at.elapsed().ok()).unwrap_or_default();
                found.push(LeftDraft { draft, note: note.to_owned(), age });
            }
            _ => others.extend([draft.note(), path]),
        }
    }
    Ok((found, others))
}

/// Removes a file that may be gone already.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
