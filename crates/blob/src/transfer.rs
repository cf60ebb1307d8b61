//! Objects that go from one data folder into another: a backup, and what is restored from it.
//!
//! On one file system an object gets a second name, because it never changes; elsewhere its bytes are copied, compared
//! with the hash in its name as they come and once more as they lie there.

use crate::check::{BLOCK_BYTES, hash_of};
use crate::local::{GetError, Local, Root, make_private_folders};
use crate::{Draft, Found, ObjectName};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// How an object came to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Came {
    /// It was there.
    Before,
    /// By a second name of the same bytes.
    Linked,
    /// As a copy.
    Copied,
}

/// How sure an object is to be what its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sure {
    /// It has the length that is told.
    ByLength,
    /// Its bytes have the hash.
    ByHash,
}

impl Local {
    /// Brings an object of so many bytes in from another folder, unless it is there. It lasts once [`sync_disk`] was
    /// called. Blocking.
    ///
    /// # Errors
    /// [`GetError::Missing`] and [`GetError::Damaged`] of the other folder's object; then there is none here.
    /// [`GetError::Failed`] of either.
    pub fn bring_in(
        &self,
        from: &Self,
        object: (ObjectName, u64),
        sure: Sure,
    ) -> Result<Came, GetError> {
        let (name, length_bytes) = object;
        let (source, target) = (from.root().path(&name), self.root().path(&name));
        let is_whole = |path: &Path| is_whole(path, &name, length_bytes, sure);
        let failed = |e| GetError::Failed(target.clone(), e);
        if is_whole(&target).map_err(failed)? {
            return Ok(Came::Before);
        }
        let brought = self.root().bring_in(&source, &target, &name)?;
        match is_whole(&target).map_err(failed)? {
            true => Ok(brought),
            false => {
                fs::remove_file(&target).map_err(failed)?;
                Err(GetError::Damaged(source))
            }
        }
    }

    /// Puts the bytes of a stray back into the place of an object that lacks them, if there is one that has them. What
    /// lies there is set aside. Whether there was one. Blocking.
    ///
    /// # Errors
    /// If they can't be moved.
    pub fn put_back(&self, name: ObjectName, strays: &[Found]) -> io::Result<bool> {
        let root = self.root();
        for stray in strays.iter().filter(|stray| stray.name.hash() == name.hash()) {
            let source = root.stray(&stray.name);
            if !is_whole(&source, &name, stray.length_bytes, Sure::ByHash)? {
                continue;
            }
            let target = root.path(&name);
            if target.exists() {
                // A name of its own, because it holds other bytes than a stray of this one would.
                let aside = source.with_file_name(format!("{name}.damaged"));
                fs::rename(&target, aside)?;
            }
            root.make_folder(name.hash())?;
            fs::rename(&source, &target)?;
            sync_disk(&target)?;
            return Ok(true);
        }
        Ok(false)
    }
}

impl Root {
    /// A second name, or a copy where that can't be.
    fn bring_in(&self, source: &Path, target: &Path, name: &ObjectName) -> Result<Came, GetError> {
        let failed = |e| GetError::Failed(target.to_owned(), e);
        make_private_folders(target.parent().unwrap_or(target)).map_err(failed)?;
        // What a broken copy left there.
        match fs::remove_file(target) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed(e)),
            _ => {}
        }
        let missing = |e: io::Error| match e.kind() {
            io::ErrorKind::NotFound => GetError::Missing(source.to_owned()),
            _ => GetError::Failed(source.to_owned(), e),
        };
        match fs::hard_link(source, target) {
            Ok(()) => return Ok(Came::Linked),
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(missing(e)),
            // Another file system, or one without links.
            Err(_) => {}
        }
        let mut source_file = File::open(source).map_err(missing)?;
        let mut draft = Draft::begin(self.drafts()).map_err(failed)?;
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            match source_file.read(&mut block) {
                Ok(0) => break,
                Ok(read) => draft.write(&block[..read]).map_err(failed)?,
                // What can't be read is damaged, too.
                Err(_) => return Err(GetError::Damaged(source.to_owned())),
            }
        }
        if draft.hash() != *name.hash() {
            return Err(GetError::Damaged(source.to_owned()));
        }
        draft.persist(target).map_err(failed)?;
        let copy = File::open(target).and_then(|file| hash_of(&file)).map_err(failed)?;
        match copy == *name.hash() {
            true => Ok(Came::Copied),
            false => {
                Err(failed(io::Error::other("the disk gives back other bytes than were written")))
            }
        }
    }
}

fn is_whole(path: &Path, name: &ObjectName, length_bytes: u64, sure: Sure) -> io::Result<bool> {
    let there = match fs::symlink_metadata(path) {
        Ok(there) => there,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(e),
    };
    if !there.is_file() || there.len() != length_bytes {
        return Ok(false);
    }
    match sure {
        Sure::ByLength => Ok(true),
        Sure::ByHash => Ok(hash_of(&File::open(path)?).is_ok_and(|hash| hash == *name.hash())),
    }
}

/// Has all last that was written to the disk on which this lies.
///
/// # Errors
/// If the disk can't do it.
pub fn sync_disk(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(path)?)?)
}
