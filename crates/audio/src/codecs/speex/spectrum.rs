//! Line spectral frequencies: how they are coded, interpolated, and made a filter.

use super::spectra::{
    HIGH, HIGH_FINE, LOW, LOWER_HALF, LOWER_HALF_FINE, UPPER_HALF, UPPER_HALF_FINE,
};
use crate::codecs::aac::Bits;

/// Bits of every index into a codebook of spectra.
const INDEX_BITS: usize = 6;

/// Adds the row of a codebook that the next bits name.
fn add(bits: &mut Bits<'_>, to: &mut [f32], book: &[i8], step: f32) -> Option<()> {
    let row = bits.take(INDEX_BITS)? as usize * to.len();
    let row = book.get(row..row + to.len())?;
    to.iter_mut().zip(row).for_each(|(to, offset)| *to += step * f32::from(*offset));
    Some(())
}

/// The ten frequencies of a low band in radians; `fine` with two more codebooks.
pub fn low(bits: &mut Bits<'_>, fine: bool) -> Option<[f32; 10]> {
    let mut lsp: [f32; 10] = std::array::from_fn(|k| 0.25 * k as f32 + 0.25);
    add(bits, &mut lsp, &LOW, 0.003_906_2)?;
    add(bits, &mut lsp[..5], &LOWER_HALF, 0.001_953_1)?;
    if fine {
        add(bits, &mut lsp[..5], &LOWER_HALF_FINE, 0.000_976_56)?;
    }
    add(bits, &mut lsp[5..], &UPPER_HALF, 0.001_953_1)?;
    if fine {
        add(bits, &mut lsp[5..], &UPPER_HALF_FINE, 0.000_976_56)?;
    }
    Some(lsp)
}

/// The eight of a high band.
pub fn high(bits: &mut Bits<'_>) -> Option<[f32; 8]> {
    let mut lsp: [f32; 8] = std::array::from_fn(|k| 0.3125 * k as f32 + 0.75);
    add(bits, &mut lsp, &HIGH, 0.003_906_2)?;
    add(bits, &mut lsp, &HIGH_FINE, 0.001_953_1)?;
    Some(lsp)
}

/// Between two spectra, `part` of the way, no two frequencies nearer to each other than `margin`.
pub fn between<const N: usize>(old: &[f32; N], new: &[f32; N], part: f32, margin: f32) -> [f32; N] {
    let mut lsp: [f32; N] = std::array::from_fn(|k| (1.0 - part) * old[k] + part * new[k]);
    lsp[0] = lsp[0].max(margin);
    lsp[N - 1] = lsp[N - 1].min(std::f32::consts::PI - margin);
    for k in 1..N - 1 {
        lsp[k] = lsp[k].max(lsp[k - 1] + margin);
        if lsp[k] > lsp[k + 1] - margin {
            lsp[k] = 0.5 * (lsp[k] + lsp[k + 1] - margin);
        }
    }
    lsp
}

/// The filter with these frequencies: its coefficients behind the leading 1.
pub fn filter<const N: usize>(lsp: &[f32; N]) -> [f32; N] {
    // The sum of two polynomials whose zeros lie on the unit circle, at every other frequency each.
    let product = |first: usize, end: f32| {
        let mut polynomial = vec![1.0_f32, end];
        for frequency in lsp.iter().skip(first).step_by(2) {
            let middle = -2.0 * frequency.cos();
            let at = |k: usize| polynomial.get(k).copied().unwrap_or(0.0);
            let before = |k: usize, by: usize| k.checked_sub(by).map_or(0.0, at);
            polynomial = (0..polynomial.len() + 2)
                .map(|k| at(k) + middle * before(k, 1) + before(k, 2))
                .collect();
        }
        polynomial
    };
    let (sum, difference) = (product(0, 1.0), product(1, -1.0));
    std::array::from_fn(|k| 0.5 * (sum[k + 1] + difference[k + 1]))
}

/// The response of the inverse filter at half the rate, where a low band meets a high one.
#[must_use]
pub fn at_the_top<const N: usize>(lpc: &[f32; N]) -> f32 {
    lpc.chunks(2).fold(1.0, |sum, pair| sum + (pair[1] - pair[0]))
}

/// The same at zero: the lower end of a high band, which is turned around.
#[must_use]
pub fn at_the_bottom<const N: usize>(lpc: &[f32; N]) -> f32 {
    lpc.chunks(2).fold(1.0, |sum, pair| sum + (pair[0] + pair[1]))
}
