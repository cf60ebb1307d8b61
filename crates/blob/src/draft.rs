//! Bytes coming in.

use crate::{Hash, LastingDraft};
use std::fs::File;
use std::io::{self, Seek};
use std::os::unix::fs::FileExt;
use std::path::Path;
use tempfile::{NamedTempFile, TempPath};

/// Bytes coming in, in `tmp/`; dropped before they are [put](crate::Store::put), they go, unless they are to
/// [outlive](Draft::outlive) their process.
#[derive(Debug)]
pub struct Draft {
    file: NamedTempFile,
    hasher: blake3::Hasher,
    length_bytes: u64,
}

impl Draft {
    pub(crate) fn begin(tmp: &Path) -> io::Result<Self> {
        let file = NamedTempFile::with_prefix_in("draft-", tmp)?;
        Ok(Self { file, hasher: blake3::Hasher::new(), length_bytes: 0 })
    }

    /// A draft as an earlier process left it, to go on with. Its bytes are read through.
    ///
    /// # Errors
    /// If they can't be read.
    pub fn take_up(left: &LastingDraft) -> io::Result<Self> {
        let (mut file, mut hasher) = (left.open()?, blake3::Hasher::new());
        let length_bytes = hasher.update_reader(&mut file)?.count();
        let mut file = NamedTempFile::from_parts(file, TempPath::try_from_path(left.path())?);
        file.disable_cleanup(true);
        Ok(Self { file, hasher, length_bytes })
    }

    /// Has it outlive its process, with a note for the next one, until that is [over](Self::end_with_process).
    ///
    /// # Errors
    /// If that can't be noted; the draft is then as it was.
    pub fn outlive(&mut self, note: &str) -> io::Result<LastingDraft> {
        let lasting = LastingDraft::noted(self.file.path(), note)?;
        self.file.disable_cleanup(true);
        Ok(lasting)
    }

    /// Has it go when it is dropped, as others do.
    pub fn end_with_process(&mut self) {
        LastingDraft::at(self.file.path()).forget();
        self.file.disable_cleanup(false);
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// If they can't be written; the draft is then as it was where the disk is full, and else of no use.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = self.file.as_file();
        if let Err(error) = file.write_all_at(bytes, self.length_bytes) {
            // What had room of them is not a part of the draft, and somebody else may need it.
            file.set_len(self.length_bytes)?;
            return Err(error);
        }
        self.hasher.update(bytes);
        self.length_bytes += bytes.len() as u64;
        Ok(())
    }

    /// Bytes written so far.
    #[must_use]
    pub fn length_bytes(&self) -> u64 {
        self.length_bytes
    }

    /// Hash of the bytes written so far.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::from(*self.hasher.finalize().as_bytes())
    }

    /// The file, for reading at offsets what has been written.
    #[must_use]
    pub fn as_file(&self) -> &File {
        self.file.as_file()
    }

    /// Syncs the bytes and gives them their place.
    pub(crate) fn persist(self, path: &Path) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        match self.file.persist(path) {
            Ok(_) => Ok(()),
            // `tmp/` lies on a disk of its own.
            Err(e) if e.error.kind() == io::ErrorKind::CrossesDevices => copy(e.file, path),
            Err(e) => Err(e.error),
        }
    }
}

/// Gives bytes a place on another disk: beside it first, so that they appear there whole or not at all.
fn copy(mut file: NamedTempFile, path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut copy = NamedTempFile::with_prefix_in("draft-", folder)?;
    file.rewind()?;
    io::copy(&mut file, &mut copy)?;
    copy.as_file().sync_all()?;
    copy.persist(path).map(|_| ()).map_err(|e| e.error)
}
