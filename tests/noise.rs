//! What an ear hears of the noise that a codec adds: noise to mask, after the FFT ear model of ITU-R BS.1387 (no
//! spreading in time), which asks for each window and band how far the error lies above what the sound itself hides.

use crate::judge::Sound;
use std::f64::consts::{PI, TAU};

/// Noise to mask in dB: 0 and above is heard, lower is better.
#[derive(Debug, Clone, Copy)]
pub struct Noise {
    /// Mean over the windows that aren't silent, of all channels.
    pub mean_db: f64,
    /// The worst window: a burst.
    pub worst_db: f64,
}

/// Width of a band in Bark.
const BAND_BARK: f64 = 0.25;
/// Level of a tone at full scale.
const FULL_SCALE_DB: f64 = 92.0;
/// Windows of a lower level are silence.
const SILENCE_DB: f64 = 20.0;

/// The noise of `heard` against `said`, each brought to the level at which it is nearest: level is judged elsewhere.
pub fn noise(said: &Sound, heard: &Sound) -> Noise {
    assert_eq!((said.rate_hz, said.channels.len()), (heard.rate_hz, heard.channels.len()));
    let ear = Ear::new(f64::from(said.rate_hz));
    let pairs = || said.channels.iter().zip(&heard.channels);
    let product = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    let likeness: f64 = pairs().map(|(s, h)| product(s, h)).sum();
    let gain = likeness / pairs().map(|(s, h)| product(h, &h[..h.len().min(s.len())])).sum::<f64>();
    let windows: Vec<f64> = pairs()
        .flat_map(|(said, heard)| {
            let frames = said.len().min(heard.len());
            let starts = (0..=frames - ear.window.len()).step_by(ear.window.len() / 2);
            starts.filter_map(|at| {
                let span = at..at + ear.window.len();
                let said: Vec<f64> = said[span.clone()].iter().map(|s| f64::from(*s)).collect();
                let error = said.iter().zip(&heard[span]).map(|(s, h)| s - gain * f64::from(*h));
                ear.judge(&said, &error.collect::<Vec<_>>())
            })
        })
        .collect();
    let mean_db = windows.iter().sum::<f64>() / windows.len() as f64;
    Noise { mean_db, worst_db: windows.iter().copied().fold(f64::NEG_INFINITY, f64::max) }
}

/// The ear at one rate.
struct Ear {
    window: Vec<f64>,
    /// The band of each line of a spectrum.
    band_of: Vec<usize>,
    bands: Vec<Band>,
}

/// A band that has lines.
struct Band {
    bark: f64,
    hz: f64,
    /// Power that is not heard in quiet.
    quiet: f64,
    /// What hides noise is the sound less this, as a factor of power.
    offset: f64,
}

impl Ear {
    fn new(rate_hz: f64) -> Self {
        let length = if rate_hz < 12_000.0 {
            512
        } else if rate_hz < 32_000.0 {
            1024
        } else {
            2048
        };
        let hann = |i: usize| 0.5 - 0.5 * (TAU * i as f64 / length as f64).cos();
        let (mut band_of, mut bands, mut last) = (Vec::new(), Vec::<Band>::new(), usize::MAX);
        for line in 0..=length / 2 {
            let hz = (line as f64 * rate_hz / length as f64).max(20.0);
            let bark = 7.0 * (hz / 650.0).asinh();
            let number = (bark / BAND_BARK) as usize;
            if number != last {
                bands.push(Band::at(hz, bark));
                last = number;
            }
            band_of.push(bands.len() - 1);
        }
        Self { window: (0..length).map(hann).collect(), band_of, bands }
    }

    /// Noise to mask of one window; `None` if it is silent.
    fn judge(&self, said: &[f64], error: &[f64]) -> Option<f64> {
        let (sound, noise) = (self.powers(said), self.powers(error));
        if decibels(sound.iter().sum()) < SILENCE_DB {
            return None;
        }
        let mask = self.mask(&sound);
        let ratio: f64 = noise.iter().zip(&mask).map(|(n, m)| n / m).sum();
        Some(decibels(ratio / mask.len() as f64))
    }

    /// The power in each band.
    fn powers(&self, samples: &[f64]) -> Vec<f64> {
        let length = self.window.len();
        let mut spectrum: Vec<_> =
            samples.iter().zip(&self.window).map(|(s, w)| (s * w, 0.0)).collect();
        transform(&mut spectrum);
        // A Hann window halves a tone, whose energy stands at both frequencies.
        let unit = 10_f64.powf(FULL_SCALE_DB / 10.0) / (length as f64 / 4.0).powi(2);
        let mut powers = vec![0.0; self.bands.len()];
        for (band, (re, im)) in self.band_of.iter().zip(&spectrum) {
            powers[*band] += (re * re + im * im) * unit;
        }
        powers
    }

    /// The power of noise that each band hides: what spreads to it from all bands, added up as loudness is.
    fn mask(&self, sound: &[f64]) -> Vec<f64> {
        const LOUDNESS: f64 = 0.4;
        /// dB a Bark, to lower frequencies.
        const DOWN: f64 = 27.0;
        let mut spread = vec![0.0; sound.len()];
        for (from, power) in self.bands.iter().zip(sound).filter(|(_, power)| **power > 1e-6) {
            let level = decibels(*power);
            let up = (24.0 + 230.0 / from.hz - 0.2 * level).max(5.0);
            for (to, sum) in self.bands.iter().zip(&mut spread) {
                let distance = to.bark - from.bark;
                let fall = if distance < 0.0 { DOWN * -distance } else { up * distance };
                *sum += 10_f64.powf((level - fall) / 10.0 * LOUDNESS);
            }
        }
        let bands = self.bands.iter().zip(spread);
        bands.map(|(band, sum)| sum.powf(1.0 / LOUDNESS) * band.offset + band.quiet).collect()
    }
}

impl Band {
    fn at(hz: f64, bark: f64) -> Self {
        let khz = hz / 1000.0;
        let quiet =
            3.64 * khz.powf(-0.8) - 6.5 * (-0.6 * (khz - 3.3).powi(2)).exp() + 1e-3 * khz.powi(4);
        // Bands overlap: about three of them hold what spreads from one.
        let offset = (if bark < 12.0 { 3.0 } else { 0.25 * bark }) + 4.8;
        let factor = |db: f64| 10_f64.powf(db / 10.0);
        Self { bark, hz, quiet: factor(quiet.min(60.0)), offset: factor(-offset) }
    }
}

fn decibels(power: f64) -> f64 {
    10.0 * (power + 1e-12).log10()
}

/// The discrete Fourier transform of a power of two of complex numbers, in place.
fn transform(values: &mut [(f64, f64)]) {
    let length = values.len();
    if length < 2 {
        return;
    }
    let (mut even, mut odd): (Vec<_>, Vec<_>) = values.chunks(2).map(|c| (c[0], c[1])).unzip();
    transform(&mut even);
    transform(&mut odd);
    for (k, ((a, b), (c, d))) in even.into_iter().zip(odd).enumerate() {
        let (sin, cos) = (-PI * 2.0 * k as f64 / length as f64).sin_cos();
        let turned = (c * cos - d * sin, c * sin + d * cos);
        values[k] = (a + turned.0, b + turned.1);
        values[k + length / 2] = (a - turned.0, b - turned.1);
    }
}
