//! The frames of a segment and of its pre-roll, as packets of AAC.

use super::aac::PACKET_FRAMES;
use crate::Planar;
use crate::error::EncodeError;
use crate::frames::Frames;
use crate::taps::{dot, low_pass};
use syom::{EncodeOptions, EncodedFrame, Encoder};

const PACKET: usize = PACKET_FRAMES as usize;

/// Taps of the low-pass, and how many of them lie behind its middle.
const TAPS: usize = 128;
const BEHIND: usize = TAPS / 2;

/// Whole packets of frames.
pub struct Material {
    rate_hz: u32,
    channels: Vec<Vec<f32>>,
    /// Packets of pre-roll.
    pre_roll: usize,
}

impl Material {
    /// The next frames of `frames`, enough for so many packets, of which the first `pre_roll` are not wanted; of the
    /// band, a share.
    ///
    /// # Errors
    /// That of the source.
    pub fn pull(
        frames: &mut Frames,
        rate_hz: u32,
        (packets, pre_roll): (usize, usize),
        share: f64,
    ) -> Result<Self, EncodeError> {
        let is_whole = share >= 1.0;
        // A packet comes out once the frames after its own are in.
        let wanted = (packets + 1) * PACKET;
        let mut block = Planar::default();
        frames.pull(wanted + if is_whole { 0 } else { BEHIND }, &mut block)?;
        let taps = low_pass(TAPS, share, 0.0);
        let channels = block.channels.into_iter().map(|mut channel| {
            for sample in &mut channel {
                // The encoder refuses what lies outside; NaN becomes silence.
                *sample = if sample.is_nan() { 0.0 } else { sample.clamp(-1.0, 1.0) };
            }
            if is_whole {
                return channel;
            }
            let around = [&[0.0; TAPS - 1 - BEHIND][..], &channel].concat();
            around.windows(TAPS).map(|around| dot(&taps, around).clamp(-1.0, 1.0)).collect()
        });
        Ok(Self { rate_hz, channels: channels.collect(), pre_roll })
    }

    /// The packets behind the pre-roll, as an encoder with these options makes them.
    ///
    /// # Errors
    /// [`EncodeError::Encoder`].
    pub fn coded(&self, options: &EncodeOptions) -> Result<Vec<Vec<u8>>, EncodeError> {
        let mut encoder =
            Encoder::new(self.rate_hz, self.channels.len(), options).map_err(failed)?;
        let blocks = self.channels.first().map_or(0, |channel| channel.len() / PACKET);
        let mut packets = Vec::with_capacity(blocks);
        for fed in 0..blocks {
            let block = fed * PACKET..(fed + 1) * PACKET;
            let planes: Vec<&[f32]> = self.channels.iter().map(|c| &c[block.clone()]).collect();
            let take = |coded: EncodedFrame<'_>| {
                packets.push(coded.payload.to_vec());
                Ok(())
            };
            encoder.feed(&planes, take).map_err(failed)?;
            if packets.len() != fed {
                return Err(failed(format!("{} packets instead of {fed}", packets.len())));
            }
        }
        Ok(packets.split_off(self.pre_roll))
    }

    /// The power in each packet behind the pre-roll: that of its own frames, and of those before them, over which it
    /// reaches.
    pub fn powers(&self) -> impl Iterator<Item = f64> {
        let blocks = self.channels.first().map_or(0, |channel| channel.len() / PACKET);
        (self.pre_roll + 1..blocks).map(|after| {
            let reach = after.saturating_sub(2) * PACKET..after * PACKET;
            let of = |channel: &Vec<f32>| -> f64 {
                channel[reach.clone()].iter().map(|sample| f64::from(sample * sample)).sum()
            };
            self.channels.iter().map(of).sum()
        })
    }
}

fn failed(error: impl std::fmt::Display) -> EncodeError {
    EncodeError::Encoder(format!("AAC: {error}"))
}
