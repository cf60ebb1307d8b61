//! Frames → samples.

use super::arithmetic::{add, mult_r};
use super::spectrum::Lattice;
use super::{FRAME, Frame, HISTORY, QUARTER, pitch, pulses};

/// How much of the last sample is in the next one: what the encoder took out of the lower frequencies.
const DE_EMPHASIS: i16 = 28180;

/// State of a decoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoder {
    lattice: Lattice,
    history: [i16; HISTORY],
    lag: u8,
    last: i16,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { lattice: Lattice::default(), history: [0; HISTORY], lag: 40, last: 0 }
    }
}

impl Decoder {
    /// The samples of the next frame: 13 bits each, in the upper ones of 16.
    pub fn decode(&mut self, frame: &Frame) -> [i16; FRAME] {
        let mut samples = [0; FRAME];
        let (quarters, _) = samples.as_chunks_mut::<QUARTER>();
        for (coded, out) in frame.quarters.iter().zip(quarters) {
            if pitch::is_possible(coded.lag) {
                self.lag = coded.lag;
            }
            let predicted = pitch::predict(self.lag.into(), coded.gain, &self.history);
            let residual = pulses::decode(coded);
            *out = std::array::from_fn(|i| add(residual[i], predicted[i]));
            pitch::remember(&mut self.history, out);
        }
        self.lattice.put_back(&frame.ratios, &mut samples);
        for sample in &mut samples {
            self.last = add(*sample, mult_r(self.last, DE_EMPHASIS));
            *sample = add(self.last, self.last) & !7;
        }
        samples
    }
}
