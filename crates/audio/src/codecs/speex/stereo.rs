//! Two channels made of one: a message before a frame says how loud each is.

use crate::codecs::aac::Bits;

/// The share of a channel's gain that each sample keeps of the one before.
const SMOOTHING: f32 = 0.98;

/// The energy of the sum, compared with that of both channels.
const RATIOS: [f32; 4] = [0.25, 0.315, 0.397, 0.5];

/// How loud the channels are.
#[derive(Debug, Clone, PartialEq)]
pub struct Stereo {
    balance: f32,
    ratio: f32,
    gains: [f32; 2],
}

impl Default for Stereo {
    fn default() -> Self {
        Self { balance: 1.0, ratio: 0.5, gains: [1.0; 2] }
    }
}

impl Stereo {
    /// Reads a message.
    pub fn read(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        let sign = if bits.take(1)? == 1 { -1.0 } else { 1.0 };
        self.balance = (sign * 0.25 * bits.take(5)? as f32).exp();
        self.ratio = RATIOS[bits.take(2)? as usize & 3];
        Some(())
    }

    /// Appends a frame to both channels. The gains go over into each other from a frame's end to its beginning, as in
    /// libspeex.
    pub fn spread(&mut self, mono: &[f32], channels: &mut [Vec<f32>]) {
        let right = 1.0 / (self.ratio * (1.0 + self.balance)).sqrt();
        let wanted = [self.balance.sqrt() * right, right];
        let from = channels.first().map_or(0, Vec::len);
        channels.iter_mut().for_each(|channel| channel.resize(from + mono.len(), 0.0));
        for (at, sample) in mono.iter().enumerate().rev() {
            for (channel, (gain, wanted)) in
                channels.iter_mut().zip(self.gains.iter_mut().zip(wanted))
            {
                *gain = SMOOTHING * *gain + (1.0 - SMOOTHING) * wanted;
                channel[from + at] = *gain * sample;
            }
        }
    }
}
