//! Decoding Opus: the identification header (RFC 7845 §5.1) and the decoder behind our own trait.
//! Always at 48 kHz, whatever rate the encoder was fed.

use super::channel_order::wave_order;
use crate::Planar;
use crate::demux::bytes::{u8_at, u16_le};
use crate::demux::packets::PacketDecoder;
use opus_pure::{ChannelLayout, OpusDecoder, OpusMSDecoder, packet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The rate of every decode.
pub const RATE_HZ: u32 = 48_000;

/// Frames of the longest packet, 120 ms (RFC 6716 §3.2.5).
const LONGEST_FRAMES: usize = 5760;

/// The identification header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpusHead {
    /// Channels that come out.
    pub channels: u8,
    /// Frames at the beginning that only warm the decoder up.
    pub pre_skip: u16,
    /// Gain in 1/256 dB.
    gain_q8: i16,
    /// 0: mono or stereo; 1: up to 8 channels in Vorbis order.
    family: u8,
}

impl OpusHead {
    /// Reads `OpusHead`.
    ///
    /// # Errors
    /// What is not supported or makes no sense, in plain words.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let short = || "opus: the header is cut short".to_owned();
        if !bytes.starts_with(b"OpusHead") || u8_at(bytes, 8).is_none_or(|v| v >> 4 != 0) {
            return Err("opus: no version 1 header".into());
        }
        let head = Self {
            channels: u8_at(bytes, 9).ok_or_else(short)?,
            pre_skip: u16_le(bytes, 10).ok_or_else(short)?,
            gain_q8: u16_le(bytes, 16).ok_or_else(short)?.cast_signed(),
            family: u8_at(bytes, 18).ok_or_else(short)?,
        };
        match (head.family, head.channels) {
            (0, 1..=2) => Ok(head),
            (1, 1..=8) => {
                let layout = ChannelLayout::surround(usize::from(head.channels), 1);
                let layout = layout.map_err(|e| format!("opus: {e}"))?;
                let streams = u8_at(bytes, 19).map(usize::from);
                let coupled = u8_at(bytes, 20).map(usize::from);
                let usual = streams == Some(layout.nb_streams)
                    && coupled == Some(layout.nb_coupled_streams)
                    && bytes.get(21..21 + layout.nb_channels) == Some(&layout.mapping[..]);
                usual.then_some(head).ok_or_else(|| "opus: an unusual channel mapping".into())
            }
            (family, channels) => {
                Err(format!("opus: {channels} channels in mapping family {family}"))
            }
        }
    }
}

/// Frames that a packet decodes to, by its first bytes; 0 if it is malformed.
#[must_use]
pub fn packet_frames(data: &[u8]) -> usize {
    packet::samples_48k(data).unwrap_or(0)
}

enum Kind {
    Plain(Box<OpusDecoder>),
    Many(Box<OpusMSDecoder>),
}

impl Kind {
    fn new(head: &OpusHead) -> Result<Self, String> {
        let rate = RATE_HZ as i32;
        let channels = usize::from(head.channels);
        let gain_q8 = i32::from(head.gain_q8);
        if head.family == 0 {
            let mut decoder = OpusDecoder::new(rate, channels).map_err(|e| e.to_string())?;
            decoder.gain_q8 = gain_q8;
            return Ok(Self::Plain(Box::new(decoder)));
        }
        let mut decoder =
            OpusMSDecoder::new(rate, channels, head.family).map_err(|e| e.to_string())?;
        decoder.streams_mut().iter_mut().for_each(|d| d.gain_q8 = gain_q8);
        Ok(Self::Many(Box::new(decoder)))
    }
}

/// A fresh Opus decoder.
pub struct Opus {
    head: OpusHead,
    kind: Kind,
    interleaved: Vec<f32>,
    /// Which decoded channel each of ours is.
    order: &'static [usize],
}

impl Opus {
    /// A decoder for a stream with that header.
    ///
    /// # Errors
    /// What the decoder can't do.
    pub fn new(head: &OpusHead) -> Result<Self, String> {
        let channels = usize::from(head.channels);
        let order = wave_order(channels).ok_or("opus: too many channels")?;
        let kind = Kind::new(head)?;
        let interleaved = vec![0.0; LONGEST_FRAMES * channels];
        Ok(Self { head: head.clone(), kind, interleaved, order })
    }
}

impl PacketDecoder for Opus {
    fn decode(&mut self, data: &[u8], out: &mut Planar) -> bool {
        let frames = packet_frames(data);
        let channels = self.order.len();
        let Some(room) = self.interleaved.get_mut(..frames * channels) else { return false };
        let kind = &mut self.kind;
        let decoded = catch_unwind(AssertUnwindSafe(|| match kind {
            Kind::Plain(decoder) => decoder.decode(data, frames, room).ok(),
            Kind::Many(decoder) => decoder.decode(data, frames, room).ok(),
        }));
        let Ok(decoded) = decoded else {
            // A packet cut short can make the decoder panic in its middle: it is replaced.
            if let Ok(fresh) = Kind::new(&self.head) {
                self.kind = fresh;
            }
            return false;
        };
        let Some(decoded) = decoded else { return false };
        let room = &self.interleaved[..decoded.min(frames) * channels];
        for (to, &from) in out.channels.iter_mut().zip(self.order) {
            to.extend(room.iter().skip(from).step_by(channels));
        }
        true
    }
}
