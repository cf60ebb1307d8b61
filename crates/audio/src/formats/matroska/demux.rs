//! Reading Matroska and WebM, as browsers record it too: without a duration, cues or cluster sizes. The length is
//! measured by walking the packets.

use super::blocks::{Blocks, Coded, id};
use super::encodings::Packing;
use super::said;
use super::tracks::{Head, Track};
use crate::Source;
use crate::codecs::mpeg::Header;
use crate::codecs::stream::{Clock, Stream};
use crate::codecs::syom::heard;
use crate::decode::Decode;
use crate::demux::index::{IndexReader, IndexWriter, Places};
use crate::demux::packets::{Packet, PacketDecode, Packets};
use crate::demux::window::Window;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, LONGEST_SECONDS, Probed};
use crate::format::SourceFormat;
use crate::tags::Said;
use std::io;

/// Matroska as a source.
pub struct MatroskaSource {
    /// The row's name.
    pub format: &'static str,
}

/// Bytes in which the head says what kind of document follows.
const KIND_BYTES: usize = 64;

/// The kind that has a row of its own.
const WEBM: &[u8] = b"webm";

impl SourceFormat for MatroskaSource {
    fn recognises(&self, head: &[u8], _named: bool) -> bool {
        let kind = &head[..head.len().min(KIND_BYTES)];
        let is_webm = kind.windows(WEBM.len()).any(|window| window == WEBM);
        head.starts_with(&id::EBML.to_be_bytes()) && (is_webm || self.format.as_bytes() != WEBM)
    }

    fn probe(&self, source: &Source, _: Hint<'_>) -> Result<Probed, ProbeError> {
        let refuse = |m: String| ProbeError::Unsupported(format!("matroska: {m}"));
        let head = Head::read(&mut Window::new(source))?.map_err(refuse)?;
        let Track { number, stream, private, packing, delay_ns } = head.track;
        let blocks = || Blocks::new(source, head.first_cluster, number, &packing);
        let stream = match stream {
            Some(Stream::Aac(config)) => {
                let mut ahead = blocks();
                let next = || Ok(ahead.next()?.map(|coded| coded.data));
                Stream::Aac(heard(config, next)?)
            }
            Some(stream) => stream,
            None => mpeg(blocks().next()?).map_err(refuse)?,
        };
        stream.decoder().map_err(|e| refuse(e.to_string()))?;
        let mut walked = blocks();
        let survey = Survey::walk(&mut walked, &stream)?;
        let rate_hz = stream.rate_hz();
        let stated = delay_ns.map(|ns| frames_of(ns, rate_hz));
        // Where the codec's own header states it, that is exact and CodecDelay is not: writers are
        // known to count it at the wrong rate.
        let delay = if stream.delay() > 0 { stream.delay() } else { stated.unwrap_or(0) };
        let mut repaired = Vec::new();
        if !head.has_duration {
            repaired.push("the duration was missing and was measured".into());
        }
        if head.is_cut || walked.is_cut {
            let count = survey.packets;
            repaired.push(format!("the file is cut short: it holds the first {count} packets"));
        }
        let mut index = IndexWriter::default();
        index.put(REVISION);
        stream.write(&private, &mut index);
        index.put(number);
        index.put(delay);
        packing.write(&mut index);
        survey.places.write(&mut index);
        let coded = (survey.bytes, survey.position);
        let frame_count = survey.position.saturating_sub(delay.saturating_add(survey.discard));
        let facts = Facts {
            // WebM has no other codecs.
            canonical: self.format.as_bytes() != WEBM
                || matches!(stream, Stream::Opus(_) | Stream::Vorbis(_)),
            constant_bitrate: false,
            repaired,
            ..Facts::of_packets(self.format, &stream, frame_count, coded)
        };
        Ok(Probed { facts, index: index.finish() })
    }

    fn said(&self, source: &Source) -> io::Result<Said> {
        said::read(source)
    }

    fn open(
        &self,
        source: &Source,
        facts: &Facts,
        index: &[u8],
        start_frame: u64,
    ) -> Result<Box<dyn Decode>, DecodeError> {
        let broken = || DecodeError::Broken("the seek index is damaged".into());
        let Index { stream, track, delay, packing, places } =
            Index::read(index).ok_or_else(broken)?;
        let wanted = (start_frame + delay).saturating_sub(stream.pre_roll());
        let (offset, frame) = places.before(wanted).ok_or_else(broken)?;
        let packets = MatroskaPackets {
            blocks: Blocks::new(source, offset, track, &packing),
            clock: stream.clock(),
            start: frame as i64 - delay as i64,
        };
        let span = start_frame..facts.frame_count;
        Ok(Box::new(PacketDecode::new(packets, stream.decoder()?, facts.channels, span)))
    }
}

/// MPEG audio, by its first packet.
fn mpeg(first: Option<Coded>) -> Result<Stream, String> {
    let header = first.and_then(|coded| Header::parse(&coded.data));
    header.map(Stream::Mpeg).ok_or_else(|| "no MPEG audio where its first packet should be".into())
}

/// The seek index.
struct Index {
    stream: Stream,
    /// The track's number in the blocks.
    track: u64,
    /// Decoded frames in front of the first that counts.
    delay: u64,
    packing: Packing,
    places: Places,
}

/// The first number of an index. The one before held of the packing what packets are stripped of alone; earlier ones
/// begin with 0 (Opus) or 1 (Vorbis), and hold nothing of it.
const REVISION: u64 = 3;
const STRIPPED_ALONE: u64 = 2;

impl Index {
    fn read(index: &[u8]) -> Option<Self> {
        let mut reader = IndexReader::new(index);
        let revision = reader.take()?;
        if revision < STRIPPED_ALONE {
            reader = IndexReader::new(index);
        }
        let stream = Stream::read(&mut reader)?;
        let (track, delay) = (reader.take()?, reader.take()?);
        let packing = match revision {
            REVISION => Packing::read(&mut reader)?,
            STRIPPED_ALONE => Packing::Stripped(reader.take_bytes()?.to_vec()),
            _ => Packing::Stripped(Vec::new()),
        };
        Some(Self { stream, track, delay, packing, places: Places::read(&mut reader)? })
    }
}

/// Nanoseconds as frames, to the nearest.
fn frames_of(ns: u64, rate_hz: u32) -> u64 {
    ((u128::from(ns) * u128::from(rate_hz) + 500_000_000) / 1_000_000_000) as u64
}

/// What the walk over the packets finds.
#[derive(Default)]
struct Survey {
    packets: u64,
    position: u64,
    bytes: u64,
    /// Frames to drop at the end.
    discard: u64,
    places: Places,
}

impl Survey {
    fn walk(blocks: &mut Blocks, stream: &Stream) -> Result<Self, ProbeError> {
        let mut survey = Self::default();
        let mut clock = stream.clock();
        let limit = LONGEST_SECONDS * u64::from(stream.rate_hz());
        while let Some(coded) = blocks.next()? {
            survey.packets += 1;
            let before = survey.position;
            let frames = clock.frames(&coded.data) as u64;
            survey.position += frames;
            survey.bytes += coded.data.len() as u64;
            if coded.opens_block {
                let frame = survey.position - stream.first_frames(&coded.data) as u64;
                survey.places.add(coded.offset, frame.max(before), stream.rate_hz().into());
            }
            let discard = u64::try_from(coded.discard_ns).unwrap_or(0);
            let discard = frames_of(discard, stream.rate_hz()).min(frames);
            // Discards add up over packets that are dropped whole, because the packet before those then ends the audio.
            survey.discard = if discard == frames { survey.discard + frames } else { discard };
            if survey.position > limit {
                break;
            }
        }
        Ok(survey)
    }
}

/// The packets from a block on.
struct MatroskaPackets {
    blocks: Blocks,
    clock: Clock,
    start: i64,
}

impl Packets for MatroskaPackets {
    fn next(&mut self, packet: &mut Packet) -> Result<bool, DecodeError> {
        let Some(coded) = self.blocks.next()? else { return Ok(false) };
        packet.data = coded.data;
        packet.start = self.start;
        packet.frames = self.clock.frames(&packet.data);
        self.start += packet.frames as i64;
        Ok(true)
    }
}
