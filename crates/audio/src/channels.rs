//! Channel mapping: from the source's channels to the target's.

use crate::Planar;
use crate::speakers::{KINDS, Speakers};
use std::f32::consts::FRAC_1_SQRT_2;

/// Which of the source's channels the target hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelMap {
    /// As they are (the source has as many as the target).
    Keep,
    /// All mixed to one: the mean of what [`Self::Stereo`] gives, two channels at equal weight.
    Mix,
    /// The first channel alone.
    Left,
    /// The second channel alone.
    Right,
    /// The first two, exchanged.
    Swap,
    /// One channel twice.
    Duplicate,
    /// One channel alone, counted from 0.
    One(u16),
    /// Two channels, each counted from 0.
    Pair(u16, u16),
    /// The mean of two channels, each counted from 0.
    Mean(u16, u16),
    /// More than two to two: ITU-R BS.775 weights by loudspeaker; channels that are for none go even
    /// ones left, odd ones right, at equal weight.
    Stereo,
}

impl ChannelMap {
    /// Channels that come out, given those that go in.
    #[must_use]
    pub fn output_channels(self, input: u16) -> u16 {
        match self {
            Self::Keep => input,
            Self::Mix | Self::Left | Self::Right | Self::One(_) | Self::Mean(..) => 1,
            Self::Swap | Self::Duplicate | Self::Pair(..) | Self::Stereo => 2,
        }
    }
}

/// A map made ready for one source: the weights of its channels in each channel that comes out.
pub struct Mixer {
    /// A row for each output channel; `None`: the block stays as it is.
    weights: Option<Vec<Vec<f32>>>,
}

impl Mixer {
    /// `map` for a source of `channels` channels that are for these loudspeakers ([`crate::Facts::speakers`]).
    #[must_use]
    pub fn new(map: ChannelMap, channels: u16, speakers: Option<&Speakers>) -> Self {
        let count = usize::from(channels);
        let alone = |wanted: u16| -> Vec<f32> {
            (0..channels).map(|i| f32::from(u8::from(i == wanted))).collect()
        };
        let mean = |left: Vec<f32>, right: Vec<f32>| {
            left.iter().zip(right).map(|(l, r)| (l + r) / 2.0).collect()
        };
        let weights = match map {
            ChannelMap::Keep => None,
            ChannelMap::Left => Some(vec![alone(0)]),
            ChannelMap::Right => Some(vec![alone(1)]),
            ChannelMap::Swap => Some(vec![alone(1), alone(0)]),
            ChannelMap::Duplicate => Some(vec![alone(0), alone(0)]),
            ChannelMap::One(channel) => Some(vec![alone(channel)]),
            ChannelMap::Pair(left, right) => Some(vec![alone(left), alone(right)]),
            ChannelMap::Mean(one, other) => Some(vec![mean(alone(one), alone(other))]),
            ChannelMap::Stereo => {
                let (left, right) = stereo_weights(count, speakers);
                Some(vec![left, right])
            }
            ChannelMap::Mix => {
                let (left, right) = stereo_weights(count, speakers);
                Some(vec![mean(left, right)])
            }
        };
        Self { weights }
    }

    /// Channels that come out, given those that go in.
    #[must_use]
    pub fn output_channels(&self, input: usize) -> usize {
        self.weights.as_ref().map_or(input, Vec::len)
    }

    /// Maps a block, into `mapped` unless it stays as it is; gives the result.
    pub fn apply<'a>(&self, input: &'a Planar, mapped: &'a mut Planar) -> &'a Planar {
        let Some(rows) = &self.weights else { return input };
        mapped.channels.resize(rows.len(), Vec::new());
        for (row, out) in rows.iter().zip(&mut mapped.channels) {
            weigh(&input.channels, row, out);
        }
        mapped
    }
}

/// The weighted sum of the channels.
fn weigh(channels: &[Vec<f32>], weights: &[f32], out: &mut Vec<f32>) {
    let mut parts = channels.iter().zip(weights).filter(|(_, w)| **w != 0.0);
    let Some((first, &weight)) = parts.next() else {
        out.clear();
        out.resize(channels.first().map_or(0, Vec::len), 0.0);
        return;
    };
    out.clone_from(first);
    if weight != 1.0 {
        out.iter_mut().for_each(|o| *o *= weight);
    }
    for (channel, w) in parts {
        out.iter_mut().zip(channel).for_each(|(o, s)| *o += w * s);
    }
}

/// The loudspeakers by their bits, with their weights in the left and the right
/// channel of stereo (ITU-R BS.775-3, table 2; those that it has not by their side). The
/// low-frequency channel is left out.
const WEIGHTS: [(f32, f32); KINDS as usize] = {
    const H: f32 = FRAC_1_SQRT_2;
    [
        (1.0, 0.0), // front left
        (0.0, 1.0), // front right
        (H, H),     // front centre
        (0.0, 0.0), // low frequency
        (H, 0.0),   // back left
        (0.0, H),   // back right
        (1.0, 0.0), // front left of centre
        (0.0, 1.0), // front right of centre
        (0.5, 0.5), // back centre
        (H, 0.0),   // side left
        (0.0, H),   // side right
        (0.5, 0.5), // top centre
        (H, 0.0),   // top front left
        (0.5, 0.5), // top front centre
        (0.0, H),   // top front right
        (H, 0.0),   // top back left
        (0.5, 0.5), // top back centre
        (0.0, H),   // top back right
    ]
};

/// Weights for the left and right output, summing to 1 each so that nothing clips.
fn stereo_weights(count: usize, speakers: Option<&Speakers>) -> (Vec<f32>, Vec<f32>) {
    // What has not a loudspeaker for each channel says nothing of any.
    let told = speakers.filter(|speakers| speakers.bits().len() == count).cloned();
    let by_speaker = told.or_else(|| Speakers::usual(count)).map(|speakers| {
        let weights = |bit: &u8| WEIGHTS.get(usize::from(*bit)).copied().unwrap_or_default();
        speakers.bits().iter().map(weights).unzip::<_, _, Vec<_>, Vec<_>>()
    });
    let heard = |weights: &[f32]| weights.iter().any(|w| *w > 0.0);
    let (left, right) =
        by_speaker.filter(|(left, right)| heard(left) && heard(right)).unwrap_or_else(|| {
            let side = |parity| (0..count).map(move |i| f32::from(u8::from(i % 2 == parity)));
            (side(0).collect(), side(1).collect())
        });
    (normalised(left), normalised(right))
}

fn normalised(mut weights: Vec<f32>) -> Vec<f32> {
    let sum: f32 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum.max(1.0));
    weights
}
