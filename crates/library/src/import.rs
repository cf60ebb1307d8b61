//! Bringing in a local file.

use crate::{Beside, Error, Library, Principal, blocking};
use std::fs::File;
use std::io::{self, Read, Seek};
use uuid::Uuid;

const BLOCK_BYTES: usize = 256 * 1024;

/// A file brought in.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// It, or the one that was there.
    pub file: crate::File,
    /// Whether the same name with the same content was in the container already.
    pub already_there: bool,
}

impl Library {
    /// Brings in an open local file under a name, unless that name and its content are in the container already.
    ///
    /// # Errors
    /// Those of an upload; [`Error::Storage`] if it can't be read.
    pub async fn import(
        &self,
        caller: &Principal,
        name: &str,
        source: File,
        container_sid: Uuid,
    ) -> Result<Import, Error> {
        self.container(caller, container_sid).await?;
        let (hash, mut source) = blocking(move || hash(source)).await??;
        if let Some(file) = self.catalog.same_file(container_sid, name, &hash).await? {
            return Ok(Import { file, already_there: true });
        }
        let mut upload = self.begin_upload(caller).await?;
        upload.changes.put("container_sid", |file| file.container_sid = container_sid);
        upload.changes.put("name", |file| file.name = name.into());
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
                return Ok(Import {
                    file: upload.finish(Beside::Nothing).await?,
                    already_there: false,
                });
            }
            upload.write(block).await?;
        }
    }
}

/// The hash of a file's bytes in hex, and the file at its beginning.
fn hash(mut source: File) -> io::Result<(String, File)> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut source, &mut hasher)?;
    source.rewind()?;
    Ok((hasher.finalize().to_hex().to_string(), source))
}
