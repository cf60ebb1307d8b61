//! The four bytes in front of every MPEG audio frame (ISO 11172-3 §2.4.1.3, 13818-3, MPEG 2.5).

/// A layer of MPEG audio: its coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Layer I.
    One,
    /// Layer II.
    Two,
    /// Layer III, MP3.
    Three,
}

impl Layer {
    /// The codec's name in the facts.
    #[must_use]
    pub fn codec(self) -> &'static str {
        match self {
            Self::One => "mp1",
            Self::Two => "mp2",
            Self::Three => "mp3",
        }
    }
}

/// One packet's header, of a fixed bit rate (free format is not supported).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The four bytes.
    pub bytes: [u8; HEADER_BYTES],
    /// How it is coded.
    pub layer: Layer,
    /// MPEG 1; otherwise 2 or 2.5 (in layer III half the frames a packet).
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

/// Bit rates by their index less 1.
type Rates = [u32; 14];
const KBPS_1_I: Rates = [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448];
const KBPS_1_II: Rates = [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
const KBPS_1_III: Rates = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const KBPS_2_I: Rates = [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256];
const KBPS_2_II_III: Rates = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/// Bytes of a header.
pub const HEADER_BYTES: usize = 4;

impl Header {
    /// Reads a header; `None` if the bytes are none.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = *bytes.first_chunk::<HEADER_BYTES>()?;
        let [sync, version, rates, mode] = bytes;
        // 11 bits of sync.
        if sync != 0xff || version & 0xe0 != 0xe0 {
            return None;
        }
        let layer = match version >> 1 & 3 {
            1 => Layer::Three,
            2 => Layer::Two,
            3 => Layer::One,
            _ => return None,
        };
        let (mpeg1, divisor) = match version >> 3 & 3 {
            3 => (true, 1),
            2 => (false, 2),
            0 => (false, 4),
            _ => return None,
        };
        let rate_hz = [44_100, 48_000, 32_000].get(usize::from(rates >> 2 & 3))? / divisor;
        let kbps = *kbps(layer, mpeg1).get(usize::from(rates >> 4).checked_sub(1)?)?;
        if mode & 3 == 2 {
            return None; // a reserved emphasis
        }
        let padding = u32::from(rates >> 1 & 1);
        let length_bytes = match layer {
            Layer::One => (12_000 * kbps / rate_hz + padding) * 4,
            Layer::Three if !mpeg1 => 72_000 * kbps / rate_hz + padding,
            Layer::Two | Layer::Three => 144_000 * kbps / rate_hz + padding,
        };
        Some(Self {
            bytes,
            layer,
            mpeg1,
            rate_hz,
            bitrate_bps: kbps * 1000,
            channels: if mode >> 6 == 3 { 1 } else { 2 },
            protected: version & 1 == 0,
            length_bytes: length_bytes as usize,
        })
    }

    /// Frames (samples per channel) of a packet.
    #[must_use]
    pub fn frames(&self) -> u64 {
        match self.layer {
            Layer::One => 384,
            Layer::Three if !self.mpeg1 => 576,
            Layer::Two | Layer::Three => 1152,
        }
    }

    /// Bytes of layer III's side information.
    #[must_use]
    pub fn side_bytes(&self) -> usize {
        match (self.mpeg1, self.channels) {
            (true, 1) => 17,
            (true, _) => 32,
            (false, 1) => 9,
            (false, _) => 17,
        }
    }

    /// Bytes that the main data of later packets can reach back from this one: layer III's reservoir.
    #[must_use]
    pub fn reservoir_bytes(&self) -> usize {
        match self.layer {
            Layer::One | Layer::Two => 0,
            Layer::Three if self.mpeg1 => 511,
            Layer::Three => 255,
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
        (self.layer, self.mpeg1, self.rate_hz) == (other.layer, other.mpeg1, other.rate_hz)
    }
}

/// The bit rates of a layer in MPEG 1, or in 2 and 2.5 (ISO 11172-3 §2.4.2.3, 13818-3 §2.4.2.3).
fn kbps(layer: Layer, mpeg1: bool) -> &'static Rates {
    match (layer, mpeg1) {
        (Layer::One, true) => &KBPS_1_I,
        (Layer::Two, true) => &KBPS_1_II,
        (Layer::Three, true) => &KBPS_1_III,
        (Layer::One, false) => &KBPS_2_I,
        (Layer::Two | Layer::Three, false) => &KBPS_2_II_III,
    }
}

/// Whether the bytes begin a packet of free format: its bit rate is told nowhere.
#[must_use]
pub fn is_free_format(bytes: &[u8]) -> bool {
    let Some(&[sync, version, rates, mode]) = bytes.first_chunk::<HEADER_BYTES>() else {
        return false;
    };
    // Free format is a header without a bit rate, so with any other in its place the rest must be one.
    rates >> 4 == 0 && Header::parse(&[sync, version, rates | 0x10, mode]).is_some()
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
    fn the_lengths_of_layers_one_and_two_are_the_standards() {
        let of =
            |bytes: [u8; 4]| Header::parse(&bytes).map(|h| (h.layer, h.frames(), h.length_bytes));
        assert_eq!(of([0xff, 0xfd, 0x90, 0x00]), Some((Layer::Two, 1152, 522)));
        assert_eq!(of([0xff, 0xf5, 0x94, 0x00]), Some((Layer::Two, 1152, 480)));
        assert_eq!(of([0xff, 0xff, 0xc2, 0x00]), Some((Layer::One, 384, 420)));
    }

    #[test]
    fn free_format_and_reserved_values_are_refused() {
        for bytes in [[0xff, 0xf9, 0x90, 0], [0xff, 0xfb, 0x00, 0], [0xff, 0xfb, 0xf0, 0]] {
            assert_eq!(Header::parse(&bytes), None);
        }
        assert_eq!(Header::parse(&[0xff, 0xfb, 0x9c, 0]), None);
        assert_eq!(Header::parse(&[0xff, 0xeb, 0x90, 0]), None);
    }
}
