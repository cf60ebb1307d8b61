//! A FLAC frame's coded number: another one, with the checksums that go with it (RFC 9639 §9.1, §9.3).

use super::header::{crc8, crc16};

/// A frame that was coded as number 0, now with another number; `None` if it isn't such a frame.
pub fn renumbered(frame: &[u8], number: u64) -> Option<Vec<u8>> {
    let fixed = frame.get(..4)?;
    if fixed[0] != 0xff || fixed[1] & 0xfe != 0xf8 || *frame.get(4)? != 0 {
        return None;
    }
    let block_size = match fixed[2] >> 4 {
        6 => 1,
        7 => 2,
        _ => 0,
    };
    let rate = match fixed[2] & 15 {
        12 => 1,
        13 | 14 => 2,
        _ => 0,
    };
    let coded_end = 5 + block_size + rate;
    let body = frame.get(coded_end + 1..frame.len().checked_sub(2)?)?;
    let mut out = Vec::with_capacity(frame.len() + 6);
    out.extend_from_slice(fixed);
    push_coded(&mut out, number);
    out.extend_from_slice(frame.get(5..coded_end)?);
    out.push(crc8(&out));
    out.extend_from_slice(body);
    out.extend(crc16(&out).to_be_bytes());
    Some(out)
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
