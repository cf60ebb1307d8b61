//! Reading FLAC: frame walk at ingest, decode from any frame, bit for bit.

use super::frames::Frames;
use super::header::{COMMENTS, Header, PICTURE, STREAMINFO_BYTES, StreamInfo};
use crate::codecs::flac::crc16;
use crate::codecs::symphonia::{Codec, Symphonia};
use crate::decode::Decode;
use crate::demux::index::{IndexReader, IndexWriter, Places};
use crate::demux::packets::{Packet, PacketDecode, PacketDecoder, Packets};
use crate::demux::window::Window;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;
use crate::speakers::Speakers;
use crate::tags::cover::{Cover, MOST_BYTES};
use crate::tags::{Said, Tags, vorbis};
use crate::{Planar, Source};
use std::io;

/// FLAC as a source.
pub struct FlacSource;

/// Metadata blocks that are passed over before the frames.
const MAX_BLOCKS: usize = 1024;

/// Pictures that are looked at, and the bytes of a block with one.
const MOST_PICTURES: usize = 16;
const LONGEST_PICTURE: usize = MOST_BYTES + 1024;

/// What a stream begins with.
const MARK: &[u8; 4] = b"fLaC";

/// Bytes in which the mark is looked for, if other bytes are in front.
const FARTHEST_MARK: usize = 1 << 20;

impl SourceFormat for FlacSource {
    fn recognises(&self, head: &[u8], named: bool) -> bool {
        // A stream without its beginning starts with a frame. Where samples are numbered, frames begin
        // like those of ADTS, so its name must say it; and what is said to be FLAC, and nothing else, is
        // searched for it.
        let is_frame = || head.starts_with(&[0xff, 0xf8]) && Header::parse(head).is_some();
        named || head.starts_with(MARK) || is_frame()
    }

    fn probe(&self, source: &Source, _: Hint<'_>) -> Result<Probed, ProbeError> {
        let refuse = |m: &str| ProbeError::Unsupported(format!("flac: {m}"));
        let mut repaired = Vec::new();
        let Metadata { stated, mask, frames_at } = read_metadata(source, &mut repaired)?;
        let mut frames = Frames::first(source, frames_at)?;
        let first = *frames
            .ahead()
            .ok_or_else(|| refuse("neither the stream's mark nor frames were found"))?;
        let block = u16::try_from(first.block).unwrap_or(u16::MAX);
        let unknown =
            StreamInfo { blocks: (block, block), rate_hz: 0, channels: 0, bits: 0, total: 0 };
        let info = stated.as_ref().map_or(unknown, |(info, _)| *info).as_in(&first);
        if info.bits == 0 || info.rate_hz == 0 {
            return Err(refuse("without its STREAMINFO nothing says its rate and sample size"));
        }
        let body = match stated {
            Some((stated, body)) if stated == info => body,
            Some((stated, _)) => {
                repaired.push(format!(
                    "the header says {}, the frames {}",
                    stated.shape(),
                    info.shape()
                ));
                info.to_body()
            }
            None => info.to_body(),
        };
        // What has another beginning, or another shape than it says, is no FLAC for every player.
        let canonical = repaired.is_empty();
        let decoder = Symphonia::new(Codec::Flac(&body)).map_err(|e| refuse(&e.to_string()))?;
        let survey = Survey::walk(&mut frames, decoder, &info, &mut repaired)?;
        let mut index = IndexWriter::default();
        index.put_bytes(&body);
        index.put(survey.begin);
        index.put(frames.unit());
        survey.places.write(&mut index);
        let frame_count = survey.end - survey.begin;
        let seconds = frame_count.max(1) as f64 / f64::from(info.rate_hz.max(1));
        let facts = Facts {
            format: "flac".into(),
            codec: "flac".into(),
            rate_hz: info.rate_hz,
            channels: info.channels,
            frame_count,
            bitrate_bps: (survey.bytes as f64 * 8.0 / seconds).round() as u32,
            constant_bitrate: false,
            canonical,
            speakers: mask.and_then(|mask| Speakers::of_mask(mask).of_channels(info.channels)),
            repaired,
            tags: Tags::default(),
            picture: None,
        };
        Ok(Probed { facts, index: index.finish() })
    }

    fn said(&self, source: &Source) -> io::Result<Said> {
        said(source)
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
        let body = index.take_bytes().ok_or_else(broken)?;
        let begin = index.take().ok_or_else(broken)?;
        let unit = index.take().ok_or_else(broken)?;
        let places = Places::read(&mut index).ok_or_else(broken)?;
        let (offset, _) = places.before(start_frame).ok_or_else(broken)?;
        let frames = Frames::new(source, offset, unit)?;
        let packets = FlacPackets { frames, begin };
        let decoder = Box::new(Symphonia::new(Codec::Flac(body))?);
        let span = start_frame..facts.frame_count;
        Ok(Box::new(PacketDecode::new(packets, decoder, facts.channels, span)))
    }
}

/// The blocks of comments and pictures.
fn said(source: &Source) -> io::Result<Said> {
    let mut window = Window::of_blocks(source, 64 * 1024);
    let mut said = Said::default();
    let mut at = MARK.len() as u64;
    if window.peek(0, MARK.len())? != MARK {
        return Ok(said);
    }
    let mut pictures = 0;
    for _ in 0..MAX_BLOCKS {
        let &[kind, a, b, c] = window.peek(at, 4)? else { break };
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        match kind & 0x7f {
            COMMENTS => said.complete(vorbis::read(window.peek(at + 4, length)?)),
            PICTURE if length <= LONGEST_PICTURE && pictures < MOST_PICTURES => {
                pictures += 1;
                said.show(Cover::from_block(window.peek(at + 4, length)?));
            }
            _ => {}
        }
        at += 4 + length as u64;
        if kind & 0x80 != 0 {
            break;
        }
    }
    Ok(said)
}

/// What STREAMINFO says, and its body.
type Stated = (StreamInfo, Vec<u8>);

/// Most bytes of comments that are searched for the channel mask.
const LONGEST_COMMENTS: u32 = 1 << 20;

/// What stands before the frames.
struct Metadata {
    /// STREAMINFO, if it is there.
    stated: Option<Stated>,
    /// The channel mask that the comments name.
    mask: Option<u32>,
    /// Where the frames are looked for.
    frames_at: u64,
}

fn read_metadata(source: &Source, repaired: &mut Vec<String>) -> Result<Metadata, ProbeError> {
    let refuse = |m: &str| ProbeError::Unsupported(format!("flac: {m}"));
    let Some(mark) = find_mark(source)? else {
        repaired.push("the stream's beginning is missing".into());
        return Ok(Metadata { stated: None, mask: None, frames_at: 0 });
    };
    if mark > 0 {
        repaired.push(format!("{mark} bytes before the stream were skipped"));
    }
    let (mut stated, mut mask) = (None, None);
    let mut offset = mark + MARK.len() as u64;
    for _ in 0..MAX_BLOCKS {
        let mut head = [0; 4];
        if source.read_full_at(&mut head, offset)? < head.len() {
            break;
        }
        let length = u32::from_be_bytes([0, head[1], head[2], head[3]]);
        if head[0] & 0x7f == 0 && length as usize >= STREAMINFO_BYTES && stated.is_none() {
            let mut body = vec![0; STREAMINFO_BYTES];
            let read = source.read_full_at(&mut body, offset + 4)?;
            body.truncate(read);
            let info = StreamInfo::parse(&body).ok_or_else(|| refuse("STREAMINFO is cut short"))?;
            stated = Some((info, body));
        }
        if head[0] & 0x7f == COMMENTS && mask.is_none() {
            let mut block = vec![0; length.min(LONGEST_COMMENTS) as usize];
            let read = source.read_full_at(&mut block, offset + 4)?;
            mask = vorbis::channel_mask(&block[..read]);
        }
        offset += 4 + u64::from(length);
        if head[0] & 0x80 != 0 {
            return Ok(Metadata { stated, mask, frames_at: offset });
        }
    }
    Err(refuse("the metadata has no end"))
}

/// Where the stream's mark is, in the first bytes.
fn find_mark(source: &Source) -> io::Result<Option<u64>> {
    let mut bytes = vec![0; FARTHEST_MARK];
    let read = source.read_full_at(&mut bytes[..MARK.len()], 0)?;
    if bytes[..read] == *MARK {
        return Ok(Some(0));
    }
    let read = source.read_full_at(&mut bytes, 0)?;
    let found = bytes[..read].windows(MARK.len()).position(|window| window == MARK);
    Ok(found.map(|at| at as u64))
}

/// What the walk over the frames finds.
#[derive(Default)]
struct Survey {
    begin: u64,
    end: u64,
    bytes: u64,
    places: Places,
}

impl Survey {
    fn walk(
        frames: &mut Frames,
        mut decoder: Symphonia,
        info: &StreamInfo,
        repaired: &mut Vec<String>,
    ) -> Result<Self, ProbeError> {
        let mut survey = Self::default();
        let mut first = true;
        while let Some(found) = frames.next()? {
            // The last frame may be cut short; it counts if it can be decoded.
            if found.last {
                let mut block = Planar::new(usize::from(info.channels));
                if !decoder.decode(frames.bytes(&found)?, &mut block) {
                    break;
                }
            }
            if std::mem::take(&mut first) {
                survey.begin = found.start;
                survey.end = found.start;
            }
            let frame = found.start - survey.begin;
            survey.places.add(found.offset, frame, info.rate_hz.max(1).into());
            survey.end = found.start + u64::from(found.header.block);
            survey.bytes += found.length_bytes;
            if found.last
                && let Some(change) = frames.change_after(&found)?
            {
                survey.bytes = survey.bytes + change - found.offset - found.length_bytes;
                repaired.push(format!(
                    "after {} samples the rate, the sample size or the channels change; what follows \
                     is left out",
                    survey.end - survey.begin
                ));
            }
        }
        if info.total == 0 {
            repaired.push("the total number of samples was missing and was measured".into());
        } else if info.total != survey.end {
            repaired
                .push(format!("the header says {} samples, there are {}", info.total, survey.end));
        }
        Ok(survey)
    }
}

/// The frames from a place on.
struct FlacPackets {
    frames: Frames,
    /// Number of the stream's first sample.
    begin: u64,
}

impl Packets for FlacPackets {
    fn next(&mut self, packet: &mut Packet) -> Result<bool, DecodeError> {
        let Some(found) = self.frames.next()? else { return Ok(false) };
        packet.start = found.start.saturating_sub(self.begin) as i64;
        packet.frames = found.header.block as usize;
        packet.data.clear();
        let bytes = self.frames.bytes(&found)?;
        // What fails its checksum is damaged; behind the last frame there may be a tag.
        if found.last || crc16(bytes) == 0 {
            packet.data.extend_from_slice(bytes);
        }
        Ok(true)
    }
}
