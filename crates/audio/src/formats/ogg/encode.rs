//! Writing Ogg Opus (RFC 7845) at a hard constant bit rate: every packet has the same length, so every
//! length is known beforehand. Segments are whole pages.

use super::page::{PageHeader, lacing_values, packet_pages, page};
use super::pages::HEADER_BYTES;
use super::paging::{self, Paging};
use crate::Layout;
use crate::codecs::opus::constant::{
    ConstantOpus, ENCODER, PACKET_TICKS, SEGMENT_PACKETS, revision, settle, too_long,
};
use crate::error::{EncodeError, PlanError};
use crate::format::{Carries, Encoding, Segment, Settled, Shape, Sink, TargetFormat, Wish};
use crate::frames::Frames;
use crate::tags::{Said, vorbis};

/// Writing Ogg Opus.
pub struct OggTarget;

const _: () = assert!(SEGMENT_PACKETS.is_multiple_of(paging::SEGMENT_PACKETS));

impl TargetFormat for OggTarget {
    fn settle(&self, wish: Wish) -> Result<Settled, PlanError> {
        settle("ogg", wish)
    }

    fn carries(&self) -> Carries {
        Carries::TagsAndCover
    }

    fn plan(&self, shape: Shape, said: &Said) -> Result<Box<dyn Encoding>, PlanError> {
        let opus = ConstantOpus::new("ogg", shape)?;
        let paging = Paging::new(opus.count, opus.packet_bytes);
        let header = header(&opus, shape.serial, said);
        // Pages are numbered in 32 bits, those of the header too.
        u32::try_from(paging.pages_before(opus.count) + u64::from(header.pages))
            .map_err(|_| too_long("ogg"))?;
        Ok(Box::new(OggEncoding { opus, serial: shape.serial, paging, header }))
    }

    fn revision(&self) -> String {
        format!("ogg 3, {}", revision())
    }
}

/// One representation.
struct OggEncoding {
    opus: ConstantOpus,
    serial: u32,
    paging: Paging,
    header: Header,
}

/// The pages in front: what the stream is, and who made it of what.
struct Header {
    bytes: Vec<u8>,
    pages: u32,
}

fn header(opus: &ConstantOpus, serial: u32, said: &Said) -> Header {
    let head = opus.head();
    let tags = [b"OpusTags", &vorbis::write(ENCODER, said)[..]].concat();
    let about = PageHeader { first: true, last: false, granule: 0, serial, sequence: 0 };
    let mut bytes = page(about, head.len(), &head);
    let tags = packet_pages(PageHeader { first: false, sequence: 1, ..about }, &tags);
    let pages = 1 + tags.len() as u32;
    bytes.extend(tags.concat());
    Header { bytes, pages }
}

impl OggEncoding {
    fn segment_bytes(&self, segment: u32) -> u64 {
        let packets = self.opus.packets_of(segment);
        let pages = self.paging.pages_before(packets.end) - self.paging.pages_before(packets.start);
        let packet = self.opus.packet_bytes + lacing_values(self.opus.packet_bytes);
        pages * HEADER_BYTES as u64 + (packets.end - packets.start) * packet as u64
    }

    /// The page that ends with the packet before `packet`.
    fn page_before(&self, packet: u64, body: &[u8]) -> Vec<u8> {
        let last = packet == self.opus.count;
        let header = PageHeader {
            first: false,
            last,
            granule: if last { self.opus.end } else { packet * PACKET_TICKS },
            serial: self.serial,
            sequence: self.paging.pages_before(packet) as u32 + self.header.pages - 1,
        };
        page(header, self.opus.packet_bytes, body)
    }
}

impl Encoding for OggEncoding {
    fn segment_count(&self) -> u32 {
        self.opus.segment_count()
    }

    fn layout(&self) -> Option<Layout> {
        let lengths = (0..self.segment_count()).map(|segment| self.segment_bytes(segment));
        Some(Layout::new(self.header.bytes.clone(), lengths))
    }

    fn first_frame(&self, segment: u32) -> u64 {
        self.opus.first_frame(segment)
    }

    fn encode(
        &self,
        segment: u32,
        frames: &mut Frames,
        _checkpoint: Option<&[u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<Segment, EncodeError> {
        let (mut body, mut length_bytes) = (Vec::new(), 0);
        self.opus.encode(segment, frames, &mut |packet, bytes| {
            body.extend_from_slice(bytes);
            if self.paging.ends_before(packet + 1) {
                let page = self.page_before(packet + 1, &body);
                body.clear();
                length_bytes += page.len() as u64;
                if sink(&page).is_break() {
                    return Err(EncodeError::Cancelled);
                }
            }
            Ok(())
        })?;
        Ok(Segment { length_bytes, ..Segment::default() })
    }

    fn longest_segment_bytes(&self) -> u64 {
        // None has more pages than the first.
        self.segment_bytes(0)
    }
}
