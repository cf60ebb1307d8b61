//! A FLAC that is nothing but very many blocks of silence in very few bytes.

/// CRC-8 or CRC-16 of FLAC, by its polynomial.
fn crc(bytes: &[u8], bits: u32, polynomial: u32) -> u32 {
    let top = 1 << (bits - 1);
    let step = |c: u32| if c & top != 0 { c << 1 ^ polynomial } else { c << 1 };
    let sum = |crc, &byte: &u8| (0..8).fold(crc ^ u32::from(byte) << (bits - 8), |c, _| step(c));
    bytes.iter().fold(0, sum) & ((1 << bits) - 1)
}

/// A mono FLAC whose every frame is 65535 zeros in some 15 bytes.
pub fn silent_flac(rate_hz: u32, frames: u32) -> Vec<u8> {
    let mut flac = b"fLaC\x80\x00\x00\x22\xff\xff\xff\xff\0\0\0\0\0\0".to_vec();
    flac.extend((rate_hz << 12 | 15 << 4).to_be_bytes());
    flac.extend([0; 20]);
    for number in 0..frames {
        let mut frame = vec![0xff, 0xf8, 0x70, 0x08];
        let mut utf8 = [0; 4];
        frame.extend(char::from_u32(number).unwrap().encode_utf8(&mut utf8).bytes());
        frame.extend([0xff, 0xfe]);
        frame.push(crc(&frame, 8, 0x07) as u8);
        frame.extend([0, 0, 0]);
        frame.extend((crc(&frame, 16, 0x8005) as u16).to_be_bytes());
        flac.extend(frame);
    }
    flac
}
