//! Reading MPEG audio, layers I to III: packet walk at ingest, seek index, decode from any frame.

use super::tag::Tag;
use super::walker::{Found, Walker};
use crate::Source;
use crate::codecs::mpeg::{HEADER_BYTES, Header, Layer, MpegDecoder, is_free_format};
use crate::decode::Decode;
use crate::demux::index::{IndexReader, IndexWriter};
use crate::demux::packets::{Packet, PacketDecode, Packets};
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;
use crate::tags::{Said, Tags, id3};
use std::collections::VecDeque;
use std::io;

/// MP3 and the other layers as a source.
pub struct Mp3Source;

/// Packets between two entries of the index.
const STRIDE: u64 = 64;

/// What a decoder adds to the encoder's delay: 528 frames of the filter bank and 1.
const DECODER_DELAY: u32 = 529;

/// Packets whose samples the start depends on, by the overlap and the filter bank, and one to spare.
const WARM_UP: usize = 3;

/// No walk back is longer than this many packets (8 kbit/s at 24 kHz needs 24 for its reservoir).
const LONGEST_PRE_ROLL: u64 = 40;

impl SourceFormat for Mp3Source {
    fn recognises(&self, head: &[u8], named: bool) -> bool {
        // Whatever begins with junk and says that it is MPEG audio is searched for packets.
        if head.starts_with(b"ID3") || named {
            return true;
        }
        let zeros = head.iter().take_while(|&&b| b == 0).count();
        (0..=zeros).any(|at| chained(head, at))
    }

    fn probe(&self, source: &Source, _: Hint<'_>) -> Result<Probed, ProbeError> {
        let mut walker = Walker::new(source)?;
        let Some(first) = walker.next()? else { return Err(nothing(source)?) };
        let is_mp3 = first.header.layer == Layer::Three;
        let tag = if is_mp3 { Tag::parse(walker.bytes(&first)?, &first.header) } else { None };
        let lead_bytes = std::mem::take(&mut walker.skipped_bytes);
        let mut survey = Survey::default();
        if tag.is_none() {
            survey.add(&first);
        }
        while let Some(found) = walker.next()? {
            survey.add(&found);
        }
        let tag = tag.unwrap_or_default();
        let mut repaired = Vec::new();
        if lead_bytes + walker.skipped_bytes > 0 {
            let bytes = lead_bytes + walker.skipped_bytes;
            repaired.push(format!("{bytes} bytes that are no MPEG frames were skipped"));
        }
        if walker.other_bytes > 0 {
            let bytes = walker.other_bytes;
            repaired.push(format!("{bytes} bytes of sound of another rate or layer were left out"));
        }
        if tag.packets.is_some_and(|p| p != survey.packets) {
            repaired.push(format!(
                "the header says {} packets, there are {}",
                tag.packets.unwrap_or(0),
                survey.packets
            ));
        }
        Ok(survey.probed(&first.header, tag, walker.end(), repaired))
    }

    fn said(&self, source: &Source) -> io::Result<Said> {
        let mut said = id3::read(source)?;
        said.tags.complete(&id3::read_v1(source)?);
        Ok(said)
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
        let packets = Mp3Packets::open(source, &index, start_frame)?;
        let decoder = Box::new(MpegDecoder::default());
        let span = start_frame..facts.frame_count;
        Ok(Box::new(PacketDecode::new(packets, decoder, facts.channels, span)))
    }
}

/// Packets in a row that are believed, whatever comes behind them.
const CONVINCING: usize = 4;

/// What may stand behind the last packet: ID3v1, APE, Lyrics3 and a late ID3v2.
const TAGS_BEHIND: [&[u8]; 4] = [b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3"];

/// Whether packets follow each other from `at` on: to the end of `head`, to a tag, or many of them.
fn chained(head: &[u8], mut at: usize) -> bool {
    let mut first: Option<Header> = None;
    let mut count = 0;
    while let Some(header) = head.get(at..).and_then(Header::parse) {
        if !first.get_or_insert(header).continues(&header) {
            return false;
        }
        count += 1;
        at += header.length_bytes;
    }
    let rest = head.get(at..).unwrap_or(&[]);
    let ends = rest.len() < HEADER_BYTES || TAGS_BEHIND.iter().any(|tag| rest.starts_with(tag));
    count >= CONVINCING || count >= 2 && ends || count == 1 && at == head.len()
}

/// Why nothing was found, by what stands where the first packet should be.
fn nothing(source: &Source) -> Result<ProbeError, ProbeError> {
    let mut walker = Walker::new(source)?;
    Ok(ProbeError::Unsupported(match is_free_format(walker.ahead()?) {
        true => "mp3: free format, MPEG audio whose bit rate is told nowhere, is not supported; \
                 encode it at one of the standard bit rates"
            .into(),
        false => {
            "mp3: no two MPEG audio packets that follow each other were found in the first MiB"
                .into()
        }
    }))
}

/// What the walk collects.
#[derive(Default)]
struct Survey {
    packets: u64,
    bytes: u64,
    /// Of the first packet with audio.
    channels: u16,
    bitrate_bps: u32,
    varies: bool,
    /// Offset of every [`STRIDE`]th packet.
    offsets: Vec<u64>,
}

impl Survey {
    fn add(&mut self, found: &Found) {
        if self.packets.is_multiple_of(STRIDE) {
            self.offsets.push(found.offset);
        }
        if self.packets == 0 {
            self.bitrate_bps = found.header.bitrate_bps;
            self.channels = found.header.channels;
        }
        self.varies |= self.bitrate_bps != found.header.bitrate_bps;
        self.packets += 1;
        self.bytes += found.header.length_bytes as u64;
    }

    fn probed(self, header: &Header, tag: Tag, end: u64, repaired: Vec<String>) -> Probed {
        let decoded = self.packets * header.frames();
        let skip = tag.delay_padding.map_or(0, |(delay, _)| u64::from(delay + DECODER_DELAY));
        // The padding is counted from the end that the label knows; in a file cut short there is
        // none, and past that end nothing is dropped.
        let padding = match tag.delay_padding {
            Some((_, padding)) if tag.packets == Some(self.packets) => {
                u64::from(padding.saturating_sub(DECODER_DELAY))
            }
            _ => 0,
        };
        let frame_count = decoded.saturating_sub(skip + padding);
        let measured = self.bytes as f64 * 8.0 * f64::from(header.rate_hz) / decoded.max(1) as f64;
        let facts = Facts {
            format: "mp3".into(),
            codec: header.layer.codec().into(),
            rate_hz: header.rate_hz,
            // The label, if there is one, may have others.
            channels: if self.packets > 0 { self.channels } else { header.channels },
            frame_count,
            bitrate_bps: if self.varies { measured.round() as u32 } else { self.bitrate_bps },
            constant_bitrate: !self.varies,
            canonical: header.layer == Layer::Three,
            speakers: None,
            repaired,
            tags: Tags::default(),
            picture: None,
        };
        let index = Index { skip, end, offsets: self.offsets };
        Probed { facts, index: index.write() }
    }
}

/// The seek index.
struct Index {
    /// Decoded frames in front of the first that counts.
    skip: u64,
    /// Where packets end in the source.
    end: u64,
    /// Offset of every [`STRIDE`]th packet.
    offsets: Vec<u64>,
}

impl Index {
    fn write(&self) -> Vec<u8> {
        let mut writer = IndexWriter::default();
        writer.put(self.skip);
        writer.put(self.end);
        let mut last = 0;
        for &offset in &self.offsets {
            writer.put(offset - last);
            last = offset;
        }
        writer.finish()
    }

    fn read(index: &[u8]) -> Option<Self> {
        let mut reader = IndexReader::new(index);
        let (skip, end) = (reader.take()?, reader.take()?);
        let mut offsets = Vec::new();
        let mut last = 0_u64;
        while let Some(step) = reader.take() {
            last = last.checked_add(step)?;
            offsets.push(last);
        }
        Some(Self { skip, end, offsets })
    }
}

/// The packets from the pre-roll of a start on.
struct Mp3Packets {
    walker: Walker,
    /// Packets of the pre-roll, already walked over.
    ready: VecDeque<Found>,
    /// The place of the next packet's first frame.
    start: i64,
    frames: u64,
}

impl Mp3Packets {
    fn open(source: &Source, index: &Index, start_frame: u64) -> Result<Self, DecodeError> {
        let broken = || DecodeError::Broken("no MPEG frame where the index says".into());
        let mut head = [0; HEADER_BYTES];
        let first = *index.offsets.first().ok_or_else(broken)?;
        source.read_full_at(&mut head, first)?;
        let reference = Header::parse(&head).ok_or_else(broken)?;
        let frames = reference.frames();
        let target = (start_frame + index.skip) / frames;
        let entry = target.saturating_sub(LONGEST_PRE_ROLL) / STRIDE;
        let entry = entry.min(index.offsets.len() as u64 - 1);
        let offset = index.offsets[entry as usize];
        let mut walker = Walker::resume(source, offset, index.end, reference);
        let mut ready = VecDeque::new();
        let mut number = entry * STRIDE;
        while number < target {
            let Some(found) = walker.next()? else { break };
            ready.push_back(found);
            number += 1;
        }
        let keep = pre_roll(&ready, reference.reservoir_bytes());
        ready.drain(..ready.len() - keep);
        let start = ((number - keep as u64) * frames) as i64 - index.skip as i64;
        Ok(Self { walker, ready, start, frames })
    }
}

/// How many of the packets in front must be decoded: the warm-up, whose samples must come out right,
/// and those that the bit reservoir of its first packet can reach into.
fn pre_roll(before: &VecDeque<Found>, reservoir_bytes: usize) -> usize {
    let mut main_data = 0;
    let mut reach = 0;
    for found in before.iter().rev().skip(WARM_UP) {
        if main_data >= reservoir_bytes {
            break;
        }
        main_data += found.header.main_data_bytes();
        reach += 1;
    }
    (WARM_UP + reach).min(before.len())
}

impl Packets for Mp3Packets {
    fn next(&mut self, packet: &mut Packet) -> Result<bool, DecodeError> {
        let found = match self.ready.pop_front() {
            Some(found) => found,
            None => match self.walker.next()? {
                Some(found) => found,
                None => return Ok(false),
            },
        };
        packet.data.clear();
        packet.data.extend_from_slice(self.walker.bytes(&found)?);
        // The last packet may be cut short: what is there of it is decoded.
        packet.data.resize(found.header.length_bytes, 0);
        packet.start = self.start;
        packet.frames = self.frames as usize;
        self.start += self.frames as i64;
        Ok(true)
    }
}
