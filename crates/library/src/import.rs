//! Bringing in a local file: hash it → look whether it is there → take it in, as a new file or as another content of
//! the one that has its path.

use crate::{Beside, Change, Error, Library, Principal, Publish, Upload, blocking};
use std::fs;
use std::io::{self, Read, Seek};
use uuid::Uuid;

const BLOCK_BYTES: usize = 256 * 1024;

/// What a file that is brought in is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// A name and its content: the same name with other content is another file.
    ByName(String),
    /// A path, at which it is published: other content under it takes the place of what was there.
    ByPath {
        /// The path, such as `en/digits/1.wav`.
        path: String,
        /// The name that it has beside.
        name: String,
    },
}

/// What becomes of a file that is brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It is new.
    New,
    /// Its content takes the place of another.
    Changed,
    /// It is there.
    Same,
}

/// A file that was looked at and not brought in yet.
pub struct Import {
    library: Library,
    caller: Principal,
    container_sid: Uuid,
    known: Known,
    source: fs::File,
    hash: String,
    /// The file that is it, or that it is to be.
    there: Option<crate::File>,
    /// What becomes of it.
    pub arrival: Arrival,
}

impl Library {
    /// Looks at an open local file that is to be brought into a container.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`] (the container); [`Error::Storage`] if it can't be read.
    pub async fn begin_import(
        &self,
        caller: &Principal,
        known: Known,
        source: fs::File,
        container_sid: Uuid,
    ) -> Result<Import, Error> {
        self.container(caller, container_sid).await?;
        let (hash, source) = blocking(move || hash(source)).await??;
        let there = match &known {
            Known::ByName(name) => self.catalog.same_file(container_sid, name, &hash).await?,
            Known::ByPath { path, .. } => self.catalog.file_at(container_sid, path).await?,
        };
        let arrival = match &there {
            None => Arrival::New,
            Some(file) if catalog::blob_address(&file.content_hash) == hash => Arrival::Same,
            Some(_) => Arrival::Changed,
        };
        let (library, caller) = (self.clone(), *caller);
        Ok(Import { library, caller, container_sid, known, source, hash, there, arrival })
    }
}

impl Import {
    /// Brings it in: the file, or the one that was there.
    ///
    /// # Errors
    /// Those of an upload; [`Error::Invalid`] if it changed since it was looked at.
    pub async fn finish(self) -> Result<crate::File, Error> {
        let Self { library, caller, container_sid, known, source, hash, there, arrival } = self;
        let mut upload = match (arrival, there) {
            (Arrival::Same, Some(file)) => return Ok(file),
            (Arrival::Changed, Some(file)) => {
                let sid = file.file_sid;
                let upload = library.begin_replacement(&caller, sid).await?;
                let upload = filled(upload, source, &hash).await?;
                return library.change_file(&caller, sid, Change::content(upload)).await;
            }
            _ => library.begin_upload(&caller).await?,
        };
        upload.changes.put("container_sid", |file| file.container_sid = container_sid);
        match known {
            Known::ByName(name) => upload.changes.put("name", |file| file.name = name),
            Known::ByPath { path, name } => {
                upload.changes.put("name", |file| file.name = name);
                upload.changes.put("file_access_name", |file| file.file_access_name = path);
                upload.changes.put("publish", |file| file.publish = Publish::FileAccessName);
            }
        }
        filled(upload, source, &hash).await?.finish(Beside::Nothing).await
    }
}

/// An upload with a file's bytes, which are to have this hash.
async fn filled(mut upload: Upload, mut source: fs::File, hash: &str) -> Result<Upload, Error> {
    let mut hasher = blake3::Hasher::new();
    loop {
        let (block, rest) = blocking(move || -> io::Result<_> {
            let mut block = vec![0; BLOCK_BYTES];
            let read = source.read(&mut block)?;
            block.truncate(read);
            Ok((block, source))
        })
        .await??;
        source = rest;
        if block.is_empty() {
            break;
        }
        hasher.update(&block);
        upload.write(block).await?;
    }
    match hasher.finalize().to_hex().as_str() == hash {
        true => Ok(upload),
        false => Err(Error::invalid("file", "it changed while it was read; bring it in again")),
    }
}

/// The hash of a file's bytes in hex, and the file at its beginning.
fn hash(mut source: fs::File) -> io::Result<(String, fs::File)> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut source, &mut hasher)?;
    source.rewind()?;
    Ok((hasher.finalize().to_hex().to_string(), source))
}
