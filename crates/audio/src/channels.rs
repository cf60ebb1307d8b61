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

    /// Maps a block. `input` must have at least the channels that the map speaks of.
    #[must_use]
    pub fn apply(self, input: Planar) -> Planar {
        let mut channels = input.channels;
        match self {
            Self::Keep => {}
            Self::Left => channels.truncate(1),
            Self::Right => channels = vec![channels.swap_remove(1)],
            Self::Swap => {
                channels.truncate(2);
                channels.swap(0, 1);
            }
            Self::Duplicate => channels.push(channels[0].clone()),
            Self::Mix => {
                let weights = vec![1.0 / channels.len() as f32; channels.len()];
                channels = vec![weighted(&channels, &weights)];
            }
            Self::Stereo => {
                let (left, right) = stereo_weights(channels.len());
                channels = vec![weighted(&channels, &left), weighted(&channels, &right)];
            }
        }
        Planar { channels }
    }
}

fn weighted(channels: &[Vec<f32>], weights: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; channels[0].len()];
    for (channel, &w) in channels.iter().zip(weights) {
        if w != 0.0 {
            out.iter_mut().zip(channel).for_each(|(o, s)| *o += w * s);
        }
    }
    out
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
