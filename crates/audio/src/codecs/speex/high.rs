//! A high band on top of a low one: wideband on narrowband, ultra-wideband on wideband. Its excitation is coded, or the
//! low band's innovation, folded over.

use super::filters::{AllPole, Join, loudness};
use super::innovation::{HIGH_OF_8_IN_128, HIGH_OF_10_IN_32, Noise, Shapes};
use super::narrow::Told;
use super::spectrum;
use crate::codecs::aac::Bits;

/// Nearest that two frequencies of a spectrum come, in radians.
const MARGIN: f32 = 0.05;

/// Gains of a coded innovation.
const GAINS: [f32; 16] = [
    0.979_79, 1.283_84, 1.682_23, 2.204_26, 2.888_29, 3.784_58, 4.959_00, 6.497_87, 8.514_28,
    11.156_42, 14.618_46, 19.154_84, 25.098_95, 32.887_61, 43.093_25, 56.465_88,
];

/// Bits of a mode, of a layer that is no more than passed over, by its mode; the flag and the mode counted.
pub const LAYER_BITS: [Option<usize>; 8] =
    [Some(4), Some(36), Some(112), Some(192), Some(352), None, None, None];

/// A decoder of the upper half of a band.
#[derive(Debug, Clone, PartialEq)]
pub struct High {
    /// Samples of a quarter.
    quarter: usize,
    /// How much of a folded innovation is taken.
    folding: f32,
    excitation: Vec<f32>,
    old: [f32; 8],
    lpc: [f32; 8],
    synthesis: AllPole<8>,
    noise: Noise,
    join: Join,
    is_first: bool,
    loudness: f32,
    pub told: Told,
}

impl High {
    /// A fresh one, on a low band with quarters of that many samples.
    #[must_use]
    pub fn new(quarter: usize, folding: f32) -> Self {
        Self {
            quarter,
            folding,
            excitation: vec![0.0; quarter],
            old: [0.0; 8],
            lpc: [0.0; 8],
            synthesis: AllPole::default(),
            noise: Noise::default(),
            join: Join::default(),
            is_first: true,
            loudness: 0.0,
            told: Told::nothing(8 * quarter),
        }
    }

    /// The samples of a frame of that mode whose lower half is given; `None` if there is no such mode, or too few bits.
    pub fn decode(
        &mut self,
        mode: u32,
        bits: &mut Bits<'_>,
        low: &[f32],
        told: &Told,
    ) -> Option<Vec<f32>> {
        self.told.is_silence = told.is_silence;
        let mut high = vec![0.0; low.len()];
        if mode == 0 {
            if told.is_silence {
                high.fill_with(|| self.noise.next(self.loudness));
            }
            self.is_first = true;
            self.synthesis.run(&self.lpc, &mut high);
            self.told.innovation.fill(0.0);
        } else {
            self.coded(mode, bits, told, &mut high)?;
        }
        let mut out = Vec::with_capacity(2 * low.len());
        self.join.run(low, &high, &mut out);
        Some(out)
    }

    fn coded(
        &mut self,
        mode: u32,
        bits: &mut Bits<'_>,
        told: &Told,
        out: &mut [f32],
    ) -> Option<()> {
        let shapes = match mode {
            1 => None,
            2 => Some(&HIGH_OF_10_IN_32),
            3 | 4 => Some(&HIGH_OF_8_IN_128),
            _ => return None,
        };
        let lsp = spectrum::high(bits)?;
        if self.is_first {
            self.old = lsp;
        }
        let mut energy = 0.0;
        for (at, samples) in out.chunks_mut(self.quarter).enumerate() {
            let part = (1.0 + at as f32) / 4.0;
            let lpc = spectrum::filter(&spectrum::between(&self.old, &lsp, part, MARGIN));
            self.told.at_the_edge[at] = spectrum::at_the_bottom(&lpc);
            let ratio = (told.at_the_edge[at] + 0.01) / (spectrum::at_the_top(&lpc) + 0.01);
            let below = &told.innovation[at * self.quarter..][..self.quarter];
            let mut excitation = match shapes {
                None => self.folded(bits, ratio, below)?,
                Some(shapes) => self.shaped(bits, shapes, mode == 4, told.loudness[at] / ratio)?,
            };
            let saved = &mut self.told.innovation[2 * at * self.quarter..][..2 * self.quarter];
            for (pair, new) in saved.chunks_mut(2).zip(&excitation) {
                pair.copy_from_slice(&[*new, 0.0]);
            }
            // The filter runs a quarter late, as that of the low band does.
            std::mem::swap(&mut self.excitation, &mut excitation);
            samples.copy_from_slice(&excitation);
            self.synthesis.run(&self.lpc, samples);
            self.lpc = lpc;
            self.told.loudness[at] = loudness(&self.excitation);
            energy += self.told.loudness[at] * self.told.loudness[at] / 4.0;
        }
        self.loudness = energy.sqrt();
        self.old = lsp;
        self.is_first = false;
        Some(())
    }

    /// The low band's innovation, every other sample turned over.
    fn folded(&self, bits: &mut Bits<'_>, ratio: f32, below: &[f32]) -> Option<Vec<f32>> {
        let gain = (0.125 * (bits.take(5)? as f32 - 10.0)).exp() / ratio;
        let signs = [1.0, -1.0].into_iter().cycle();
        Some(below.iter().zip(signs).map(|(s, sign)| sign * (self.folding * s * gain)).collect())
    }

    /// A coded innovation; `scale` makes it as loud as the low band is where both meet.
    fn shaped(
        &self,
        bits: &mut Bits<'_>,
        shapes: &Shapes,
        is_doubled: bool,
        scale: f32,
    ) -> Option<Vec<f32>> {
        let gain = 0.873_60 * GAINS.get(bits.take(4)? as usize)?;
        // The encoder divides by as much for quarters of that length.
        let gain = if self.quarter == 80 { std::f32::consts::SQRT_2 * gain } else { gain };
        let mut excitation = vec![0.0; self.quarter];
        shapes.add(bits, gain * scale, &mut excitation)?;
        if is_doubled {
            shapes.add(bits, 0.4 * gain * scale, &mut excitation)?;
        }
        Some(excitation)
    }
}
