//! Reading ADTS: packet walk at ingest, decode from any frame. Nothing states a delay or a padding, so nothing is
//! trimmed.

use super::header::{HEADER_BYTES, Header};
use crate::Source;
use crate::codecs::aac::PACKET_FRAMES;
use crate::codecs::stream::Stream;
use crate::decode::Decode;
use crate::demux::index::{IndexReader, IndexWriter, Places};
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
        let mut walk = Walk::new(source, 0, None);
        let (mut places, mut packets, mut bytes, mut stream) = (Places::default(), 0, 0, None);
        while let Some((offset, header)) = walk.next()? {
            if stream.is_none() {
                stream = Some(Stream::Aac(header.config().map_err(refuse)?));
            }
            let rate_hz = stream.as_ref().map_or(0, Stream::rate_hz);
            places.add(offset, packets * PACKET_FRAMES, rate_hz.into());
            packets += 1;
            bytes += header.length_bytes as u64;
        }
        let stream = stream.ok_or_else(|| refuse("no packets were found".into()))?;
        let mut repaired = Vec::new();
        if walk.skipped_bytes > 0 {
            repaired.push(format!("{} bytes that are no packets were skipped", walk.skipped_bytes));
        }
        let frame_count = packets * PACKET_FRAMES;
        let mut index = IndexWriter::default();
        stream.write(&[], &mut index);
        places.write(&mut index);
        let facts = Facts {
            format: "adts".into(),
            codec: stream.codec().into(),
            rate_hz: stream.rate_hz(),
            channels: stream.channels(),
            frame_count,
            bitrate_bps: (bytes as f64 * 8.0 * f64::from(stream.rate_hz())
                / frame_count.max(1) as f64)
                .round() as u32,
            constant_bitrate: false,
            canonical: true,
            channel_mask: None,
            repaired,
        };
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
        let packets =
            AdtsPackets { walk: Walk::new(source, offset, Some(reference)), start: frame as i64 };
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
}

impl Walk {
    fn new(source: &Source, position: u64, reference: Option<Header>) -> Self {
        Self { window: Window::new(source), position, reference, skipped_bytes: 0 }
    }

    /// The next whole packet's offset and header.
    fn next(&mut self) -> io::Result<Option<(u64, Header)>> {
        let end = self.window.length_bytes();
        let from = self.position;
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
            let bytes = self.window.peek(self.position + 1, 16 * 1024)?;
            let sync = bytes.iter().position(|&b| b == 0xff).unwrap_or(bytes.len().max(1));
            self.position += 1 + sync as u64;
        }
        self.skipped_bytes += end.saturating_sub(from);
        self.position = end;
        Ok(None)
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
}

impl Packets for AdtsPackets {
    fn next(&mut self, packet: &mut Packet) -> Result<bool, DecodeError> {
        let Some((offset, header)) = self.walk.next()? else { return Ok(false) };
        let bytes = self.walk.window.peek(offset, header.length_bytes)?;
        packet.data.clear();
        packet.data.extend_from_slice(bytes.get(header.header_bytes..).unwrap_or(&[]));
        packet.start = self.start;
        packet.frames = PACKET_FRAMES as usize;
        self.start += PACKET_FRAMES as i64;
        Ok(true)
    }
}
