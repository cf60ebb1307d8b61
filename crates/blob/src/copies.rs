//! Objects that are read whole: to be copied into another store, and to be known as whole there.

use crate::local::blocking;
use crate::{Draft, GetError, Local, ObjectName, Remote, Store, StoreError};
use futures_util::StreamExt;
use std::fs::File;
use std::io::{ErrorKind, Read};

/// Bytes that are read from a disk at a time.
const BLOCK_BYTES: usize = 256 << 10;

impl Store {
    /// All bytes of an object, in a draft; they are those that its name tells.
    ///
    /// # Errors
    /// [`StoreError::Missing`] and [`StoreError::Changed`] if the object is lost; others if it can't be told.
    pub async fn fetch(
        &self,
        name: ObjectName,
        length_bytes: u64,
        draft: Draft,
    ) -> Result<Draft, StoreError> {
        match self {
            Self::Local(local) => local.fetch(name, draft).await,
            Self::Remote(remote) => remote.fetch(name, length_bytes, None, draft).await,
        }
    }

    /// Reads an object through: its ETag, where the store has such, if its bytes are those that its name tells.
    ///
    /// # Errors
    /// As [`Self::fetch`].
    pub async fn read_through(
        &self,
        name: ObjectName,
        length_bytes: u64,
    ) -> Result<Option<String>, StoreError> {
        match self {
            Self::Remote(remote) => remote.recognise(&name, length_bytes).await,
            // As fast as the disk is.
            Self::Local(local) => match local.check(name, u64::MAX).await {
                Ok(()) => Ok(None),
                Err(GetError::Missing(_)) => Err(StoreError::Missing),
                Err(GetError::Damaged(_)) => Err(StoreError::Changed),
                Err(GetError::Failed(_, error)) => Err(error.into()),
            },
        }
    }
}

impl Remote {
    /// As [`Store::fetch`]; where an ETag is given it must be the object's.
    ///
    /// # Errors
    /// As [`Store::fetch`].
    pub async fn fetch(
        &self,
        name: ObjectName,
        length_bytes: u64,
        e_tag: Option<String>,
        mut draft: Draft,
    ) -> Result<Draft, StoreError> {
        if length_bytes > 0 {
            let mut pieces = self.read(&name, 0..length_bytes, length_bytes, e_tag).await?;
            while let Some(piece) = pieces.next().await {
                let piece = piece?;
                draft = blocking(move || draft.write(&piece).map(|()| draft)).await?;
            }
        }
        of_that_name(draft, name)
    }
}

impl Local {
    async fn fetch(&self, name: ObjectName, mut draft: Draft) -> Result<Draft, StoreError> {
        let path = self.root().path(&name);
        let copied = blocking(move || {
            let (mut object, mut block) = (File::open(path)?, vec![0; BLOCK_BYTES]);
            loop {
                match object.read(&mut block)? {
                    0 => return Ok(draft),
                    read => draft.write(&block[..read])?,
                }
            }
        });
        match copied.await {
            Ok(draft) => of_that_name(draft, name),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(StoreError::Missing),
            Err(error) => Err(error.into()),
        }
    }
}

fn of_that_name(draft: Draft, name: ObjectName) -> Result<Draft, StoreError> {
    if draft.hash() == *name.hash() { Ok(draft) } else { Err(StoreError::Changed) }
}
