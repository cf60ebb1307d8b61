//! Decoding Opus: the identification header (RFC 7845 §5.1) and the decoder behind our own trait.
//! Always at 48 kHz, whatever rate the encoder was fed.

use super::channel_order::wave_order;
use crate::Planar;
use crate::demux::bytes::{u8_at, u16_le};
use crate::demux::packets::PacketDecoder;
use libopus::{Decoder, Streams};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub mod constant;
pub mod libopus;

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
    /// What a packet holds. Of three channels and more the order is that of Vorbis.
    streams: Streams,
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
        let channels = u8_at(bytes, 9).ok_or_else(short)?;
        let streams = match (u8_at(bytes, 18).ok_or_else(short)?, channels) {
            (0, 1..=2) => {
                Streams { count: 1, coupled: channels - 1, mapping: (0..channels).collect() }
            }
            (1, 1..=8) => Streams {
                count: u8_at(bytes, 19).ok_or_else(short)?,
                coupled: u8_at(bytes, 20).ok_or_else(short)?,
                mapping: bytes.get(21..21 + usize::from(channels)).ok_or_else(short)?.to_vec(),
            },
            (family, channels) => {
                return Err(format!("opus: {channels} channels in mapping family {family}"));
            }
        };
        let sound = streams.count <= channels && Decoder::new(&streams, 0).is_ok();
        if !sound {
            return Err("opus: the channel mapping makes no sense".into());
        }
        let pre_skip = u16_le(bytes, 10).ok_or_else(short)?;
        let gain_q8 = u16_le(bytes, 16).ok_or_else(short)?.cast_signed();
        Ok(Self { channels, pre_skip, gain_q8, streams })
    }

    fn decoder(&self) -> Result<Decoder, String> {
        Decoder::new(&self.streams, self.gain_q8).map_err(|code| format!("opus: error {code}"))
    }
}

/// Frames that a packet decodes to, by its first bytes (RFC 6716 §3.1, §3.2); 0 if it is malformed.
#[must_use]
pub fn packet_frames(data: &[u8]) -> usize {
    let Some(&first) = data.first() else { return 0 };
    let (mode, size) = (first >> 5, usize::from(first >> 3 & 3));
    let frames = match mode {
        0..=2 => [480, 960, 1920, 2880][size],
        3 => [480, 960][size & 1],
        _ => 120 << size,
    };
    let count = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => usize::from(data.get(1).unwrap_or(&0) & 0x3f),
    };
    let frames = frames * count;
    if frames > LONGEST_FRAMES { 0 } else { frames }
}

/// A fresh Opus decoder.
pub struct Opus {
    head: OpusHead,
    decoder: Decoder,
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
        let decoder = head.decoder()?;
        let interleaved = vec![0.0; LONGEST_FRAMES * channels];
        Ok(Self { head: head.clone(), decoder, interleaved, order })
    }
}

impl PacketDecoder for Opus {
    fn decode(&mut self, data: &[u8], out: &mut Planar) -> bool {
        let frames = packet_frames(data);
        let channels = self.order.len();
        let Some(room) = self.interleaved.get_mut(..frames * channels) else { return false };
        let decoder = &mut self.decoder;
        let decoded = catch_unwind(AssertUnwindSafe(|| decoder.decode(data, room)));
        let Ok(decoded) = decoded else {
            // A packet that makes no sense can make the decoder panic in its middle: it is replaced.
            if let Ok(fresh) = self.head.decoder() {
                self.decoder = fresh;
            }
            return false;
        };
        let Some(decoded) = decoded else { return false };
        let room = &self.interleaved[..decoded * channels];
        for (to, &from) in out.channels.iter_mut().zip(self.order) {
            to.extend(room.iter().skip(from).step_by(channels));
        }
        true
    }
}
