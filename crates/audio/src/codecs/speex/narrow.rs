//! Narrowband, 8 kHz: 20 ms in four quarters, each an excitation (what the pitch foretells, and an innovation) through
//! an all-pole filter. The filter runs a quarter late, so that the comb before it can look ahead.

use super::comb;
use super::filters::{AllPole, HighPass, broadened, loudness};
use super::innovation::{
    Noise, OF_5_IN_64, OF_5_IN_256, OF_8_IN_128, OF_10_IN_16, OF_10_IN_32, OF_20_IN_32, Shapes,
};
use super::pitch::{FramePitch, Gains, LONGEST, Pitch, QUARTER};
use super::spectrum;
use super::vocoder::Vocoder;
use crate::codecs::aac::Bits;

/// Samples of a frame.
const FRAME: usize = 4 * QUARTER;

/// Samples of excitation kept before a frame, twice the longest pitch and more, and behind it.
const HISTORY: usize = 2 * LONGEST + QUARTER + 6;
const AHEAD: usize = 6;

/// Nearest that two frequencies of a spectrum come, in radians.
const MARGIN: f32 = 0.002;

/// How a frame is coded.
struct Mode {
    has_fine_spectrum: bool,
    pitch: Pitch,
    /// Gains of each quarter's innovation, of which bits name one; none where there is no choice.
    gains: &'static [f32],
    /// The innovation; noise if there is no codebook.
    shapes: Option<&'static Shapes>,
    /// Whether a second innovation follows the first.
    is_doubled: bool,
    /// How far the comb goes; none if it stays away.
    comb: Option<f32>,
}

const GAINS_OF_2: &[f32] = &[0.704_69, 1.051_27];
const GAINS_OF_8: &[f32] =
    &[0.061_130, 0.163_546, 0.310_413, 0.428_220, 0.555_887, 0.719_055, 0.938_694, 1.326_874];

const fn mode(
    pitch: Pitch,
    gains: &'static [f32],
    shapes: Option<&'static Shapes>,
    comb: f32,
) -> Mode {
    let has_fine_spectrum = gains.len() == 8;
    Mode { has_fine_spectrum, pitch, gains, shapes, is_doubled: false, comb: Some(comb) }
}

/// Mode 1 to 8; the voice coder of noise, and 5950, 8000, 11000, 15000, 18200, 24600, 3950 bit/s.
static MODES: [Mode; 8] = [
    Mode { comb: None, ..mode(Pitch::Forced, &[], None, 0.0) },
    mode(Pitch::Common, &[], Some(&OF_10_IN_16), 0.6),
    mode(Pitch::Each(Gains::Coarse), GAINS_OF_2, Some(&OF_10_IN_32), 0.55),
    mode(Pitch::Each(Gains::Coarse), GAINS_OF_2, Some(&OF_8_IN_128), 0.45),
    mode(Pitch::Each(Gains::Fine), GAINS_OF_8, Some(&OF_5_IN_64), 0.25),
    mode(Pitch::Each(Gains::Fine), GAINS_OF_8, Some(&OF_5_IN_256), 0.15),
    Mode {
        is_doubled: true,
        ..mode(Pitch::Each(Gains::Fine), GAINS_OF_8, Some(&OF_5_IN_64), 0.05)
    },
    mode(Pitch::Forced, &[], Some(&OF_20_IN_32), 0.5),
];

/// What a frame of a low band tells the band above.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The response of each quarter's inverse filter where the band above begins.
    pub at_the_edge: [f32; 4],
    /// How loud each quarter's excitation is.
    pub loudness: [f32; 4],
    /// The innovation, sample by sample.
    pub innovation: Vec<f32>,
    /// Whether the sender has stopped for a silence.
    pub is_silence: bool,
}

impl Told {
    /// Nothing yet, of a band with frames of that length.
    #[must_use]
    pub fn nothing(frame: usize) -> Self {
        let innovation = vec![0.0; frame];
        Self { at_the_edge: [0.0; 4], loudness: [0.0; 4], innovation, is_silence: false }
    }
}

/// A decoder.
#[derive(Debug, Clone, PartialEq)]
pub struct Narrow {
    excitation: [f32; HISTORY + FRAME + AHEAD],
    old: [f32; 10],
    lpc: [f32; 10],
    synthesis: AllPole<10>,
    high_pass: HighPass,
    noise: Noise,
    vocoder: Vocoder,
    is_first: bool,
    pub told: Told,
}

impl Narrow {
    /// A fresh one, whose output ends in this filter.
    #[must_use]
    pub fn new(high_pass: HighPass) -> Self {
        Self {
            excitation: [0.0; HISTORY + FRAME + AHEAD],
            old: [0.0; 10],
            lpc: [0.0; 10],
            synthesis: AllPole::default(),
            high_pass,
            noise: Noise::default(),
            vocoder: Vocoder::default(),
            is_first: true,
            told: Told::nothing(FRAME),
        }
    }

    /// The samples of a frame of that mode, whose bits come next; `None` if there is no such mode, or too few bits.
    pub fn decode(&mut self, mode: u32, bits: &mut Bits<'_>) -> Option<Vec<f32>> {
        self.excitation.copy_within(FRAME.., 0);
        let Some(index) = (mode as usize).checked_sub(1) else { return Some(self.silence()) };
        let coded = MODES.get(index)?;
        let lsp = spectrum::low(bits, coded.has_fine_spectrum)?;
        if self.is_first {
            self.old = lsp;
        }
        let common = FramePitch::read(coded.pitch, bits)?;
        let gain = (bits.take(5)? as f32 / 3.5).exp();
        // The sender's word on whether it stops for the silence.
        self.told.is_silence = mode == 1 && bits.take(4)? == 15;
        let mut best = comb::Best::default();
        for quarter in 0..4 {
            let from = HISTORY + quarter * QUARTER;
            let (pitch, taps) = coded.pitch.take(&common, bits)?;
            let mut foretold = [0.0; QUARTER];
            coded.pitch.foretell(pitch, &taps, &mut self.excitation, from, &mut foretold);
            best.hear(pitch, &taps);
            let innovation = innovation(coded, gain, bits, &mut self.noise)?;
            let excitation = &mut self.excitation[from..from + QUARTER];
            for (to, (foretold, new)) in excitation.iter_mut().zip(foretold.iter().zip(innovation))
            {
                *to = foretold + new;
            }
            if mode == 1 {
                self.vocoder.run(&common, gain, &innovation, excitation);
            }
            self.told.innovation[quarter * QUARTER..][..QUARTER].copy_from_slice(&innovation);
        }
        let mut out = self.excitation[HISTORY - QUARTER..][..FRAME].to_vec();
        if let Some(strength) = coded.comb {
            for (at, half) in
                [HISTORY - QUARTER, HISTORY + QUARTER].into_iter().zip(out.chunks_mut(80))
            {
                comb::comb(&self.excitation, at, best.pitch(), strength, half);
            }
        }
        self.synthesise(&lsp, &mut out);
        self.tell_loudness();
        Some(out)
    }

    fn tell_loudness(&mut self) {
        let quarters = self.excitation[HISTORY..HISTORY + FRAME].chunks(QUARTER);
        self.told
            .loudness
            .iter_mut()
            .zip(quarters)
            .for_each(|(to, quarter)| *to = loudness(quarter));
    }

    /// Through the filters, from the last frame's spectrum to this one's.
    fn synthesise(&mut self, lsp: &[f32; 10], out: &mut [f32]) {
        for (quarter, samples) in out.chunks_mut(QUARTER).enumerate() {
            let part = (1.0 + quarter as f32) / 4.0;
            let lpc = spectrum::filter(&spectrum::between(&self.old, lsp, part, MARGIN));
            self.told.at_the_edge[quarter] = spectrum::at_the_top(&lpc);
            self.synthesis.run(&self.lpc, samples);
            self.lpc = lpc;
        }
        self.high_pass.run(out);
        self.old = *lsp;
        self.is_first = false;
    }

    /// A frame of which nothing was sent: noise as loud as the last excitation.
    fn silence(&mut self) -> Vec<f32> {
        let frame = &mut self.excitation[HISTORY..HISTORY + FRAME];
        let loudness = loudness(frame);
        frame.fill_with(|| self.noise.next(loudness));
        let mut out = frame.to_vec();
        self.synthesis.run(&broadened(&self.lpc, 0.93), &mut out);
        self.is_first = true;
        self.told.innovation.fill(0.0);
        self.tell_loudness();
        out
    }
}

/// A quarter's innovation.
fn innovation(
    mode: &Mode,
    gain: f32,
    bits: &mut Bits<'_>,
    noise: &mut Noise,
) -> Option<[f32; QUARTER]> {
    let gain = match mode.gains.len() {
        0 => gain,
        count => gain * mode.gains.get(bits.take(count.ilog2() as usize)? as usize)?,
    };
    let mut innovation = [0.0; QUARTER];
    let Some(shapes) = mode.shapes else {
        innovation.fill_with(|| noise.next(1.0) * gain);
        return Some(innovation);
    };
    shapes.add(bits, gain, &mut innovation)?;
    if mode.is_doubled {
        shapes.add(bits, 0.454_545 * gain, &mut innovation)?;
    }
    Some(innovation)
}
