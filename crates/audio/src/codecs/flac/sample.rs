//! Samples as they come in: of 16 bits, or of 24 in the lower ones of 32. What depends on the width stands here.

use super::rice::Parameters;

/// A sample.
pub trait Sample: Copy + Into<i32> {
    /// Bits of it.
    const BITS: u32;
    /// What the header of a frame says of them (RFC 9639 §9.1.4).
    const DEPTH: u8;
    /// How the parameters of Rice codes are written.
    const PARAMETERS: Parameters;
    /// Bytes that one takes at most (a difference has a bit more, a code that was thought no longer may have half a
    /// bit more), beside the heads of frames and subframes.
    const MOST_BYTES: usize;
    /// So many second differences of the difference of two channels, with three bits more than a sample, add up in 32
    /// bits.
    const STRETCH: usize;
}

impl Sample for i16 {
    const BITS: u32 = 16;
    const DEPTH: u8 = 4 << 1;
    const PARAMETERS: Parameters = Parameters::Short;
    const MOST_BYTES: usize = 3;
    const STRETCH: usize = 4096;
}

impl Sample for i32 {
    const BITS: u32 = 24;
    const DEPTH: u8 = 6 << 1;
    const PARAMETERS: Parameters = Parameters::Long;
    const MOST_BYTES: usize = 4;
    const STRETCH: usize = 16;
}
