//! A FLAC frame's coded number: another one, with the checksums that go with it (RFC 9639 §9.1, §9.3).
//!
//! The rate is written too, where the encoder leaves it to STREAMINFO: GStreamer takes no frame without.

use super::header::{crc8, crc16};

/// A frame that was coded as number 0, now with another number and its rate; `None` if it isn't such a
/// frame.
pub fn renumbered(frame: &[u8], number: u64, rate_hz: u32) -> Option<Vec<u8>> {
    let fixed = frame.get(..4)?;
    if fixed[0] != 0xff || fixed[1] & 0xfe != 0xf8 || *frame.get(4)? != 0 {
        return None;
    }
    let block_size = match fixed[2] >> 4 {
        6 => 1,
        7 => 2,
        _ => 0,
    };
    let rate_bytes = match fixed[2] & 15 {
        12 => 1,
        13 | 14 => 2,
        _ => 0,
    };
    let block_end = 5 + block_size;
    let coded_end = block_end + rate_bytes;
    let (rate_code, rate) = coded_rate(rate_hz);
    let body = frame.get(coded_end + 1..frame.len().checked_sub(2)?)?;
    let mut out = Vec::with_capacity(frame.len() + 8);
    out.extend([fixed[0], fixed[1], fixed[2] & 0xf0 | rate_code, fixed[3]]);
    push_coded(&mut out, number);
    out.extend_from_slice(frame.get(5..block_end)?);
    out.extend_from_slice(&rate);
    out.push(crc8(&out));
    out.extend_from_slice(body);
    out.extend(crc16(&out).to_be_bytes());
    Some(out)
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
fn push_coded(out: &mut Vec<u8>, number: u64) {
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
            push_coded(&mut coded, u64::from(number));
            let text = char::from_u32(number).map(String::from);
            if let Some(text) = text {
                assert_eq!(coded, text.as_bytes(), "{number:x}");
            }
        }
        let mut coded = Vec::new();
        push_coded(&mut coded, 0xf_ffff_ffff);
        assert_eq!(coded, [0xfe, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf]);
    }
}
