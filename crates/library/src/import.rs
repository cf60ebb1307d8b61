//! Bringing in a local file.

use crate::{Error, File, Library, Principal, blocking};
use std::io::Read;
use std::path::Path;
use uuid::Uuid;

const BLOCK_BYTES: usize = 256 * 1024;

/// A file brought in.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// It, or the one that was there.
    pub file: File,
    /// Whether the same name with the same content was in the container already.
    pub already_there: bool,
}

impl Library {
    /// Brings in a local file, unless its name and content are in the container already.
    ///
    /// # Errors
    /// Those of an upload; [`Error::Storage`] if it can't be read.
    pub async fn import_path(
        &self,
        caller: &Principal,
        path: &Path,
        container_sid: Uuid,
    ) -> Result<Import, Error> {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
        let name = name.ok_or_else(|| Error::invalid("path", "has no file name"))?;
        self.container(caller, container_sid).await?;
        let owned = path.to_owned();
        let hash = blocking(move || -> std::io::Result<String> {
            let mut hasher = blake3::Hasher::new();
            std::io::copy(&mut std::fs::File::open(owned)?, &mut hasher)?;
            Ok(hasher.finalize().to_hex().to_string())
        })
        .await??;
        if let Some(file) = self.catalog.same_file(container_sid, &name, &hash).await? {
            return Ok(Import { file, already_there: true });
        }
        let mut upload = self.begin_upload(caller).await?;
        upload.changes.container_sid = Some(container_sid);
        upload.changes.name = Some(name);
        let owned = path.to_owned();
        let mut source = blocking(move || std::fs::File::open(owned)).await??;
        loop {
            let (block, rest) = blocking(move || -> std::io::Result<_> {
                let mut block = vec![0; BLOCK_BYTES];
                let read = source.read(&mut block)?;
                block.truncate(read);
                Ok((block, source))
            })
            .await??;
            source = rest;
            if block.is_empty() {
                return Ok(Import { file: upload.finish().await?, already_there: false });
            }
            upload.write(block).await?;
        }
    }
}
