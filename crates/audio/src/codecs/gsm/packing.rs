//! A frame's 260 bits in bytes.

use super::{Frame, Quarter};

/// How frames are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// A frame in 33 bytes, the upper bits first, behind the four bits of a signature (RFC 3551 §4.5.8).
    Raw,
    /// Two frames in 65 bytes, the lower bits first: Microsoft's, in WAV.
    Wav49,
}

/// The four bits in front of a raw frame.
const SIGNATURE: u64 = 0xd;

/// Bits of the log-area ratios.
const RATIO_BITS: [u32; 8] = [6, 6, 5, 5, 4, 4, 3, 3];

impl Packing {
    /// Bytes of a block.
    #[must_use]
    pub fn block_bytes(self) -> usize {
        match self {
            Self::Raw => 33,
            Self::Wav49 => 65,
        }
    }

    /// Frames in a block.
    #[must_use]
    pub fn block_frames(self) -> usize {
        match self {
            Self::Raw => 1,
            Self::Wav49 => 2,
        }
    }

    /// Samples in a block.
    #[must_use]
    pub fn samples(self) -> u64 {
        (self.block_frames() * super::FRAME) as u64
    }

    /// Appends a block's frames; none where bytes are missing, or a raw block has no signature.
    pub fn unpack(self, block: &[u8], frames: &mut Vec<Frame>) {
        let mut bits = Reader { packing: self, bytes: block, at: 0 };
        if block.len() < self.block_bytes() || self == Self::Raw && bits.take(4) != SIGNATURE {
            return;
        }
        for _ in 0..self.block_frames() {
            let mut frame = Frame::default();
            fields(&mut frame, |field, count| *field = bits.take(count) as u8);
            frames.push(frame);
        }
    }

    /// Appends the block of a block's frames.
    pub fn pack(self, frames: &[Frame], out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + self.block_bytes(), 0);
        let mut bits = Writer { packing: self, bytes: &mut out[start..], at: 0 };
        if self == Self::Raw {
            bits.put(SIGNATURE, 4);
        }
        for frame in frames {
            let mut fields_of = *frame;
            fields(&mut fields_of, |field, count| bits.put(u64::from(*field), count));
        }
    }
}

/// A frame's fields in the order in which they are packed, with their bits.
fn fields(frame: &mut Frame, mut each: impl FnMut(&mut u8, u32)) {
    for (ratio, bits) in frame.ratios.iter_mut().zip(RATIO_BITS) {
        each(ratio, bits);
    }
    for Quarter { lag, gain, grid, peak, pulses } in &mut frame.quarters {
        each(lag, 7);
        each(gain, 2);
        each(grid, 2);
        each(peak, 6);
        pulses.iter_mut().for_each(|pulse| each(pulse, 3));
    }
}

/// The byte and the shift of a bit, and the place of the `index`th of `count` bits in their value.
fn place(packing: Packing, at: usize, index: u32, count: u32) -> (usize, usize, u32) {
    match packing {
        Packing::Raw => (at / 8, 7 - at % 8, count - 1 - index),
        Packing::Wav49 => (at / 8, at % 8, index),
    }
}

struct Reader<'a> {
    packing: Packing,
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, count: u32) -> u64 {
        let mut value = 0;
        for index in 0..count {
            let (byte, shift, bit) = place(self.packing, self.at, index, count);
            value |= u64::from(self.bytes.get(byte).map_or(0, |b| b >> shift & 1)) << bit;
            self.at += 1;
        }
        value
    }
}

struct Writer<'a> {
    packing: Packing,
    bytes: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn put(&mut self, value: u64, count: u32) {
        for index in 0..count {
            let (byte, shift, bit) = place(self.packing, self.at, index, count);
            if let Some(byte) = self.bytes.get_mut(byte) {
                *byte |= ((value >> bit & 1) as u8) << shift;
            }
            self.at += 1;
        }
    }
}
