//! Reading ADTS: packet walk at ingest, decode from any frame. Nothing states a delay or a padding, so nothing is
//! trimmed.

use super::header::{HEADER_BYTES, Header};
use crate::Source;
use crate::codecs::stream::Stream;
use crate::codecs::syom::heard;
use crate::decode::Decode;
use crate::demux::index::{IndexReader, IndexWriter, Places};
use crate::demux::joined::other_bytes;
use crate::demux::packets::{Packet, PacketDecode, Packets};
use crate::demux::window::Window;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;
use std::io;

/// ADTS as a source.
pub struct AdtsSource;

impl SourceFormat for AdtsSource {
    fn recognises(&self, head: &[u8], _named: bool) -> bool {
        let Some(first) = Header::parse(head) else { return false };
        match head.get(first.length_bytes..) {
            Some([]) | None => true,
            Some(rest) => Header::parse(rest).is_some_and(|second| first.continues(&second)),
        }
    }

    fn probe(&self, source: &Source, _: Hint<'_>) -> Result<Probed, ProbeError> {
        let refuse = |m: String| ProbeError::Unsupported(format!("adts: {m}"));
        let config = match Walk::new(source, 0, None).next()? {
            Some((_, header)) => header.config().map_err(refuse)?,
            None => return Err(refuse("no packets were found".into())),
        };
        let mut ahead = Walk::new(source, 0, None);
        let config = heard(config, || ahead.packet())?;
        let stream = Stream::Aac(config);
        let mut walk = Walk::new(source, 0, None);
        let (mut places, mut packets, mut bytes) = (Places::default(), 0, 0);
        while let Some((offset, header)) = walk.next()? {
            places.add(offset, packets * config.packet_frames(), config.rate_hz.into());
            packets += 1;
            bytes += header.length_bytes as u64;
        }
        let mut repaired = Vec::new();
        if walk.skipped_bytes > 0 {
            repaired.push(format!("{} bytes that are no packets were skipped", walk.skipped_bytes));
        }
        if walk.other_bytes > 0 {
            let bytes = walk.other_bytes;
            let other = "another rate, profile or number of channels";
            repaired.push(format!("{bytes} bytes of sound of {other} were left out"));
        }
        let frame_count = packets * config.packet_frames();
        let mut index = IndexWriter::default();
        stream.write(&[], &mut index);
        places.write(&mut index);
        let coded = (bytes, frame_count);
        let facts = Facts { repaired, ..Facts::of_packets("adts", &stream, frame_count, coded) };
        Ok(Probed { facts, index: index.finish() })
    }

    fn open(
        &self,
        source: &Source,
        facts: &Facts,
        index: &[u8],
        start_frame: u64,
    ) -> Result<Box<dyn Decode>, DecodeError> {
        let broken = || DecodeError::Broken("the seek index is damaged".into());
        let mut index = IndexReader::new(index);
        let stream = Stream::read(&mut index).ok_or_else(broken)?;
        let places = Places::read(&mut index).ok_or_else(broken)?;
        let wanted = start_frame.saturating_sub(stream.pre_roll());
        let (offset, frame) = places.before(wanted).ok_or_else(broken)?;
        let mut head = [0; HEADER_BYTES];
        source.read_full_at(&mut head, offset)?;
        let reference = Header::parse(&head).ok_or_else(broken)?;
        let packets = AdtsPackets {
            walk: Walk::new(source, offset, Some(reference)),
            start: frame as i64,
            frames: stream.first_frames(&[]),
        };
        let span = start_frame..facts.frame_count;
        Ok(Box::new(PacketDecode::new(packets, stream.decoder()?, facts.channels, span)))
    }
}

/// Goes through the packets, over damage.
struct Walk {
    window: Window,
    position: u64,
    /// The first packet's header; the others must continue it.
    reference: Option<Header>,
    skipped_bytes: u64,
    /// Bytes of packets that can't belong to the stream, as where files of different rates were joined.
    other_bytes: u64,
}

/// Bytes of the longest packet, by the bits of its length.
const LONGEST_PACKET: usize = (1 << 13) - 1;

impl Walk {
    fn new(source: &Source, position: u64, reference: Option<Header>) -> Self {
        let window = Window::new(source);
        Self { window, position, reference, skipped_bytes: 0, other_bytes: 0 }
    }

    /// The next whole packet's offset and header.
    fn next(&mut self) -> io::Result<Option<(u64, Header)>> {
        let end = self.window.length_bytes();
        let mut from = self.position;
        while self.position + (HEADER_BYTES as u64) < end {
            if let Some(header) = self.header_at(self.position)? {
                let offset = self.position;
                let next = offset + header.length_bytes as u64;
                let in_step = offset == from && self.reference.is_some();
                if next <= end && (in_step || next == end || self.header_at(next)?.is_some()) {
                    self.skipped_bytes += offset - from;
                    self.reference.get_or_insert(header);
                    self.position = next;
                    return Ok(Some((offset, header)));
                }
            }
            let other_bytes = self.other_at(self.position)?;
            if other_bytes > 0 {
                self.skipped_bytes += self.position - from;
                self.other_bytes += other_bytes;
                self.position += other_bytes;
                from = self.position;
                continue;
            }
            let bytes = self.window.peek(self.position + 1, 16 * 1024)?;
            let sync = bytes.iter().position(|&b| b == 0xff).unwrap_or(bytes.len().max(1));
            self.position += 1 + sync as u64;
        }
        self.skipped_bytes += end.saturating_sub(from);
        self.position = end;
        Ok(None)
    }

    /// The next whole packet without its header.
    fn packet(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some((offset, header)) = self.next()? else { return Ok(None) };
        let bytes = self.window.peek(offset, header.length_bytes)?;
        Ok(Some(bytes.get(header.header_bytes..).unwrap_or(&[]).to_vec()))
    }

    /// Bytes from there on of a stream that isn't the one walked through.
    fn other_at(&mut self, offset: u64) -> io::Result<u64> {
        let Some(reference) = self.reference else { return Ok(0) };
        let span = offset..self.window.length_bytes();
        let head = |bytes: &[u8]| Header::parse(bytes).map(|header| (header, header.length_bytes));
        other_bytes(&mut self.window, span, LONGEST_PACKET, &reference, head, Header::continues)
    }

    fn header_at(&mut self, offset: u64) -> io::Result<Option<Header>> {
        let header = Header::parse(self.window.peek(offset, HEADER_BYTES)?);
        Ok(header.filter(|h| self.reference.is_none_or(|r| r.continues(h))))
    }
}

/// The packets from one on.
struct AdtsPackets {
    walk: Walk,
    start: i64,
    /// Frames of each.
    frames: usize,
}

impl Packets for AdtsPackets {
    fn next(&mut self, packet: &mut Packet) -> Result<bool, DecodeError> {
        let Some(data) = self.walk.packet()? else { return Ok(false) };
        *packet = Packet { data, start: self.start, frames: self.frames };
        self.start += self.frames as i64;
        Ok(true)
    }
}
