//! A link of an Ogg file: one logical stream of Opus, Vorbis, FLAC or Speex from its headers to its end. A chained file
//! has several (RFC 3533 §4).

use super::packets::{OggPackets, Place};
use super::pages::Pages;
use crate::Source;
use crate::codecs::opus::OpusHead;
use crate::codecs::speex::SpeexHead;
use crate::codecs::stream::{Clock, Stream};
use crate::codecs::vorbis::VorbisHead;
use crate::decode::Decode;
use crate::demux::index::{IndexReader, IndexWriter, Places};
use crate::demux::packets::{Packet, PacketDecode, Packets};
use crate::error::{DecodeError, ProbeError};
use crate::facts::LONGEST_SECONDS;
use crate::tags::cover::Cover;
use crate::tags::{Said, vorbis};
use std::io;

/// What the first packets of Opus, Vorbis, FLAC and Speex begin with.
const MARKS: [&[u8]; 4] = [b"OpusHead", b"\x01vorbis", FLAC, SPEEX];
const FLAC: &[u8] = b"\x7fFLAC";
const SPEEX: &[u8] = b"Speex   ";

/// What the first packets of streams begin with that aren't read.
const NAMES: [(&[u8], &str); 5] = [
    (b"PCM     ", "PCM"),
    (b"\x80midi", "MIDI"),
    (b"\x80theora", "Theora, a film"),
    (b"\x01video", "a film"),
    (b"fishead", "Skeleton"),
];

/// FLAC's blocks of metadata behind the comments that are looked at, and the kind of a picture (RFC 9639 §8.8).
const MOST_BLOCKS: usize = 16;
const PICTURE: u8 = 6;

/// What every frame of FLAC begins with.
const FRAME: u8 = 0xff;

/// Bytes of FLAC's first packet before its block of metadata (RFC 9639 §10.1).
const FLAC_HEAD_BYTES: usize = 13;

/// Pages in front of which an audio stream must begin.
const MOST_LEADING_PAGES: usize = 64;

/// What a decode of a link needs to know.
pub struct Link {
    pub stream: Stream,
    serial: u32,
    /// Decoded frames that count, at the link's own rate.
    pub frame_count: u64,
    places: Places,
}

/// What a walk through a link found.
pub struct Walked {
    pub link: Link,
    /// The first packet, which an index keeps of Opus and Speex.
    private: Vec<u8>,
    /// Bytes of all packets of audio.
    pub packet_bytes: u64,
    /// Bytes that belonged to no whole page.
    pub skipped_bytes: u64,
    /// Whether the stream has a last page.
    pub closed: bool,
    /// Where the next link begins.
    pub next: Option<u64>,
}

impl Link {
    /// Walks through the link that begins at an offset. What is summed up in vain is taken from `patience`, because a
    /// file may have thousands of links.
    ///
    /// # Errors
    /// [`ProbeError`] where it has no audio that we decode.
    pub fn walk(source: &Source, offset: u64, patience: &mut usize) -> Result<Walked, ProbeError> {
        let mut pages = Pages::patient(source, offset, *patience);
        let (serial, private) = find_stream(&mut pages)?;
        let pages = Pages::patient(source, offset, pages.patience_bytes);
        let mut packets = OggPackets::new(pages, serial);
        let mut stream = read_headers(&mut packets, &private)?;
        if matches!(stream, Stream::Flac { .. }) && stream.channels() > 2 {
            // Its comments are read apart: the walk passes over them with the packets, because they may be missing.
            let pages = Pages::patient(source, offset, packets.patience_bytes());
            stream = with_comments(OggPackets::new(pages, serial), stream)?;
        }
        let survey = Survey::walk(&mut packets, &stream)?;
        let frame_count = survey.end().saturating_sub(stream.delay());
        *patience = packets.patience_bytes();
        Ok(Walked {
            private,
            packet_bytes: survey.bytes,
            skipped_bytes: packets.skipped_bytes(),
            closed: survey.closed,
            next: packets.followed_at(),
            link: Self { stream, serial, frame_count, places: survey.places },
        })
    }

    /// Reads what [`Walked::write`] wrote.
    #[must_use]
    pub fn read(index: &mut IndexReader<'_>, frame_count: u64) -> Option<Self> {
        let stream = Stream::read(index)?;
        let serial = index.take()? as u32;
        Some(Self { stream, serial, frame_count, places: Places::read(index)? })
    }

    /// A decode of its frames from `start_frame` on.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn open(&self, source: &Source, start_frame: u64) -> Result<Box<dyn Decode>, DecodeError> {
        let broken = || DecodeError::Broken("the seek index is damaged".into());
        let stream = &self.stream;
        let wanted = (start_frame + stream.delay()).saturating_sub(stream.pre_roll());
        let (offset, frame) = self.places.before(wanted).ok_or_else(broken)?;
        let packets = OggAudio {
            packets: OggPackets::new(Pages::new(source, offset), self.serial),
            clock: stream.clock(),
            start: frame as i64 - stream.delay() as i64,
        };
        let span = start_frame..self.frame_count;
        Ok(Box::new(PacketDecode::new(packets, stream.decoder()?, stream.channels(), span)))
    }
}

impl Walked {
    /// Appends the link to an index, to its end; the frame count is the index's owner's to keep.
    pub fn write(&self, index: &mut IndexWriter) {
        self.link.stream.write(&self.private, index);
        index.put(self.link.serial.into());
        self.link.places.write(index);
    }
}

/// The first stream with audio that we decode: its serial number and its first packet.
fn find_stream(pages: &mut Pages) -> Result<(u32, Vec<u8>), ProbeError> {
    let mut found = Vec::new();
    for _ in 0..MOST_LEADING_PAGES {
        let Some(page) = pages.next()? else { break };
        if !page.first {
            break;
        }
        if MARKS.iter().any(|mark| page.body.starts_with(mark)) {
            return Ok((page.serial, page.body));
        }
        let begins = &page.body[..page.body.len().min(8)];
        let name = NAMES.iter().find(|(mark, _)| begins.starts_with(mark)).map(|(_, name)| *name);
        found
            .push(name.map_or_else(|| String::from_utf8_lossy(begins).into_owned(), str::to_owned));
    }
    Err(ProbeError::Unsupported(format!(
        "ogg: no Opus, Vorbis, FLAC or Speex stream (found: {})",
        if found.is_empty() { "no stream at all".into() } else { format!("{found:?}") }
    )))
}

/// The comments of the first stream with audio, its second packet; and pictures, which FLAC has in packets of their
/// own, too.
///
/// # Errors
/// What the medium reports.
pub fn said(source: &Source) -> io::Result<Said> {
    let Ok((serial, first)) = find_stream(&mut Pages::new(source, 0)) else {
        return Ok(Said::default());
    };
    let mut packets = OggPackets::new(Pages::new(source, 0), serial);
    let mut data = Vec::new();
    packets.next(&mut data)?;
    packets.next(&mut data)?;
    let marks: [&[u8]; 2] = [b"OpusTags", b"\x03vorbis"];
    let behind = marks.iter().find_map(|mark| data.strip_prefix(*mark));
    // FLAC's is a block of metadata, behind a head of four bytes.
    let block = behind.or_else(|| data.strip_prefix(&[4]).or(data.strip_prefix(&[0x84]))?.get(3..));
    // Speex has them bare.
    let block = if first.starts_with(SPEEX) { Some(&data[..]) } else { block };
    let mut said = vorbis::read(block.unwrap_or(&[]));
    if first.starts_with(FLAC) {
        for _ in 0..MOST_BLOCKS {
            if packets.next(&mut data)?.is_none() || data.first() == Some(&FRAME) {
                break;
            }
            if let [kind, _, _, _, block @ ..] = &data[..]
                && kind & 0x7f == PICTURE
            {
                said.show(Cover::from_block(block));
            }
        }
    }
    Ok(said)
}

/// Reads the header packets behind the first.
fn read_headers(packets: &mut OggPackets, first: &[u8]) -> Result<Stream, ProbeError> {
    let short = || ProbeError::Unsupported("ogg: the headers are cut short".into());
    let mut data = Vec::new();
    packets.next(&mut data)?.ok_or_else(short)?;
    let stream = if first.starts_with(FLAC) {
        // The other headers have no frames and are passed over with the packets.
        Stream::flac(first.get(FLAC_HEAD_BYTES..).unwrap_or(&[]))
    } else if first.starts_with(SPEEX) {
        packets.next(&mut data)?.ok_or_else(short)?;
        let head = SpeexHead::parse(first);
        for _ in 0..head.as_ref().map_or(0, |head| head.extra_headers) {
            packets.next(&mut data)?.ok_or_else(short)?;
        }
        head.map(Stream::Speex)
    } else if first.starts_with(b"OpusHead") {
        packets.next(&mut data)?.ok_or_else(short)?;
        OpusHead::parse(first).map(Stream::Opus)
    } else {
        packets.next(&mut data)?.ok_or_else(short)?;
        packets.next(&mut data)?.ok_or_else(short)?;
        VorbisHead::parse(first, &data).map(Stream::Vorbis)
    };
    let stream = stream.map_err(|e| ProbeError::Unsupported(format!("ogg: {e}")))?;
    // Refused here rather than at every open.
    stream.decoder().map_err(|e| ProbeError::Unsupported(format!("ogg: {e}")))?;
    Ok(stream)
}

/// FLAC with what its comments say, which are its second packet.
fn with_comments(mut packets: OggPackets, plain: Stream) -> io::Result<Stream> {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    packets.next(&mut first)?;
    packets.next(&mut second)?;
    let blocks = [first.get(FLAC_HEAD_BYTES..).unwrap_or(&[]), &second].concat();
    Ok(Stream::flac(&blocks).unwrap_or(plain))
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
            let (ahead, late) = stream.behind_granule();
            let end = place.granule.saturating_sub(self.base.unwrap_or(-(ahead as i64)));
            let end = end.saturating_add(late as i64);
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
