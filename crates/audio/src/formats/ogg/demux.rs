//! Reading Ogg with Opus or Vorbis in it: headers, walk over all packets at ingest, decode from any
//! frame.

use super::packets::{OggPackets, Place};
use super::pages::Pages;
use crate::Source;
use crate::codecs::opus::OpusHead;
use crate::codecs::vorbis::VorbisHead;
use crate::codecs::xiph::{Clock, Stream};
use crate::decode::Decode;
use crate::demux::index::{IndexReader, IndexWriter, Places};
use crate::demux::packets::{Packet, PacketDecode, Packets};
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, LONGEST_SECONDS, Probed};
use crate::format::SourceFormat;

/// Ogg as a source.
pub struct OggSource;

/// Pages in front of which an audio stream must begin.
const MOST_LEADING_PAGES: usize = 64;

impl SourceFormat for OggSource {
    fn recognises(&self, head: &[u8], _named: bool) -> bool {
        head.starts_with(b"OggS")
    }

    fn probe(&self, source: &Source, _: Hint<'_>) -> Result<Probed, ProbeError> {
        let (serial, first) = find_stream(source)?;
        let mut packets = OggPackets::new(Pages::new(source, 0), serial);
        let (stream, private) = read_headers(&mut packets, first)?;
        let survey = Survey::walk(&mut packets, &stream)?;
        let frame_count = survey.end().saturating_sub(stream.delay());
        let seconds = survey.position.max(1) as f64 / f64::from(stream.rate_hz().max(1));
        let mut repaired = Vec::new();
        if packets.skipped_bytes() > 0 {
            let bytes = packets.skipped_bytes();
            repaired.push(format!("{bytes} bytes that are no whole Ogg pages were skipped"));
        }
        if packets.followed() {
            repaired.push("another stream follows the first, which alone is played".into());
        }
        if !survey.closed {
            repaired.push("the stream has no last page".into());
        }
        let mut index = IndexWriter::default();
        stream.write(&private, &mut index);
        index.put(serial.into());
        survey.places.write(&mut index);
        let facts = Facts {
            format: "ogg".into(),
            codec: stream.codec().into(),
            rate_hz: stream.rate_hz(),
            channels: stream.channels(),
            frame_count,
            bitrate_bps: (survey.bytes as f64 * 8.0 / seconds).round() as u32,
            constant_bitrate: false,
            canonical: true,
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
        let serial = index.take().ok_or_else(broken)? as u32;
        let places = Places::read(&mut index).ok_or_else(broken)?;
        let wanted = (start_frame + stream.delay()).saturating_sub(stream.pre_roll());
        let (offset, frame) = places.before(wanted).ok_or_else(broken)?;
        let packets = OggAudio {
            packets: OggPackets::new(Pages::new(source, offset), serial),
            clock: stream.clock(),
            start: frame as i64 - stream.delay() as i64,
        };
        let span = start_frame..facts.frame_count;
        Ok(Box::new(PacketDecode::new(packets, stream.decoder()?, facts.channels, span)))
    }
}

/// The first stream with audio that we decode: its serial number and its first packet.
fn find_stream(source: &Source) -> Result<(u32, Vec<u8>), ProbeError> {
    let mut pages = Pages::new(source, 0);
    let mut found = Vec::new();
    for _ in 0..MOST_LEADING_PAGES {
        let Some(page) = pages.next()? else { break };
        if !page.first {
            break;
        }
        if page.body.starts_with(b"OpusHead") || page.body.starts_with(b"\x01vorbis") {
            return Ok((page.serial, page.body));
        }
        found.push(String::from_utf8_lossy(&page.body[..page.body.len().min(8)]).into_owned());
    }
    Err(ProbeError::Unsupported(format!(
        "ogg: no Opus or Vorbis stream (found: {})",
        if found.is_empty() { "no stream at all".into() } else { format!("{found:?}") }
    )))
}

/// Reads the header packets; the second value is what the index keeps of them.
fn read_headers(packets: &mut OggPackets, first: Vec<u8>) -> Result<(Stream, Vec<u8>), ProbeError> {
    let short = || ProbeError::Unsupported("ogg: the headers are cut short".into());
    let mut data = Vec::new();
    packets.next(&mut data)?.ok_or_else(short)?;
    packets.next(&mut data)?.ok_or_else(short)?;
    let stream = if first.starts_with(b"OpusHead") {
        OpusHead::parse(&first).map(Stream::Opus)
    } else {
        packets.next(&mut data)?.ok_or_else(short)?;
        VorbisHead::parse(&first, &data).map(Stream::Vorbis)
    };
    let stream = stream.map_err(|e| ProbeError::Unsupported(format!("ogg: {e}")))?;
    // Refused here rather than at every open.
    stream.decoder().map_err(|e| ProbeError::Unsupported(format!("ogg: {e}")))?;
    Ok((stream, first))
}

/// What the walk over the packets finds.
#[derive(Default)]
struct Survey {
    /// Frames decoded so far, the delay included.
    position: u64,
    bytes: u64,
    places: Places,
    /// Granule less position, at the end of the last page but the stream's last.
    base: Option<i64>,
    /// The stream's end by its last granule, and the position at which its last page begins.
    ending: Option<(i64, u64)>,
    closed: bool,
}

impl Survey {
    fn walk(packets: &mut OggPackets, stream: &Stream) -> Result<Self, ProbeError> {
        let mut survey = Self::default();
        let mut clock = stream.clock();
        let mut data = Vec::new();
        let mut page_start = 0;
        let limit = LONGEST_SECONDS * u64::from(stream.rate_hz());
        while let Some(place) = packets.next(&mut data)? {
            if place.opens_page {
                page_start = survey.position;
            }
            survey.add(&place, &data, stream, &mut clock, page_start);
            if survey.position > limit {
                break;
            }
        }
        Ok(survey)
    }

    fn add(
        &mut self,
        place: &Place,
        data: &[u8],
        stream: &Stream,
        clock: &mut Clock,
        page_start: u64,
    ) {
        let before = self.position;
        self.position += clock.frames(data) as u64;
        self.bytes += data.len() as u64;
        if place.opens_page {
            let frame = self.position - stream.first_frames(data) as u64;
            self.places.add(place.page, frame.max(before), stream.rate_hz().into());
        }
        if place.last_page {
            self.closed = true;
            let end = place.granule.saturating_sub(self.base.unwrap_or(0));
            self.ending = Some((end, page_start));
        } else if place.closes_page && place.granule >= 0 {
            self.base = Some(place.granule.saturating_sub(self.position as i64));
        }
    }

    /// Where the stream ends: its last granule may cut frames of the last page, never add any.
    fn end(&self) -> u64 {
        match self.ending {
            Some((end, page_start)) if end >= 0 => self.position.min((end as u64).max(page_start)),
            _ => self.position,
        }
    }
}

/// The audio packets from a page on.
struct OggAudio {
    packets: OggPackets,
    clock: Clock,
    start: i64,
}

impl Packets for OggAudio {
    fn next(&mut self, packet: &mut Packet) -> Result<bool, DecodeError> {
        if self.packets.next(&mut packet.data)?.is_none() {
            return Ok(false);
        }
        packet.start = self.start;
        packet.frames = self.clock.frames(&packet.data);
        self.start += packet.frames as i64;
        Ok(true)
    }
}
