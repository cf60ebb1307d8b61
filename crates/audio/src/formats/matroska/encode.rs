//! Writing WebM (RFC 9559, RFC 8794) with Opus at a hard constant bit rate: every block has the same length, so every
//! length, and with it the index in front of the sound, is known beforehand. Segments are whole clusters.

use crate::Layout;
use crate::codecs::opus::constant::{
    ConstantOpus, PACKET_TICKS, PRE_SKIP, SEGMENT_PACKETS, revision, settle, too_long,
};
use crate::error::{EncodeError, PlanError};
use crate::format::{Carries, Encoding, Segment, Settled, Shape, Sink, TargetFormat, Wish};
use crate::frames::Frames;
use crate::tags::{Said, Tags};
use std::ops::Range;

/// Writing WebM.
pub struct WebmTarget;

/// Packets of a cluster: 5 s, which a player reads at most to find a place.
const CLUSTER_PACKETS: u64 = 250;

const _: () = assert!(SEGMENT_PACKETS.is_multiple_of(CLUSTER_PACKETS));

/// Most places in the index: longer recordings have one for every second, third … cluster.
const MOST_CUES: u64 = 512;

/// Milliseconds of a packet; the clock of the file counts them.
const PACKET_MS: u64 = 20;

/// Packets between two writes.
const WRITE_PACKETS: u64 = 25;

/// Bytes of a cluster before its blocks, of a block before its packet, and of the group that a last packet with
/// padding is in, beside that.
const CLUSTER_HEAD_BYTES: u64 = 18;
const BLOCK_HEAD_BYTES: u64 = 7;
const PADDED_BYTES: u64 = 14;

impl TargetFormat for WebmTarget {
    fn settle(&self, wish: Wish) -> Result<Settled, PlanError> {
        settle("webm", wish)
    }

    fn carries(&self) -> Carries {
        Carries::Tags
    }

    fn plan(&self, shape: Shape, said: &Said) -> Result<Box<dyn Encoding>, PlanError> {
        let opus = ConstantOpus::new("webm", shape)?;
        u32::try_from(opus.count.div_ceil(SEGMENT_PACKETS)).map_err(|_| too_long("webm"))?;
        Ok(Box::new(WebmEncoding { opus, shape, tags: tags_element(&said.tags) }))
    }

    fn revision(&self) -> String {
        format!("webm 1, {CLUSTER_PACKETS}, {}", revision())
    }
}

/// One representation.
struct WebmEncoding {
    opus: ConstantOpus,
    shape: Shape,
    /// The element of tags; empty for none.
    tags: Vec<u8>,
}

impl WebmEncoding {
    /// Ticks of the last packet that lie behind the recording's end.
    fn padding(&self) -> u64 {
        self.opus.count * PACKET_TICKS - self.opus.end
    }

    /// Bytes of whole clusters.
    fn bytes_of(&self, packets: &Range<u64>) -> u64 {
        let count = packets.end - packets.start;
        let blocks = count * (BLOCK_HEAD_BYTES + self.opus.packet_bytes as u64);
        let is_padded = packets.end == self.opus.count && self.padding() > 0;
        count.div_ceil(CLUSTER_PACKETS) * CLUSTER_HEAD_BYTES
            + blocks
            + if is_padded { PADDED_BYTES } else { 0 }
    }

    /// All before the first cluster.
    fn header(&self) -> Vec<u8> {
        let ebml = element(
            0x1a45_dfa3,
            &[
                number(0x4286, 1),
                number(0x42f7, 1),
                number(0x42f2, 4),
                number(0x42f3, 8),
                element(0x4282, b"webm"),
                number(0x4287, 4),
                number(0x4285, 2),
            ]
            .concat(),
        );
        let (info, tracks) = (self.info(), self.tracks());
        let places_bytes = places([0; 3]).len();
        let before = (places_bytes + info.len() + tracks.len() + self.tags.len()) as u64;
        // Their length doesn't depend on what they say.
        let clusters = before + self.cues(0).len() as u64;
        let places = places([places_bytes as u64, (places_bytes + info.len()) as u64, before]);
        let body = [places, info, tracks, self.tags.clone(), self.cues(clusters)].concat();
        let length = body.len() as u64 + self.bytes_of(&(0..self.opus.count));
        let segment = [&0x1853_8067_u32.to_be_bytes()[..], &(1 << 56 | length).to_be_bytes()];
        [ebml, segment.concat(), body].concat()
    }

    fn info(&self) -> Vec<u8> {
        let seconds = self.shape.frame_count as f64 / f64::from(self.shape.rate_hz);
        let info = [
            number(0x002a_d7b1, 1_000_000),
            element(0x4489, &(seconds * 1000.0).to_be_bytes()),
            element(0x4d80, b"tonearm"),
            element(0x5741, b"tonearm"),
        ];
        element(0x1549_a966, &info.concat())
    }

    fn tracks(&self) -> Vec<u8> {
        let audio =
            [element(0xb5, &48_000_f64.to_be_bytes()), number(0x9f, self.shape.channels.into())];
        let track = [
            number(0xd7, 1),
            number(0x73c5, u64::from(self.shape.serial) | 1 << 32),
            number(0x83, 2),
            number(0x9c, 0),
            element(0x86, b"A_OPUS"),
            number(0x56aa, nanoseconds(PRE_SKIP)),
            // RFC 7845 §4.6 has a player begin 80 ms early.
            number(0x56bb, 80_000_000),
            element(0x63a2, &self.opus.head()),
            element(0xe1, &audio.concat()),
        ];
        element(0x1654_ae6b, &element(0xae, &track.concat()))
    }

    /// The index; `clusters` is where the first of them is in the segment.
    fn cues(&self, clusters: u64) -> Vec<u8> {
        let count = self.opus.count.div_ceil(CLUSTER_PACKETS);
        let step = count.div_ceil(MOST_CUES).max(1);
        let points = (0..count).step_by(step as usize).map(|cluster| {
            let packet = cluster * CLUSTER_PACKETS;
            let position = clusters + self.bytes_of(&(0..packet));
            let place = [number(0xf7, 1), element(0xf1, &position.to_be_bytes())].concat();
            let time = element(0xb3, &(packet * PACKET_MS).to_be_bytes());
            element(0xbb, &[time, element(0xb7, &place)].concat())
        });
        element(0x1c53_bb6b, &points.collect::<Vec<_>>().concat())
    }

    /// Appends what is before the first packet of a cluster.
    fn begin_cluster(&self, packet: u64, out: &mut Vec<u8>) {
        let end = (packet + CLUSTER_PACKETS).min(self.opus.count);
        // Its id and its length are 8 of its bytes.
        let length = (self.bytes_of(&(packet..end)) - 8) as u32;
        out.extend(0x1f43_b675_u32.to_be_bytes());
        out.extend((1 << 28 | length).to_be_bytes());
        out.extend([0xe7, 0x88]);
        out.extend((packet * PACKET_MS).to_be_bytes());
    }

    /// Appends a packet in its block; the last one says by how much it goes too far.
    fn block(&self, packet: u64, bytes: &[u8], out: &mut Vec<u8>) {
        let is_padded = packet + 1 == self.opus.count && self.padding() > 0;
        let block_bytes = 4 + bytes.len();
        if is_padded {
            out.push(0xa0);
            out.extend(two_byte_size(block_bytes + PADDED_BYTES as usize));
        }
        out.push(if is_padded { 0xa1 } else { 0xa3 });
        out.extend(two_byte_size(block_bytes));
        out.push(0x81);
        out.extend(((packet % CLUSTER_PACKETS * PACKET_MS) as u16).to_be_bytes());
        out.push(if is_padded { 0 } else { 0x80 });
        out.extend(bytes);
        if is_padded {
            out.extend([0x75, 0xa2, 0x88]);
            out.extend(nanoseconds(self.padding()).to_be_bytes());
        }
    }
}

fn tags_element(tags: &Tags) -> Vec<u8> {
    if tags.is_empty() {
        return Vec::new();
    }
    let all = tags.iter().map(|(field, text)| {
        let named = [element(0x45a3, field.vorbis.as_bytes()), element(0x4487, text.as_bytes())];
        element(0x67c8, &named.concat())
    });
    // Of all that the file holds.
    let of_all = [element(0x63c0, &[]), all.collect::<Vec<_>>().concat()];
    element(0x1254_c367, &element(0x7373, &of_all.concat()))
}

/// Opus's clock in nanoseconds.
fn nanoseconds(ticks: u64) -> u64 {
    ticks * 62_500 / 3
}

/// Where to find what stands in front: information, track and index, by their places in the segment.
fn places(places: [u64; 3]) -> Vec<u8> {
    let seeks = [0x1549_a966_u32, 0x1654_ae6b, 0x1c53_bb6b].into_iter().zip(places);
    let seeks = seeks.map(|(id, place)| {
        let of = element(0x53ab, &id.to_be_bytes());
        element(0x4dbb, &[of, element(0x53ac, &place.to_be_bytes())].concat())
    });
    element(0x114d_9b74, &seeks.collect::<Vec<_>>().concat())
}

/// An element: its id with the marker bits, the length in one or four bytes, the value.
fn element(id: u32, value: &[u8]) -> Vec<u8> {
    let length = value.len() as u32;
    let mut element: Vec<u8> = id.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    if length < 0x7f {
        element.push(0x80 | length as u8);
    } else {
        element.extend((1 << 28 | length).to_be_bytes());
    }
    element.extend(value);
    element
}

/// An element whose value is a number.
fn number(id: u32, value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(7);
    element(id, &bytes[zeros..])
}

fn two_byte_size(length: usize) -> [u8; 2] {
    (1 << 14 | length as u16).to_be_bytes()
}

impl Encoding for WebmEncoding {
    fn segment_count(&self) -> u32 {
        self.opus.segment_count()
    }

    fn layout(&self) -> Option<Layout> {
        let lengths = (0..self.segment_count()).map(|s| self.bytes_of(&self.opus.packets_of(s)));
        Some(Layout::new(self.header(), lengths))
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
        let packets = self.opus.packets_of(segment);
        let mut out = Vec::new();
        self.opus.encode(segment, frames, &mut |packet, bytes| {
            if packet.is_multiple_of(CLUSTER_PACKETS) {
                self.begin_cluster(packet, &mut out);
            }
            self.block(packet, bytes, &mut out);
            let next = packet + 1;
            if next.is_multiple_of(WRITE_PACKETS) || next == packets.end {
                if sink(&out).is_break() {
                    return Err(EncodeError::Cancelled);
                }
                out.clear();
            }
            Ok(())
        })?;
        Ok(Segment { length_bytes: self.bytes_of(&packets), ..Segment::default() })
    }

    fn longest_segment_bytes(&self) -> u64 {
        self.bytes_of(&(0..SEGMENT_PACKETS)) + PADDED_BYTES
    }
}
