//! The decoder of MPEG audio packets, layers I to III, mono and stereo ones in any order: joined files change
//! between them.

use super::header::Header;
use crate::Planar;
use crate::demux::packets::PacketDecoder;
use nanomp3_core::{Decoder, MAX_SAMPLES_PER_FRAME};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Decodes to the channels of the facts, whatever a packet has.
pub struct MpegDecoder {
    decoder: Decoder,
    /// Channels of the packets that the present decoder has seen: its state is of no use to others.
    channels: Option<u16>,
    /// A packet's samples, frame by frame.
    interleaved: Box<[f32; MAX_SAMPLES_PER_FRAME]>,
}

impl Default for MpegDecoder {
    fn default() -> Self {
        let interleaved = Box::new([0.0; MAX_SAMPLES_PER_FRAME]);
        Self { decoder: Decoder::new(), channels: None, interleaved }
    }
}

impl MpegDecoder {
    /// Decodes one whole packet; gives how many frames it has.
    fn frames_of(&mut self, data: &[u8]) -> Option<usize> {
        let Self { decoder, interleaved, .. } = self;
        // A damaged packet that made the decoder panic counts as an error like any other: its state is plain numbers.
        let decoded = catch_unwind(AssertUnwindSafe(|| decoder.decode(data, &mut interleaved[..])));
        let (_, packet) = decoded.ok()?;
        packet.ok().map(|packet| packet.samples_produced)
    }
}

impl PacketDecoder for MpegDecoder {
    fn decode(&mut self, data: &[u8], out: &mut Planar) -> bool {
        let Some(header) = Header::parse(data) else { return false };
        if self.channels.replace(header.channels).is_some_and(|before| before != header.channels) {
            self.decoder = Decoder::new();
        }
        let Some(frames) = self.frames_of(data) else { return false };
        let channels = usize::from(header.channels);
        let Some(samples) = self.interleaved.get(..frames * channels) else { return false };
        if channels == out.channels.len() {
            for (at, channel) in out.channels.iter_mut().enumerate() {
                channel.extend(samples.iter().skip(at).step_by(channels));
            }
            return true;
        }
        let mixed =
            samples.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() / channels as f32);
        out.channels.iter_mut().for_each(|channel| channel.extend(mixed.clone()));
        true
    }
}
