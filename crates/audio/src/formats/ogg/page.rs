//! Making Ogg pages (RFC 3533 §6): of whole packets, or of one that takes several.

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
    let mut lacing = Vec::with_capacity(packets * lacing_values(packet_bytes));
    for _ in 0..packets {
        lacing.resize(lacing.len() + packet_bytes / 255, 255);
        lacing.push((packet_bytes % 255) as u8);
    }
    sealed(header, false, &lacing, body)
}

/// Most bytes of a packet on one page.
const FULL_BYTES: usize = 255 * 255;

/// The position on a page on which no packet ends.
const NOWHERE: u64 = u64::MAX;

/// The pages that a packet takes which has them to itself, the first numbered as `header` says.
#[must_use]
pub fn packet_pages(header: PageHeader, packet: &[u8]) -> Vec<Vec<u8>> {
    let pages = (0..=packet.len() / FULL_BYTES).map(|number| {
        let body = &packet[number * FULL_BYTES..];
        let (lacing, body, granule) = match body.get(..FULL_BYTES) {
            // It goes on, if only by a value that ends it.
            Some(full) => (vec![255; 255], full, NOWHERE),
            None => {
                let mut lacing = vec![255; body.len() / 255];
                lacing.push((body.len() % 255) as u8);
                (lacing, body, header.granule)
            }
        };
        let header = PageHeader { granule, sequence: header.sequence + number as u32, ..header };
        sealed(header, number > 0, &lacing, body)
    });
    pages.collect()
}

/// A page with its checksum; `continues` is whether its first packet began before it.
fn sealed(header: PageHeader, continues: bool, lacing: &[u8], body: &[u8]) -> Vec<u8> {
    debug_assert!(lacing.len() <= 255);
    let mut page = Vec::with_capacity(HEADER_BYTES + lacing.len() + body.len());
    page.extend(b"OggS\0");
    page.push(u8::from(continues) | u8::from(header.first) << 1 | u8::from(header.last) << 2);
    page.extend(header.granule.to_le_bytes());
    page.extend(header.serial.to_le_bytes());
    page.extend(header.sequence.to_le_bytes());
    page.extend([0; 4]); // the checksum's place
    page.push(lacing.len() as u8);
    page.extend_from_slice(lacing);
    page.extend_from_slice(body);
    let checksum = crc(&page);
    page[22..26].copy_from_slice(&checksum.to_le_bytes());
    page
}
