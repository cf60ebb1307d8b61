//! FLAC frame headers (RFC 9639 §9.1) and STREAMINFO (§8.2).

use crate::codecs::flac::crc8;
use crate::demux::bytes::{u8_at, u16_be, u32_be};

/// Bytes of STREAMINFO.
pub const STREAMINFO_BYTES: usize = 34;

/// The longest frame header.
pub const LONGEST_HEADER: usize = 16;

/// What STREAMINFO says.
#[derive(Debug, Clone, Copy)]
pub struct StreamInfo {
    /// Smallest and largest block in frames.
    pub blocks: (u16, u16),
    /// Frames per second.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u16,
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
            total: high | u64::from(depth_and_total),
        })
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
    /// Codes that stay the same all through: sample rate and sample size.
    codes: (u8, u8),
    channels: u8,
}

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
        at += match sizes & 15 {
            12 => 1,
            13 | 14 => 2,
            15 => return None,
            _ => 0,
        };
        let channels = match layout >> 4 {
            code @ 0..=7 => code + 1,
            8..=10 => 2,
            _ => return None,
        };
        if layout & 1 != 0 || layout >> 1 & 7 == 3 || u8_at(bytes, at)? != crc8(&bytes[..at]) {
            return None;
        }
        let variable = sync & 1 != 0;
        Some(Self { variable, number, block, codes: (sizes & 15, layout & 14), channels })
    }

    /// Whether another frame can belong to the same stream.
    #[must_use]
    pub fn continues(&self, other: &Self) -> bool {
        self.variable == other.variable
            && self.codes == other.codes
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
