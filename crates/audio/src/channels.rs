//! Channel mapping: from the source's channels to the target's.

use crate::Planar;

/// Which of the source's channels the target hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelMap {
    /// As they are (the source has as many as the target).
    Keep,
    /// All mixed to one at equal weight (1 / channels each).
    Mix,
    /// The first channel alone.
    Left,
    /// The second channel alone.
    Right,
    /// The first two, exchanged.
    Swap,
    /// One channel twice.
    Duplicate,
    /// More than two to two: ITU-R BS.775 weights for 3 to 8 channels in WAVE order; beyond that
    /// even channels left, odd right, at equal weight.
    Stereo,
}

impl ChannelMap {
    /// Channels that come out, given those that go in.
    #[must_use]
    pub fn output_channels(self, input: u16) -> u16 {
        match self {
            Self::Keep => input,
            Self::Mix | Self::Left | Self::Right => 1,
            Self::Swap | Self::Duplicate | Self::Stereo => 2,
        }
    }

    /// Maps a block, into `mapped` unless it stays as it is; gives the result. `input` must have at
    /// least the channels that the map speaks of.
    pub fn apply<'a>(self, input: &'a Planar, mapped: &'a mut Planar) -> &'a Planar {
        let from = &input.channels;
        let to = &mut mapped.channels;
        match self {
            Self::Keep => return input,
            Self::Left => copy(to, [&from[0]]),
            Self::Right => copy(to, [&from[1]]),
            Self::Swap => copy(to, [&from[1], &from[0]]),
            Self::Duplicate => copy(to, [&from[0], &from[0]]),
            Self::Mix => {
                to.resize(1, Vec::new());
                let weight = 1.0 / from.len() as f32;
                weigh(from, std::iter::repeat_n(weight, from.len()), &mut to[0]);
            }
            Self::Stereo => {
                to.resize(2, Vec::new());
                let (left, right) = stereo_weights(from.len());
                weigh(from, left.into_iter(), &mut to[0]);
                weigh(from, right.into_iter(), &mut to[1]);
            }
        }
        mapped
    }
}

fn copy<const N: usize>(to: &mut Vec<Vec<f32>>, from: [&Vec<f32>; N]) {
    to.resize(N, Vec::new());
    for (to, from) in to.iter_mut().zip(from) {
        to.clone_from(from);
    }
}

/// The weighted sum of the channels.
fn weigh(channels: &[Vec<f32>], weights: impl Iterator<Item = f32>, out: &mut Vec<f32>) {
    out.clear();
    out.resize(channels[0].len(), 0.0);
    for (channel, w) in channels.iter().zip(weights) {
        if w != 0.0 {
            out.iter_mut().zip(channel).for_each(|(o, s)| *o += w * s);
        }
    }
}

/// Weights for the left and right output, summing to 1 each so that nothing clips.
fn stereo_weights(count: usize) -> (Vec<f32>, Vec<f32>) {
    const H: f32 = std::f32::consts::FRAC_1_SQRT_2;
    // WAVE order: FL FR FC LFE BL BR SL SR, LFE left out (ITU-R BS.775); four are FL FR BL BR.
    let (left, right): (&[f32], &[f32]) = match count {
        3 => (&[1.0, 0.0, H], &[0.0, 1.0, H]),
        4 => (&[1.0, 0.0, H, 0.0], &[0.0, 1.0, 0.0, H]),
        5 => (&[1.0, 0.0, H, H, 0.0], &[0.0, 1.0, H, 0.0, H]),
        6 => (&[1.0, 0.0, H, 0.0, H, 0.0], &[0.0, 1.0, H, 0.0, 0.0, H]),
        7 => (&[1.0, 0.0, H, 0.0, 0.5, H, 0.0], &[0.0, 1.0, H, 0.0, 0.5, 0.0, H]),
        8 => (&[1.0, 0.0, H, 0.0, H, 0.0, H, 0.0], &[0.0, 1.0, H, 0.0, 0.0, H, 0.0, H]),
        _ => {
            let side =
                |parity| (0..count).map(move |i| if i % 2 == parity { 1.0 } else { 0.0 }).collect();
            return (normalised(side(0)), normalised(side(1)));
        }
    };
    (normalised(left.to_vec()), normalised(right.to_vec()))
}

fn normalised(mut weights: Vec<f32>) -> Vec<f32> {
    let sum: f32 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum.max(1.0));
    weights
}
