//! A blob being written.

use crate::{Blobs, Hash, sync_folder};
use std::fs::File;
use std::io::{self, Write};
use tempfile::NamedTempFile;

/// A blob being written; dropped uncommitted, its temporary file goes.
#[derive(Debug)]
pub struct Draft {
    blobs: Blobs,
    file: NamedTempFile,
    hasher: blake3::Hasher,
    length_bytes: u64,
}

/// A blob that is safely kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Its address.
    pub hash: Hash,
    /// Its length.
    pub length_bytes: u64,
}

impl Draft {
    pub(crate) fn begin(blobs: Blobs) -> io::Result<Self> {
        let file = NamedTempFile::with_prefix_in("draft-", blobs.tmp())?;
        Ok(Self { blobs, file, hasher: blake3::Hasher::new(), length_bytes: 0 })
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// If they can't be written (a full disk, mostly); the draft is then of no use.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
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

    /// Keeps the blob for good: synced, renamed, and its folder synced. Content that is there
    /// already is replaced by its equal, so that whatever the disk held before is whole afterwards.
    ///
    /// # Errors
    /// If any of that fails; nothing is kept then, or the whole blob.
    pub fn commit(self) -> io::Result<Stored> {
        let stored = Stored { hash: self.hash(), length_bytes: self.length_bytes };
        self.file.as_file().sync_all()?;
        let folder = self.blobs.make_folder(&stored.hash)?;
        self.file.persist(self.blobs.path(&stored.hash)).map_err(|e| e.error)?;
        sync_folder(&folder)?;
        Ok(stored)
    }
}
