//! The filter of the vocal tract: eight reflection coefficients, coded as log-area ratios, and the
//! lattice that takes them out of a signal or puts them back (EN 300 961 §5.2.4 to 5.2.10, 5.3.2 and 5.3.3).

use super::FRAME;
use super::arithmetic::{add, div, mult, mult_r, norm, sub};

/// Each ratio is coded as A·r + B in whole numbers from `LEAST` to `MOST`; `INVERSE` is 1 / A.
const A: [i16; 8] = [20480, 20480, 20480, 20480, 13964, 15360, 8534, 9036];
const B: [i16; 8] = [0, 0, 2048, -2560, 94, -1792, -341, -1144];
const INVERSE: [i16; 8] = [13107, 13107, 13107, 13107, 19223, 17476, 31454, 29708];
const LEAST: [i16; 8] = [-32, -32, -16, -16, -8, -8, -4, -4];
const MOST: [i16; 8] = [31, 31, 15, 15, 7, 7, 3, 3];

/// Where the samples end over which the ratios go from the last frame's to this one's.
const STEPS: [usize; 4] = [13, 27, 40, FRAME];

/// The ratios of a frame that was analysed. The samples may lose bits, as the standard wants it.
pub fn analyse(samples: &mut [i16; FRAME]) -> [u8; 8] {
    let reflections = reflections(&autocorrelation(samples));
    std::array::from_fn(|i| {
        let scaled = add(mult(A[i], log_area(reflections[i])), B[i]);
        let rounded = add(scaled, 256) >> 9;
        (rounded.clamp(LEAST[i], MOST[i]) - LEAST[i]) as u8
    })
}

fn autocorrelation(samples: &mut [i16; FRAME]) -> [i32; 9] {
    let largest = samples.iter().map(|s| s.saturating_abs()).max().unwrap_or(0);
    let scale = if largest == 0 { 0 } else { 4 - norm(i32::from(largest) << 16) };
    if scale > 0 {
        let factor = 16384 >> (scale - 1);
        samples.iter_mut().for_each(|s| *s = mult_r(*s, factor));
    }
    let sums = std::array::from_fn(|lag| {
        let pairs = samples[lag..].iter().zip(samples.iter());
        let sum: i32 = pairs.map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
        sum << 1
    });
    if scale > 0 {
        samples.iter_mut().for_each(|s| *s <<= scale);
    }
    sums
}

/// Schur's recursion.
fn reflections(sums: &[i32; 9]) -> [i16; 8] {
    let mut reflections = [0; 8];
    if sums[0] == 0 {
        return reflections;
    }
    let shift = norm(sums[0]);
    let mut p: [i16; 9] = std::array::from_fn(|i| ((sums[i] << shift) >> 16) as i16);
    let mut k = p;
    for (n, reflection) in reflections.iter_mut().enumerate() {
        let magnitude = p[1].saturating_abs();
        if p[0] < magnitude {
            break;
        }
        let quotient = div(magnitude, p[0]);
        let r = if p[1] > 0 { -quotient } else { quotient };
        *reflection = r;
        p[0] = add(p[0], mult_r(p[1], r));
        for m in 1..8 - n {
            p[m] = add(p[m + 1], mult_r(k[m], r));
            k[m] = add(k[m], mult_r(p[m + 1], r));
        }
    }
    reflections
}

/// About log((1 + r) / (1 - r)), in straight pieces.
fn log_area(reflection: i16) -> i16 {
    let magnitude = reflection.saturating_abs();
    let ratio = match magnitude {
        0..22118 => magnitude >> 1,
        22118..31130 => magnitude - 11059,
        _ => (magnitude - 26112) << 2,
    };
    if reflection < 0 { -ratio } else { ratio }
}

/// The way back.
fn reflection(ratio: i16) -> i16 {
    let magnitude = ratio.saturating_abs();
    let reflection = match magnitude {
        0..11059 => magnitude << 1,
        11059..20070 => magnitude + 11059,
        _ => add(magnitude >> 2, 26112),
    };
    if ratio < 0 { -reflection } else { reflection }
}

/// Words of a lattice.
pub const WORDS: usize = 8 + 9;

/// The lattice of one direction, with the ratios of the frame before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lattice {
    ratios: [i16; 8],
    memory: [i16; 9],
}

impl Lattice {
    /// All of it, as words.
    pub fn words(&self) -> impl Iterator<Item = i16> {
        self.ratios.into_iter().chain(self.memory)
    }

    /// What [`Self::words`] gave.
    pub fn from_words(next: &mut impl FnMut() -> i16) -> Self {
        Self { ratios: std::array::from_fn(|_| next()), memory: std::array::from_fn(|_| next()) }
    }

    /// Replaces a signal by what the filter leaves of it.
    pub fn take_out(&mut self, ratios: &[u8; 8], samples: &mut [i16; FRAME]) {
        self.run(ratios, samples, |memory, reflections, sample| {
            let (mut kept, mut left) = (sample, sample);
            for (state, &r) in memory.iter_mut().zip(reflections) {
                let before = std::mem::replace(state, kept);
                kept = add(before, mult_r(r, left));
                left = add(left, mult_r(r, before));
            }
            left
        });
    }

    /// Replaces what the filter left by the signal.
    pub fn put_back(&mut self, ratios: &[u8; 8], samples: &mut [i16; FRAME]) {
        self.run(ratios, samples, |memory, reflections, sample| {
            let mut signal = sample;
            for (i, &r) in reflections.iter().enumerate().rev() {
                signal = sub(signal, mult_r(r, memory[i]));
                memory[i + 1] = add(memory[i], mult_r(r, signal));
            }
            memory[0] = signal;
            signal
        });
    }

    fn run(
        &mut self,
        coded: &[u8; 8],
        samples: &mut [i16; FRAME],
        each: impl Fn(&mut [i16; 9], &[i16; 8], i16) -> i16,
    ) {
        let ratios: [i16; 8] = std::array::from_fn(|i| {
            let whole = add(i16::from(coded[i]), LEAST[i]) << 10;
            let ratio = mult_r(INVERSE[i], sub(whole, B[i] << 1));
            add(ratio, ratio)
        });
        let mut start = 0;
        for (step, end) in STEPS.into_iter().enumerate() {
            let reflections = std::array::from_fn(|i| {
                let (old, new) = (self.ratios[i], ratios[i]);
                reflection(match step {
                    0 => add(add(old >> 2, new >> 2), old >> 1),
                    1 => add(old >> 1, new >> 1),
                    2 => add(add(old >> 2, new >> 2), new >> 1),
                    _ => new,
                })
            });
            for sample in &mut samples[start..end] {
                *sample = each(&mut self.memory, &reflections, *sample);
            }
            start = end;
        }
        self.ratios = ratios;
    }
}
