//! Samples → frames.

use super::arithmetic::{add, mult_r};
use super::spectrum::{self, Lattice};
use super::{FRAME, Frame, HISTORY, QUARTER, pitch, pulses};

/// What is taken of the last sample: lower frequencies are coded weaker.
const PRE_EMPHASIS: i16 = -28180;

/// How fast the mean is forgotten that is taken out: 32735 / 32768 a sample.
const MEAN_DECAY: i16 = 32735;

/// State of an encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoder {
    front: Front,
    lattice: Lattice,
    history: [i16; HISTORY],
}

impl Default for Encoder {
    fn default() -> Self {
        Self { front: Front::default(), lattice: Lattice::default(), history: [0; HISTORY] }
    }
}

impl Encoder {
    /// The next samples as a frame.
    pub fn encode(&mut self, samples: &[i16; FRAME]) -> Frame {
        let mut signal = samples.map(|sample| self.front.next(sample));
        let mut frame = Frame { ratios: spectrum::analyse(&mut signal), ..Frame::default() };
        self.lattice.take_out(&frame.ratios, &mut signal);
        let (quarters, _) = signal.as_chunks::<QUARTER>();
        for (quarter, coded) in quarters.iter().zip(&mut frame.quarters) {
            (coded.lag, coded.gain) = pitch::find(quarter, &self.history);
            let predicted = pitch::predict(coded.lag.into(), coded.gain, &self.history);
            pulses::code(&pitch::residual(quarter, &predicted), coded);
            // The decoder's history, not the true one.
            let residual = pulses::decode(coded);
            let heard = std::array::from_fn(|i| add(residual[i], predicted[i]));
            pitch::remember(&mut self.history, &heard);
        }
        frame
    }
}

/// The filters before the analysis (EN 300 961 §5.2.1 to 5.2.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Front {
    last: i16,
    /// The signal without its mean, 15 places more.
    without_mean: i32,
    emphasised: i16,
}

impl Front {
    fn next(&mut self, sample: i16) -> i16 {
        let halved = (sample >> 3) << 2;
        let difference = halved.wrapping_sub(self.last);
        self.last = halved;
        let upper = (self.without_mean >> 15) as i16;
        let lower = (self.without_mean - (i32::from(upper) << 15)) as i16;
        let new = (i32::from(difference) << 15) + i32::from(mult_r(lower, MEAN_DECAY));
        self.without_mean = (i32::from(upper) * i32::from(MEAN_DECAY)).saturating_add(new);
        let rounded = (self.without_mean.saturating_add(1 << 14) >> 15) as i16;
        let before = std::mem::replace(&mut self.emphasised, rounded);
        add(rounded, mult_r(before, PRE_EMPHASIS))
    }
}
