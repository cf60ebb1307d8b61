//! Packets: frames of one or more bands, with messages between them.

use super::filters::HighPass;
use super::head::SpeexHead;
use super::high::{High, LAYER_BITS};
use super::narrow::Narrow;
use super::stereo::Stereo;
use crate::Planar;
use crate::codecs::aac::Bits;
use crate::demux::packets::PacketDecoder;

/// Modes of a frame that are none: a message of the application, one of Speex itself, and the packet's end.
const OF_APPLICATION: u32 = 13;
const OF_SPEEX: u32 = 14;
const END: u32 = 15;

/// Messages of Speex's own: how loud the channels are; and the bits of each, by its number.
const STEREO: u32 = 9;
const MESSAGE_BITS: [usize; 16] = [1, 1, 4, 4, 4, 4, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64];

/// A decoder.
pub struct Speex {
    head: SpeexHead,
    narrow: Narrow,
    wide: High,
    ultra_wide: High,
    stereo: Stereo,
}

impl Speex {
    /// A fresh decoder.
    #[must_use]
    pub fn new(head: SpeexHead) -> Self {
        let high_pass = if head.bands > 1 { HighPass::of_low_band() } else { HighPass::narrow() };
        Self {
            head,
            narrow: Narrow::new(high_pass),
            wide: High::new(40, 0.9),
            ultra_wide: High::new(80, 0.7),
            stereo: Stereo::default(),
        }
    }

    /// The next frame; `None` at the packet's end, or where it makes no sense.
    fn frame(&mut self, bits: &mut Bits<'_>) -> Option<Vec<f32>> {
        let mode = self.next_mode(bits)?;
        let mut samples = self.narrow.decode(mode, bits)?;
        let mut told = &self.narrow.told;
        for band in
            [&mut self.wide, &mut self.ultra_wide].into_iter().take(self.head.bands as usize - 1)
        {
            // A layer that is left out is one of mode 0.
            let at = bits.at();
            let mode = match bits.take(1) {
                Some(1) => bits.take(3)?,
                _ => {
                    bits.skip_to(at);
                    0
                }
            };
            samples = band.decode(mode, bits, &samples, told)?;
            told = &band.told;
        }
        Some(samples)
    }

    /// The mode of the next frame of the low band, over messages and layers of bands that aren't wanted.
    fn next_mode(&mut self, bits: &mut Bits<'_>) -> Option<u32> {
        loop {
            let mut layers = 0;
            while bits.take(1)? == 1 {
                layers += 1;
                if layers > 2 {
                    return None;
                }
                let layer = LAYER_BITS[bits.take(3)? as usize & 7]?;
                bits.skip_to(bits.at() + layer - 4);
            }
            match bits.take(4)? {
                END => return None,
                OF_SPEEX => match bits.take(4)? {
                    STEREO => self.stereo.read(bits)?,
                    message => {
                        bits.skip_to(bits.at() + MESSAGE_BITS[message as usize & 15]);
                    }
                },
                OF_APPLICATION => {
                    let bytes = bits.take(4)? as usize;
                    bits.skip_to(bits.at() + 5 + 8 * bytes);
                }
                mode => return Some(mode),
            }
        }
    }
}

impl PacketDecoder for Speex {
    fn decode(&mut self, data: &[u8], out: &mut Planar) -> bool {
        let mut bits = Bits::new(data);
        for _ in 0..self.head.frames {
            let Some(mut samples) = self.frame(&mut bits) else { break };
            if !samples.iter().all(|sample| sample.is_finite()) {
                *self = Self::new(self.head);
                return false;
            }
            for sample in &mut samples {
                *sample = (*sample / 32_768.0).clamp(-1.0, 1.0);
            }
            match &mut out.channels[..] {
                [mono] => mono.extend(samples),
                channels => self.stereo.spread(&samples, channels),
            }
        }
        out.frames() > 0
    }
}
