//! Writing FLAC: blocks of 4096 frames at 16 bits, each encoded by itself and numbered by us.
//!
//! FLAC frames don't depend on each other; only the coded number and two checksums say where one stands.

use super::renumber;
use crate::codecs::pcm::Packing;
use crate::error::{EncodeError, PlanError};
use crate::formats::{Assembly, Encoding, Segment, Settled, Shape, Sink, TargetFormat, Wish};
use crate::planar::to_i16;
use crate::transcode::Frames;
use crate::{Layout, Planar};
use md5::{Digest, Md5};

/// Writing FLAC.
pub struct FlacTarget;

/// Frames in a block.
const BLOCK_FRAMES: u64 = 4096;
/// Least duration of a segment in seconds.
const SEGMENT_SECONDS: u64 = 10;
/// As libFLAC's default: the best trade of size against time.
const LEVEL: u32 = 5;
/// What the encoder puts before its first frame: `fLaC` and STREAMINFO.
const STREAM_HEAD_BYTES: usize = 42;
/// Highest rate that a frame header can say (RFC 9639 §9.1.2).
const HIGHEST_RATE_HZ: u32 = 655_350;

impl TargetFormat for FlacTarget {
    fn settle(&self, wish: Wish) -> Result<Settled, PlanError> {
        if wish.bitrate_bps.is_some() {
            let message = "`flac` keeps every sample and has no bit rate to choose".into();
            return Err(PlanError { option: "br", message });
        }
        let rate_hz = wish.rate_hz.unwrap_or(wish.source_rate_hz);
        Ok(Settled { rate_hz, channels: wish.channels.clamp(1, 2), bitrate_bps: None })
    }

    fn plan(&self, shape: Shape) -> Result<Box<dyn Encoding>, PlanError> {
        if !(1..=HIGHEST_RATE_HZ).contains(&shape.rate_hz) {
            let message =
                format!("`flac` can't hold {} Hz; allowed: 1 to {HIGHEST_RATE_HZ}", shape.rate_hz);
            return Err(PlanError { option: "rate", message });
        }
        let blocks = (SEGMENT_SECONDS * u64::from(shape.rate_hz)).div_ceil(BLOCK_FRAMES);
        Ok(Box::new(FlacEncoding { shape, segment_frames: blocks * BLOCK_FRAMES }))
    }

    fn revision(&self) -> String {
        // The choice among predictors is made in floating point, by other code where AVX2 is there.
        format!(
            "rusty_flac 0.2.2, level {LEVEL}, {}, {SEGMENT_SECONDS} s, 2",
            crate::codecs::instruction_set()
        )
    }
}

struct FlacEncoding {
    shape: Shape,
    segment_frames: u64,
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
        let mut encoder = BlockEncoder::new(&self.shape)?;
        let mut report = Notes { shortest: u32::MAX, longest: 0, pcm: Vec::new() };
        let mut length_bytes = 0;
        let mut block = Planar::default();
        let mut at = start;
        while at < end {
            let count = (end - at).min(BLOCK_FRAMES);
            frames.pull(count as usize, &mut block)?;
            let packet = encoder.encode(&block, at / BLOCK_FRAMES, &mut report.pcm)?;
            report.shortest = report.shortest.min(packet.len() as u32);
            report.longest = report.longest.max(packet.len() as u32);
            length_bytes += packet.len() as u64;
            if sink(&packet).is_break() {
                return Err(EncodeError::Cancelled);
            }
            at += count;
        }
        Ok(Segment { length_bytes, checkpoint: None, notes: report.into_bytes() })
    }

    fn longest_segment_bytes(&self) -> u64 {
        // Uncompressed at up to 17 bits a sample (a side channel), and a frame's header and checksums.
        let block = BLOCK_FRAMES * u64::from(self.shape.channels) * 3 + 64;
        self.segment_frames / BLOCK_FRAMES * block
    }

    fn assembly(&self) -> Option<Box<dyn Assembly>> {
        Some(Box::new(FlacAssembly {
            shape: self.shape,
            segment_frames: self.segment_frames,
            shortest: u32::MAX,
            longest: 0,
            md5: Md5::new(),
            lengths: Vec::new(),
        }))
    }
}

/// One block after another through one encoder.
struct BlockEncoder {
    encoder: rusty_flac::Encoder,
    rate_hz: u32,
    planes: Vec<Vec<i32>>,
    bytes: Vec<u8>,
}

impl BlockEncoder {
    fn new(shape: &Shape) -> Result<Self, EncodeError> {
        let mut encoder = rusty_flac::Encoder::new(shape.rate_hz, u32::from(shape.channels), 16)
            .map_err(failed)?;
        encoder.set_compression_level(LEVEL);
        let planes = vec![Vec::new(); usize::from(shape.channels)];
        Ok(Self { encoder, rate_hz: shape.rate_hz, planes, bytes: Vec::new() })
    }

    /// A block's frame, numbered; its samples are appended to `pcm`, little endian.
    fn encode(
        &mut self,
        block: &Planar,
        number: u64,
        pcm: &mut Vec<u8>,
    ) -> Result<Vec<u8>, EncodeError> {
        for (plane, channel) in self.planes.iter_mut().zip(&block.channels) {
            plane.clear();
            plane.extend(channel.iter().map(|&sample| i32::from(to_i16(sample))));
        }
        let planes: Vec<&[i32]> = self.planes.iter().map(Vec::as_slice).collect();
        self.encoder.push_planar(&planes).map_err(failed)?;
        Packing::S16Le.pack(&block.channels, &mut self.bytes);
        pcm.extend_from_slice(&self.bytes);
        let stream = self.encoder.finish_and_reset();
        let first = stream.get(STREAM_HEAD_BYTES..).unwrap_or(&[]);
        renumber::renumbered(first, number, self.rate_hz)
            .ok_or_else(|| EncodeError::Encoder("FLAC: a frame of an unknown shape".into()))
    }
}

fn failed(error: impl std::fmt::Debug) -> EncodeError {
    EncodeError::Encoder(format!("FLAC: {error:?}"))
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
    segment_frames: u64,
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
    /// `fLaC`, STREAMINFO, SEEKTABLE (RFC 9639 §8).
    fn header(&self) -> Vec<u8> {
        let mut header = b"fLaC".to_vec();
        block_head(&mut header, 0, false, 34);
        for frames in [BLOCK_FRAMES as u16; 2] {
            header.extend(frames.to_be_bytes());
        }
        for length in [self.shortest, self.longest] {
            header.extend(&length.to_be_bytes()[1..]);
        }
        let packed = u64::from(self.shape.rate_hz) << 44
            | u64::from(self.shape.channels - 1) << 41
            | 15 << 36
            | self.shape.frame_count & 0xf_ffff_ffff;
        header.extend(packed.to_be_bytes());
        header.extend_from_slice(&self.md5.clone().finalize());
        block_head(&mut header, 3, true, 18 * self.lengths.len() as u32);
        let mut offset = 0u64;
        for (i, length) in self.lengths.iter().enumerate() {
            let first = i as u64 * self.segment_frames;
            header.extend(first.to_be_bytes());
            header.extend(offset.to_be_bytes());
            let frames = BLOCK_FRAMES.min(self.shape.frame_count - first);
            header.extend((frames as u16).to_be_bytes());
            offset += length;
        }
        header
    }
}

fn block_head(header: &mut Vec<u8>, kind: u8, last: bool, length: u32) {
    header.push(kind | u8::from(last) << 7);
    header.extend(&length.to_be_bytes()[1..]);
}
