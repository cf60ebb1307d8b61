//! The level at which samples go into the encoder: the source's own, but for loud moments.
//!
//! LAME lowers every recording, by up to 0.45 dB, because what an encoder adds may pass full scale in a decoder.
//! Here only the granules that come near full scale are lowered so, since hardly anything else passes it; it is
//! measured that no more is clipped than at LAME's level throughout.

use crate::Planar;
use crate::error::DecodeError;
use crate::frames::Frames;

/// Frames with a peak of their own. Long enough for every wave of more than 40 Hz to have its crest in each: a gain
/// that followed the wave would distort it.
pub const GRANULE: usize = 576;

/// The peak up to which nothing is lowered; from `CEILING` / floor on all is lowered to the floor.
const CEILING: f32 = 0.9;

/// Frames at the level for the encoder, pulled in whole granules.
pub struct Levelled {
    /// The gain of granules at full scale.
    floor: f32,
    /// Where the granule ahead begins.
    edge: f32,
    ahead: Planar,
    ahead_gain: f32,
}

impl Levelled {
    /// From a recording's start on.
    ///
    /// # Errors
    /// [`DecodeError`] of the first granule.
    pub fn from_start(floor: f32, frames: &mut Frames) -> Result<Self, DecodeError> {
        let mut levelled = Self { floor, edge: 1.0, ahead: Planar::default(), ahead_gain: 1.0 };
        levelled.look_ahead(frames)?;
        levelled.edge = levelled.ahead_gain;
        Ok(levelled)
    }

    /// From the granule after the next one on, which is pulled for its peak alone.
    ///
    /// # Errors
    /// [`DecodeError`] of the first two granules.
    pub fn after_granule(floor: f32, frames: &mut Frames) -> Result<Self, DecodeError> {
        let mut levelled = Self::from_start(floor, frames)?;
        let before = levelled.ahead_gain;
        levelled.look_ahead(frames)?;
        levelled.edge = before.min(levelled.ahead_gain);
        Ok(levelled)
    }

    /// Replaces `out` by the next `granules` granules.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn pull(
        &mut self,
        frames: &mut Frames,
        granules: usize,
        out: &mut Planar,
    ) -> Result<(), DecodeError> {
        out.clear();
        for _ in 0..granules {
            let start = out.frames();
            out.append(&self.ahead, 0);
            let own = self.ahead_gain;
            self.look_ahead(frames)?;
            let end = own.min(self.ahead_gain);
            out.channels
                .iter_mut()
                .for_each(|channel| slide(&mut channel[start..], self.edge, end));
            self.edge = end;
        }
        Ok(())
    }

    fn look_ahead(&mut self, frames: &mut Frames) -> Result<(), DecodeError> {
        frames.pull(GRANULE, &mut self.ahead)?;
        let peak = self.ahead.channels.iter().flatten().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        self.ahead_gain = (CEILING / peak).clamp(self.floor, 1.0);
        Ok(())
    }
}

/// Multiplies samples by a gain that goes evenly from `start` to `end`.
fn slide(samples: &mut [f32], start: f32, end: f32) {
    if start == 1.0 && end == 1.0 {
        return;
    }
    let step = (end - start) / samples.len() as f32;
    for (at, sample) in samples.iter_mut().enumerate() {
        *sample *= start + step * at as f32;
    }
}
