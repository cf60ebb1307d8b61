//! Frames (RFC 9639 §9): one block of all channels, which depends on no other.

use super::bits::BitWriter;
use super::crc::{crc8, crc16};
use super::sample::Sample;
use super::stereo::{self, Assignment};
use super::subframe::Subframes;

/// The heads, padding and checksums of a frame.
pub const MOST_HEAD_BYTES: usize = 96;

/// Writes blocks of one stream as frames. It remembers none: the same block gives the same bytes always.
pub struct FrameEncoder {
    rate_hz: u32,
    subframes: Subframes,
    /// The two channels as they are coded.
    coded: [Vec<i32>; 2],
}

impl FrameEncoder {
    /// For a stream of so many frames (samples per channel) a second.
    #[must_use]
    pub fn new(rate_hz: u32) -> Self {
        Self { rate_hz, subframes: Subframes::default(), coded: Default::default() }
    }

    /// Appends the frame of block `number` to `out`. `channels` are one or two, all of the same length:
    /// 1 to 65535 samples.
    pub fn encode<T: Sample>(&mut self, channels: &[Vec<T>], number: u64, out: &mut Vec<u8>) {
        let start = out.len();
        let [one, other] = &mut self.coded;
        let assignment = match channels {
            [left, right] => stereo::assign(left, right, one, other),
            _ => {
                one.clear();
                one.extend(channels.iter().flatten().map(|&x| x.into()));
                Assignment::Mono
            }
        };
        let block = self.coded[0].len();
        push_header(out, block, self.rate_hz, (assignment.code(), T::DEPTH), number);
        let crc = crc8(&out[start..]);
        out.push(crc);
        let most_bytes = block * channels.len() * T::MOST_BYTES + MOST_HEAD_BYTES;
        let mut bits = BitWriter::new(std::mem::take(out), most_bytes);
        for (samples, side) in self.coded.iter_mut().zip(assignment.sides()) {
            let width = T::BITS + u32::from(*side);
            self.subframes.write(samples, width, T::PARAMETERS, &mut bits);
        }
        *out = bits.finish();
        let crc = crc16(&out[start..]);
        out.extend(crc.to_be_bytes());
    }
}

/// A frame's header, up to its checksum.
fn push_header(
    out: &mut Vec<u8>,
    block: usize,
    rate_hz: u32,
    (channels, depth): (u8, u8),
    number: u64,
) {
    /// Fixed block size.
    const SYNC: [u8; 2] = [0xff, 0xf8];
    let (block_code, block) = coded_block(block);
    let (rate_code, rate) = coded_rate(rate_hz);
    out.extend(SYNC);
    out.extend([block_code << 4 | rate_code, channels << 4 | depth]);
    push_number(out, number);
    out.extend_from_slice(&block);
    out.extend_from_slice(&rate);
}

/// A block size's code and the bytes that follow for it (RFC 9639 §9.1.1).
fn coded_block(block: usize) -> (u8, Vec<u8>) {
    match block {
        256..=32768 if block.is_power_of_two() => (block.ilog2() as u8, Vec::new()),
        0..256 => (6, vec![block.wrapping_sub(1) as u8]),
        _ => (7, (block.wrapping_sub(1) as u16).to_be_bytes().to_vec()),
    }
}
/// A rate's code and the bytes that follow for it (RFC 9639 §9.1.2); 0 leaves it to STREAMINFO.
fn coded_rate(rate_hz: u32) -> (u8, Vec<u8>) {
    /// From code 1 on.
    const RATES_HZ: [u32; 11] =
        [88_200, 176_400, 192_000, 8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];
    if let Some(at) = RATES_HZ.iter().position(|known| *known == rate_hz) {
        return (at as u8 + 1, Vec::new());
    }
    match (u8::try_from(rate_hz / 1000), u16::try_from(rate_hz), u16::try_from(rate_hz / 10)) {
        (Ok(khz), _, _) if rate_hz.is_multiple_of(1000) => (12, vec![khz]),
        (_, Ok(hz), _) => (13, hz.to_be_bytes().to_vec()),
        (_, _, Ok(tens)) if rate_hz.is_multiple_of(10) => (14, tens.to_be_bytes().to_vec()),
        _ => (0, Vec::new()),
    }
}

/// The number coded like UTF-8, up to 36 bits in seven bytes.
fn push_number(out: &mut Vec<u8>, number: u64) {
    if number < 0x80 {
        out.push(number as u8);
        return;
    }
    // n continuation bytes carry 6 bits each, the first byte 6 − n.
    let continuations = (1..=6).find(|n| number < 1 << (6 * n + 6 - n)).unwrap_or(6);
    let lead = 0xff_u8 << (7 - continuations);
    out.push(lead | (number >> (6 * continuations)) as u8);
    for i in (0..continuations).rev() {
        out.push(0x80 | (number >> (6 * i)) as u8 & 0x3f);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_coded_in_the_fewest_bytes() {
        let cases: [(u32, u8, &[u8]); 7] = [
            (8000, 4, &[]),
            (44_100, 9, &[]),
            (96_000, 11, &[]),
            (12_000, 12, &[12]),
            (11_025, 13, &[0x2b, 0x11]),
            (352_800, 14, &[0x89, 0xd0]),
            (100_001, 0, &[]),
        ];
        for (rate_hz, code, bytes) in cases {
            assert_eq!(coded_rate(rate_hz), (code, bytes.to_vec()), "{rate_hz}");
        }
    }

    #[test]
    fn numbers_are_coded_as_utf8_where_utf8_goes() {
        for number in [0u32, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x1_0000, 0x10_ffff] {
            let mut coded = Vec::new();
            push_number(&mut coded, u64::from(number));
            let text = char::from_u32(number).map(String::from);
            if let Some(text) = text {
                assert_eq!(coded, text.as_bytes(), "{number:x}");
            }
        }
        let mut coded = Vec::new();
        push_number(&mut coded, 0xf_ffff_ffff);
        assert_eq!(coded, [0xfe, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf]);
    }
}
