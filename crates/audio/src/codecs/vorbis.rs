//! Vorbis: what a demuxer must know of its packets (how long each is), and the decoder, lewton's, behind our own trait.

use super::channel_order::wave_order;
use super::codebooks;
use crate::Planar;
use crate::demux::bytes::{u8_at, u32_le};
use crate::demux::packets::PacketDecoder;
use crate::error::DecodeError;
use lewton::audio::{PreviousWindowRight, read_audio_packet_generic};
use lewton::header::{IdentHeader, SetupHeader, read_header_ident, read_header_setup};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the identification and setup headers tell (Vorbis I §4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VorbisHead {
    /// Channels.
    pub channels: u8,
    /// Frames per second.
    pub rate_hz: u32,
    /// Short and long block.
    blocks: [u32; 2],
    /// For each mode, whether its block is long.
    long_modes: Vec<bool>,
    /// Identification and setup header, one after the other.
    headers: Vec<u8>,
}

/// Bytes of the identification header (Vorbis I §4.2.2).
const IDENTIFICATION_BYTES: usize = 30;

impl VorbisHead {
    /// Reads the headers.
    ///
    /// # Errors
    /// What makes no sense, in plain words.
    pub fn parse(identification: &[u8], setup: &[u8]) -> Result<Self, String> {
        let wrong = || "vorbis: the headers make no sense".to_owned();
        let identification = identification.get(..IDENTIFICATION_BYTES).ok_or_else(wrong)?;
        if !identification.starts_with(b"\x01vorbis") || !setup.starts_with(b"\x05vorbis") {
            return Err(wrong());
        }
        let sizes = u8_at(identification, 28).ok_or_else(wrong)?;
        let (short, long) = (sizes & 15, sizes >> 4);
        if !(6..=13).contains(&short) || !(short..=13).contains(&long) {
            return Err(wrong());
        }
        codebooks::check(setup)?;
        Ok(Self {
            channels: u8_at(identification, 11).ok_or_else(wrong)?,
            rate_hz: u32_le(identification, 12).ok_or_else(wrong)?,
            blocks: [1 << short, 1 << long],
            long_modes: modes(setup).ok_or_else(wrong)?,
            headers: [identification, setup].concat(),
        })
    }

    /// The headers as [`VorbisHead::of_headers`] wants them.
    #[must_use]
    pub fn headers(&self) -> &[u8] {
        &self.headers
    }

    /// Reads what [`VorbisHead::headers`] gave.
    ///
    /// # Errors
    /// As [`VorbisHead::parse`].
    pub fn of_headers(headers: &[u8]) -> Result<Self, String> {
        let (identification, setup) = headers
            .split_at_checked(IDENTIFICATION_BYTES)
            .ok_or("vorbis: the headers are cut short")?;
        Self::parse(identification, setup)
    }

    /// Size of a packet's block; `None` if it is no audio packet.
    #[must_use]
    pub fn block(&self, packet: &[u8]) -> Option<u32> {
        let first = *packet.first()?;
        let bits = (self.long_modes.len() - 1).checked_ilog2().map_or(0, |b| b + 1);
        let mode = usize::from(first >> 1) & ((1 << bits) - 1);
        let long = *self.long_modes.get(mode)?;
        (first & 1 == 0).then_some(self.blocks[usize::from(long)])
    }

    /// The longest block.
    #[must_use]
    pub fn longest_block(&self) -> u32 {
        self.blocks[1]
    }
}

/// The modes at the end of the setup header, found from behind: only what comes before them has a
/// length that nobody states. A mode is 1 bit, 16 + 16 zeros and an 8-bit mapping below 64; in front
/// stands their count less 1 in 6 bits.
fn modes(setup: &[u8]) -> Option<Vec<bool>> {
    let bit = |at: usize| setup.get(at / 8).map(|byte| byte >> (at % 8) & 1);
    let number = |at: usize, bits: usize| -> Option<u64> {
        (0..bits).try_fold(0, |sum, k| Some(sum | u64::from(bit(at + k)?) << k))
    };
    let framing = (0..setup.len() * 8).rev().find(|&at| bit(at) == Some(1))?;
    let mut at = framing;
    let mut long = Vec::new();
    let mut settled = None;
    while long.len() < 64 && at >= 41 + 6 {
        at -= 41;
        if number(at + 1, 32)? != 0 || number(at + 33, 8)? >= 64 {
            break;
        }
        long.push(bit(at)? == 1);
        if number(at - 6, 6)? + 1 == long.len() as u64 {
            settled = Some(long.len());
        }
    }
    long.truncate(settled?);
    long.reverse();
    Some(long)
}

/// The identification and setup headers out of three packets in Xiph lacing.
#[must_use]
pub fn unlace(private: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&2, mut rest) = private.split_first()? else { return None };
    let mut lengths = [0_usize; 2];
    for length in &mut lengths {
        loop {
            let (&byte, after) = rest.split_first()?;
            rest = after;
            *length += usize::from(byte);
            if byte < 255 {
                break;
            }
        }
    }
    let (identification, rest) = rest.split_at_checked(lengths[0])?;
    let (_, setup) = rest.split_at_checked(lengths[1])?;
    Some((identification, setup))
}

/// Tells how many frames each packet gives, from one on before which nothing was decoded.
#[derive(Debug, Default)]
pub struct VorbisClock {
    last_block: Option<u32>,
}

impl VorbisClock {
    /// Frames of the next packet; 0 for what is no audio.
    pub fn frames(&mut self, head: &VorbisHead, packet: &[u8]) -> usize {
        let Some(block) = head.block(packet) else { return 0 };
        // The first block only warms up: half of each of two blocks is what comes out.
        let last = self.last_block.replace(block);
        last.map_or(0, |last| (last + block) / 4) as usize
    }
}

/// A fresh Vorbis decoder.
pub struct Vorbis {
    head: VorbisHead,
    identification: IdentHeader,
    setup: SetupHeader,
    /// The part of the last block that overlaps the next one.
    overlap: PreviousWindowRight,
    /// Tells how many frames the standard gives for a packet: from the middle of the last block to its own.
    clock: VorbisClock,
    /// Frames of a long block that are done before its middle has come to a short one's: lewton gives them at once,
    /// and the standard, by which granules count, with the next packet.
    early: Planar,
    /// Which decoded channel each of ours is.
    order: &'static [usize],
}

impl Vorbis {
    /// A decoder for a stream with these headers.
    ///
    /// # Errors
    /// [`DecodeError::Broken`] with what the decoder can't do.
    pub fn new(head: &VorbisHead) -> Result<Self, DecodeError> {
        let channels = usize::from(head.channels);
        let order = wave_order(channels).ok_or_else(|| {
            DecodeError::Broken(format!("vorbis: {channels} channels (at most 8)"))
        })?;
        let (identification, setup) = head.headers.split_at(IDENTIFICATION_BYTES);
        let read = catch_unwind(|| {
            let identification = read_header_ident(identification).ok()?;
            let blocks = (identification.blocksize_0, identification.blocksize_1);
            let setup = read_header_setup(setup, identification.audio_channels, blocks).ok()?;
            Some((identification, setup))
        });
        let (identification, setup) = read
            .ok()
            .flatten()
            .ok_or_else(|| DecodeError::Broken("vorbis: the setup header makes no sense".into()))?;
        let clock = VorbisClock::default();
        let (overlap, early) = (PreviousWindowRight::new(), Planar::new(channels));
        let head = head.clone();
        Ok(Self { head, identification, setup, overlap, clock, early, order })
    }
}

impl PacketDecoder for Vorbis {
    fn decode(&mut self, data: &[u8], out: &mut Planar) -> bool {
        let frames = self.clock.frames(&self.head, data);
        let Self { identification, setup, overlap, early, order, .. } = self;
        // A damaged packet may make the decoder panic (an index past a table): that is an error like any other,
        // because its only state is the overlap, plain numbers.
        let decoded = catch_unwind(AssertUnwindSafe(|| {
            read_audio_packet_generic::<Vec<Vec<f32>>>(identification, setup, data, overlap).ok()
        }));
        let Ok(Some(planes)) = decoded else {
            early.clear();
            return false;
        };
        if planes.len() != out.channels.len() {
            return false;
        }
        for ((to, early), &from) in out.channels.iter_mut().zip(&mut early.channels).zip(*order) {
            early.extend_from_slice(&planes[from]);
            // A first block that is long leaves out what the standard counts before the second one.
            let missing = frames.saturating_sub(early.len());
            to.extend(std::iter::repeat_n(0.0, missing).chain(early.drain(..frames - missing)));
        }
        true
    }
}
