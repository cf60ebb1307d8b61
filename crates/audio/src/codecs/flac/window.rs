//! What a predictor is found from: a block's autocorrelation under a window that fades it in and out.
//!
//! In whole numbers: no sum is rounded, whatever the order.

use super::lanes::{HIGHEST_ORDER, eight};
use wide::i32x4;

/// Samples and lags from 0 to [`HIGHEST_ORDER`].
const LAGS: usize = HIGHEST_ORDER + 1;
/// The middle's weight. The highest sample by it and by 2^-16 is less than 2^14.
const FULL_WEIGHT: f64 = 32_766.0;
/// Samples whose products fit in 32 bits when every second one is added up.
const STRETCH: usize = 32;

/// A Welch window for blocks of one length, and room for a block under it.
#[derive(Default)]
pub struct Window {
    weights: Vec<i16>,
    /// Behind so many zeros as the longest lag, and filled up with zeros to whole stretches.
    weighted: Vec<i16>,
}

impl Window {
    /// The autocorrelation of a block, to scale. The samples have `spare` of their 16 bits to spare.
    pub fn autocorrelation(&mut self, samples: &[i16], spare: u32) -> [f64; LAGS] {
        if self.weights.len() != samples.len() {
            self.weights = welch(samples.len());
        }
        let shift = 16 - spare;
        let half = 1 << (shift - 1);
        let weigh = |(&x, &w): (&i16, &i16)| (i32::from(x) * i32::from(w) + half) >> shift;
        self.weighted.clear();
        self.weighted.resize(HIGHEST_ORDER, 0);
        self.weighted.extend(samples.iter().zip(&self.weights).map(|pair| weigh(pair) as i16));
        self.weighted.resize(HIGHEST_ORDER + samples.len().next_multiple_of(STRETCH), 0);
        let mut sums = [[0_i64; 4]; LAGS];
        let mut at = 0;
        while let Some(stretch) = self.weighted[at..].first_chunk() {
            add_products(stretch, &mut sums);
            at += STRETCH;
        }
        sums.map(|lanes| lanes.iter().sum::<i64>() as f64)
    }
}

/// Adds the products of a stretch's samples, those after the first [`HIGHEST_ORDER`], and those before.
fn add_products(stretch: &[i16; HIGHEST_ORDER + STRETCH], sums: &mut [[i64; 4]; LAGS]) {
    let mut parts = [i32x4::ZERO; LAGS];
    for at in (HIGHEST_ORDER..HIGHEST_ORDER + STRETCH).step_by(8) {
        let x = eight(stretch, at);
        for (lag, part) in parts.iter_mut().enumerate() {
            *part += x.dot(eight(stretch, at - lag));
        }
    }
    for (sum, part) in sums.iter_mut().zip(parts) {
        for (sum, part) in sum.iter_mut().zip(part.to_array()) {
            *sum += i64::from(part);
        }
    }
}

/// 1 in the middle, and a parabola to almost 0 at both ends.
fn welch(length: usize) -> Vec<i16> {
    let (middle, reach) = ((length as f64 - 1.0) / 2.0, (length as f64 + 1.0) / 2.0);
    let weight = |i| {
        let x = (i as f64 - middle) / reach;
        (FULL_WEIGHT * (1.0 - x * x)) as i16
    };
    (0..length).map(weight).collect()
}
