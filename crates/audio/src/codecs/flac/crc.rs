//! The checksums of FLAC frames (RFC 9639 §9.1.8, §9.3).

/// CRC-8 of a frame header.
pub fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(crc ^ byte, |c, _| if c & 0x80 != 0 { c << 1 ^ 0x07 } else { c << 1 })
    })
}

/// CRC-16 of a whole frame, its own last two bytes included: 0 if the frame is sound.
#[must_use]
pub fn crc16(bytes: &[u8]) -> u16 {
    /// Of each byte value, followed by so many zero bytes.
    static TABLES: [[u16; 256]; 8] = tables();
    let (eights, rest) = bytes.as_chunks::<8>();
    // Eight bytes at a time don't wait for one another.
    let sum = eights.iter().fold(0, |crc: u16, &[a, b, c, d, e, f, g, h]| {
        let [high, low] = crc.to_be_bytes();
        let terms = [a ^ high, b ^ low, c, d, e, f, g, h];
        let shifted = terms.iter().zip(TABLES.iter().rev());
        shifted.fold(0, |sum, (&byte, table)| sum ^ table[usize::from(byte)])
    });
    rest.iter().fold(sum, |crc, &byte| crc << 8 ^ TABLES[0][usize::from((crc >> 8) as u8 ^ byte)])
}

const fn tables() -> [[u16; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut index = 0;
    while index < 256 {
        let mut value = (index as u16) << 8;
        let mut bits = 0;
        while bits < 64 {
            let carry = value & 0x8000 != 0;
            value <<= 1;
            if carry {
                value ^= 0x8005;
            }
            bits += 1;
            if bits % 8 == 0 {
                tables[bits / 8 - 1][index] = value;
            }
        }
        index += 1;
    }
    tables
}
