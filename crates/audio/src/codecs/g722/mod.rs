//! G.722 at 64 kbit/s ↔ 16-bit samples at 16 kHz (ITU-T G.722), with a state that can be saved.
//!
//! Two samples a byte: a pair of filters splits them into two bands, each coded by a predictor and an
//! adaptive quantiser; 6 bits for the lower band, 2 for the upper.

mod band;
mod tables;

use band::{Band, saturate};
use tables::{FILTER, HIGH_LEVELS, LOW_CODES, LOW_FINE_LEVELS, LOW_LEVELS, LOW_THRESHOLDS};

/// Length of [`State::to_bytes`].
pub const STATE_BYTES: usize = 2 * (2 * Band::WORDS + 24);

/// State of an encoder or a decoder: flat, cheap to copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    low: Band,
    high: Band,
    /// The filter's last 12 samples of even and of odd place, oldest first.
    even: [i32; 12],
    odd: [i32; 12],
}

impl Default for State {
    fn default() -> Self {
        // The scale factors start at the lowest steps (ITU-T G.722 table of initial values).
        Self { low: Band::new(32), high: Band::new(8), even: [0; 12], odd: [0; 12] }
    }
}

impl State {
    /// Encodes pairs of samples, one byte each, appended to `out`; an odd last sample is left out.
    pub fn encode(&mut self, samples: &[i16], out: &mut Vec<u8>) {
        let (pairs, _) = samples.as_chunks::<2>();
        out.extend(pairs.iter().map(|&[first, second]| self.encode_pair(first, second)));
    }

    /// Decodes bytes to two samples each, appended to `out`.
    pub fn decode(&mut self, bytes: &[u8], out: &mut Vec<i16>) {
        out.extend(bytes.iter().flat_map(|&byte| self.decode_byte(byte)));
    }

    /// Takes a pair into the filter's memory and gives its two sums.
    fn filter(&mut self, first: i32, second: i32) -> (i32, i32) {
        self.even.copy_within(1.., 0);
        self.odd.copy_within(1.., 0);
        self.even[11] = first;
        self.odd[11] = second;
        let sum = |memory: &[i32; 12], taps: &[i32; 12]| -> i32 {
            memory.iter().zip(taps).map(|(m, t)| m * t).sum()
        };
        (sum(&self.even, &FILTER), sum(&self.odd, &tables::FILTER_REVERSED))
    }

    fn encode_pair(&mut self, first: i16, second: i16) -> u8 {
        let (even, odd) = self.filter(i32::from(first), i32::from(second));
        let (low, high) = ((odd + even) >> 14, (odd - even) >> 14);

        let error = saturate(low - self.low.prediction());
        let magnitude = if error < 0 { !error } else { error };
        let scale = self.low.scale();
        let above = |t: &i32| i32::from(magnitude >= (t * scale) >> 12);
        let step = LOW_THRESHOLDS.iter().map(above).sum::<i32>() as usize;
        let low_code = LOW_CODES[usize::from(error >= 0)][step.min(29)];
        self.update_low(low_code);

        let error = saturate(high - self.high.prediction());
        let magnitude = if error < 0 { !error } else { error };
        let outer = magnitude >= (564 * self.high.scale()) >> 12;
        let high_code = (u8::from(error >= 0) << 1) | u8::from(!outer);
        self.update_high(high_code);
        (high_code << 6) | low_code
    }

    fn decode_byte(&mut self, byte: u8) -> [i16; 2] {
        let (low_code, high_code) = (byte & 63, byte >> 6);
        let fine = (self.low.scale() * LOW_FINE_LEVELS[usize::from(low_code)]) >> 15;
        let low = (self.low.prediction() + fine).clamp(-16384, 16383);
        self.update_low(low_code);
        let prediction = self.high.prediction();
        let high = (prediction + self.update_high(high_code)).clamp(-16384, 16383);
        let (even, odd) = self.filter(low + high, low - high);
        [saturate(odd >> 11) as i16, saturate(even >> 11) as i16]
    }

    /// The lower band adapts by the upper 4 of its 6 bits.
    fn update_low(&mut self, code: u8) {
        let coarse = usize::from(code >> 2);
        let difference = (self.low.scale() * LOW_LEVELS[coarse]) >> 15;
        self.low.adapt_scale(tables::LOW_STEPS[coarse], 18432, 8);
        self.low.adapt_predictor(difference);
    }

    /// Returns the quantised difference.
    fn update_high(&mut self, code: u8) -> i32 {
        let code = usize::from(code & 3);
        let difference = (self.high.scale() * HIGH_LEVELS[code]) >> 15;
        self.high.adapt_scale(tables::HIGH_STEPS[code], 22528, 10);
        self.high.adapt_predictor(difference);
        difference
    }

    /// The state as bytes, 16 bits little endian each: lower band, upper band, filter.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; STATE_BYTES] {
        let bands = self.low.words().into_iter().chain(self.high.words());
        let words = bands.chain(self.even).chain(self.odd);
        let mut bytes = [0; STATE_BYTES];
        for (to, word) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(words) {
            // Every word of the state is saturated to 16 bits.
            *to = (word as i16).to_le_bytes();
        }
        bytes
    }

    /// What [`Self::to_bytes`] gave; `None` for another length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; STATE_BYTES] = bytes.try_into().ok()?;
        let mut words = bytes.as_chunks::<2>().0.iter().map(|&w| i32::from(i16::from_le_bytes(w)));
        let mut next = || words.next().unwrap_or(0);
        Some(Self {
            low: Band::from_words(&mut next),
            high: Band::from_words(&mut next),
            even: std::array::from_fn(|_| next()),
            odd: std::array::from_fn(|_| next()),
        })
    }
}
