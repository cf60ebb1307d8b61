//! Decoders of the symphonia family behind our own trait: FLAC, AAC, ALAC.
//!
//! Only its decoders: packets, positions and trimming are our demuxers' business.

use crate::Planar;
use crate::demux::packets::PacketDecoder;
use crate::error::DecodeError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use symphonia::core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_ALAC, CODEC_ID_FLAC};
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions as Options,
};
use symphonia::core::errors::Error;
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};
use symphonia::default::codecs as decoders;

/// What is to be decoded, with what the decoder must know beforehand.
#[derive(Debug, Clone, Copy)]
pub enum Codec<'a> {
    /// The body of STREAMINFO.
    Flac(&'a [u8]),
    /// AudioSpecificConfig.
    Aac(&'a [u8]),
    /// The magic cookie.
    Alac(&'a [u8]),
}

/// The element that ends an AAC packet (ISO 14496-3 §4.4.2.1), in its first three bits.
const AAC_ID_END: u8 = 7;

/// One of symphonia's decoders.
pub struct Symphonia {
    decoder: Box<dyn AudioDecoder>,
    is_aac: bool,
    planes: Vec<Vec<f32>>,
}

impl Symphonia {
    /// A fresh decoder.
    ///
    /// # Errors
    /// [`DecodeError::Broken`] with the decoder's own words, where it can't decode that.
    pub fn new(codec: Codec<'_>) -> Result<Self, DecodeError> {
        let decoder = catch_unwind(|| build(codec))
            .map_err(|_| DecodeError::Broken("the codec's headers make no sense".into()))?
            .map_err(|e| DecodeError::Broken(e.to_string()))?;
        Ok(Self { decoder, is_aac: matches!(codec, Codec::Aac(_)), planes: Vec::new() })
    }
}

fn build(codec: Codec<'_>) -> Result<Box<dyn AudioDecoder>, Error> {
    let mut parameters = AudioCodecParameters::new();
    let (id, extra) = match codec {
        Codec::Flac(extra) => (CODEC_ID_FLAC, extra),
        Codec::Aac(extra) => (CODEC_ID_AAC, extra),
        Codec::Alac(extra) => (CODEC_ID_ALAC, extra),
    };
    parameters.for_codec(id).with_extra_data(extra.into());
    let options = Options::default().gapless(false);
    Ok(match codec {
        Codec::Flac(_) => Box::new(decoders::FlacDecoder::try_new(&parameters, &options)?),
        Codec::Aac(_) => Box::new(decoders::AacDecoder::try_new(&parameters, &options)?),
        Codec::Alac(_) => Box::new(decoders::AlacDecoder::try_new(&parameters, &options)?),
    })
}

impl PacketDecoder for Symphonia {
    fn decode(&mut self, data: &[u8], out: &mut Planar) -> bool {
        // The AAC decoder takes what is empty, or begins with its end mark, for a packet that brings
        // nothing new, and gives the samples of the one before again.
        let ends_at_once = data.first().is_none_or(|first| self.is_aac && first >> 5 == AAC_ID_END);
        if ends_at_once {
            return false;
        }
        let packet = PacketRef::new(0, Timestamp::ZERO, Duration::ZERO, data);
        // A damaged packet may make these decoders panic (an index past a table): it counts as an
        // error like any other, and the decoder, whose state is plain numbers, goes on.
        let decoded = catch_unwind(AssertUnwindSafe(|| {
            let Ok(block) = self.decoder.decode_ref(&packet) else { return false };
            block.copy_to_vecs_planar(&mut self.planes);
            true
        }));
        if !decoded.unwrap_or(false) || self.planes.len() != out.channels.len() {
            return false;
        }
        for (to, from) in out.channels.iter_mut().zip(&self.planes) {
            to.extend_from_slice(from);
        }
        true
    }
}
