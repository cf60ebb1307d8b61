//! AAC that symphonia doesn't decode, by syom: more than two channels, and HE-AAC.

use super::aac::{AacConfig, Extension};
use crate::Planar;
use crate::demux::packets::PacketDecoder;
use crate::error::DecodeError;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use syom::{DecodeOptions, Decoder};

/// A decoder of AAC.
pub struct Syom {
    decoder: Decoder,
    description: Vec<u8>,
}

impl Syom {
    /// A fresh decoder.
    ///
    /// # Errors
    /// [`DecodeError::Broken`] with the decoder's own words, where it can't decode that.
    pub fn new(config: AacConfig) -> Result<Self, DecodeError> {
        let description = config.to_bytes();
        let decoder = Decoder::from_asc(&description, DecodeOptions::unbounded())
            .map_err(|error| DecodeError::Broken(error.to_string()))?;
        Ok(Self { decoder, description })
    }

    /// Hands over what a packet decodes to: the rate, and the channels. False if it is damaged.
    fn hear(&mut self, packet: &[u8], mut take: impl FnMut(u32, &[&[f32]])) -> bool {
        let decoder = &mut self.decoder;
        let decoded = catch_unwind(AssertUnwindSafe(|| {
            decoder.decode_au(packet, |frame| {
                take(frame.sample_rate, frame.planar);
                Ok(())
            })
        }));
        let is_good = matches!(decoded, Ok(Ok(())));
        if !is_good {
            // After an error it takes no more packets.
            self.decoder.reset();
            let _ = self.decoder.set_asc(&self.description);
        }
        is_good
    }
}

impl PacketDecoder for Syom {
    fn decode(&mut self, data: &[u8], out: &mut Planar) -> bool {
        let mut fits = false;
        let is_good = self.hear(data, |_, planes| {
            fits = planes.len() == out.channels.len();
            if fits {
                out.channels
                    .iter_mut()
                    .zip(planes)
                    .for_each(|(to, from)| to.extend_from_slice(from));
            }
        });
        is_good && fits
    }
}

/// Packets that are listened to.
const MOST_PACKETS: usize = 16;

/// The highest rate of a core.
const HIGHEST_CORE_HZ: u32 = 24_000;

/// The description completed by what the first packets turn out to hold: descriptions often keep silent about what
/// is on top of AAC-LC. `next` gives them in order.
///
/// # Errors
/// What `next` reports.
pub fn heard(
    config: AacConfig,
    mut next: impl FnMut() -> io::Result<Option<Vec<u8>>>,
) -> io::Result<AacConfig> {
    let is_settled = match config.extension {
        Extension::None => config.rate_hz > HIGHEST_CORE_HZ,
        Extension::Replication => config.configuration != 1,
        Extension::ParametricStereo => true,
    };
    if is_settled || config.configuration > 2 {
        return Ok(config);
    }
    let core = config.extended(Extension::None);
    let Ok(mut decoder) = Syom::new(core) else { return Ok(config) };
    let mut extension = config.extension;
    for _ in 0..MOST_PACKETS {
        let Some(packet) = next()? else { break };
        decoder.hear(&packet, |rate_hz, planes| {
            if planes.len() > usize::from(core.channels) {
                extension = Extension::ParametricStereo;
            } else if rate_hz > core.rate_hz && extension == Extension::None {
                extension = Extension::Replication;
            }
        });
    }
    Ok(config.extended(extension))
}
