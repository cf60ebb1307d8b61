//! Random access to the bytes of a source, wherever they lie.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

/// Immutable bytes that can be read at any position by many readers at once.
pub trait ReadAt: Send + Sync {
    /// Reads into `buffer` from `offset` on; 0 only at the end (or for an empty buffer).
    ///
    /// # Errors
    /// What the medium reports.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Total length in bytes.
    fn length_bytes(&self) -> u64;

    /// Reads until `buffer` is full or the source ends; returns the bytes read.
    ///
    /// # Errors
    /// What the medium reports.
    fn read_full_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(filled)
    }
}

/// A shared source.
pub type Source = Arc<dyn ReadAt>;

impl ReadAt for std::fs::File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buffer, offset)
    }

    fn length_bytes(&self) -> u64 {
        self.metadata().map_or(0, |m| m.len())
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.len());
        let n = buffer.len().min(self.len() - start);
        buffer[..n].copy_from_slice(&self[start..start + n]);
        Ok(n)
    }

    fn length_bytes(&self) -> u64 {
        self.len() as u64
    }
}

/// A source (or a window of it) as a stream with a position, for libraries that want `Read + Seek`.
pub struct Cursor {
    source: Source,
    start: u64,
    length: u64,
    position: u64,
}

impl Cursor {
    /// The whole source, from its beginning.
    #[must_use]
    pub fn new(source: Source) -> Self {
        let length = source.length_bytes();
        Self { source, start: 0, length, position: 0 }
    }

    /// The bytes `start..start + length` of the source as if they were all.
    #[must_use]
    pub fn window(source: Source, start: u64, length: u64) -> Self {
        Self { source, start, length, position: 0 }
    }
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.position);
        let n = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.source.read_at(&mut buffer[..n], self.start + self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Cursor {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(n) => Some(n),
            SeekFrom::End(d) => self.length.checked_add_signed(d),
            SeekFrom::Current(d) => self.position.checked_add_signed(d),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
