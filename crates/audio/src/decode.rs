//! The face of every running decode.

use crate::Planar;
use crate::error::DecodeError;

/// A running decode. Created at a frame, read to the end.
pub trait Decode: Send {
    /// Appends the next block (any size, typically one packet, at most 65536 frames) to `out`, which
    /// has the source's channel count; returns the frames appended, 0 at the end.
    ///
    /// # Errors
    /// [`DecodeError`]; a damaged packet is no error but silence of its length.
    fn read(&mut self, out: &mut Planar) -> Result<usize, DecodeError>;
}
