//! A block of samples, one vector a channel.

use wide::{f32x8, i16x8};

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

/// Fills `to` with the samples of channels of the same length in 16 bits, frame by frame, each as
/// `convert` writes it.
pub fn interleave<T>(channels: &[Vec<f32>], to: &mut [T], convert: impl Fn(i16) -> T) {
    if let [mono] = channels {
        let fill = |(to, x): (&mut T, i16)| *to = convert(x);
        to.chunks_mut(LANES)
            .zip(eights(mono))
            .for_each(|(to, eight)| to.iter_mut().zip(eight).for_each(fill));
        return;
    }
    if let [left, right] = channels {
        let frames = to.as_chunks_mut::<2>().0;
        for (frames, (left, right)) in frames.chunks_mut(LANES).zip(eights(left).zip(eights(right)))
        {
            for (frame, (left, right)) in frames.iter_mut().zip(left.into_iter().zip(right)) {
                *frame = [convert(left), convert(right)];
            }
        }
        return;
    }
    for (at, channel) in channels.iter().enumerate() {
        let mut places = to.iter_mut().skip(at).step_by(channels.len());
        for eight in eights(channel) {
            places.by_ref().zip(eight).for_each(|(to, x)| *to = convert(x));
        }
    }
}

/// Appends samples in 16 bits.
pub fn extend_i16(out: &mut Vec<i16>, samples: &[f32]) {
    let end = out.len() + samples.len();
    eights(samples).for_each(|eight| out.extend_from_slice(&eight));
    out.truncate(end);
}

/// One sample in 16 bits.
#[must_use]
pub fn to_i16(sample: f32) -> i16 {
    eight_i16([sample; LANES])[0]
}

/// One sample in 24 bits: ×8388608, rounded half away from zero, clipped; NaN is silence.
#[must_use]
pub fn to_i24(sample: f32) -> i32 {
    const REACH: i32 = 1 << 23;
    let scaled = sample * REACH as f32;
    ((scaled + 0.5_f32.copysign(scaled)) as i32).clamp(-REACH, REACH - 1)
}

/// Samples converted at a time.
const LANES: usize = 8;

/// Samples in 16 bits, zeros after the last.
fn eights(samples: &[f32]) -> impl Iterator<Item = [i16; LANES]> {
    let (whole, rest) = samples.as_chunks::<LANES>();
    let mut last = [0.0; LANES];
    last[..rest.len()].copy_from_slice(rest);
    let last = (!rest.is_empty()).then(|| eight_i16(last));
    whole.iter().map(|&eight| eight_i16(eight)).chain(last)
}

/// Samples as 16 bits: ×32768, rounded half away from zero, clipped; NaN is silence. No dither: the same
/// sample always gives the same bits, and 16-bit material comes back exactly.
#[inline]
fn eight_i16(samples: [f32; LANES]) -> [i16; LANES] {
    let scaled = f32x8::new(samples) * 32768.0;
    let half = (scaled & f32x8::splat(-0.0)) | f32x8::splat(0.5);
    i16x8::from_i32x8_saturate((scaled + half).trunc_int()).to_array()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sixteen_bits_come_back_halves_go_outwards_and_excess_is_clipped() {
        assert!((i16::MIN..=i16::MAX).all(|x| to_i16(f32::from(x) / 32768.0) == x));
        let cases =
            [(0.5, 1), (-0.5, -1), (1.49, 1), (2.5, 3), (40_000.0, 32767), (-40_000.0, -32768)];
        cases.into_iter().for_each(|(x, wanted)| assert_eq!(to_i16(x / 32768.0), wanted, "{x}"));
        let extremes = [(f32::INFINITY, 32767), (f32::NEG_INFINITY, -32768), (f32::NAN, 0)];
        extremes.into_iter().for_each(|(x, wanted)| assert_eq!(to_i16(x), wanted, "{x}"));
    }

    proptest! {
        #[test]
        fn channels_of_any_number_and_length_are_interleaved(
            channels in 1_usize..5,
            samples in prop::collection::vec(-1.1_f32..1.1, 0..100),
        ) {
            let frames = samples.len() / channels;
            let planes: Vec<Vec<f32>> = samples.chunks_exact(frames.max(1)).take(channels).map(Vec::from).collect();
            let mut ours = vec![0; frames * planes.len()];
            interleave(&planes, &mut ours, |x| x);
            let wanted = (0..frames).flat_map(|at| planes.iter().map(move |plane| to_i16(plane[at])));
            prop_assert_eq!(&ours, &wanted.collect::<Vec<_>>());
            let mut plane = vec![7];
            extend_i16(&mut plane, planes.first().map_or(&[], Vec::as_slice));
            let wanted = planes.iter().take(1).flatten().map(|&s| to_i16(s));
            prop_assert_eq!(plane, std::iter::once(7).chain(wanted).collect::<Vec<_>>());
        }
    }
}
