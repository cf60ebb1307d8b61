//! Samples eight at a time, as prediction and autocorrelation take them.

use wide::i16x8;

/// Most samples that a prediction looks back.
pub const HIGHEST_ORDER: usize = 8;

/// Eight samples from a place on.
#[inline(always)]
pub fn eight(samples: &[i16], at: usize) -> i16x8 {
    let mut lanes = [0; 8];
    lanes.copy_from_slice(&samples[at..at + 8]);
    i16x8::new(lanes)
}
