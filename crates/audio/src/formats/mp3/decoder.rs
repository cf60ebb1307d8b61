//! The decoder of MP3 packets, mono and stereo ones in any order: joined files change between them.

use super::header::Header;
use crate::Planar;
use crate::codecs::symphonia::{Codec, Symphonia};
use crate::demux::packets::PacketDecoder;
use crate::error::DecodeError;

/// Decodes to the channels of the facts, whatever a packet has.
pub struct Mp3Decoder {
    decoder: Symphonia,
    /// Channels of the packets that the present decoder has seen: it takes no others.
    channels: Option<u16>,
    /// Room for a packet that has other channels than the facts.
    block: Planar,
}

impl Mp3Decoder {
    /// A fresh decoder.
    ///
    /// # Errors
    /// [`DecodeError::Broken`].
    pub fn new() -> Result<Self, DecodeError> {
        let decoder = Symphonia::new(Codec::Mp3)?;
        Ok(Self { decoder, channels: None, block: Planar::default() })
    }
}

impl PacketDecoder for Mp3Decoder {
    fn decode(&mut self, data: &[u8], out: &mut Planar) -> bool {
        let Some(header) = Header::parse(data) else { return false };
        if self.channels.replace(header.channels).is_some_and(|before| before != header.channels) {
            let Ok(fresh) = Symphonia::new(Codec::Mp3) else { return false };
            self.decoder = fresh;
        }
        if usize::from(header.channels) == out.channels.len() {
            return self.decoder.decode(data, out);
        }
        self.block.channels.resize_with(header.channels.into(), Vec::new);
        self.block.clear();
        let decoded = self.decoder.decode(data, &mut self.block);
        match self.block.channels.as_slice() {
            [mono] => out.channels.iter_mut().for_each(|channel| channel.extend_from_slice(mono)),
            [left, right] => {
                let mixed = left.iter().zip(right).map(|(left, right)| (left + right) / 2.0);
                out.channels.iter_mut().for_each(|channel| channel.extend(mixed.clone()));
            }
            _ => return false,
        }
        decoded
    }
}
