//! The pitch of a quarter: how far back the last period is, and how much of it is in this one
//! (EN 300 961 §5.2.11, 5.2.12 and 5.3.2).

use super::arithmetic::{mult, mult_r, norm, sub};
use super::{HISTORY, QUARTER};
use wide::{i16x8, i32x4};

/// Gains as they are coded, and the borders between them.
const GAINS: [i16; 4] = [3277, 11469, 21299, 32767];
const BORDERS: [i16; 3] = [6554, 16384, 26214];

/// The shortest and the longest period.
const SHORTEST: usize = 40;
const LONGEST: usize = 120;

/// Vectors that a quarter fills.
const VECTORS: usize = QUARTER / 8;

/// The period that is most like a quarter, and its gain, both as coded.
pub fn find(quarter: &[i16; QUARTER], history: &[i16; HISTORY]) -> (u8, u8) {
    let largest = quarter.iter().map(|s| s.saturating_abs()).max().unwrap_or(0);
    let spare = if largest == 0 { 0 } else { norm(i32::from(largest) << 16) };
    let scale = if spare > 6 { 0 } else { 6 - spare };
    let scaled = quarter.map(|now| now >> scale);
    let now: [i16x8; VECTORS] = std::array::from_fn(|i| i16x8::new(scaled.as_chunks().0[i]));
    let (mut lag, mut best) = (SHORTEST, 0);
    for candidate in SHORTEST..=LONGEST {
        let past = history[HISTORY - candidate..][..QUARTER].as_chunks().0;
        let parts = now.iter().zip(past).map(|(now, then)| now.dot(i16x8::new(*then)));
        let sum = parts.fold(i32x4::ZERO, |sum, part| sum + part).reduce_add();
        if sum > best {
            (lag, best) = (candidate, sum);
        }
    }
    let likeness = (best << 1) >> (6 - scale);
    let past = &history[HISTORY - lag..][..QUARTER];
    let power: i32 = past.iter().map(|s| i32::from(s >> 3).pow(2)).sum::<i32>() << 1;
    (lag as u8, gain(likeness, power))
}

fn gain(likeness: i32, power: i32) -> u8 {
    if likeness <= 0 {
        return 0;
    }
    if likeness >= power {
        return 3;
    }
    let shift = norm(power);
    let (likeness, power) = (((likeness << shift) >> 16) as i16, ((power << shift) >> 16) as i16);
    BORDERS.iter().take_while(|border| likeness > mult(power, **border)).count() as u8
}

/// What the last period foretells of a quarter.
pub fn predict(lag: usize, gain: u8, history: &[i16; HISTORY]) -> [i16; QUARTER] {
    let past = &history[HISTORY - lag.clamp(SHORTEST, LONGEST)..];
    let gain = GAINS[usize::from(gain & 3)];
    std::array::from_fn(|i| mult_r(gain, past[i]))
}

/// Whether a coded period can be.
pub fn is_possible(lag: u8) -> bool {
    (SHORTEST..=LONGEST).contains(&usize::from(lag))
}

/// What is left of a quarter.
pub fn residual(quarter: &[i16; QUARTER], predicted: &[i16; QUARTER]) -> [i16; QUARTER] {
    std::array::from_fn(|i| sub(quarter[i], predicted[i]))
}

/// Puts a quarter behind the history.
pub fn remember(history: &mut [i16; HISTORY], quarter: &[i16; QUARTER]) {
    history.copy_within(QUARTER.., 0);
    history[HISTORY - QUARTER..].copy_from_slice(quarter);
}
