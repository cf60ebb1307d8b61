//! The part of an excitation that its pitch foretells: what was one period ago, through three taps.

use super::spectra::{GAINS, GAINS_FINE};
use crate::codecs::aac::Bits;

/// Samples of a quarter of a frame.
pub const QUARTER: usize = 40;

/// The shortest period, in samples, and the longest.
const SHORTEST: usize = 17;
pub const LONGEST: usize = 144;

/// Bits of a period.
const PERIOD_BITS: usize = 7;

/// The loudest that a foretold sample may be.
const LOUDEST: f32 = 32_000.0;

/// Codebooks of the three taps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gains {
    /// 32 rows.
    Coarse,
    /// 128 rows.
    Fine,
}

/// How a mode codes pitch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pitch {
    /// A frame has one period and one tap.
    Forced,
    /// A frame has one period, its quarters have taps.
    Common,
    /// Each quarter has both.
    Each(Gains),
}

/// What all quarters of a frame have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FramePitch {
    pub period: usize,
    pub gain: f32,
}

impl FramePitch {
    /// Reads it.
    pub fn read(pitch: Pitch, bits: &mut Bits<'_>) -> Option<Self> {
        let period = match pitch {
            Pitch::Each(_) => 0,
            _ => SHORTEST + bits.take(PERIOD_BITS)? as usize,
        };
        let gain = if pitch == Pitch::Forced { 0.066_667 * bits.take(4)? as f32 } else { 0.0 };
        Some(Self { period, gain })
    }
}

impl Pitch {
    /// A quarter's period and taps, of the sample after, at, and before it.
    pub fn take(self, common: &FramePitch, bits: &mut Bits<'_>) -> Option<(usize, [f32; 3])> {
        let (period, rows, count) = match self {
            Self::Forced => return Some((common.period, [0.0, common.gain.min(0.99), 0.0])),
            Self::Common => (common.period, &GAINS[..], 5),
            Self::Each(Gains::Coarse) => {
                (SHORTEST + bits.take(PERIOD_BITS)? as usize, &GAINS[..], 5)
            }
            Self::Each(Gains::Fine) => {
                (SHORTEST + bits.take(PERIOD_BITS)? as usize, &GAINS_FINE[..], 7)
            }
        };
        let row = rows.as_chunks::<3>().0.get(bits.take(count)? as usize)?;
        Some((period, row.map(|gain| 0.015_625 * f32::from(gain) + 0.5)))
    }

    /// What the excitation before `from` foretells of the quarter there.
    pub fn foretell(
        self,
        period: usize,
        taps: &[f32; 3],
        excitation: &mut [f32],
        from: usize,
        out: &mut [f32; QUARTER],
    ) {
        if self == Self::Forced {
            for (at, out) in (from..).zip(out.iter_mut()) {
                // What was foretold a moment ago counts, too, where a period is shorter than a quarter.
                *out = excitation[at - period] * taps[1];
                excitation[at] = *out;
            }
        } else {
            for (tap, back) in taps.iter().rev().zip([period + 1, period, period - 1]) {
                // What lies within the quarter is yet unknown: one more period back is taken for it.
                for (at, out) in out.iter_mut().enumerate().take(back + period) {
                    let back = if at < back { back } else { back + period };
                    *out += tap * excitation[from + at - back];
                }
            }
        }
        for value in out {
            *value = if value.is_nan() { 0.0 } else { value.clamp(-LOUDEST, LOUDEST) };
        }
    }
}
