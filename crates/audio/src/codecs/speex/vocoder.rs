//! The voice coder of mode 1: pulses at the pitch among noise, for a sound between speech.

use super::pitch::FramePitch;

/// Its state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vocoder {
    /// Samples to the next pulse.
    until_pulse: usize,
    last_pulse: f32,
    last_noise: f32,
    mean: f32,
}

impl Vocoder {
    /// Replaces a quarter's excitation.
    pub fn run(&mut self, common: &FramePitch, gain: f32, noise: &[f32], excitation: &mut [f32]) {
        let voiced = (1.5 * (common.gain - 0.2)).clamp(0.0, 1.0);
        excitation.fill(0.0);
        while let Some(at) = excitation.get_mut(self.until_pulse) {
            *at = (2.0 * common.period as f32).sqrt() * (voiced * gain);
            self.until_pulse += common.period;
        }
        self.until_pulse -= excitation.len();
        for (sample, noise) in excitation.iter_mut().zip(noise) {
            let pulse = *sample;
            *sample = 0.7 * pulse
                + 0.3 * self.last_pulse
                + ((1.0 - 0.85 * voiced) * noise - 0.15 * voiced * self.last_noise);
            (self.last_pulse, self.last_noise) = (pulse, *noise);
            self.mean = 0.8 * self.mean + 0.2 * *sample;
            *sample -= self.mean;
        }
    }
}
