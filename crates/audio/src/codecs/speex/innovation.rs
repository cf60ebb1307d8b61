//! The part of an excitation that no pitch foretells: rows of codebooks, or noise.

use super::shapes;
use crate::codecs::aac::Bits;

/// A codebook of shapes of equal length.
#[derive(Debug, PartialEq)]
pub struct Shapes {
    rows: &'static [i8],
    length: usize,
    index_bits: usize,
    /// Whether a bit before each index turns the shape over.
    is_signed: bool,
}

const fn shapes(rows: &'static [i8], length: usize, index_bits: usize) -> Shapes {
    Shapes { rows, length, index_bits, is_signed: false }
}

pub static OF_10_IN_16: Shapes = shapes(&shapes::OF_10_IN_16, 10, 4);
pub static OF_10_IN_32: Shapes = shapes(&shapes::OF_10_IN_32, 10, 5);
pub static OF_20_IN_32: Shapes = shapes(&shapes::OF_20_IN_32, 20, 5);
pub static OF_5_IN_64: Shapes = shapes(&shapes::OF_5_IN_64, 5, 6);
pub static OF_5_IN_256: Shapes = shapes(&shapes::OF_5_IN_256, 5, 8);
pub static OF_8_IN_128: Shapes = shapes(&shapes::OF_8_IN_128, 8, 7);
pub static HIGH_OF_10_IN_32: Shapes = shapes(&shapes::HIGH_OF_10_IN_32, 10, 5);
pub static HIGH_OF_8_IN_128: Shapes =
    Shapes { is_signed: true, ..shapes(&shapes::HIGH_OF_8_IN_128, 8, 7) };

impl Shapes {
    /// Adds the shapes that the next bits name, one after the other, times a gain.
    pub fn add(&self, bits: &mut Bits<'_>, gain: f32, to: &mut [f32]) -> Option<()> {
        for part in to.chunks_mut(self.length) {
            let is_turned = self.is_signed && bits.take(1)? == 1;
            let row = bits.take(self.index_bits)? as usize * self.length;
            let gain = if is_turned { -gain } else { gain };
            let row = self.rows.get(row..row + self.length)?;
            part.iter_mut().zip(row).for_each(|(to, s)| *to += gain * (0.031_25 * f32::from(*s)));
        }
        Some(())
    }
}

/// The decoder's own noise, which is the same in every decoder.
#[derive(Debug, Clone, PartialEq)]
pub struct Noise(u32);

impl Default for Noise {
    fn default() -> Self {
        Self(1000)
    }
}

impl Noise {
    /// The next sample, of that loudness.
    pub fn next(&mut self, loudness: f32) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // The lower bits as the fraction of a number between 1 and 2.
        let number = f32::from_bits(0x3f80_0000 | self.0 & 0x007f_ffff);
        3.4642 * loudness * (number - 1.5)
    }
}
