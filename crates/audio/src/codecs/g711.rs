//! G.711 mu-law and A-law ↔ 16-bit samples (ITU-T G.711), byte for byte as ffmpeg does it.
//!
//! Encoding looks at the upper 14 bits of a sample (rounded down) and takes the nearest level; the
//! borders between levels are in the same 14-bit units.

/// Which of the two laws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// Mu-law (North America, Japan).
    Mu,
    /// A-law (elsewhere).
    A,
}

impl Law {
    /// 16-bit value of each code.
    #[must_use]
    pub fn levels(self) -> &'static [i16; 256] {
        match self {
            Self::Mu => &MU_LEVELS,
            Self::A => &A_LEVELS,
        }
    }

    /// The same as [`Self::levels`] in the scale of [`crate::Planar`].
    #[must_use]
    pub fn samples(self) -> &'static [f32; 256] {
        match self {
            Self::Mu => &MU_SAMPLES,
            Self::A => &A_SAMPLES,
        }
    }

    /// Codes of all samples: the index is [`code_index`].
    #[must_use]
    pub fn codes(self) -> &'static [u8; 16384] {
        match self {
            Self::Mu => &MU_CODES,
            Self::A => &A_CODES,
        }
    }
}

/// Where a sample's code stands in [`Law::codes`].
#[must_use]
pub fn code_index(sample: i16) -> usize {
    ((i32::from(sample) + 32768) >> 2) as usize
}

static MU_LEVELS: [i16; 256] = levels(Law::Mu);
static A_LEVELS: [i16; 256] = levels(Law::A);
static MU_SAMPLES: [f32; 256] = samples(Law::Mu);
static A_SAMPLES: [f32; 256] = samples(Law::A);
static MU_CODES: [u8; 16384] = codes(Law::Mu);
static A_CODES: [u8; 16384] = codes(Law::A);

/// Bits that are inverted on the line, with the sign bit set for a positive sample.
const fn mask(law: Law) -> u8 {
    match law {
        Law::Mu => 0xff,
        Law::A => 0xd5,
    }
}

/// Magnitude of the level with that number (0 to 127) in 16-bit units.
const fn magnitude(law: Law, number: u8) -> i32 {
    let exponent = (number >> 4) as i32;
    let mantissa = (number & 15) as i32;
    match law {
        Law::Mu => (((mantissa << 3) + 132) << exponent) - 132,
        Law::A if exponent == 0 => (mantissa << 4) + 8,
        Law::A => ((mantissa << 4) + 264) << (exponent - 1),
    }
}

const fn levels(law: Law) -> [i16; 256] {
    let mut table = [0; 256];
    let mut number = 0;
    while number < 128 {
        let level = magnitude(law, number) as i16;
        table[(number ^ mask(law)) as usize] = level;
        table[(number ^ mask(law) ^ 0x80) as usize] = -level;
        number += 1;
    }
    table
}

const fn samples(law: Law) -> [f32; 256] {
    let levels = levels(law);
    let mut table = [0.0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = levels[code] as f32 / 32768.0;
        code += 1;
    }
    table
}

const fn codes(law: Law) -> [u8; 16384] {
    let mut table = [mask(law); 16384];
    let mut number = 0;
    let mut distance = 1;
    while distance <= 8192 {
        // The next level is nearer from here on.
        while number < 127
            && distance >= (magnitude(law, number) + magnitude(law, number + 1) + 4) >> 3
        {
            number += 1;
        }
        let positive = number ^ mask(law);
        table[(8192 - distance) as usize] = positive ^ 0x80;
        if distance < 8192 {
            table[(8192 + distance) as usize] = positive;
        }
        distance += 1;
    }
    table
}
