//! Reading LOAS: a walk over its elements at ingest, a decode from any frame. Nothing states a delay or a padding, so
//! nothing is trimmed.

use super::mux::{self, Mux};
use crate::Source;
use crate::codecs::stream::Stream;
use crate::codecs::syom::heard;
use crate::decode::Decode;
use crate::demux::index::{IndexReader, IndexWriter, Places};
use crate::demux::packets::{Packet, PacketDecode, Packets};
use crate::demux::window::Window;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;
use std::collections::VecDeque;
use std::io;

/// LOAS as a source.
pub struct LoasSource;

/// Elements whose packets are cut short, after which no more is looked for: in a flood of false ones all bytes would be
/// read again behind each.
const MOST_FALSE: usize = 1 << 12;

/// Bytes before an element: 11 bits of a mark, 13 of its length.
const HEAD_BYTES: usize = 3;

/// The length of an element, by the bytes before it.
fn length_of(head: &[u8]) -> Option<usize> {
    let &[a, b, c] = head.first_chunk::<HEAD_BYTES>()?;
    let is_marked = a == 0x56 && b & 0xe0 == 0xe0;
    is_marked.then(|| usize::from(b & 0x1f) << 8 | usize::from(c)).filter(|length| *length > 0)
}

impl SourceFormat for LoasSource {
    fn recognises(&self, head: &[u8], _named: bool) -> bool {
        let Some(length) = length_of(head) else { return false };
        match head.get(HEAD_BYTES + length..) {
            Some([]) | None => true,
            Some(rest) => length_of(rest).is_some(),
        }
    }

    fn probe(&self, source: &Source, _: Hint<'_>) -> Result<Probed, ProbeError> {
        let refuse = |m: String| ProbeError::Unsupported(format!("loas: {m}"));
        let mut walk = Walk::new(source, 0, None);
        let (mut places, mut packets, mut bytes) = (Places::default(), 0, 0);
        let mut first = Vec::new();
        while let Some((offset, held)) = walk.next()?.transpose().map_err(refuse)? {
            let config = walk.mux.ok_or_else(|| refuse("nothing says what it is".into()))?.config;
            places.add(offset, packets * config.packet_frames(), config.rate_hz.into());
            packets += held.len() as u64;
            bytes += held.iter().map(|packet| packet.len() as u64).sum::<u64>();
            if first.len() < 16 {
                first.extend(held);
            }
        }
        let Some(mux) = walk.mux else { return Err(refuse("no packets were found".into())) };
        let mut first = first.into_iter();
        let config = heard(mux.config, || Ok(first.next()))?;
        let stream = Stream::Aac(config);
        // Places count frames of the core's description: what is on top doubles them.
        let doubled = config.packet_frames() / mux.config.packet_frames();
        let mut index = IndexWriter::default();
        stream.write(&[], &mut index);
        index.put(mux.packets);
        index.put(doubled);
        places.write(&mut index);
        let frame_count = packets * config.packet_frames();
        let mut repaired = Vec::new();
        if walk.skipped_bytes > 0 {
            repaired.push(format!("{} bytes that are no packets were skipped", walk.skipped_bytes));
        }
        let coded = (bytes, frame_count);
        let facts = Facts { repaired, ..Facts::of_packets("loas", &stream, frame_count, coded) };
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
        let Stream::Aac(config) = stream else { return Err(broken()) };
        let packets = index.take().ok_or_else(broken)?;
        let doubled = index.take().ok_or_else(broken)?.max(1);
        let places = Places::read(&mut index).ok_or_else(broken)?;
        let wanted = start_frame.saturating_sub(stream.pre_roll());
        let (offset, frame) = places.before(wanted / doubled).ok_or_else(broken)?;
        let packets = LoasPackets {
            walk: Walk::new(source, offset, Some(Mux { config, packets })),
            held: VecDeque::new(),
            start: (frame * doubled) as i64,
            frames: config.packet_frames() as usize,
        };
        let span = start_frame..facts.frame_count;
        Ok(Box::new(PacketDecode::new(packets, stream.decoder()?, facts.channels, span)))
    }
}

/// Goes through the elements, over damage.
struct Walk {
    window: Window,
    position: u64,
    /// What was said last of what is in an element.
    mux: Option<Mux>,
    /// Elements whose packets were cut short.
    false_count: usize,
    skipped_bytes: u64,
}

/// The place of an element, and its packets; or what isn't supported.
type Element = Result<(u64, Vec<Vec<u8>>), String>;

impl Walk {
    fn new(source: &Source, position: u64, mux: Option<Mux>) -> Self {
        Self { window: Window::new(source), position, mux, false_count: 0, skipped_bytes: 0 }
    }

    /// The next whole element.
    fn next(&mut self) -> io::Result<Option<Element>> {
        let end = self.window.length_bytes();
        let from = self.position;
        while self.position + (HEAD_BYTES as u64) < end && self.false_count < MOST_FALSE {
            let offset = self.position;
            if let Some(length) = length_of(self.window.peek(offset, HEAD_BYTES)?) {
                let next = offset + (HEAD_BYTES + length) as u64;
                let follows =
                    next == end || length_of(self.window.peek(next, HEAD_BYTES)?).is_some();
                let bytes = self.window.peek(offset + HEAD_BYTES as u64, length)?;
                let read = if follows { mux::read(bytes, self.mux) } else { None };
                if let Some(read) = read {
                    self.skipped_bytes += offset - from;
                    self.position = next;
                    return Ok(Some(read.map(|(mux, packets)| {
                        self.mux = Some(mux);
                        (offset, packets)
                    })));
                }
                self.false_count += usize::from(follows);
            }
            let bytes = self.window.peek(self.position + 1, 16 * 1024)?;
            let mark = bytes.iter().position(|&b| b == 0x56).unwrap_or(bytes.len().max(1));
            self.position += 1 + mark as u64;
        }
        self.skipped_bytes += end.saturating_sub(from);
        self.position = end;
        Ok(None)
    }
}

/// The packets from one on.
struct LoasPackets {
    walk: Walk,
    /// Those of an element that are left.
    held: VecDeque<Vec<u8>>,
    start: i64,
    /// Frames of each.
    frames: usize,
}

impl Packets for LoasPackets {
    fn next(&mut self, packet: &mut Packet) -> Result<bool, DecodeError> {
        while self.held.is_empty() {
            match self.walk.next()? {
                Some(Ok((_, packets))) => self.held.extend(packets),
                Some(Err(_)) => (),
                None => return Ok(false),
            }
        }
        let data = self.held.pop_front().unwrap_or_default();
        *packet = Packet { data, start: self.start, frames: self.frames };
        self.start += self.frames as i64;
        Ok(true)
    }
}
