//! A block of samples, one vector a channel.

/// Planar samples, −1.0 ≤ x ≤ 1.0 nominally; all channels have the same length.
/// A 16-bit sample v is v / 32768, so 16-bit material passes unchanged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Planar {
    /// One vector a channel.
    pub channels: Vec<Vec<f32>>,
}

impl Planar {
    /// An empty block of so many channels.
    #[must_use]
    pub fn new(channels: usize) -> Self {
        Self { channels: vec![Vec::new(); channels] }
    }

    /// Frames in the block (samples per channel).
    #[must_use]
    pub fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    /// Forgets the samples, keeps the room.
    pub fn clear(&mut self) {
        self.channels.iter_mut().for_each(Vec::clear);
    }

    /// Appends silence.
    pub fn push_silence(&mut self, frames: usize) {
        for c in &mut self.channels {
            c.resize(c.len() + frames, 0.0);
        }
    }

    /// Drops the first `frames` frames.
    pub fn drop_front(&mut self, frames: usize) {
        for c in &mut self.channels {
            c.drain(..frames.min(c.len()));
        }
    }

    /// Appends the frames `from..` of another block with as many channels.
    pub fn append(&mut self, other: &Self, from: usize) {
        for (mine, theirs) in self.channels.iter_mut().zip(&other.channels) {
            mine.extend_from_slice(theirs.get(from..).unwrap_or(&[]));
        }
    }
}

/// One sample as 16 bits: ×32768, rounded half away from zero, clipped. No dither: the same sample
/// always gives the same bits, and 16-bit material comes back exactly.
#[must_use]
#[inline]
pub fn to_i16(sample: f32) -> i16 {
    let scaled = (sample * 32768.0).clamp(-32768.0, 32767.0);
    // `as` cuts towards zero, and NaN becomes 0.
    (scaled + 0.5_f32.copysign(scaled)) as i32 as i16
}
