//! The taps of low-passes, and the sum of products that a filter is.

use wide::f32x8;

/// Shape of the Kaiser window: 86 dB down from 1.05 of the lower Nyquist frequency on.
const KAISER_BETA: f64 = 8.5;
/// Lanes summed side by side, and vectors of them: a sum waits for the one before it in its lane, so one vector alone
/// would leave the processor idle. The filter is padded to a multiple of both.
const LANES: usize = 8;
const VECTORS: usize = 4;
/// Taps multiplied side by side.
pub const STEP: usize = VECTORS * LANES;

/// So many taps as are multiplied side by side, aligned for that.
pub type Taps = [f32x8; VECTORS];

/// So many taps, a multiple of 32, of a low-pass that leaves half the amplitude at a share of the Nyquist frequency;
/// its middle lies `fraction` behind tap `taps / 2 − 1`.
pub fn low_pass(taps: usize, share: f64, fraction: f64) -> Vec<Taps> {
    let tap = |k: usize| {
        let distance = k as f64 - (taps / 2 - 1) as f64 - fraction;
        share * sinc(share * distance) * kaiser(distance / (taps / 2) as f64)
    };
    let row: Vec<f64> = (0..taps).map(tap).collect();
    // Unity gain at 0 Hz in every phase: no ripple on a constant.
    let sum: f64 = row.iter().sum();
    let side_by_side = |step: &[f64; STEP]| {
        let lanes = step.map(|tap| (tap / sum) as f32);
        let vectors = lanes.as_chunks::<LANES>().0;
        std::array::from_fn(|vector| f32x8::new(vectors[vector]))
    };
    row.as_chunks::<STEP>().0.iter().map(side_by_side).collect()
}

/// Sum of products in a fixed order: lanes side by side, then pairwise. Bits must not depend on the machine, so no
/// fused multiply-add.
#[inline]
pub fn dot(taps: &[Taps], inputs: &[f32]) -> f32 {
    let mut sums = [f32x8::ZERO; VECTORS];
    for (taps, inputs) in taps.iter().zip(inputs.as_chunks::<STEP>().0) {
        let pairs = taps.iter().zip(inputs.as_chunks::<LANES>().0);
        for (sum, (&taps, &inputs)) in sums.iter_mut().zip(pairs) {
            *sum += f32x8::new(inputs) * taps;
        }
    }
    let [one, two, three, four] = sums;
    let [a, b, c, d, e, f, g, h] = ((one + three) + (two + four)).to_array();
    ((a + e) + (b + f)) + ((c + g) + (d + h))
}

fn sinc(x: f64) -> f64 {
    let x = x * std::f64::consts::PI;
    if x.abs() < 1e-9 { 1.0 } else { x.sin() / x }
}

/// Kaiser window over −1..1, to no scale.
fn kaiser(x: f64) -> f64 {
    if x.abs() >= 1.0 { 0.0 } else { bessel_i0(KAISER_BETA * (1.0 - x * x).sqrt()) }
}

/// Modified Bessel function of the first kind, order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-16 {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}
