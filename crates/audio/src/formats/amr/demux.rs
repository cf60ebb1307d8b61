//! Reading AMR: a walk over its frames at ingest, a decode from any of them. Nothing states a delay or a padding, so
//! nothing is trimmed.

use crate::Source;
use crate::codecs::amr::Band;
use crate::codecs::stream::Stream;
use crate::decode::Decode;
use crate::demux::index::{IndexReader, IndexWriter, Places};
use crate::demux::packets::{Packet, PacketDecode, Packets};
use crate::demux::window::Window;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;
use std::io;

/// AMR of either band as a source.
pub struct AmrSource {
    /// The row's name.
    pub format: &'static str,
    /// Which of the two.
    pub band: Band,
}

/// Frames in a row, behind damage, by which one is believed to be one.
const FOLLOWING: usize = 4;

/// The padding bits of a frame's first octet: the first of them is a flag in RTP, and 0 in files; readers pass over
/// what is in the other two where frames follow each other.
const PADDING: u8 = 0x83;
const FLAG: u8 = 0x80;

fn mark(band: Band) -> &'static [u8] {
    match band {
        Band::Narrow => b"#!AMR\n",
        Band::Wide => b"#!AMR-WB\n",
    }
}

impl SourceFormat for AmrSource {
    fn recognises(&self, head: &[u8], _named: bool) -> bool {
        head.starts_with(mark(self.band))
    }

    fn probe(&self, source: &Source, _: Hint<'_>) -> Result<Probed, ProbeError> {
        let stream = Stream::Amr(self.band);
        let mut walk = Walk::new(source, self.band, mark(self.band).len() as u64);
        let (mut places, mut frame_count, mut bytes) = (Places::default(), 0, 0);
        while let Some((offset, length)) = walk.next()? {
            places.add(offset, frame_count, self.band.rate_hz().into());
            frame_count += self.band.samples() as u64;
            bytes += length as u64;
        }
        if frame_count == 0 {
            let message = format!("{}: no whole frame was found", self.format);
            return Err(ProbeError::Unsupported(message));
        }
        let mut repaired = Vec::new();
        if walk.skipped_bytes > 0 {
            repaired.push(format!("{} bytes that are no frames were skipped", walk.skipped_bytes));
        }
        let mut index = IndexWriter::default();
        places.write(&mut index);
        let coded = (bytes, frame_count);
        let facts =
            Facts { repaired, ..Facts::of_packets(self.format, &stream, frame_count, coded) };
        Ok(Probed { facts, index: index.finish() })
    }

    fn open(
        &self,
        source: &Source,
        facts: &Facts,
        index: &[u8],
        start_frame: u64,
    ) -> Result<Box<dyn Decode>, DecodeError> {
        let stream = Stream::Amr(self.band);
        let places = Places::read(&mut IndexReader::new(index));
        let wanted = start_frame.saturating_sub(stream.pre_roll());
        let (offset, frame) = places
            .and_then(|places| places.before(wanted))
            .ok_or_else(|| DecodeError::Broken("the seek index is damaged".into()))?;
        let walk = Walk::new(source, self.band, offset);
        let packets = AmrPackets { walk, start: frame as i64 };
        let span = start_frame..facts.frame_count;
        Ok(Box::new(PacketDecode::new(packets, stream.decoder()?, facts.channels, span)))
    }
}

/// Goes through the frames, over damage.
struct Walk {
    window: Window,
    band: Band,
    position: u64,
    skipped_bytes: u64,
}

impl Walk {
    fn new(source: &Source, band: Band, position: u64) -> Self {
        Self { window: Window::new(source), band, position, skipped_bytes: 0 }
    }

    /// The next whole frame: its offset, and its bytes.
    fn next(&mut self) -> io::Result<Option<(u64, usize)>> {
        let (from, end) = (self.position, self.window.length_bytes());
        while self.position < end {
            let offset = self.position;
            if let Some((octet, length)) = self.frame_at(offset)? {
                let next = offset + length as u64;
                let is_frame = match offset == from {
                    true => octet & FLAG == 0,
                    false => octet & PADDING == 0 && self.goes_on_at(next)?,
                };
                if is_frame {
                    self.skipped_bytes += offset - from;
                    self.position = next;
                    return Ok(Some((offset, length)));
                }
            }
            self.position += 1;
        }
        self.skipped_bytes += end.saturating_sub(from);
        Ok(None)
    }

    /// The first octet of a whole frame, and its bytes.
    fn frame_at(&mut self, offset: u64) -> io::Result<Option<(u8, usize)>> {
        let left = self.window.length_bytes().saturating_sub(offset);
        let Some(&octet) = self.window.peek(offset, 1)?.first() else { return Ok(None) };
        let length = self.band.frame_bytes(octet).filter(|length| *length as u64 <= left);
        Ok(length.map(|length| (octet, length)))
    }

    /// Whether frames follow there, or nothing.
    fn goes_on_at(&mut self, mut offset: u64) -> io::Result<bool> {
        for _ in 1..FOLLOWING {
            if offset == self.window.length_bytes() {
                break;
            }
            match self.frame_at(offset)? {
                Some((octet, length)) if octet & PADDING == 0 => offset += length as u64,
                _ => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// The frames from one on.
struct AmrPackets {
    walk: Walk,
    start: i64,
}

impl Packets for AmrPackets {
    fn next(&mut self, packet: &mut Packet) -> Result<bool, DecodeError> {
        let Some((offset, length)) = self.walk.next()? else { return Ok(false) };
        packet.data.clear();
        packet.data.extend_from_slice(self.walk.window.peek(offset, length)?);
        packet.start = self.start;
        packet.frames = self.walk.band.samples();
        self.start += packet.frames as i64;
        Ok(true)
    }
}
