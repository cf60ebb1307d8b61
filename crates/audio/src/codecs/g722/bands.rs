//! The predictors of both bands (ITU-T G.722 §3.6), side by side.
//!
//! This recursion is what an hour of G.722 costs, so it has no branches and runs in lanes of 16 bits,
//! whose saturating sums are just the standard's: the lower band in lanes 0 to 3, the upper in lanes 4
//! to 7. Instructions are what it is short of, not time between them: foreseeing both signs of the
//! next difference was slower.

use std::array::from_fn;
use wide::{i16x8, i32x4, i32x8};

/// Words of the state of one band's predictor.
const BAND_WORDS: usize = 20;

/// Words of the state of both.
pub const WORDS: usize = 2 * BAND_WORDS;

/// First lane of each band.
const FIRST: [usize; 2] = [0, 4];

/// Two poles and six zeros for each band. Single values are in the first lanes; what is beside them means
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bands {
    prediction: i16x8,
    zero_prediction: i16x8,
    /// Twice the reconstructed samples, the newest first.
    reconstructed: [i16x8; 2],
    pole_weights: [i16x8; 2],
    /// Partly reconstructed samples, the newest first.
    partial: [i16x8; 2],
    zeros: Zeros,
}

/// What six taps need, four in the first vector and two in the second.
type Taps = [i16x8; 2];

/// The all-zero part of the predictors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Zeros {
    /// Twice the quantised differences, the newest first.
    differences: Taps,
    weights: Taps,
}

impl Bands {
    pub fn new() -> Self {
        Self::from_words(&mut || 0)
    }

    /// The next samples, as predicted.
    #[inline(always)]
    pub fn predictions(&self) -> i16x8 {
        self.prediction
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
        self.zero_prediction = self.zeros.adapt(pair);

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
        let push = signed(i16x8::splat(128), (partial ^ self.partial[1]) >> 15);
        // The weights decay by 1/128 and 1/256, rounded up.
        let pull: i16x8 = pull >> 7;
        let decay: i16x8 = (second + i16x8::splat(127)) >> 7;
        let bound = i16x8::splat(12288);
        let second = (pull + push + second - decay).min(bound).max(-bound);
        let limit = i16x8::splat(15360) - second;
        let decay: i16x8 = (first + i16x8::splat(255)) >> 8;
        let first = (first - decay + signed(i16x8::splat(192), opposed)).min(limit).max(-limit);
        self.pole_weights = [first, second];
    }

    /// All of it, in a fixed order.
    pub fn words(&self) -> [i16; WORDS] {
        let Zeros { differences: d, weights: b } = self.zeros;
        let six = |[four, two]: Taps, at: usize| {
            let [four, two] = [four.to_array(), two.to_array()];
            [four[at], four[at + 1], four[at + 2], four[at + 3], two[at], two[at + 1]]
        };
        let ([r1, r2], [a1, a2], [p1, p2]) = (self.reconstructed, self.pole_weights, self.partial);
        let singles = [self.prediction, self.zero_prediction, r1, r2, a1, a2, p1, p2];
        let bands = FIRST.into_iter().flat_map(|at| {
            let singles = singles.map(|v| v.to_array()[at]);
            singles.into_iter().chain(six(d, at)).chain(six(b, at))
        });
        let mut words = [0; WORDS];
        words.iter_mut().zip(bands).for_each(|(to, word)| *to = word);
        words
    }

    /// The reverse of [`Self::words`].
    pub fn from_words(next: &mut impl FnMut() -> i16) -> Self {
        let words: [[i16; BAND_WORDS]; 2] = [(); 2].map(|()| from_fn(|_| next()));
        let [low, high] = &words;
        let pair = |at: usize| of_pair([low[at], high[at]]);
        let six = |at: usize| {
            let (l, h) = (&low[at..at + 6], &high[at..at + 6]);
            [
                i16x8::new([l[0], l[1], l[2], l[3], h[0], h[1], h[2], h[3]]),
                i16x8::new([l[4], l[5], 0, 0, h[4], h[5], 0, 0]),
            ]
        };
        Self {
            prediction: pair(0),
            zero_prediction: pair(1),
            reconstructed: [pair(2), pair(3)],
            pole_weights: [pair(4), pair(5)],
            partial: [pair(6), pair(7)],
            zeros: Zeros { differences: six(8), weights: six(14) },
        }
    }
}

/// By how much a weight moves: nothing in lanes without one.
const STEPS: [[i16; 8]; 2] = [[128; 8], [128, 128, 0, 0, 128, 128, 0, 0]];

impl Zeros {
    /// Adapts the weights, takes the differences in, and gives the prediction.
    #[inline(always)]
    fn adapt(&mut self, differences: i16x8) -> i16x8 {
        let [four, two] = self.differences;
        let older = [behind(four), behind(two) | last(four)];
        let negative = spread(differences >> 15);
        let zero = spread(differences.simd_eq(i16x8::ZERO));
        let newest = differences.saturating_add(differences);
        let weights: Taps = from_fn(|i| {
            let opposed = (self.differences[i] >> 15) ^ negative;
            let step = signed(i16x8::new(STEPS[i]), opposed);
            decay(self.weights[i]) + (step & !zero)
        });
        self.weights = weights;
        self.differences = [older[0] | newest, older[1]];
        saturated(sums(self.weights, self.differences))
    }
}

/// Sums of six products for each band, in the first 32 bits of its half; more beside them.
#[inline(always)]
fn sums(weights: Taps, differences: Taps) -> i32x4 {
    let ones = i16x8::splat(1);
    let four = product(weights[0], differences[0]).dot(ones);
    let two = product(weights[1], differences[1]).dot(ones);
    let [a, b, c, d] = (four + two).to_array();
    i32x4::new([a, 0, c, 0]) + i32x4::new([b, 0, d, 0])
}

/// Weights decay by 1/256, rounded up; they never come near the limits of 16 bits.
#[inline(always)]
fn decay(weights: i16x8) -> i16x8 {
    let decay: i16x8 = -weights >> 8;
    weights + decay
}

/// Each lane's value in the next lane of its band; 0 in the first.
#[inline(always)]
fn behind(taps: i16x8) -> i16x8 {
    let [a, b, c, _, e, f, g, _] = taps.to_array();
    i16x8::new([0, a, b, c, 0, e, f, g])
}

/// The last lane of each band, in its first.
#[inline(always)]
fn last(taps: i16x8) -> i16x8 {
    let [_, _, _, d, _, _, _, h] = taps.to_array();
    i16x8::new([d, 0, 0, 0, h, 0, 0, 0])
}

/// The first lane of each band, in all of its lanes.
#[inline(always)]
fn spread(firsts: i16x8) -> i16x8 {
    let [a, _, _, _, e, _, _, _] = firsts.to_array();
    i16x8::new([a, a, a, a, e, e, e, e])
}

/// The first 32 bits of each half, limited to 16.
#[inline(always)]
fn saturated(sums: i32x4) -> i16x8 {
    let [a, b, c, d] = sums.to_array();
    let limited = i16x8::from_i32x8_saturate(i32x8::new([a, b, c, d, 0, 0, 0, 0]));
    let [low, _, high, ..] = limited.to_array();
    of_pair([low, high])
}

/// `size`, negated in the lanes where `opposed` is −1 (it is 0 in the others).
#[inline(always)]
fn signed(size: i16x8, opposed: i16x8) -> i16x8 {
    size - (opposed & (size + size))
}

/// A value for the lower and one for the upper band, each in its first lane.
#[inline(always)]
pub fn of_pair([low, high]: [i16; 2]) -> i16x8 {
    i16x8::new([low, 0, 0, 0, high, 0, 0, 0])
}

/// The reverse of [`of_pair`].
#[inline(always)]
pub fn firsts(values: i16x8) -> [i16; 2] {
    let [low, _, _, _, high, ..] = values.to_array();
    [low, high]
}

/// (a · b) >> 15 in each lane, for |a| < 32768.
#[inline(always)]
fn product(a: i16x8, b: i16x8) -> i16x8 {
    // The low half's top bit is worth one. A plain sum is what compilers make six instructions of.
    let high = a.mul_keep_high(b);
    let low: i16x8 = (a * b) >> 15;
    high.saturating_add(high) - low
}
