//! Reading Ogg with Opus, Vorbis, FLAC or Speex in it: walk over all links at ingest, decode from any frame.
//!
//! The first link decides the rate and the channels; later ones that have others are brought to them.

use super::link::{self, Link, Walked};
use super::pages::PATIENCE_BYTES;
use crate::channels::Mixer;
use crate::codecs::stream::Stream;
use crate::decode::Decode;
use crate::demux::index::{IndexReader, IndexWriter};
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;
use crate::frames::{Clip, Frames, Pipeline};
use crate::resample::{Resampler, output_frames};
use crate::tags::Said;
use crate::{ChannelMap, Planar, Source};
use std::collections::VecDeque;
use std::io;

/// Ogg as a source.
pub struct OggSource;

/// Links of a file that are played; what comes behind them is told.
const MAX_LINKS: usize = 4096;

/// The first number of a chained file's index; a single link's begins with its codec, 0 or 1.
const CHAINED: u64 = 2;

impl SourceFormat for OggSource {
    fn recognises(&self, head: &[u8], _: bool) -> bool {
        head.starts_with(b"OggS")
    }

    fn probe(&self, source: &Source, _: Hint<'_>) -> Result<Probed, ProbeError> {
        let mut patience = PATIENCE_BYTES;
        let first = Link::walk(source, 0, &mut patience)?;
        let mut repaired = Vec::new();
        let mut next = first.next;
        let mut links = vec![first];
        while let Some(offset) = next {
            if links.len() == MAX_LINKS {
                repaired.push(format!("what follows the first {MAX_LINKS} streams is left out"));
                break;
            }
            match Link::walk(source, offset, &mut patience) {
                Ok(walked) => {
                    next = walked.next;
                    links.push(walked);
                }
                Err(ProbeError::Read(error)) => return Err(error.into()),
                Err(error) => {
                    repaired
                        .push(format!("what follows stream {} is left out: {error}", links.len()));
                    break;
                }
            }
        }
        Ok(facts_of(&links, repaired))
    }

    fn said(&self, source: &Source) -> io::Result<Said> {
        link::said(source)
    }

    fn open(
        &self,
        source: &Source,
        facts: &Facts,
        index: &[u8],
        start_frame: u64,
    ) -> Result<Box<dyn Decode>, DecodeError> {
        let links = read_links(index, facts)
            .ok_or_else(|| DecodeError::Broken("the seek index is damaged".into()))?;
        match <[Link; 1]>::try_from(links) {
            Ok([link]) => link.open(source, start_frame),
            Err(links) => Ok(Box::new(Chain::open(source, facts, links, start_frame)?)),
        }
    }
}

fn facts_of(links: &[Walked], mut repaired: Vec<String>) -> Probed {
    let stream = &links[0].link.stream;
    let rate_hz = stream.rate_hz();
    let skipped: u64 = links.iter().map(|walked| walked.skipped_bytes).sum();
    if skipped > 0 {
        repaired.push(format!("{skipped} bytes that are no whole Ogg pages were skipped"));
    }
    if links.iter().any(|walked| !walked.closed) {
        repaired.push("the stream has no last page".into());
    }
    let is_other = |walked: &Walked| {
        let other = &walked.link.stream;
        (other.rate_hz(), other.channels()) != (rate_hz, stream.channels())
    };
    if links.iter().any(is_other) {
        let channels = stream.channels();
        repaired.push(format!(
            "streams of other shapes are played as {rate_hz} Hz, {channels} channels"
        ));
    }
    let frame_count: u64 = links.iter().map(|walked| frames_at(&walked.link, rate_hz)).sum();
    let bytes: u64 = links.iter().map(|walked| walked.packet_bytes).sum();
    let canonical = !matches!(stream, Stream::Flac { .. } | Stream::Speex(_));
    let coded = (bytes, frame_count + stream.delay());
    // What is asked for as ogg may be one of the codecs that every player of it has.
    let facts =
        Facts { canonical, repaired, ..Facts::of_packets("ogg", stream, frame_count, coded) };
    Probed { facts, index: write_links(links) }
}

/// Frames of a link at the file's rate.
fn frames_at(link: &Link, rate_hz: u32) -> u64 {
    output_frames(link.frame_count, link.stream.rate_hz(), rate_hz)
}

fn write_links(links: &[Walked]) -> Vec<u8> {
    let mut index = IndexWriter::default();
    if let [single] = links {
        single.write(&mut index);
        return index.finish();
    }
    index.put(CHAINED);
    for walked in links {
        let mut own = IndexWriter::default();
        walked.write(&mut own);
        index.put(walked.link.frame_count);
        index.put_bytes(&own.finish());
    }
    index.finish()
}

fn read_links(index: &[u8], facts: &Facts) -> Option<Vec<Link>> {
    let mut reader = IndexReader::new(index);
    if reader.take()? != CHAINED {
        return Some(vec![Link::read(&mut IndexReader::new(index), facts.frame_count)?]);
    }
    let mut links = Vec::new();
    while let Some(frame_count) = reader.take() {
        let own = reader.take_bytes()?;
        links.push(Link::read(&mut IndexReader::new(own), frame_count)?);
    }
    (!links.is_empty()).then_some(links)
}

/// A decode that goes from link to link.
struct Chain {
    source: Source,
    rate_hz: u32,
    channels: u16,
    /// The links behind the present one.
    behind: VecDeque<Link>,
    present: Option<Part>,
}

/// A decode of one link.
enum Part {
    /// Its shape is the file's.
    Plain(Box<dyn Decode>),
    /// It is brought to the file's shape; so many frames are left of it.
    Fitted(Box<Frames>, u64),
}

/// Frames of a link of another shape that are given at a time.
const BLOCK_FRAMES: u64 = 4096;

impl Chain {
    fn open(
        source: &Source,
        facts: &Facts,
        links: Vec<Link>,
        mut start: u64,
    ) -> Result<Self, DecodeError> {
        let mut chain = Self {
            source: Source::clone(source),
            rate_hz: facts.rate_hz,
            channels: facts.channels,
            behind: links.into(),
            present: None,
        };
        while let Some(link) = chain.behind.pop_front() {
            match start.checked_sub(frames_at(&link, chain.rate_hz)) {
                Some(left) => start = left,
                None => {
                    chain.present = Some(chain.part(&link, start)?);
                    break;
                }
            }
        }
        Ok(chain)
    }

    /// A decode of a link from a frame of its own on, counted at the file's rate.
    fn part(&self, link: &Link, start: u64) -> Result<Part, DecodeError> {
        let stream = &link.stream;
        if (stream.rate_hz(), stream.channels()) == (self.rate_hz, self.channels) {
            return Ok(Part::Plain(link.open(&self.source, start)?));
        }
        let map = match (stream.channels(), self.channels) {
            (from, to) if from == to => ChannelMap::Keep,
            (1, _) => ChannelMap::Duplicate,
            (_, 1) => ChannelMap::Mix,
            _ => ChannelMap::Stereo,
        };
        let mapped = usize::from(map.output_channels(stream.channels()));
        let resampler = Resampler::new(stream.rate_hz(), self.rate_hz, mapped, start);
        let position = resampler.input_start();
        let length = link.frame_count as i64;
        let decoder = (position < length)
            .then(|| link.open(&self.source, position.max(0) as u64))
            .transpose()?;
        let clip = Clip::new(decoder, length, position);
        let mixer = Mixer::new(map, stream.channels(), stream.speakers().as_ref());
        let pipeline = Pipeline::new(clip, stream.channels(), mixer, resampler);
        let left = frames_at(link, self.rate_hz).saturating_sub(start);
        Ok(Part::Fitted(Box::new(Frames::new(pipeline, left)), left))
    }
}

impl Decode for Chain {
    fn read(&mut self, out: &mut Planar) -> Result<usize, DecodeError> {
        loop {
            let read = match &mut self.present {
                Some(Part::Plain(decoder)) => decoder.read(out)?,
                Some(Part::Fitted(frames, left)) => {
                    let count = BLOCK_FRAMES.min(*left);
                    *left -= count;
                    let mut block = Planar::default();
                    frames.pull(count as usize, &mut block)?;
                    append(&block, out);
                    count as usize
                }
                None => 0,
            };
            if read > 0 {
                return Ok(read);
            }
            let Some(link) = self.behind.pop_front() else { return Ok(0) };
            self.present = Some(self.part(&link, 0)?);
        }
    }
}

/// Appends a block to one that may have more channels: those beyond its own are silent.
fn append(block: &Planar, out: &mut Planar) {
    for (at, channel) in out.channels.iter_mut().enumerate() {
        match block.channels.get(at) {
            Some(samples) => channel.extend_from_slice(samples),
            None => channel.resize(channel.len() + block.frames(), 0.0),
        }
    }
}
