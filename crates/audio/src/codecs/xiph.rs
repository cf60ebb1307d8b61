//! Opus and Vorbis as Ogg and Matroska carry them: packet durations, delay, pre-roll, decoder.

use super::opus::{self, Opus, OpusHead};
use super::vorbis::{Vorbis, VorbisHead};
use crate::demux::index::{IndexReader, IndexWriter};
use crate::demux::packets::PacketDecoder;
use crate::error::DecodeError;

/// A stream's codec with what its headers say.
#[derive(Debug, Clone)]
pub enum Stream {
    /// Opus.
    Opus(OpusHead),
    /// Vorbis.
    Vorbis(VorbisHead),
}

impl Stream {
    /// The name in the facts.
    #[must_use]
    pub fn codec(&self) -> &'static str {
        match self {
            Self::Opus(_) => "opus",
            Self::Vorbis(_) => "vorbis",
        }
    }

    /// Channels as decoded.
    #[must_use]
    pub fn channels(&self) -> u16 {
        match self {
            Self::Opus(head) => head.channels.into(),
            Self::Vorbis(head) => head.channels.into(),
        }
    }

    /// Frames per second as decoded.
    #[must_use]
    pub fn rate_hz(&self) -> u32 {
        match self {
            Self::Opus(_) => opus::RATE_HZ,
            Self::Vorbis(head) => head.rate_hz,
        }
    }

    /// Decoded frames in front of the first that counts.
    #[must_use]
    pub fn delay(&self) -> u64 {
        match self {
            Self::Opus(head) => head.pre_skip.into(),
            Self::Vorbis(_) => 0,
        }
    }

    /// Frames that a decode begins ahead: 2 s, more than 80 packets of Opus at 20 ms; two packets
    /// of Vorbis.
    #[must_use]
    pub fn pre_roll(&self) -> u64 {
        match self {
            Self::Opus(_) => 2 * u64::from(opus::RATE_HZ),
            Self::Vorbis(head) => 2 * u64::from(head.longest_block()),
        }
    }

    /// A clock at a packet before which nothing was decoded.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock { stream: self.clone(), last_block: None }
    }

    /// Frames that a fresh decoder gives for its first packet.
    #[must_use]
    pub fn first_frames(&self, packet: &[u8]) -> usize {
        match self {
            Self::Opus(_) => opus::packet_frames(packet),
            Self::Vorbis(_) => 0,
        }
    }

    /// A fresh decoder.
    ///
    /// # Errors
    /// [`DecodeError::Broken`] if it can't decode such a stream.
    pub fn decoder(&self) -> Result<Box<dyn PacketDecoder>, DecodeError> {
        Ok(match self {
            Self::Opus(head) => Box::new(Opus::new(head).map_err(DecodeError::Broken)?),
            Self::Vorbis(head) => Box::new(Vorbis::new(head)?),
        })
    }

    /// Appends the stream to a seek index.
    pub fn write(&self, private: &[u8], index: &mut IndexWriter) {
        match self {
            Self::Opus(_) => {
                index.put(0);
                index.put_bytes(private);
            }
            Self::Vorbis(head) => {
                index.put(1);
                index.put_bytes(head.headers());
            }
        }
    }

    /// Reads what [`Stream::write`] wrote.
    #[must_use]
    pub fn read(index: &mut IndexReader<'_>) -> Option<Self> {
        let kind = index.take()?;
        let bytes = index.take_bytes()?;
        match kind {
            0 => OpusHead::parse(bytes).ok().map(Self::Opus),
            _ => VorbisHead::of_headers(bytes).ok().map(Self::Vorbis),
        }
    }
}

/// For 1 to 8 channels in WAVE order, which channel of Vorbis's order (Vorbis I §4.3.9, RFC 7845 §5.1.1.2) each is.
#[must_use]
pub fn wave_order(channels: usize) -> Option<&'static [usize]> {
    const ORDERS: [&[usize]; 8] = [
        &[0],
        &[0, 1],
        &[0, 2, 1],
        &[0, 1, 2, 3],
        &[0, 2, 1, 3, 4],
        &[0, 2, 1, 5, 3, 4],
        &[0, 2, 1, 6, 5, 3, 4],
        &[0, 2, 1, 7, 5, 6, 3, 4],
    ];
    ORDERS.get(channels.checked_sub(1)?).copied()
}

/// Tells how many frames each packet gives.
pub struct Clock {
    stream: Stream,
    last_block: Option<u32>,
}

impl Clock {
    /// Frames of the next packet; 0 for what is no audio.
    pub fn frames(&mut self, packet: &[u8]) -> usize {
        match &self.stream {
            Stream::Opus(_) => opus::packet_frames(packet),
            Stream::Vorbis(head) => {
                let Some(block) = head.block(packet) else { return 0 };
                // The first block only warms up: half of each of two blocks is what comes out.
                let last = self.last_block.replace(block);
                last.map_or(0, |last| (last + block) / 4) as usize
            }
        }
    }
}
