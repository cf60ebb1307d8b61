//! Samples → frames.

use super::arithmetic::{add, mult_r};
use super::spectrum::{self, Lattice};
use super::{FRAME, Frame, HISTORY, QUARTER, pitch, pulses};

/// What is taken of the last sample: lower frequencies are coded weaker.
const PRE_EMPHASIS: i16 = -28180;

/// How fast the mean is forgotten that is taken out: 32735 / 32768 a sample.
const MEAN_DECAY: i16 = 32735;

/// Words of a state: the filters in front, the lattice, the history.
const STATE_WORDS: usize = 4 + spectrum::WORDS + HISTORY;

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

    /// The state, to go on from later.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let words = self.front.words().into_iter().chain(self.lattice.words()).chain(self.history);
        words.flat_map(i16::to_le_bytes).collect()
    }

    /// What [`Self::to_bytes`] gave; `None` for another length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let words: &[u8; 2 * STATE_WORDS] = bytes.try_into().ok()?;
        let mut words = words.as_chunks::<2>().0.iter().map(|&word| i16::from_le_bytes(word));
        let mut next = || words.next().unwrap_or(0);
        Some(Self {
            front: Front::from_words(&mut next),
            lattice: Lattice::from_words(&mut next),
            history: std::array::from_fn(|_| next()),
        })
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
    fn words(&self) -> [i16; 4] {
        let mean = self.without_mean;
        [self.last, (mean >> 16) as i16, mean as i16, self.emphasised]
    }

    fn from_words(next: &mut impl FnMut() -> i16) -> Self {
        let last = next();
        let upper = i32::from(next()) << 16;
        let without_mean = upper | i32::from(next().cast_unsigned());
        Self { last, without_mean, emphasised: next() }
    }

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
