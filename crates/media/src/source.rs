//! A blob as the source of a transcode.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A stored blob. An end before its length is an error, because a decoder would take what a damaged disk lost
/// for the recording's end.
pub struct Stored {
    pub file: File,
    pub length_bytes: u64,
}

impl audio::ReadAt for Stored {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match FileExt::read_at(&self.file, buffer, offset)? {
            0 if offset < self.length_bytes && !buffer.is_empty() => {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            read => Ok(read),
        }
    }

    fn length_bytes(&self) -> u64 {
        self.length_bytes
    }
}
