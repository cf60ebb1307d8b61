//! The first packet as a label: Xing/Info with LAME's extension, or VBRI. It holds no audio.

use crate::codecs::mpeg::{HEADER_BYTES, Header};
use crate::demux::bytes::{u8_at, u16_be, u32_be};

/// What the label says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tag {
    /// Packets of audio, if stated.
    pub packets: Option<u64>,
    /// The encoder's delay and the padding at the end, in frames.
    pub delay_padding: Option<(u32, u32)>,
}

impl Tag {
    /// Reads the label; `None` if the packet is audio.
    #[must_use]
    pub fn parse(packet: &[u8], header: &Header) -> Option<Self> {
        // Writers put it behind the side information, as if there were never a CRC.
        let at = HEADER_BYTES + header.side_bytes();
        let name = packet.get(at..at + 4)?;
        if name != b"Xing" && name != b"Info" {
            let vbri = packet.get(36..40)? == b"VBRI";
            return vbri
                .then(|| Self { packets: u32_be(packet, 50).map(u64::from), delay_padding: None });
        }
        let flags = u32_be(packet, at + 4)?;
        let mut next = at + 8;
        let mut packets = None;
        if flags & 1 != 0 {
            packets = u32_be(packet, next).map(u64::from);
            next += 4;
        }
        next += if flags & 2 != 0 { 4 } else { 0 };
        next += if flags & 4 != 0 { 100 } else { 0 };
        next += if flags & 8 != 0 { 4 } else { 0 };
        Some(Self { packets, delay_padding: delay_padding(packet, next) })
    }
}

/// The 12 + 12 bits of LAME's extension, which libavformat writes too.
fn delay_padding(packet: &[u8], at: usize) -> Option<(u32, u32)> {
    let name = packet.get(at..at + 4)?;
    if ![b"LAME", b"Lavf", b"Lavc"].iter().any(|n| name == *n) {
        return None;
    }
    let high = u32::from(u16_be(packet, at + 21)?);
    let low = u32::from(u8_at(packet, at + 23)?);
    let bits = high << 8 | low;
    Some((bits >> 12, bits & 0xfff))
}
