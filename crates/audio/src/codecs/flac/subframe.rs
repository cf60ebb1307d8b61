//! One channel of a block (RFC 9639 §9.2): constant, as it is, or predicted; whichever is shortest.

use super::bits::BitWriter;
use super::lanes::HIGHEST_ORDER;
use super::predictor::{Predictor, fold};
use super::rice::{self, Parameters, Plan};
use super::window::Window;

/// Blocks shorter than this are not worth a predictor.
const LEAST_PREDICTED: usize = 32;

/// Room that one subframe after another uses.
#[derive(Default)]
pub struct Subframes {
    window: Window,
    narrow: Vec<i16>,
    folded: Vec<u32>,
}

impl Subframes {
    /// Writes a channel of samples of so many bits, at least one of them.
    pub fn write(
        &mut self,
        samples: &mut [i32],
        mut bits: u32,
        parameters: Parameters,
        out: &mut BitWriter,
    ) {
        let first = samples[0];
        let (differs, set) =
            samples.iter().fold((0, 0), |(differs, set), &x| (differs | x ^ first, set | x));
        if differs == 0 {
            out.put(0, 8);
            out.put_signed(first.into(), bits);
            return;
        }
        let wasted = set.trailing_zeros();
        if wasted > 0 {
            samples.iter_mut().for_each(|x| *x >>= wasted);
            bits -= wasted;
        }
        let predictor = self.predict(samples);
        let order = predictor.as_ref().map_or(0, |p| p.order);
        let plan = rice::plan(&self.folded, order, parameters);
        let verbatim = u64::from(bits) * samples.len() as u64;
        let predicted = plan.bits + u64::from(bits) * order as u64;
        let kind = match predictor {
            _ if predicted >= verbatim => 1,
            None => 8,
            Some(_) => 31 + order as u64,
        };
        out.put(kind << 1 | u64::from(wasted > 0), 8);
        if wasted > 0 {
            out.put(1, wasted);
        }
        if kind == 1 {
            samples.iter().for_each(|&x| out.put_signed(x.into(), bits));
        } else {
            self.write_predicted(predictor.as_ref(), &plan, &samples[..order], bits, out);
        }
    }

    /// Leaves a residual of the samples, and tells of what predictor; `None` predicts nothing.
    fn predict(&mut self, samples: &[i32]) -> Option<Predictor> {
        let predictor = self.find(samples);
        match &predictor {
            None => {
                self.folded.clear();
                self.folded.extend(samples.iter().map(|&x| fold(x)));
            }
            Some((predictor, true)) => {
                predictor.residual_of_16_bits(&self.narrow, &mut self.folded)
            }
            Some((predictor, false)) => predictor.residual(samples, &mut self.folded),
        }
        predictor.map(|(predictor, _)| predictor)
    }

    /// The predictor, and whether the samples are in `narrow` in full.
    fn find(&mut self, samples: &[i32]) -> Option<(Predictor, bool)> {
        if samples.len() < LEAST_PREDICTED {
            return None;
        }
        let magnitude = samples.iter().fold(0, |all, &x| all | x ^ x >> 31);
        // With its sign; a difference may have 17.
        let bits = 33 - magnitude.leading_zeros();
        let excess = bits.saturating_sub(16);
        self.narrow.clear();
        self.narrow.resize(HIGHEST_ORDER, 0);
        self.narrow.extend(samples.iter().map(|&x| (x >> excess) as i16));
        let spare = 16_u32.saturating_sub(bits);
        let autocorrelation = self.window.autocorrelation(&self.narrow[HIGHEST_ORDER..], spare);
        let predictor = Predictor::fit(&autocorrelation, samples.len())?;
        Some((predictor, excess == 0))
    }

    fn write_predicted(
        &self,
        predictor: Option<&Predictor>,
        plan: &Plan,
        warm_up: &[i32],
        bits: u32,
        out: &mut BitWriter,
    ) {
        warm_up.iter().for_each(|&x| out.put_signed(x.into(), bits));
        if let Some(predictor) = predictor {
            let (coefficients, precision, shift) = predictor.coded();
            out.put(u64::from(precision) - 1, 4);
            out.put(shift.into(), 5);
            coefficients.iter().for_each(|&c| out.put_signed(c.into(), precision));
        }
        plan.write(&self.folded, warm_up.len(), out);
    }
}
