//! Linear predictors: from a block's autocorrelation to whole-numbered coefficients, and the residual.
//!
//! Floating point is added, multiplied and divided in one written order, so every machine finds the same.

use super::lanes::{HIGHEST_ORDER, eight};
use std::ops::RangeInclusive;
use wide::{i16x8, i32x4};

/// Bits of a coefficient. Eight products of it and of 16 bits add up to less than 2^31.
const PRECISION_BITS: u32 = 14;
const LARGEST: f64 = ((1 << (PRECISION_BITS - 1)) - 1) as f64;
/// Shifts are coded in five bits with a sign. A stable predictor's is 6 or more, as its coefficients are at
/// most 70; from 2 on nothing overflows.
const SHIFTS: RangeInclusive<u32> = 2..=15;
/// What another coefficient costs: itself, and a sample at the start that isn't predicted.
const BITS_PER_ORDER: f64 = 30.0;

/// A predictor as it is coded.
pub struct Predictor {
    /// The nearest sample's first.
    coefficients: [i16; HIGHEST_ORDER],
    /// How many there are: at least one.
    pub order: usize,
    shift: u32,
}

impl Predictor {
    /// The predictor for a block of so many samples of that autocorrelation.
    pub fn fit(autocorrelation: &[f64; HIGHEST_ORDER + 1], block: usize) -> Option<Self> {
        // An order is worth it if the residual's energy falls by this factor: bits are ½·log₂ of it a sample.
        let bits = 2.0 * BITS_PER_ORDER / block as f64;
        let worth = 1.0 + bits * 0.7 * (1.0 + bits * 0.35);
        let mut candidate = [0.0; HIGHEST_ORDER];
        let (mut best, mut best_order, mut best_cost) = (candidate, 0, f64::INFINITY);
        let (mut energy, mut price) = (autocorrelation[0], 1.0);
        for order in 1..=HIGHEST_ORDER {
            let known = order - 1;
            let sum: f64 = (0..known).map(|i| candidate[i] * autocorrelation[known - i]).sum();
            let reflection = (autocorrelation[order] - sum) / energy;
            let before = candidate;
            for i in 0..known {
                candidate[i] -= reflection * before[known - 1 - i];
            }
            candidate[known] = reflection;
            energy *= 1.0 - reflection * reflection;
            price *= worth;
            if energy.is_nan() || energy <= 0.0 {
                break;
            }
            if energy * price < best_cost {
                (best, best_order, best_cost) = (candidate, order, energy * price);
            }
        }
        Self::quantise(&best, best_order)
    }

    /// Whole numbers; what rounding one leaves goes to the next.
    fn quantise(exact: &[f64; HIGHEST_ORDER], order: usize) -> Option<Self> {
        let largest = exact[..order].iter().fold(0.0, |most: f64, c| most.max(c.abs()));
        let shift = SHIFTS.rev().find(|&shift| largest * f64::from(1 << shift) <= LARGEST)?;
        let mut coefficients = [0; HIGHEST_ORDER];
        let mut left = 0.0;
        for (whole, exact) in coefficients.iter_mut().zip(&exact[..order]) {
            let wanted = exact * f64::from(1 << shift) + left;
            let rounded = wanted.round().clamp(-LARGEST, LARGEST);
            left = wanted - rounded;
            *whole = rounded as i16;
        }
        (order > 0 && largest > 0.0).then_some(Self { coefficients, order, shift })
    }
}

impl Predictor {
    /// The coefficients as they are written, with their precision and the shift.
    pub fn coded(&self) -> (&[i16], u32, u32) {
        (&self.coefficients[..self.order], PRECISION_BITS, self.shift)
    }

    /// Replaces `folded` by what the prediction leaves of samples of 16 bits, from sample `order` on,
    /// folded to unsigned. `padded` has [`HIGHEST_ORDER`] samples of any value before the block's.
    pub fn residual_of_16_bits(&self, padded: &[i16], folded: &mut Vec<u32>) {
        let pairs = self.pairs();
        let block = padded.len() - HIGHEST_ORDER;
        folded.resize(block.next_multiple_of(8), 0);
        let mut rest = padded;
        for eight in folded.as_chunks_mut().0 {
            match rest.first_chunk() {
                Some(window) => *eight = self.eight(&pairs, window),
                None => {
                    let mut last = [0; 16];
                    last[..rest.len()].copy_from_slice(rest);
                    *eight = self.eight(&pairs, &last);
                }
            }
            rest = &rest[8..];
        }
        folded.truncate(block);
    }

    /// Coefficients in pairs, as they meet samples in the order of time, the farthest first.
    fn pairs(&self) -> [i16x8; HIGHEST_ORDER / 2] {
        let c = &self.coefficients;
        std::array::from_fn(|i| {
            let (far, near) = (c[7 - 2 * i], c[6 - 2 * i]);
            i16x8::new([far, near, far, near, far, near, far, near])
        })
    }

    /// The residual of the last eight of sixteen samples: those at even places and those at odd ones side
    /// by side, as products are added in pairs.
    #[inline(always)]
    fn eight(&self, pairs: &[i16x8; HIGHEST_ORDER / 2], window: &[i16; 16]) -> [u32; 8] {
        let (mut even, mut odd) = (i32x4::ZERO, i32x4::ZERO);
        for (i, &pair) in pairs.iter().enumerate() {
            even += eight(window, 2 * i).dot(pair);
            odd += eight(window, 2 * i + 1).dot(pair);
        }
        let (even, odd) = ((even >> self.shift).to_array(), (odd >> self.shift).to_array());
        std::array::from_fn(|i| {
            let predicted = if i % 2 == 0 { even[i / 2] } else { odd[i / 2] };
            fold(i32::from(window[8 + i]) - predicted)
        })
    }

    /// The same of samples of any width up to 24 bits, without padding.
    pub fn residual(&self, samples: &[i32], folded: &mut Vec<u32>) {
        let coefficients = &self.coefficients[..self.order];
        folded.clear();
        folded.resize(self.order, 0);
        folded.extend(samples.windows(self.order + 1).map(|window| {
            let (&sample, past) = (&window[self.order], &window[..self.order]);
            let products = past.iter().rev().zip(coefficients);
            let sum: i64 = products.map(|(&x, &c)| i64::from(x) * i64::from(c)).sum();
            fold(sample - (sum >> self.shift) as i32)
        }));
    }
}

/// Signed to unsigned, small to small (RFC 9639 §9.2.7.1).
#[inline]
pub fn fold(value: i32) -> u32 {
    (value << 1 ^ value >> 31) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn narrow_and_wide_arithmetic_agree_up_to_the_extremes(
            samples in proptest::collection::vec(
                prop_oneof![Just(i16::MIN), Just(i16::MAX), any::<i16>()],
                32..80,
            ),
            coefficients in proptest::array::uniform8(prop_oneof![
                Just(-LARGEST as i16),
                Just(LARGEST as i16),
                -8191..8192_i16,
            ]),
            order in 1..=HIGHEST_ORDER,
            shift in SHIFTS,
        ) {
            let mut predictor = Predictor { coefficients, order, shift };
            predictor.coefficients[order..].fill(0);
            let padded = [vec![0; HIGHEST_ORDER], samples.clone()].concat();
            let wide: Vec<i32> = samples.into_iter().map(i32::from).collect();
            let (mut narrow_residual, mut residual) = (Vec::new(), Vec::new());
            predictor.residual_of_16_bits(&padded, &mut narrow_residual);
            predictor.residual(&wide, &mut residual);
            prop_assert_eq!(&narrow_residual[order..], &residual[order..]);
        }
    }
}
