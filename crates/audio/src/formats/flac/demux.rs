//! Reading FLAC: frame walk at ingest, decode from any frame, bit for bit.

use super::frames::Frames;
use super::header::{STREAMINFO_BYTES, StreamInfo};
use crate::codecs::flac::crc16;
use crate::codecs::symphonia::{Codec, Symphonia};
use crate::decode::Decode;
use crate::demux::index::{IndexReader, IndexWriter, Places};
use crate::demux::packets::{Packet, PacketDecode, PacketDecoder, Packets};
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;
use crate::{Planar, Source};

/// FLAC as a source.
pub struct FlacSource;

/// Metadata blocks that are passed over before the frames.
const MOST_BLOCKS: usize = 1024;

impl SourceFormat for FlacSource {
    fn recognises(&self, head: &[u8], _named: bool) -> bool {
        head.starts_with(b"fLaC")
    }

    fn probe(&self, source: &Source, _: Hint<'_>) -> Result<Probed, ProbeError> {
        let refuse = |m: &str| ProbeError::Unsupported(format!("flac: {m}"));
        let (body, first_frame) = read_metadata(source)?;
        let info = StreamInfo::parse(&body).ok_or_else(|| refuse("STREAMINFO is cut short"))?;
        let decoder = Symphonia::new(Codec::Flac(&body)).map_err(|e| refuse(&e.to_string()))?;
        let mut frames = Frames::new(source, first_frame, fixed_block(&info))?;
        let survey = Survey::walk(&mut frames, decoder, &info)?;
        let mut repaired = Vec::new();
        if info.total == 0 {
            repaired.push("the total number of samples was missing and was measured".into());
        } else if info.total != survey.end {
            repaired
                .push(format!("the header says {} samples, there are {}", info.total, survey.end));
        }
        let mut index = IndexWriter::default();
        index.put_bytes(&body);
        index.put(survey.begin);
        index.put(frames.fixed_block());
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
        let body = index.take_bytes().ok_or_else(broken)?;
        let begin = index.take().ok_or_else(broken)?;
        let fixed_block = index.take().ok_or_else(broken)?;
        let places = Places::read(&mut index).ok_or_else(broken)?;
        let (offset, _) = places.before(start_frame).ok_or_else(broken)?;
        let frames = Frames::new(source, offset, fixed_block)?;
        let packets = FlacPackets { frames, begin };
        let decoder = Box::new(Symphonia::new(Codec::Flac(body))?);
        let span = start_frame..facts.frame_count;
        Ok(Box::new(PacketDecode::new(packets, decoder, facts.channels, span)))
    }
}

/// The block size by which frame numbers count, 0 if only the first frame can tell.
fn fixed_block(info: &StreamInfo) -> u64 {
    if info.blocks.0 == info.blocks.1 { info.blocks.1.into() } else { 0 }
}

/// STREAMINFO's body, and where the frames begin.
fn read_metadata(source: &Source) -> Result<(Vec<u8>, u64), ProbeError> {
    let refuse = |m: &str| ProbeError::Unsupported(format!("flac: {m}"));
    let mut stream_info = None;
    let mut offset = 4_u64;
    for _ in 0..MOST_BLOCKS {
        let mut head = [0; 4];
        if source.read_full_at(&mut head, offset)? < head.len() {
            break;
        }
        let length = u32::from_be_bytes([0, head[1], head[2], head[3]]);
        if head[0] & 0x7f == 0 && length as usize >= STREAMINFO_BYTES {
            let mut body = vec![0; STREAMINFO_BYTES];
            let read = source.read_full_at(&mut body, offset + 4)?;
            body.truncate(read);
            stream_info.get_or_insert(body);
        }
        offset += 4 + u64::from(length);
        if head[0] & 0x80 != 0 {
            let body = stream_info.ok_or_else(|| refuse("there is no STREAMINFO"))?;
            return Ok((body, offset));
        }
    }
    Err(refuse("the metadata has no end"))
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
