//! One transcode: a source, a target, and the pipeline between them.
//!
//! A segment is a pure function of (source, target, segment index): the source is opened at the
//! segment's start, mapped, resampled by absolute position and handed to a fresh encoder.

use crate::error::{DecodeError, EncodeError, PlanError};
use crate::facts::Decode;
pub use crate::formats::{Assembly, Segment};
use crate::formats::{Encoding, Format, Shape, Sink};
use crate::resample::Resampler;
use crate::{ChannelMap, Facts, Layout, Planar, Source, formats, peaks};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Changes whenever the stages before the encoder would give other samples.
pub const PIPELINE_REVISION: &str = "pipeline 3";

/// What is wanted, every choice made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// A row of [`formats::FORMATS`] that can be written, or [`peaks::FORMAT`].
    pub format: &'static str,
    /// Frames per second that go into the encoder.
    pub rate_hz: u32,
    /// How the source's channels become the target's.
    pub map: ChannelMap,
    /// Bit rate, for formats that have one.
    pub bitrate_bps: Option<u32>,
    /// The frames of the source that are wanted; the whole is `0..frame_count`.
    pub clip: Range<u64>,
}

/// What encoding a segment told.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The format's own report.
    pub segment: Segment,
    /// Frames of silence put in because the source ended before its promised frame count.
    pub frames_missing: u64,
}

/// A source with its facts.
#[derive(Clone)]
pub struct Input {
    /// The bytes.
    pub source: Source,
    /// What is known of them.
    pub facts: Arc<Facts>,
    /// The format's seek index.
    pub index: Arc<Vec<u8>>,
}

/// A transcode that is laid out and ready to make any of its segments, in any order, on any thread.
pub struct Transcode {
    input: Input,
    target: Target,
    encoding: Box<dyn Encoding>,
    frame_count: u64,
}

impl Transcode {
    /// Lays out a transcode; nothing is decoded.
    ///
    /// # Errors
    /// [`PlanError`] where the format can't hold the result.
    pub fn new(input: Input, target: Target, serial: u32) -> Result<Self, PlanError> {
        let beside = Some(&peaks::FORMAT).filter(|row| row.name == target.format);
        let row = beside.or_else(|| formats::by_name(target.format));
        let writer = row.and_then(|f: &Format| f.target).ok_or_else(|| PlanError {
            option: "f",
            message: format!("`{}` can't be written", target.format),
        })?;
        let frame_count =
            output_frames(target.clip.end - target.clip.start, input.facts.rate_hz, target.rate_hz);
        let encoding = writer.plan(Shape {
            rate_hz: target.rate_hz,
            channels: target.map.output_channels(input.facts.channels),
            bitrate_bps: target.bitrate_bps,
            frame_count,
            serial,
        })?;
        Ok(Self { input, target, encoding, frame_count })
    }

    /// The layout of the bytes, and what each segment depends on.
    #[must_use]
    pub fn encoding(&self) -> &dyn Encoding {
        &*self.encoding
    }

    /// Frames of the result, at the target's rate.
    #[must_use]
    pub fn frame_count(&self) -> u64 {
        self.frame_count
    }

    /// The layout if it is known before encoding.
    #[must_use]
    pub fn layout(&self) -> Option<Layout> {
        self.encoding.layout()
    }

    /// Makes one segment. See [`Encoding::encode`] for `checkpoint` and `sink`. A panic of a codec is a
    /// failure of this segment alone.
    ///
    /// # Errors
    /// [`EncodeError`].
    pub fn encode(
        &self,
        segment: u32,
        checkpoint: Option<&[u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<Report, EncodeError> {
        // Decoder and encoder are made for the segment and go with it: no state of a panic is seen again.
        catch_unwind(AssertUnwindSafe(|| self.encode_unguarded(segment, checkpoint, sink)))
            .unwrap_or_else(|_| Err(EncodeError::Encoder("the codec panicked".into())))
    }

    fn encode_unguarded(
        &self,
        segment: u32,
        checkpoint: Option<&[u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<Report, EncodeError> {
        let first = self.encoding.first_frame(segment);
        let pipeline = Pipeline::open(self, first)?;
        let remaining = self.frame_count.saturating_sub(first);
        let mut frames = Frames::new(pipeline, remaining);
        let segment = self.encoding.encode(segment, &mut frames, checkpoint, sink)?;
        Ok(Report { segment, frames_missing: frames.pipeline.clip.missing })
    }
}

/// Frames that `frames` frames become at another rate: all that begin within the duration (rounded up).
#[must_use]
pub fn output_frames(frames: u64, from_hz: u32, to_hz: u32) -> u64 {
    let exact = u128::from(frames) * u128::from(to_hz);
    exact.div_ceil(u128::from(from_hz.max(1))) as u64
}

/// From a source to the frames of a target: decode → channels → resample.
struct Pipeline {
    clip: Clip,
    map: ChannelMap,
    resampler: Resampler,
    /// Room for a block as decoded, and as mapped.
    block: Planar,
    mapped: Planar,
    channels: usize,
}

impl Pipeline {
    fn open(transcode: &Transcode, first_frame: u64) -> Result<Self, DecodeError> {
        let facts = &*transcode.input.facts;
        let target = &transcode.target;
        let channels = usize::from(target.map.output_channels(facts.channels));
        let resampler = Resampler::new(facts.rate_hz, target.rate_hz, channels, first_frame);
        Ok(Self {
            clip: Clip::open(&transcode.input, target.clip.clone(), resampler.input_start())?,
            map: target.map,
            resampler,
            block: Planar::new(usize::from(facts.channels)),
            mapped: Planar::default(),
            channels,
        })
    }

    /// Appends the next frames, if any come of the next block.
    fn next(&mut self, out: &mut Planar) -> Result<(), DecodeError> {
        if self.resampler.give(out) {
            return Ok(());
        }
        self.clip.read(&mut self.block)?;
        let mapped = self.map.apply(&self.block, &mut self.mapped);
        self.resampler.push(mapped, out);
        Ok(())
    }
}

/// The frames of a target, pulled in order by an encoder. Past the end of the clip there is silence,
/// without end.
pub struct Frames {
    pipeline: Pipeline,
    /// Resampled frames, of which the first `taken` are given away already.
    ready: Planar,
    taken: usize,
    /// Frames at the target's rate that remain before endless silence.
    remaining: u64,
}

impl Frames {
    fn new(pipeline: Pipeline, remaining: u64) -> Self {
        let ready = Planar::new(pipeline.channels);
        Self { pipeline, ready, taken: 0, remaining }
    }

    /// Replaces `out` by the next `frames` frames, silence past the end.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn pull(&mut self, frames: usize, out: &mut Planar) -> Result<(), DecodeError> {
        let wanted = frames.min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        if self.ready.frames() - self.taken < wanted {
            self.ready.drop_front(self.taken);
            self.taken = 0;
        }
        while self.ready.frames() < wanted {
            self.pipeline.next(&mut self.ready)?;
        }
        let end = self.taken + wanted;
        out.channels.resize(self.ready.channels.len(), Vec::new());
        for (to, from) in out.channels.iter_mut().zip(&self.ready.channels) {
            to.clear();
            to.extend_from_slice(&from[self.taken..end]);
        }
        self.taken = end;
        out.push_silence(frames - wanted);
        self.remaining -= wanted as u64;
        Ok(())
    }
}

/// The clip's frames at the source's rate: from `position` on, silence before its start and after its
/// end, whatever the decoder yields: the promised frame count is kept.
struct Clip {
    decoder: Option<Box<dyn Decode>>,
    /// Frame relative to the clip's start; negative where the resampler's filter reaches before it.
    position: i64,
    length: i64,
    missing: u64,
}

/// Frames of silence given at a time.
const SILENCE_BLOCK: i64 = 4096;

impl Clip {
    fn open(input: &Input, clip: Range<u64>, position: i64) -> Result<Self, DecodeError> {
        let length = (clip.end - clip.start) as i64;
        let decoder = if position < length {
            let start = clip.start + position.max(0) as u64;
            let row = formats::by_name(&input.facts.format).and_then(|f| f.source);
            let reader = row.ok_or_else(|| {
                DecodeError::Broken(format!("unknown source format `{}`", input.facts.format))
            })?;
            Some(reader.open(&input.source, &input.facts, &input.index, start)?)
        } else {
            None
        };
        Ok(Self { decoder, position, length, missing: 0 })
    }

    /// Replaces `block` by the next one, never empty.
    fn read(&mut self, block: &mut Planar) -> Result<(), DecodeError> {
        block.clear();
        if self.position < 0 {
            block.push_silence((-self.position).min(SILENCE_BLOCK) as usize);
        } else if self.position < self.length {
            let left = self.length - self.position;
            let read = match &mut self.decoder {
                Some(decoder) => decoder.read(block)? as i64,
                None => 0,
            };
            if read == 0 {
                self.decoder = None;
                let silence = left.min(SILENCE_BLOCK);
                self.missing += silence as u64;
                block.push_silence(silence as usize);
            } else if read > left {
                block.channels.iter_mut().for_each(|c| c.truncate(left as usize));
            }
        } else {
            block.push_silence(SILENCE_BLOCK as usize);
        }
        self.position += block.frames() as i64;
        Ok(())
    }
}
