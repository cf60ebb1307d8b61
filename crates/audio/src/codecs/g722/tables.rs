//! The tables of ITU-T G.722, and what follows from them.

/// Half of the symmetric 24-tap filter that splits and joins the bands (table 11), padded with zeros.
pub const FILTER: [[i16; 8]; 2] =
    [[3, -11, 12, 32, -210, 951, 3876, -805], [362, -156, 53, -11, 0, 0, 0, 0]];

/// The other half.
pub const FILTER_REVERSED: [[i16; 8]; 2] =
    [[-11, 53, -156, 362, -805, 3876, 951, -210], [32, 12, -11, 3, 0, 0, 0, 0]];

/// Greatest logarithm of the lower band's scale.
pub const LOW_MOST: i32 = 18432;

/// Greatest logarithm of the upper band's scale.
pub const HIGH_MOST: i32 = 22528;

/// Scales of the lower band by its logarithm / 64.
pub static LOW_SCALES: [i32; (LOW_MOST >> 6) as usize + 1] = scales(8);

/// Scales of the upper band by its logarithm / 64.
pub static HIGH_SCALES: [i32; (HIGH_MOST >> 6) as usize + 1] = scales(10);

/// For each scale of the lower band, the errors up to which the quantiser takes each step; those past
/// the last are out of reach.
pub static LOW_LIMITS: [[[i16; 16]; 2]; LOW_SCALES.len()] = low_limits();

/// What a code of the lower band stands for.
#[derive(Clone, Copy)]
pub struct LowLevel {
    /// The code itself.
    pub code: u8,
    /// The level that adapts the predictor, by the upper 4 bits, in 32768ths of the scale.
    pub level: i32,
    /// The level that is heard, by all 6 bits, in 32768ths of the scale.
    pub fine: i32,
    /// Step of the scale's logarithm.
    pub log_step: i32,
}

/// By the code.
pub static LOW_BY_CODE: [LowLevel; 64] = low_by_code();

/// By the quantiser's step; 32 more for negative errors.
pub static LOW_BY_STEP: [LowLevel; 64] = low_by_step();

/// Level of the upper band, in 32768ths of the scale, and step of its logarithm, by the code.
pub static HIGH_STEPS: [(i32, i32); 4] = [(-7408, 798), (-1616, -214), (7408, 798), (1616, -214)];

/// Decision levels of the lower band's 60-level quantiser, in 4096ths of the scale.
const LOW_THRESHOLDS: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023,
    1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];

/// Codes by decision level, of errors from 0 up.
const LOW_CODES: [u8; 30] = [
    61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38,
    37, 36, 35, 34, 33, 32,
];

/// Levels by the upper 4 bits of a code.
const LOW_LEVELS: [i32; 16] = [
    0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584,
    1200, 0,
];

/// Levels by all 6 bits.
const LOW_FINE_LEVELS: [i32; 64] = [
    -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232,
    -9360, -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776,
    -2400, -2032, -1688, -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280,
    11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776,
    2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
];

/// Steps of the logarithmic scale by the upper 4 bits of a code.
const LOW_STEPS: [i32; 16] =
    [-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60];

/// 2048 · 2^(i/32).
const SCALES: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
    2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];

const fn scales<const N: usize>(exponent: i32) -> [i32; N] {
    let mut table = [0; N];
    let mut i = 0;
    while i < N {
        let shift = exponent - (i >> 5) as i32;
        let mantissa = SCALES[i & 31];
        table[i] = if shift < 0 { mantissa << -shift } else { mantissa >> shift } << 2;
        i += 1;
    }
    table
}

const fn low_limits() -> [[[i16; 16]; 2]; LOW_SCALES.len()] {
    let mut table = [[[i16::MAX; 16]; 2]; LOW_SCALES.len()];
    let mut scale = 0;
    while scale < LOW_SCALES.len() {
        let mut step = 0;
        while step < LOW_THRESHOLDS.len() {
            table[scale][step / 16][step % 16] =
                (((LOW_THRESHOLDS[step] * LOW_SCALES[scale]) >> 12) - 1) as i16;
            step += 1;
        }
        scale += 1;
    }
    table
}

const fn low_level(code: u8) -> LowLevel {
    let coarse = (code >> 2) as usize;
    let (level, fine) = (LOW_LEVELS[coarse], LOW_FINE_LEVELS[code as usize]);
    LowLevel { code, level, fine, log_step: LOW_STEPS[coarse] }
}

const fn low_by_code() -> [LowLevel; 64] {
    let mut table = [low_level(0); 64];
    let mut code = 0;
    while code < 64 {
        table[code] = low_level(code as u8);
        code += 1;
    }
    table
}

const fn low_by_step() -> [LowLevel; 64] {
    let mut table = [low_level(0); 64];
    let mut step = 0;
    while step < LOW_CODES.len() {
        table[step] = low_level(LOW_CODES[step]);
        // Those of negative errors: 63 and 62, then from 31 down.
        let negative = if step < 2 { 63 - step } else { 33 - step };
        table[32 + step] = low_level(negative as u8);
        step += 1;
    }
    table
}
