//! G.722 at 64 kbit/s ↔ 16-bit samples at 16 kHz (ITU-T G.722), with a state that can be saved.
//!
//! Two samples a byte: a pair of filters splits them into two bands, each coded by a predictor and an
//! adaptive quantiser; 6 bits for the lower band, 2 for the upper. The filters have no feedback and
//! run over whole blocks; the two bands' recursions run side by side.

mod bands;
mod tables;

use bands::{Bands, firsts, of_pair};
use tables::{FILTER, FILTER_REVERSED, HIGH_MOST, HIGH_SCALES, HIGH_STEPS};
use tables::{LOW_BY_CODE, LOW_BY_STEP, LOW_LIMITS, LOW_MOST, LOW_SCALES, LowLevel};
use wide::{i8x16, i16x8, i16x16, i32x4};

/// Samples per second.
pub const RATE_HZ: u32 = 16000;

/// Length of [`State::to_bytes`].
pub const STATE_BYTES: usize = 2 * (bands::WORDS + 2 + 2 * MEMORY);

/// Samples of even and of odd place that the filter remembers.
const MEMORY: usize = 12;

/// Bytes coded at a time.
const BLOCK: usize = 256;

/// State of an encoder or a decoder: flat, cheap to copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    coder: Coder,
    /// The filter's last samples of even and of odd place, oldest first.
    even: [i16; MEMORY],
    odd: [i16; MEMORY],
}

/// The samples of a block at even and at odd places, behind those that the filter remembers.
struct Window {
    even: [i16; MEMORY + BLOCK + PADDING],
    odd: [i16; MEMORY + BLOCK + PADDING],
}

/// The filter's taps fill a vector and a half; the second half of the second are zeros.
const PADDING: usize = 16 - MEMORY;

impl Window {
    /// The filter's two sums for each of the first `count` places.
    #[inline(always)]
    fn sums(&self, count: usize, mut take: impl FnMut(usize, i32, i32)) {
        let sum = |samples: &[i16], taps: &[i16x8; 2]| -> i32 {
            let (vectors, _) = samples.as_chunks::<8>();
            let parts = vectors.iter().zip(taps).map(|(&v, &t)| i16x8::new(v).dot(t));
            parts.fold(i32x4::ZERO, |sum, part| sum + part).reduce_add()
        };
        let taps = [FILTER, FILTER_REVERSED].map(|taps| taps.map(i16x8::new));
        for at in 0..count.min(BLOCK) {
            let reach = at + 1..at + 17;
            let (even, odd) = (&self.even[reach.clone()], &self.odd[reach]);
            take(at, sum(even, &taps[0]), sum(odd, &taps[1]));
        }
    }
}

/// Both bands: the predictors and the logarithms of the quantisers' scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Coder {
    bands: Bands,
    low_log: i32,
    high_log: i32,
}

impl Default for State {
    fn default() -> Self {
        let coder = Coder { bands: Bands::new(), low_log: 0, high_log: 0 };
        Self { coder, even: [0; MEMORY], odd: [0; MEMORY] }
    }
}

impl State {
    /// Encodes pairs of samples, one byte each, appended to `out`; an odd last sample is left out.
    pub fn encode(&mut self, samples: &[i16], out: &mut Vec<u8>) {
        let (pairs, _) = samples.as_chunks::<2>();
        let (mut low, mut high) = ([0; BLOCK], [0; BLOCK]);
        for pairs in pairs.chunks(BLOCK) {
            let mut window = self.window();
            for (at, &[even, odd]) in pairs.iter().enumerate() {
                (window.even[MEMORY + at], window.odd[MEMORY + at]) = (even, odd);
            }
            window.sums(pairs.len(), |at, even, odd| {
                // Both fit 16 bits: the taps' sizes add up to less than 16384.
                (low[at], high[at]) = (((odd + even) >> 14) as i16, ((odd - even) >> 14) as i16);
            });
            self.remember(&window, pairs.len());
            // A copy, so that it lives in registers.
            let mut coder = self.coder;
            let mut bytes = [0; BLOCK];
            for ((&low, &high), byte) in low.iter().zip(&high).zip(&mut bytes[..pairs.len()]) {
                *byte = coder.encode(low, high);
            }
            out.extend_from_slice(&bytes[..pairs.len()]);
            self.coder = coder;
        }
    }

    /// Decodes bytes to two samples each, appended to `out`.
    pub fn decode(&mut self, bytes: &[u8], out: &mut Vec<i16>) {
        for bytes in bytes.chunks(BLOCK) {
            let mut window = self.window();
            let mut coder = self.coder;
            for (at, &byte) in bytes.iter().enumerate() {
                let [low, high] = coder.decode(byte);
                // Both fit 15 bits.
                window.even[MEMORY + at] = (low + high) as i16;
                window.odd[MEMORY + at] = (low - high) as i16;
            }
            self.coder = coder;
            let heard = |sum: i32| (sum >> 11).clamp(-32768, 32767) as i16;
            window.sums(bytes.len(), |_, even, odd| out.extend([heard(odd), heard(even)]));
            self.remember(&window, bytes.len());
        }
    }

    fn window(&self) -> Window {
        let mut window =
            Window { even: [0; MEMORY + BLOCK + PADDING], odd: [0; MEMORY + BLOCK + PADDING] };
        window.even[..MEMORY].copy_from_slice(&self.even);
        window.odd[..MEMORY].copy_from_slice(&self.odd);
        window
    }

    fn remember(&mut self, window: &Window, count: usize) {
        self.even.copy_from_slice(&window.even[count..count + MEMORY]);
        self.odd.copy_from_slice(&window.odd[count..count + MEMORY]);
    }

    /// The state as bytes, 16 bits little endian each: predictors, scales, filter.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; STATE_BYTES] {
        let Coder { bands, low_log, high_log } = self.coder;
        let words = bands.words().into_iter().chain([low_log as i16, high_log as i16]);
        let words = words.chain(self.even).chain(self.odd);
        let mut bytes = [0; STATE_BYTES];
        for (to, word) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(words) {
            *to = word.to_le_bytes();
        }
        bytes
    }

    /// What [`Self::to_bytes`] gave; `None` for another length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; STATE_BYTES] = bytes.try_into().ok()?;
        let mut words = bytes.as_chunks::<2>().0.iter().map(|&w| i16::from_le_bytes(w));
        let mut next = || words.next().unwrap_or(0);
        let bands = Bands::from_words(&mut next);
        // Within their tables, even in a damaged state.
        let low_log = i32::from(next()).clamp(0, LOW_MOST);
        let high_log = i32::from(next()).clamp(0, HIGH_MOST);
        Some(Self {
            coder: Coder { bands, low_log, high_log },
            even: std::array::from_fn(|_| next()),
            odd: std::array::from_fn(|_| next()),
        })
    }
}

impl Coder {
    #[inline(always)]
    fn encode(&mut self, low: i16, high: i16) -> u8 {
        let predicted = self.bands.predictions();
        let errors = of_pair([low, high]).saturating_sub(predicted);
        let signs: i16x8 = errors >> 15;
        let magnitudes = errors ^ signs;
        let [low_sign, high_sign] = firsts(signs);
        let [low_magnitude, high_magnitude] = firsts(magnitudes);

        let limits = &LOW_LIMITS[(self.low_log >> 6) as usize];
        let step = passed(limits, low_magnitude);
        let level = &LOW_BY_STEP[(low_sign & 32) as usize + step as usize];

        let outer = (564 * HIGH_SCALES[(self.high_log >> 6) as usize]) >> 12;
        let high_code = ((high_sign + 1) << 1) as u8 | u8::from(i32::from(high_magnitude) < outer);
        self.adapt(level, high_code);
        (high_code << 6) | level.code
    }

    /// The two bands' samples, of 15 bits each.
    #[inline(always)]
    fn decode(&mut self, byte: u8) -> [i32; 2] {
        let [low_predicted, high_predicted] = firsts(self.bands.predictions()).map(i32::from);
        let level = &LOW_BY_CODE[usize::from(byte & 63)];
        let low = low_predicted + ((LOW_SCALES[(self.low_log >> 6) as usize] * level.fine) >> 15);
        let [_, difference] = self.adapt(level, byte >> 6);
        let high = high_predicted + i32::from(difference);
        [low.clamp(-16384, 16383), high.clamp(-16384, 16383)]
    }

    /// Takes the codes in; gives the quantised differences.
    #[inline(always)]
    fn adapt(&mut self, low: &LowLevel, high_code: u8) -> [i16; 2] {
        let (high_level, high_step) = HIGH_STEPS[usize::from(high_code & 3)];
        let low_scale = LOW_SCALES[(self.low_log >> 6) as usize];
        let high_scale = HIGH_SCALES[(self.high_log >> 6) as usize];
        // The scales are at most 16384: both fit 16 bits.
        let differences =
            [(low_scale * low.level) >> 15, (high_scale * high_level) >> 15].map(|d| d as i16);
        // The logarithms decay by 1/128.
        self.low_log = (((self.low_log * 127) >> 7) + low.log_step).clamp(0, LOW_MOST);
        self.high_log = (((self.high_log * 127) >> 7) + high_step).clamp(0, HIGH_MOST);
        self.bands.adapt(differences);
        differences
    }
}

/// How many of the limits, in ascending order, an error passes: never all of them.
#[inline(always)]
fn passed(limits: &[[i16; 16]; 2], magnitude: i16) -> u32 {
    let [few, many] = limits.map(|limits| {
        let passed = i16x16::splat(magnitude).simd_gt(i16x16::new(limits));
        i8x16::from_i16x16_saturate(passed).to_bitmask()
    });
    (few | many << 16).trailing_ones()
}
