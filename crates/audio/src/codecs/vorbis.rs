//! What a demuxer must know of Vorbis: how long each packet is. The decoder itself is symphonia's.

use super::codebooks;
use crate::demux::bytes::{u8_at, u32_le};

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

impl VorbisHead {
    /// Reads the headers.
    ///
    /// # Errors
    /// What makes no sense, in plain words.
    pub fn parse(identification: &[u8], setup: &[u8]) -> Result<Self, String> {
        let wrong = || "vorbis: the headers make no sense".to_owned();
        let identification = identification.get(..30).ok_or_else(wrong)?;
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

    /// The headers as the decoder wants them, and [`VorbisHead::of_headers`] too.
    #[must_use]
    pub fn headers(&self) -> &[u8] {
        &self.headers
    }

    /// Reads what [`VorbisHead::headers`] gave.
    ///
    /// # Errors
    /// As [`VorbisHead::parse`].
    pub fn of_headers(headers: &[u8]) -> Result<Self, String> {
        let (identification, setup) =
            headers.split_at_checked(30).ok_or("vorbis: the headers are cut short")?;
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
