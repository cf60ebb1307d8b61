//! FLAC frame headers (RFC 9639 §9.1) and STREAMINFO (§8.2).

use crate::codecs::flac::crc8;
use crate::demux::bytes::{u8_at, u16_be, u32_be};

/// The kinds of blocks that say something of the recording (RFC 9639 §8.1).
pub const COMMENTS: u8 = 4;
pub const PICTURE: u8 = 6;

/// Bytes of STREAMINFO.
pub const STREAMINFO_BYTES: usize = 34;

/// The longest frame header.
pub const LONGEST_HEADER: usize = 16;

/// What STREAMINFO says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamInfo {
    /// Smallest and largest block in frames.
    pub blocks: (u16, u16),
    /// Frames per second.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u16,
    /// Bits of a sample.
    pub bits: u8,
    /// Total frames; 0 is unknown.
    pub total: u64,
}

impl StreamInfo {
    /// Reads the block's body.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        let middle = u32_be(body, 10)?;
        let depth_and_total = u32_be(body, 14)?;
        let high = u64::from(middle & 0xf) << 32;
        Some(Self {
            blocks: (u16_be(body, 0)?, u16_be(body, 2)?),
            rate_hz: middle >> 12,
            channels: (middle >> 9 & 7) as u16 + 1,
            bits: (middle >> 4 & 31) as u8 + 1,
            total: high | u64::from(depth_and_total),
        })
    }

    /// What a frame's own header says, where it says it: it is what the frames are decoded by.
    #[must_use]
    pub fn as_in(self, header: &Header) -> Self {
        Self {
            rate_hz: header.rate_hz.unwrap_or(self.rate_hz),
            channels: u16::from(header.channels),
            bits: header.bits.unwrap_or(self.bits),
            ..self
        }
    }

    /// Rate, channels and sample size in words.
    #[must_use]
    pub fn shape(&self) -> String {
        format!("{} Hz, {} channels, {} bits", self.rate_hz, self.channels, self.bits)
    }

    /// The block's body, without sums.
    #[must_use]
    pub fn to_body(self) -> Vec<u8> {
        let middle = u64::from(self.rate_hz & 0xf_ffff) << 44
            | u64::from(self.channels.saturating_sub(1) & 7) << 41
            | u64::from(self.bits.saturating_sub(1) & 31) << 36
            | self.total & 0xf_ffff_ffff;
        let mut body = vec![0; STREAMINFO_BYTES];
        body[..2].copy_from_slice(&self.blocks.0.to_be_bytes());
        body[2..4].copy_from_slice(&self.blocks.1.to_be_bytes());
        body[10..18].copy_from_slice(&middle.to_be_bytes());
        body
    }
}

/// One frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The number is a sample's, not a block's.
    pub variable: bool,
    /// Block or sample number.
    pub number: u64,
    /// Frames in the block.
    pub block: u32,
    /// Frames per second; `None`: as STREAMINFO says.
    pub rate_hz: Option<u32>,
    /// Bits of a sample; `None`: as STREAMINFO says.
    pub bits: Option<u8>,
    /// Channels.
    pub channels: u8,
}

/// Sample rates by their codes, from 1 on (RFC 9639 §9.1.2).
const RATES_HZ: [u32; 11] =
    [88200, 176_400, 192_000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000];

impl Header {
    /// Reads and checks a header.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let sync = u16_be(bytes, 0)?;
        if sync & 0xfffe != 0xfff8 {
            return None;
        }
        let (sizes, layout) = (u8_at(bytes, 2)?, u8_at(bytes, 3)?);
        let (number, mut at) = coded_number(bytes, 4)?;
        let block = match sizes >> 4 {
            0 => return None,
            1 => 192,
            code @ 2..=5 => 144 << code,
            6 => {
                at += 1;
                u32::from(u8_at(bytes, at - 1)?) + 1
            }
            7 => {
                at += 2;
                u32::from(u16_be(bytes, at - 2)?) + 1
            }
            code => 1 << code,
        };
        let (rate_hz, length) = match sizes & 15 {
            0 => (None, 0),
            12 => (Some(u32::from(u8_at(bytes, at)?) * 1000), 1),
            13 => (Some(u32::from(u16_be(bytes, at)?)), 2),
            14 => (Some(u32::from(u16_be(bytes, at)?) * 10), 2),
            15 => return None,
            code => (RATES_HZ.get(usize::from(code) - 1).copied(), 0),
        };
        at += length;
        let bits = match layout >> 1 & 7 {
            0 => None,
            1 => Some(8),
            2 => Some(12),
            4 => Some(16),
            5 => Some(20),
            6 => Some(24),
            7 => Some(32),
            _ => return None,
        };
        let channels = match layout >> 4 {
            code @ 0..=7 => code + 1,
            8..=10 => 2,
            _ => return None,
        };
        if layout & 1 != 0 || u8_at(bytes, at)? != crc8(&bytes[..at]) {
            return None;
        }
        let variable = sync & 1 != 0;
        Some(Self { variable, number, block, rate_hz, bits, channels })
    }

    /// Whether another frame can belong to the same stream.
    #[must_use]
    pub fn continues(&self, other: &Self) -> bool {
        self.variable == other.variable
            && self.rate_hz == other.rate_hz
            && self.bits == other.bits
            && self.channels == other.channels
    }
}

/// A number coded as UTF-8 codes characters, up to 36 bits; and where it ends.
fn coded_number(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let first = u8_at(bytes, at)?;
    let following = match first.leading_ones() {
        0 => return Some((first.into(), at + 1)),
        ones @ 2..=7 => ones as usize - 1,
        _ => return None,
    };
    let start = u64::from(first & (0x3f_u8 >> following.min(6)));
    let number = bytes.get(at + 1..at + 1 + following)?.iter().try_fold(start, |sum, &byte| {
        (byte >> 6 == 2).then_some(sum << 6 | u64::from(byte & 0x3f))
    })?;
    Some((number, at + 1 + following))
}
