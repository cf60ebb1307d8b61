//! Writing FLAC at 16 or 24 bits, in segments of whole blocks.
//!
//! FLAC frames don't depend on each other; only the coded number and two checksums say where one stands.

use super::header::{COMMENTS, PICTURE};
use crate::codecs::flac::{FrameEncoder, MOST_HEAD_BYTES, Sample};
use crate::error::{EncodeError, PlanError};
use crate::format::{
    Assembly, Carries, Coding, Encoding, Segment, Settled, Shape, Sink, TargetFormat, Wish,
};
use crate::frames::Frames;
use crate::planar::{extend_i16, to_i24};
use crate::tags::{Said, vorbis};
use crate::{Layout, Planar};
use md5::{Digest, Md5};

/// Writing FLAC.
pub struct FlacTarget;

/// Blocks are the longest power of two, or one and a half, that is no longer than a second by this: long
/// enough for their heads, short enough for the sound to stay alike.
const BLOCKS_PER_SECOND: u32 = 14;
/// Frames in the shortest and the longest block, whatever the rate.
const LEAST_BLOCK: u64 = 256;
const MOST_BLOCK: u64 = 4096;
/// Least duration of a segment in seconds.
const SEGMENT_SECONDS: u64 = 10;
/// Highest rate that a frame header can say (RFC 9639 §9.1.2).
const HIGHEST_RATE_HZ: u32 = 655_350;

impl TargetFormat for FlacTarget {
    fn codings(&self) -> &'static [Coding] {
        &[Coding::Pcm16, Coding::Pcm24]
    }

    fn settle(&self, wish: Wish) -> Result<Settled, PlanError> {
        if wish.bitrate_bps.is_some() {
            let message = "`flac` keeps every sample and has no bit rate to choose".into();
            return Err(PlanError { option: "br", message });
        }
        let rate_hz = wish.rate_hz.unwrap_or(wish.source_rate_hz);
        Ok(Settled { rate_hz, channels: wish.channels.clamp(1, 2), bitrate_bps: None })
    }

    fn carries(&self) -> Carries {
        Carries::TagsAndCover
    }

    fn plan(&self, shape: Shape, said: &Said) -> Result<Box<dyn Encoding>, PlanError> {
        if !(1..=HIGHEST_RATE_HZ).contains(&shape.rate_hz) {
            let message =
                format!("`flac` can't hold {} Hz; allowed: 1 to {HIGHEST_RATE_HZ}", shape.rate_hz);
            return Err(PlanError { option: "rate", message });
        }
        let block_frames = block_frames(shape.rate_hz);
        let blocks = (SEGMENT_SECONDS * u64::from(shape.rate_hz)).div_ceil(block_frames);
        let segment_frames = blocks * block_frames;
        let said = metadata(said);
        Ok(Box::new(FlacEncoding { shape, block_frames, segment_frames, said }))
    }

    fn revision(&self) -> String {
        format!("flac 1, {SEGMENT_SECONDS} s")
    }
}

fn block_frames(rate_hz: u32) -> u64 {
    let longest = u64::from(rate_hz / BLOCKS_PER_SECOND).clamp(LEAST_BLOCK, MOST_BLOCK);
    let power = 1 << longest.ilog2();
    if power + power / 2 <= longest { power + power / 2 } else { power }
}

struct FlacEncoding {
    shape: Shape,
    block_frames: u64,
    segment_frames: u64,
    /// The blocks that say something of the recording; empty for none.
    said: Vec<u8>,
}

impl Encoding for FlacEncoding {
    fn segment_count(&self) -> u32 {
        self.shape.frame_count.div_ceil(self.segment_frames) as u32
    }

    fn layout(&self) -> Option<Layout> {
        None
    }

    fn first_frame(&self, segment: u32) -> u64 {
        u64::from(segment) * self.segment_frames
    }

    fn encode(
        &self,
        segment: u32,
        frames: &mut Frames,
        _checkpoint: Option<&[u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<Segment, EncodeError> {
        let start = self.first_frame(segment);
        let end = (start + self.segment_frames).min(self.shape.frame_count);
        let mut encoder = BlockEncoder::new(&self.shape);
        let mut notes = Notes { shortest: u32::MAX, longest: 0, pcm: Vec::new() };
        notes.pcm.reserve((end - start) as usize * self.bytes_per_frame());
        let mut length_bytes = 0;
        let mut block = Planar::default();
        let mut at = start;
        while at < end {
            let count = (end - at).min(self.block_frames);
            frames.pull(count as usize, &mut block)?;
            let packet = encoder.encode(&block, at / self.block_frames, &mut notes.pcm);
            notes.shortest = notes.shortest.min(packet.len() as u32);
            notes.longest = notes.longest.max(packet.len() as u32);
            length_bytes += packet.len() as u64;
            if sink(packet).is_break() {
                return Err(EncodeError::Cancelled);
            }
            at += count;
        }
        Ok(Segment { length_bytes, checkpoint: None, notes: notes.into_bytes() })
    }

    fn is_linear_16(&self) -> bool {
        self.shape.coding == Coding::Pcm16
    }

    fn longest_segment_bytes(&self) -> u64 {
        let samples = self.segment_frames * u64::from(self.shape.channels);
        let blocks = self.segment_frames / self.block_frames;
        let most_bytes = if self.is_wide() { i32::MOST_BYTES } else { i16::MOST_BYTES };
        samples * most_bytes as u64 + blocks * MOST_HEAD_BYTES as u64
    }

    fn assembly(&self) -> Option<Box<dyn Assembly>> {
        Some(Box::new(FlacAssembly {
            shape: self.shape,
            block_frames: self.block_frames,
            segment_frames: self.segment_frames,
            said: self.said.clone(),
            shortest: u32::MAX,
            longest: 0,
            md5: Md5::new(),
            lengths: Vec::new(),
        }))
    }
}

impl FlacEncoding {
    fn bytes_per_frame(&self) -> usize {
        usize::from(self.shape.channels) * sample_bytes(self.shape.coding)
    }

    fn is_wide(&self) -> bool {
        self.shape.coding == Coding::Pcm24
    }
}

/// Bytes of a sample.
fn sample_bytes(coding: Coding) -> usize {
    if coding == Coding::Pcm24 { 3 } else { 2 }
}

/// One block after another through one encoder.
struct BlockEncoder {
    encoder: FrameEncoder,
    planes: Planes,
    packet: Vec<u8>,
}

/// The channels of a block as they are coded.
enum Planes {
    Of16(Vec<Vec<i16>>),
    Of24(Vec<Vec<i32>>),
}

impl BlockEncoder {
    fn new(shape: &Shape) -> Self {
        let channels = usize::from(shape.channels);
        let planes = match shape.coding {
            Coding::Pcm24 => Planes::Of24(vec![Vec::new(); channels]),
            _ => Planes::Of16(vec![Vec::new(); channels]),
        };
        Self { encoder: FrameEncoder::new(shape.rate_hz), planes, packet: Vec::new() }
    }

    /// A block as a frame; its samples are appended to `pcm`, little endian.
    fn encode(&mut self, block: &Planar, number: u64, pcm: &mut Vec<u8>) -> &[u8] {
        self.packet.clear();
        match &mut self.planes {
            Planes::Of16(planes) => {
                for (plane, channel) in planes.iter_mut().zip(&block.channels) {
                    plane.clear();
                    extend_i16(plane, channel);
                }
                append_pcm(planes, pcm);
                self.encoder.encode(planes, number, &mut self.packet);
            }
            Planes::Of24(planes) => {
                for (plane, channel) in planes.iter_mut().zip(&block.channels) {
                    plane.clear();
                    plane.extend(channel.iter().map(|sample| to_i24(*sample)));
                }
                for at in 0..block.frames() {
                    planes.iter().for_each(|plane| pcm.extend(&plane[at].to_le_bytes()[..3]));
                }
                self.encoder.encode(planes, number, &mut self.packet);
            }
        }
        &self.packet
    }
}

/// Appends the interleaved samples of channels of the same length.
fn append_pcm(planes: &[Vec<i16>], pcm: &mut Vec<u8>) {
    let start = pcm.len();
    pcm.resize(start + planes.iter().flatten().count() * size_of::<i16>(), 0);
    // Places known beforehand are filled many at a time.
    match planes {
        [left, right] => {
            let frames = pcm[start..].as_chunks_mut::<4>().0.iter_mut().zip(left.iter().zip(right));
            frames.for_each(|(bytes, (l, r))| {
                let ([a, b], [c, d]) = (l.to_le_bytes(), r.to_le_bytes());
                *bytes = [a, b, c, d];
            });
        }
        planes => {
            let mono = planes.first().map_or(&[][..], Vec::as_slice);
            let samples = pcm[start..].as_chunks_mut().0.iter_mut().zip(mono);
            samples.for_each(|(bytes, x)| *bytes = x.to_le_bytes());
        }
    }
}

/// What the header needs of a segment: the extremes of its frames' lengths, and its samples for the MD5.
struct Notes {
    shortest: u32,
    longest: u32,
    pcm: Vec<u8>,
}

impl Notes {
    /// The samples, and behind them the extremes.
    fn into_bytes(self) -> Vec<u8> {
        let mut bytes = self.pcm;
        bytes.extend([self.shortest, self.longest].map(u32::to_le_bytes).as_flattened());
        bytes
    }
}

struct FlacAssembly {
    shape: Shape,
    block_frames: u64,
    segment_frames: u64,
    said: Vec<u8>,
    shortest: u32,
    longest: u32,
    md5: Md5,
    lengths: Vec<u64>,
}

impl Assembly for FlacAssembly {
    fn add(&mut self, segment: Segment) {
        self.lengths.push(segment.length_bytes);
        if let Some((pcm, extremes)) = segment.notes.split_last_chunk::<8>()
            && let [shortest, longest] = *extremes.as_chunks::<4>().0
        {
            self.shortest = self.shortest.min(u32::from_le_bytes(shortest));
            self.longest = self.longest.max(u32::from_le_bytes(longest));
            self.md5.update(pcm);
        }
    }

    fn finish(self: Box<Self>) -> Result<Layout, EncodeError> {
        let header = self.header();
        Ok(Layout::new(header, self.lengths))
    }
}

impl FlacAssembly {
    /// `fLaC`, STREAMINFO, what is said of the recording, SEEKTABLE (RFC 9639 §8).
    fn header(&self) -> Vec<u8> {
        let mut header = b"fLaC".to_vec();
        block_head(&mut header, 0, false, 34);
        for frames in [self.block_frames as u16; 2] {
            header.extend(frames.to_be_bytes());
        }
        for length in [self.shortest, self.longest] {
            header.extend(&length.to_be_bytes()[1..]);
        }
        let packed = u64::from(self.shape.rate_hz) << 44
            | u64::from(self.shape.channels - 1) << 41
            | (8 * sample_bytes(self.shape.coding) as u64 - 1) << 36
            | self.shape.frame_count & 0xf_ffff_ffff;
        header.extend(packed.to_be_bytes());
        header.extend_from_slice(&self.md5.clone().finalize());
        header.extend(&self.said);
        block_head(&mut header, 3, true, 18 * self.lengths.len() as u32);
        let mut offset = 0u64;
        for (i, length) in self.lengths.iter().enumerate() {
            let first = i as u64 * self.segment_frames;
            header.extend(first.to_be_bytes());
            header.extend(offset.to_be_bytes());
            let frames = self.block_frames.min(self.shape.frame_count - first);
            header.extend((frames as u16).to_be_bytes());
            offset += length;
        }
        header
    }
}

/// The blocks of comments and of the picture, if there are any.
fn metadata(said: &Said) -> Vec<u8> {
    let texts = Said::from(said.tags.clone());
    let comments = (!texts.is_empty()).then(|| (COMMENTS, vorbis::write("tonearm", &texts)));
    let picture = said.cover.iter().map(|cover| (PICTURE, cover.to_block()));
    let mut blocks = Vec::new();
    for (kind, body) in comments.into_iter().chain(picture) {
        block_head(&mut blocks, kind, false, body.len() as u32);
        blocks.extend(body);
    }
    blocks
}

fn block_head(header: &mut Vec<u8>, kind: u8, last: bool, length: u32) {
    header.push(kind | u8::from(last) << 7);
    header.extend(&length.to_be_bytes()[1..]);
}
