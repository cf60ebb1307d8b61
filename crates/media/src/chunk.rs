//! The pieces that a body comes in.

use bytes::Bytes;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Most bytes copied at a time out of a segment or a block that is on its way.
pub(crate) const MEMORY_BYTES: usize = 64 * 1024;

/// A piece of a body.
#[derive(Debug, Clone)]
pub enum Chunk {
    /// Bytes in memory.
    Memory(Bytes),
    /// Bytes in a file that never change.
    File {
        /// The file, open.
        file: Arc<File>,
        /// Where they begin.
        offset: u64,
        /// How many they are.
        length: u64,
    },
}

impl Chunk {
    /// The bytes themselves, read on a thread that may block where they lie in a file.
    ///
    /// # Errors
    /// What the disk reports, an end of the file included.
    pub async fn bytes(self) -> io::Result<Bytes> {
        match self {
            Self::Memory(bytes) => Ok(bytes),
            Self::File { file, offset, length } => {
                let read = move || {
                    let mut bytes = vec![0; length as usize];
                    file.read_exact_at(&mut bytes, offset)?;
                    Ok(bytes.into())
                };
                tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
            }
        }
    }
}

/// Why a body ended before its promised length: break the connection off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BodyError(String);

impl BodyError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}
