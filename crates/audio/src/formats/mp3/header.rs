//! The four bytes in front of every MPEG audio frame (ISO 11172-3 §2.4.1.3, 13818-3, MPEG 2.5).

/// One layer III frame's header, of a fixed bit rate (free format is not supported).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// MPEG 1; otherwise 2 or 2.5 (half the frames a packet).
    pub mpeg1: bool,
    /// Samples per second.
    pub rate_hz: u32,
    /// Bits per second.
    pub bitrate_bps: u32,
    /// 1 or 2.
    pub channels: u16,
    /// Whether a CRC follows the header.
    pub protected: bool,
    /// Whole packet in bytes, header and padding included.
    pub length_bytes: usize,
}

const KBPS_MPEG1: [u32; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const KBPS_MPEG2: [u32; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/// Bytes of a header.
pub const HEADER_BYTES: usize = 4;

impl Header {
    /// Reads a header; `None` if the bytes are none.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let &[sync, version, rates, mode] = bytes.first_chunk::<HEADER_BYTES>()?;
        // 11 bits of sync, layer III.
        if sync != 0xff || version & 0xe0 != 0xe0 || version & 0x06 != 0x02 {
            return None;
        }
        let (mpeg1, divisor) = match version >> 3 & 3 {
            3 => (true, 1),
            2 => (false, 2),
            0 => (false, 4),
            _ => return None,
        };
        let rate_hz = [44_100, 48_000, 32_000].get(usize::from(rates >> 2 & 3))? / divisor;
        let table = if mpeg1 { KBPS_MPEG1 } else { KBPS_MPEG2 };
        let kbps = *table.get(usize::from(rates >> 4).checked_sub(1)?)?;
        if mode & 3 == 2 {
            return None; // a reserved emphasis
        }
        let factor = if mpeg1 { 144_000 } else { 72_000 };
        let padding = u32::from(rates >> 1 & 1);
        Some(Self {
            mpeg1,
            rate_hz,
            bitrate_bps: kbps * 1000,
            channels: if mode >> 6 == 3 { 1 } else { 2 },
            protected: version & 1 == 0,
            length_bytes: (factor * kbps / rate_hz + padding) as usize,
        })
    }

    /// Frames (samples per channel) of a packet.
    #[must_use]
    pub fn frames(&self) -> u64 {
        if self.mpeg1 { 1152 } else { 576 }
    }

    /// Bytes of side information.
    #[must_use]
    pub fn side_bytes(&self) -> usize {
        match (self.mpeg1, self.channels) {
            (true, 1) => 17,
            (true, _) => 32,
            (false, 1) => 9,
            (false, _) => 17,
        }
    }

    /// Bytes left for main data.
    #[must_use]
    pub fn main_data_bytes(&self) -> usize {
        let crc = if self.protected { 2 } else { 0 };
        self.length_bytes.saturating_sub(HEADER_BYTES + crc + self.side_bytes())
    }

    /// Whether another packet can belong to the same stream.
    #[must_use]
    pub fn continues(&self, other: &Self) -> bool {
        self.mpeg1 == other.mpeg1 && self.rate_hz == other.rate_hz
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_each_version_has_the_length_of_the_standard() {
        let of = |bytes: [u8; 4]| Header::parse(&bytes).map(|h| (h.rate_hz, h.length_bytes));
        assert_eq!(of([0xff, 0xfb, 0x90, 0x00]), Some((44_100, 417)));
        assert_eq!(of([0xff, 0xfb, 0x92, 0x00]), Some((44_100, 418)));
        assert_eq!(of([0xff, 0xf3, 0x48, 0xc0]), Some((16_000, 144)));
        assert_eq!(of([0xff, 0xe3, 0x18, 0xc0]), Some((8_000, 72)));
    }

    #[test]
    fn other_layers_free_format_and_reserved_values_are_refused() {
        for bytes in [[0xff, 0xfd, 0x90, 0], [0xff, 0xfb, 0x00, 0], [0xff, 0xfb, 0xf0, 0]] {
            assert_eq!(Header::parse(&bytes), None);
        }
        assert_eq!(Header::parse(&[0xff, 0xfb, 0x9c, 0]), None);
        assert_eq!(Header::parse(&[0xff, 0xeb, 0x90, 0]), None);
    }
}
