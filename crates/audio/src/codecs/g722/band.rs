//! One band's adaptive quantiser scale and predictor (ITU-T G.722 §3.5 and §3.6).

use super::tables::SCALES;

/// Two poles, six zeros, and the logarithmic scale. All values fit 16 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    prediction: i32,
    zero_prediction: i32,
    /// Reconstructed samples, the newest first.
    reconstructed: [i32; 2],
    pole_weights: [i32; 2],
    /// Partly reconstructed samples, the newest first.
    partial: [i32; 2],
    /// Quantised differences, the newest first.
    differences: [i32; 6],
    zero_weights: [i32; 6],
    log_scale: i32,
    scale: i32,
}

/// Clips to 16 bits.
pub fn saturate(value: i32) -> i32 {
    value.clamp(-32768, 32767)
}

/// `size` if the two have the same sign, else `-size`.
fn agreeing(a: i32, b: i32, size: i32) -> i32 {
    if (a ^ b) < 0 { -size } else { size }
}

impl Band {
    /// Words of [`Self::words`].
    pub const WORDS: usize = 22;

    pub fn new(scale: i32) -> Self {
        Self {
            prediction: 0,
            zero_prediction: 0,
            reconstructed: [0; 2],
            pole_weights: [0; 2],
            partial: [0; 2],
            differences: [0; 6],
            zero_weights: [0; 6],
            log_scale: 0,
            scale,
        }
    }

    pub fn prediction(&self) -> i32 {
        self.prediction
    }

    pub fn scale(&self) -> i32 {
        self.scale
    }

    /// Moves the scale: `step` up or down after a decay of 1/128, 0 ≤ logarithm ≤ `most`.
    #[inline]
    pub fn adapt_scale(&mut self, step: i32, most: i32, exponent: i32) {
        self.log_scale = (((self.log_scale * 127) >> 7) + step).clamp(0, most);
        let mantissa = SCALES[((self.log_scale >> 6) & 31) as usize];
        let shift = exponent - (self.log_scale >> 11);
        self.scale = if shift < 0 { mantissa << -shift } else { mantissa >> shift } << 2;
    }

    /// Takes the quantised difference in, adapts the weights, and predicts the next sample.
    #[inline]
    pub fn adapt_predictor(&mut self, difference: i32) {
        let reconstructed = saturate(self.prediction + difference);
        let partial = saturate(self.zero_prediction + difference);
        self.adapt_poles(partial);
        self.partial = [partial, self.partial[0]];
        self.reconstructed = [reconstructed, self.reconstructed[0]];
        self.adapt_zeros(difference);

        let [newest, older] = self.reconstructed.map(|r| saturate(2 * r));
        let [first, second] = self.pole_weights;
        let poles = saturate(((first * newest) >> 15) + ((second * older) >> 15));
        self.prediction = saturate(poles + self.zero_prediction);
    }

    #[inline]
    fn adapt_poles(&mut self, partial: i32) {
        let [first, second] = self.pole_weights;
        let same = (partial ^ self.partial[0]) >= 0;
        let pull = saturate(first << 2);
        let pull = if same { (-pull).min(32767) } else { pull };
        let push = agreeing(partial, self.partial[1], 128);
        let second = ((pull >> 7) + push + ((second * 32512) >> 15)).clamp(-12288, 12288);
        let push = if same { 192 } else { -192 };
        let limit = saturate(15360 - second);
        let first = saturate(push + ((first * 32640) >> 15)).max(-limit).min(limit);
        self.pole_weights = [first, second];
    }

    /// Adapts the zeros' weights, takes the difference into their memory and sums them up.
    #[inline]
    fn adapt_zeros(&mut self, difference: i32) {
        let size = if difference == 0 { 0 } else { 128 };
        for (weight, &past) in self.zero_weights.iter_mut().zip(&self.differences) {
            *weight = saturate(((*weight * 32640) >> 15) + agreeing(difference, past, size));
        }
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;
        let terms = self.zero_weights.iter().zip(&self.differences);
        self.zero_prediction = saturate(terms.map(|(w, &d)| (w * saturate(2 * d)) >> 15).sum());
    }

    /// All of it, in a fixed order.
    pub fn words(&self) -> [i32; Self::WORDS] {
        let Self { reconstructed: [r1, r2], pole_weights: [a1, a2], partial: [p1, p2], .. } = *self;
        let [d1, d2, d3, d4, d5, d6] = self.differences;
        let [b1, b2, b3, b4, b5, b6] = self.zero_weights;
        [
            self.prediction,
            self.zero_prediction,
            r1,
            r2,
            a1,
            a2,
            p1,
            p2,
            d1,
            d2,
            d3,
            d4,
            d5,
            d6,
            b1,
            b2,
            b3,
            b4,
            b5,
            b6,
            self.log_scale,
            self.scale,
        ]
    }

    /// The reverse of [`Self::words`].
    pub fn from_words(next: &mut impl FnMut() -> i32) -> Self {
        Self {
            prediction: next(),
            zero_prediction: next(),
            reconstructed: std::array::from_fn(|_| next()),
            pole_weights: std::array::from_fn(|_| next()),
            partial: std::array::from_fn(|_| next()),
            differences: std::array::from_fn(|_| next()),
            zero_weights: std::array::from_fn(|_| next()),
            // The scale's exponent must stay within a shift, even in a damaged state.
            log_scale: next().clamp(0, 22528),
            scale: next(),
        }
    }
}
