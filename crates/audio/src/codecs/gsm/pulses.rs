//! What filter and pitch leave of a quarter: every third sample of it, in three bits each with a common
//! size (EN 300 961 §5.2.13 to 5.2.17).

use super::arithmetic::{add, mult, mult_r, saturate, shift_left, shift_right, sub};
use super::{QUARTER, Quarter};

/// The weights of the filter before samples are left out.
const WEIGHTS: [i32; 11] = [-134, -374, 0, 2054, 5741, 8192, 5741, 2054, 0, -374, -134];

/// Factors of the sizes within an octave, and their inverses.
const FACTORS: [i16; 8] = [18431, 20479, 22527, 24575, 26623, 28671, 30719, 32767];
const INVERSES: [i16; 8] = [29128, 26215, 23832, 21846, 20165, 18725, 17476, 16384];

/// Codes a residual: fills in the grid, the peak and the pulses.
pub fn code(residual: &[i16; QUARTER], quarter: &mut Quarter) {
    let weighted = weigh(residual);
    let grid = strongest_grid(&weighted);
    let pulses: [i16; 13] = std::array::from_fn(|i| weighted[grid + 3 * i]);
    let largest = pulses.iter().map(|p| p.saturating_abs()).max().unwrap_or(0);
    let mut octave = 0;
    while octave < 6 && largest >> (9 + octave) > 0 {
        octave += 1;
    }
    quarter.grid = grid as u8;
    quarter.peak = ((largest >> (octave + 5)) + (octave << 3)) as u8;
    let (exponent, mantissa) = size(quarter.peak);
    let inverse = INVERSES[mantissa];
    for (code, pulse) in quarter.pulses.iter_mut().zip(pulses) {
        let scaled = mult(shift_left(pulse, 6 - exponent), inverse) >> 12;
        *code = (scaled + 4) as u8;
    }
}

fn weigh(residual: &[i16; QUARTER]) -> [i16; QUARTER] {
    // Silence is on both sides.
    let mut padded = [0; QUARTER + WEIGHTS.len() - 1];
    padded[WEIGHTS.len() / 2..][..QUARTER].copy_from_slice(residual);
    let mut sums = [4096; QUARTER];
    for (i, weight) in WEIGHTS.iter().enumerate() {
        for (sum, sample) in sums.iter_mut().zip(&padded[i..]) {
            *sum += i32::from(*sample) * weight;
        }
    }
    sums.map(|sum| saturate(sum >> 13))
}

/// The first of the samples that are kept, so that as little as can be is lost.
fn strongest_grid(weighted: &[i16; QUARTER]) -> usize {
    let energy = |grid: usize| -> i32 {
        (0..13).map(|i| i32::from(weighted[grid + 3 * i] >> 2).pow(2)).sum()
    };
    let mut best = 0;
    for grid in 1..4 {
        if energy(grid) > energy(best) {
            best = grid;
        }
    }
    best
}

/// The octave and the step in it of a coded peak.
fn size(peak: u8) -> (i16, usize) {
    let peak = i16::from(peak);
    let mut exponent = if peak > 15 { (peak >> 3) - 1 } else { 0 };
    let mut mantissa = peak - (exponent << 3);
    if mantissa == 0 {
        return (-4, 7);
    }
    while mantissa <= 7 {
        mantissa = mantissa << 1 | 1;
        exponent -= 1;
    }
    (exponent, (mantissa - 8) as usize)
}

/// The residual that a quarter codes.
pub fn decode(quarter: &Quarter) -> [i16; QUARTER] {
    let (exponent, mantissa) = size(quarter.peak);
    let factor = FACTORS[mantissa & 7];
    let shift = sub(6, exponent);
    let rounding = shift_left(1, shift - 1);
    let mut residual = [0; QUARTER];
    for (i, code) in quarter.pulses.iter().enumerate() {
        let level = ((i16::from(*code) << 1) - 7) << 12;
        let scaled = add(mult_r(factor, level), rounding);
        residual[usize::from(quarter.grid & 3) + 3 * i] = shift_right(scaled, shift);
    }
    residual
}
