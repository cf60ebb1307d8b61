//! Puts the checksums of Ogg pages and FLAC frames right: without that hardly any mutation would get
//! past them.

/// The bytes with every page's checksum right.
pub fn ogg(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for at in places(bytes, |b| b.starts_with(b"OggS\0")) {
        let Some(&segments) = bytes.get(at + 26) else { break };
        let body = at + 27 + usize::from(segments);
        let Some(lacing) = bytes.get(at + 27..body) else { break };
        let end = body + lacing.iter().map(|&l| usize::from(l)).sum::<usize>();
        if end <= out.len() {
            out[at + 22..at + 26].fill(0);
            let sum = crc(&out[at..end], 32, 0x04c1_1db7);
            out[at + 22..at + 26].copy_from_slice(&sum.to_le_bytes());
        }
    }
    out
}

/// The bytes with the checksums of every frame and its header right.
pub fn flac(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let starts: Vec<_> =
        places(bytes, |b| b[0] == 0xff && b.get(1).is_some_and(|b| b >> 1 == 0x7c)).collect();
    for (number, &at) in starts.iter().enumerate() {
        let end = starts.get(number + 1).copied().unwrap_or(out.len());
        let Some(header) = flac_header_bytes(&out[at..end]).filter(|h| at + h + 3 <= end) else {
            continue;
        };
        out[at + header] = crc(&out[at..at + header], 8, 0x07) as u8;
        let sum = crc(&out[at..end - 2], 16, 0x8005) as u16;
        out[end - 2..end].copy_from_slice(&sum.to_be_bytes());
    }
    out
}

/// Bytes of a frame's header in front of its checksum.
fn flac_header_bytes(frame: &[u8]) -> Option<usize> {
    let number = (*frame.get(4)?).leading_ones().max(1) as usize;
    let block = match frame[2] >> 4 {
        6 => 1,
        7 => 2,
        _ => 0,
    };
    let rate = match frame[2] & 15 {
        12 => 1,
        13 | 14 => 2,
        _ => 0,
    };
    Some(4 + number + block + rate)
}

/// The places at which something begins.
fn places(bytes: &[u8], begins: impl Fn(&[u8]) -> bool) -> impl Iterator<Item = usize> {
    (0..bytes.len()).filter(move |&at| begins(&bytes[at..]))
}

/// A checksum that isn't reflected and begins at 0.
fn crc(bytes: &[u8], bits: u32, polynomial: u32) -> u32 {
    let top = 1 << (bits - 1);
    let step = |sum: u32| if sum & top != 0 { sum << 1 ^ polynomial } else { sum << 1 };
    let add =
        |sum, &byte: &u8| (0..8).fold(sum ^ u32::from(byte) << (bits - 8), |sum, _| step(sum));
    bytes.iter().fold(0, add) & (u32::MAX >> (32 - bits))
}
