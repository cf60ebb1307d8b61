//! Reading MP4: the packets of its sample table and of its fragments, trimmed by the edit list.

use super::fragments::{FragmentWalk, Fragments};
use super::table::{Place, Table, Walk};
use super::track::Track;
use super::udta;
use crate::Source;
use crate::codecs::aac::{self, AacConfig};
use crate::codecs::stream::Stream;
use crate::decode::Decode;
use crate::demux::bytes::u32_be;
use crate::demux::index::{IndexReader, IndexWriter};
use crate::demux::packets::{Packet, PacketDecode, Packets};
use crate::demux::window::Window;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;
use crate::tags::Said;
use std::io;

/// MP4 as a source.
pub struct Mp4Source;

/// Packets decoded ahead at least: the overlap of one, and one to spare.
const PRE_ROLL: u64 = 2;

/// Longer packets are taken as damaged.
const LONGEST_PACKET: u64 = 1 << 20;

/// Frames of samples of a fixed size that are decoded at a time.
const PCM_BLOCK: u64 = 4096;

/// The first number of an index; those of earlier versions begin with 0 (AAC) or 1 (ALAC).
const REVISION: u64 = 2;

impl SourceFormat for Mp4Source {
    fn recognises(&self, head: &[u8], _named: bool) -> bool {
        let kind = head.get(4..8).unwrap_or(&[]);
        let kinds: [&[u8]; 5] = [b"ftyp", b"moov", b"mdat", b"wide", b"free"];
        kinds.contains(&kind) && u32_be(head, 0).is_some_and(|s| s == 0 || s == 1 || s >= 8)
    }

    fn probe(&self, source: &Source, _: Hint<'_>) -> Result<Probed, ProbeError> {
        let refuse = |m: String| ProbeError::Unsupported(format!("mp4: {m}"));
        let track = Track::find(source).map_err(ProbeError::Read)?.map_err(refuse)?;
        let stream = &track.stream;
        // Refused here rather than at every open.
        stream.decoder().map_err(|e| refuse(format!("{} ({e})", stream.codec())))?;
        let (delay, frame_count) = track.trimmed();
        let mut index = IndexWriter::default();
        index.put(REVISION);
        stream.write(&track.private, &mut index);
        index.put(delay);
        index.put(track.packet_frames);
        track.table.write(&mut index);
        if track.fragments.count > 0 {
            track.fragments.write(&mut index);
        }
        let facts = Facts {
            // A link ending in `.mp4` gets the original only with a codec that players of MP4 know: AAC or ALAC.
            canonical: matches!(stream, Stream::Aac(_) | Stream::Alac(_)),
            speakers: track.speakers.or_else(|| stream.speakers()),
            repaired: track.repaired,
            ..Facts::of_packets("mp4", stream, frame_count, (track.bytes, frame_count))
        };
        Ok(Probed { facts, index: index.finish() })
    }

    fn said(&self, source: &Source) -> io::Result<Said> {
        udta::read(source)
    }

    fn open(
        &self,
        source: &Source,
        facts: &Facts,
        index: &[u8],
        start_frame: u64,
    ) -> Result<Box<dyn Decode>, DecodeError> {
        let index = Index::read(index)
            .ok_or_else(|| DecodeError::Broken("the seek index is damaged".into()))?;
        let Index { stream, delay, packet_frames, table, fragments } = index;
        let decoder = stream.decoder()?;
        let pre_roll = match stream {
            Stream::Pcm { .. } => 0,
            _ => stream.pre_roll().max(PRE_ROLL * packet_frames),
        };
        let first = (start_frame + delay).saturating_sub(pre_roll) / packet_frames;
        let in_fragments = first.saturating_sub(table.count);
        let packets = Mp4Packets {
            window: Window::new(source),
            walk: Walk::new(table, source, first)?,
            fragments: FragmentWalk::new(fragments, source, in_fragments)?,
            start: (first * packet_frames) as i64 - delay as i64,
            packet_frames,
            most: if matches!(stream, Stream::Pcm { .. }) { PCM_BLOCK } else { 1 },
        };
        let span = start_frame..facts.frame_count;
        Ok(Box::new(PacketDecode::new(packets, decoder, facts.channels, span)))
    }
}

/// The seek index.
struct Index {
    stream: Stream,
    /// Decoded frames in front of the first that counts.
    delay: u64,
    /// Frames of each packet but the last.
    packet_frames: u64,
    table: Table,
    fragments: Fragments,
}

impl Index {
    fn read(index: &[u8]) -> Option<Self> {
        let mut reader = IndexReader::new(index);
        let revision = reader.take()?;
        if revision == REVISION {
            let stream = Stream::read(&mut reader)?;
            let (delay, packet_frames) = (reader.take()?, reader.take()?.max(1));
            let table = Table::read(&mut reader)?;
            let fragments = Fragments::read(&mut reader)?;
            return Some(Self { stream, delay, packet_frames, table, fragments });
        }
        let private = reader.take_bytes()?;
        let (stream, packet_frames) = match revision {
            0 => (Stream::Aac(AacConfig::parse(private).ok()?), aac::PACKET_FRAMES),
            _ => (Stream::alac(private).ok()?, u32_be(private, 0)?.clamp(1, 65_536).into()),
        };
        let delay = reader.take()?;
        let table = Table::read(&mut reader)?;
        Some(Self { stream, delay, packet_frames, table, fragments: Fragments::default() })
    }
}

/// The packets from one on.
struct Mp4Packets {
    window: Window,
    walk: Walk,
    fragments: FragmentWalk,
    start: i64,
    packet_frames: u64,
    /// Packets that are read as one.
    most: u64,
}

impl Mp4Packets {
    fn place(&mut self) -> io::Result<Option<(Place, u64)>> {
        match self.walk.next_run(self.most)? {
            Some(run) => Ok(Some(run)),
            None => Ok(self.fragments.next()?.map(|place| (place, 1))),
        }
    }
}

impl Packets for Mp4Packets {
    fn next(&mut self, packet: &mut Packet) -> Result<bool, DecodeError> {
        let Some((place, packets)) = self.place()? else { return Ok(false) };
        packet.data.clear();
        let length = u64::from(place.length) * packets;
        if length <= LONGEST_PACKET {
            packet.data.extend_from_slice(self.window.peek(place.offset, length as usize)?);
        }
        packet.start = self.start;
        packet.frames = (self.packet_frames * packets) as usize;
        self.start += packet.frames as i64;
        Ok(true)
    }
}
