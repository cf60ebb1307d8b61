//! The predictors of both bands (ITU-T G.722 §3.6), side by side.
//!
//! This recursion is what an hour of G.722 costs, so it has no branches and runs in lanes of 16 bits,
//! whose saturating sums are just the standard's.

use wide::{i16x8, i32x8};

/// Words of the state of one band's predictor.
const BAND_WORDS: usize = 20;

/// Words of the state of both.
pub const WORDS: usize = 2 * BAND_WORDS;

/// Two poles and six zeros for each band. What is named for both has the lower band in lane 0 and
/// the upper in lane 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bands {
    prediction: i16x8,
    zero_prediction: i16x8,
    /// Twice the reconstructed samples, the newest first.
    reconstructed: [i16x8; 2],
    pole_weights: [i16x8; 2],
    /// Partly reconstructed samples, the newest first.
    partial: [i16x8; 2],
    /// Of each band: twice the quantised differences in lanes 0 to 5, the newest first.
    differences: [i16x8; 2],
    /// Of each band: the zeros' weights in lanes 0 to 5.
    zero_weights: [i16x8; 2],
}

impl Bands {
    pub fn new() -> Self {
        Self::from_words(&mut || 0)
    }

    /// The next sample of the lower and of the upper band, as predicted.
    #[inline(always)]
    pub fn predictions(&self) -> [i32; 2] {
        let [low, high, ..] = self.prediction.to_array();
        [i32::from(low), i32::from(high)]
    }

    /// Takes the quantised difference of each band in, adapts the weights, and predicts the next
    /// samples.
    #[inline(always)]
    pub fn adapt(&mut self, differences: [i16; 2]) {
        let pair = of_pair(differences);
        let reconstructed = self.prediction.saturating_add(pair);
        let partial = self.zero_prediction.saturating_add(pair);
        self.adapt_poles(partial);
        self.partial = [partial, self.partial[0]];
        self.reconstructed = [reconstructed.saturating_add(reconstructed), self.reconstructed[0]];
        let low = adapt_zeros(&mut self.zero_weights[0], &mut self.differences[0], differences[0]);
        let high = adapt_zeros(&mut self.zero_weights[1], &mut self.differences[1], differences[1]);
        self.zero_prediction = of_pair([low, high]);

        let [newest, older] = self.reconstructed;
        let [first, second] = self.pole_weights;
        let poles = product(first, newest).saturating_add(product(second, older));
        self.prediction = poles.saturating_add(self.zero_prediction);
    }

    #[inline(always)]
    fn adapt_poles(&mut self, partial: i16x8) {
        let [first, second] = self.pole_weights;
        let opposed: i16x8 = (partial ^ self.partial[0]) >> 15;
        let agreed = !opposed;
        let doubled = first.saturating_add(first);
        // Four times the first weight, negated where the signs agree.
        let pull = (doubled.saturating_add(doubled) ^ agreed).saturating_sub(agreed);
        let push = signed(128, (partial ^ self.partial[1]) >> 15);
        // The weights decay by 1/128 and 1/256, rounded up.
        let pull: i16x8 = pull >> 7;
        let decay: i16x8 = (second + i16x8::splat(127)) >> 7;
        let bound = i16x8::splat(12288);
        let second = (pull + push + second - decay).min(bound).max(-bound);
        let limit = i16x8::splat(15360) - second;
        let decay: i16x8 = (first + i16x8::splat(255)) >> 8;
        let first = (first - decay + signed(192, opposed)).min(limit).max(-limit);
        self.pole_weights = [first, second];
    }

    /// All of it, in a fixed order.
    pub fn words(&self) -> [i16; WORDS] {
        let band = |lane: usize| {
            let [d1, d2, d3, d4, d5, d6, ..] = self.differences[lane].to_array();
            let [b1, b2, b3, b4, b5, b6, ..] = self.zero_weights[lane].to_array();
            let both = [
                self.prediction,
                self.zero_prediction,
                self.reconstructed[0],
                self.reconstructed[1],
                self.pole_weights[0],
                self.pole_weights[1],
                self.partial[0],
                self.partial[1],
            ];
            let [s, sz, r1, r2, a1, a2, p1, p2] = both.map(|v| v.to_array()[lane]);
            [s, sz, r1, r2, a1, a2, p1, p2, d1, d2, d3, d4, d5, d6, b1, b2, b3, b4, b5, b6]
        };
        let mut words = [0; WORDS];
        words[..BAND_WORDS].copy_from_slice(&band(0));
        words[BAND_WORDS..].copy_from_slice(&band(1));
        words
    }

    /// The reverse of [`Self::words`].
    pub fn from_words(next: &mut impl FnMut() -> i16) -> Self {
        let words: [[i16; BAND_WORDS]; 2] = [(); 2].map(|()| std::array::from_fn(|_| next()));
        let pair = |at: usize| of_pair([words[0][at], words[1][at]]);
        let six = |band: usize, at: usize| {
            let w = &words[band];
            i16x8::new([w[at], w[at + 1], w[at + 2], w[at + 3], w[at + 4], w[at + 5], 0, 0])
        };
        Self {
            prediction: pair(0),
            zero_prediction: pair(1),
            reconstructed: [pair(2), pair(3)],
            pole_weights: [pair(4), pair(5)],
            partial: [pair(6), pair(7)],
            differences: [six(0, 8), six(1, 8)],
            zero_weights: [six(0, 14), six(1, 14)],
        }
    }
}

/// Adapts the zeros of one band, takes the difference into their memory and gives their sum.
#[inline(always)]
fn adapt_zeros(weights: &mut i16x8, past: &mut i16x8, difference: i16) -> i16 {
    let newest = difference.saturating_add(difference);
    let size = if difference == 0 { 0 } else { 128 };
    let opposed = (i16x8::splat(newest) ^ *past) >> 15;
    // A weight decays by 1/256, rounded up; it never leaves 16 bits.
    let decay: i16x8 = *weights >> 8;
    let rounded_up = (*weights & i16x8::splat(255)).simd_gt(i16x8::splat(0));
    *weights = *weights - decay + rounded_up + signed(size, opposed);
    let [a, b, c, d, e, ..] = past.to_array();
    *past = i16x8::new([newest, a, b, c, d, e, 0, 0]);
    let terms: i32x8 = weights.widening_mul(*past) >> 15;
    terms.reduce_add().clamp(-32768, 32767) as i16
}

/// `size`, negated in the lanes where `opposed` is −1 (it is 0 in the others).
#[inline(always)]
fn signed(size: i16, opposed: i16x8) -> i16x8 {
    (i16x8::splat(size) ^ opposed) - opposed
}

#[inline(always)]
fn of_pair([low, high]: [i16; 2]) -> i16x8 {
    i16x8::new([low, high, 0, 0, 0, 0, 0, 0])
}

/// (a · b) >> 15 in each lane, for |a| < 32768.
#[inline(always)]
fn product(a: i16x8, b: i16x8) -> i16x8 {
    // The low half's top bit is worth one.
    let high: i16x8 = a.mul_keep_high(b) << 1;
    let low: i16x8 = (a * b) >> 15;
    high - low
}
