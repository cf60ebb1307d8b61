//! Dither: noise of two steps' width (triangular) in front of rounding to 16 bits, by which what lies under the
//! last bit stays audible and no error follows the sound.
//!
//! The noise is a function of a frame's place, never of what came before: a segment has the bits of a run from
//! the start.

/// Steps of 16 bits in full scale.
const STEPS: f32 = 32768.0;

/// Rounds the samples of one channel to 16 bits, the first of them frame `first` of the whole. Those that 16 bits hold
/// stay as they are, so silence is silent and 16-bit material in a wider coding comes back exactly.
pub fn to_16_bits(samples: &mut [f32], channel: usize, first: u64) {
    for (frame, sample) in (first..).zip(samples) {
        let steps = *sample * STEPS;
        if steps != steps.trunc() {
            let shaken = steps + noise(frame, channel);
            *sample = (shaken + 0.5_f32.copysign(shaken)).trunc() / STEPS;
        }
    }
}

/// Between −1 and 1, those near 0 the likelier.
fn noise(frame: u64, channel: usize) -> f32 {
    // The mixing of splitmix64: neighbours have nothing in common.
    let mut x = (frame << 1 ^ channel as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 31;
    let even = |bits: u64| (bits & 0xff_ffff) as f32 / 16_777_216.0;
    even(x) - even(x >> 32)
}
