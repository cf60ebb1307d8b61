//! Making Ogg pages (RFC 3533 §6) of whole packets.

use super::pages::{HEADER_BYTES, crc};

/// What a page says of itself.
#[derive(Debug, Clone, Copy)]
pub struct PageHeader {
    /// First page of its stream.
    pub first: bool,
    /// Last page of its stream.
    pub last: bool,
    /// Position at the end of its last packet.
    pub granule: u64,
    /// Which stream.
    pub serial: u32,
    /// Number in its stream.
    pub sequence: u32,
}

/// Lacing values of a packet: one for every 255 bytes, and one less than 255 to end it.
#[must_use]
pub const fn lacing_values(packet_bytes: usize) -> usize {
    packet_bytes / 255 + 1
}

/// A page of packets of one length that follow each other in `body`; they must need at most 255 lacing
/// values together.
#[must_use]
pub fn page(header: PageHeader, packet_bytes: usize, body: &[u8]) -> Vec<u8> {
    let packets = body.len() / packet_bytes.max(1);
    let values = packets * lacing_values(packet_bytes);
    debug_assert!(values <= 255);
    let mut page = Vec::with_capacity(HEADER_BYTES + values + body.len());
    page.extend(b"OggS\0");
    page.push(u8::from(header.first) << 1 | u8::from(header.last) << 2);
    page.extend(header.granule.to_le_bytes());
    page.extend(header.serial.to_le_bytes());
    page.extend(header.sequence.to_le_bytes());
    page.extend([0; 4]); // the checksum's place
    page.push(values as u8);
    for _ in 0..packets {
        page.resize(page.len() + packet_bytes / 255, 255);
        page.push((packet_bytes % 255) as u8);
    }
    page.extend_from_slice(body);
    let checksum = crc(&page);
    page[22..26].copy_from_slice(&checksum.to_le_bytes());
    page
}
