//! One transcode: a source, a target, and the pipeline between them.
//!
//! A segment is a pure function of (source, target, segment index): the source is opened at the
//! segment's start, mapped, resampled by absolute position and handed to a fresh encoder.

use crate::channels::Mixer;
use crate::codecs::pcm;
use crate::decode::Decode;
use crate::error::{DecodeError, EncodeError, PlanError};
use crate::format::{Coding, Encoding, Format, Segment, Shape, Sink};
use crate::formats::by_name;
use crate::frames::{Clip, Frames, Pipeline};
use crate::probe::payload;
use crate::resample::Resampler;
pub use crate::resample::output_frames;
use crate::tags::cover::Cover;
use crate::tags::{Said, Tags};
use crate::{ChannelMap, Facts, Layout, Source};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// Changes whenever the stages before the encoder would give other samples.
pub const PIPELINE_REVISION: &str = "pipeline 6";

/// What is wanted, every choice made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// The name of the row that is written.
    pub format: &'static str,
    /// Frames per second that go into the encoder.
    pub rate_hz: u32,
    /// How the source's channels become the target's.
    pub map: ChannelMap,
    /// Bit rate, for formats that have one.
    pub bitrate_bps: Option<u32>,
    /// How samples are coded.
    pub coding: Coding,
    /// What the header says of the recording.
    pub tags: Tags,
    /// Whether the source's picture goes along.
    pub cover: bool,
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
    /// What is kept beside them ([`Facts::parts`]).
    pub index: Arc<Vec<u8>>,
}

impl Input {
    /// A decode whose first frame is `start_frame`.
    fn open(&self, start_frame: u64) -> Result<Box<dyn Decode>, DecodeError> {
        let format = &self.facts.format;
        let reader = by_name(format).and_then(|f| f.source);
        let reader = reader
            .ok_or_else(|| DecodeError::Broken(format!("unknown source format `{format}`")))?;
        let source = payload(&self.source, format)?;
        let (index, _) = self.facts.parts(&self.index);
        reader.open(&source, &self.facts, index, start_frame)
    }

    fn cover(&self) -> Option<Cover> {
        self.facts.parts(&self.index).1.and_then(|bytes| Cover::of(bytes, true))
    }
}

/// A transcode that is laid out and ready to make any of its segments, in any order, on any thread.
pub struct Transcode {
    input: Input,
    target: Target,
    encoding: Box<dyn Encoding>,
    frame_count: u64,
}

impl Transcode {
    /// Lays out a transcode; nothing is decoded. `row` is the target's.
    ///
    /// # Errors
    /// [`PlanError`] where the format can't be written, or can't hold the result.
    pub fn new(input: Input, row: &Format, target: Target, serial: u32) -> Result<Self, PlanError> {
        let writer = row.target.ok_or_else(|| PlanError {
            option: "f",
            message: format!("`{}` can't be written", row.name),
        })?;
        let frame_count =
            output_frames(target.clip.end - target.clip.start, input.facts.rate_hz, target.rate_hz);
        let shape = Shape {
            rate_hz: target.rate_hz,
            channels: target.map.output_channels(input.facts.channels),
            bitrate_bps: target.bitrate_bps,
            frame_count,
            serial,
            coding: target.coding,
        };
        let cover = if target.cover { input.cover() } else { None };
        let encoding = writer.plan(shape, &Said { tags: target.tags.clone(), cover })?;
        Ok(Self { input, target, encoding, frame_count })
    }

    /// The layout of the bytes, and what each segment depends on.
    #[must_use]
    pub fn encoding(&self) -> &dyn Encoding {
        &*self.encoding
    }

    /// The name of the format that is written.
    #[must_use]
    pub fn format(&self) -> &'static str {
        self.target.format
    }

    /// Frames of the result, at the target's rate.
    #[must_use]
    pub fn frame_count(&self) -> u64 {
        self.frame_count
    }

    /// How much audio a segment holds on average.
    #[must_use]
    pub fn segment_duration(&self) -> Duration {
        let seconds = self.frame_count as f64 / f64::from(self.target.rate_hz);
        Duration::from_secs_f64(seconds / f64::from(self.encoding.segment_count().max(1)))
    }

    /// The layout if it is known before encoding.
    #[must_use]
    pub fn layout(&self) -> Option<Layout> {
        self.encoding.layout()
    }

    /// About where in the source the frames lie that a segment is made of: 0 is its beginning, 1 its end.
    #[must_use]
    pub fn source_share(&self, segment: u32) -> Range<f64> {
        let first = |segment| self.encoding.first_frame(segment);
        // All segments but the last one are as long, and begin as long before their own frames.
        let own = match self.encoding.segment_count() {
            0..=2 => self.frame_count,
            _ => first(2) - first(1),
        };
        let pulled = own + own.saturating_sub(first(1));
        let share = |frame: u64| {
            let seconds = frame as f64 / f64::from(self.target.rate_hz);
            let frame =
                self.target.clip.start as f64 + seconds * f64::from(self.input.facts.rate_hz);
            (frame / self.input.facts.frame_count.max(1) as f64).min(1.0)
        };
        share(first(segment))..share(first(segment) + pulled)
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
        let mut frames = self.frames(first)?;
        let segment = self.encoding.encode(segment, &mut frames, checkpoint, sink)?;
        Ok(Report { segment, frames_missing: frames.missing() })
    }

    /// The target's frames from `first` on.
    fn frames(&self, first: u64) -> Result<Frames, DecodeError> {
        let (facts, target) = (&*self.input.facts, &self.target);
        let channels = usize::from(target.map.output_channels(facts.channels));
        let resampler = Resampler::new(facts.rate_hz, target.rate_hz, channels, first);
        let position = resampler.input_start();
        let length = (target.clip.end - target.clip.start) as i64;
        let decoder = (position < length)
            .then(|| self.input.open(target.clip.start + position.max(0) as u64))
            .transpose()?;
        let clip = Clip::new(decoder, length, position);
        let mixer = Mixer::new(target.map, facts.channels, facts.speakers.as_ref());
        let pipeline = Pipeline::new(clip, facts.channels, mixer, resampler);
        let frames = Frames::new(pipeline, self.frame_count.saturating_sub(first));
        let dithers = self.encoding.is_linear_16() && may_be_finer_than_16_bits(&facts.codec);
        Ok(if dithers { frames.dithered_from(first) } else { frames })
    }
}

/// Whether a lossless codec may have samples that 16 bits don't hold. What is lossy has noise enough of its own.
fn may_be_finer_than_16_bits(codec: &str) -> bool {
    match pcm::Coding::by_name(codec) {
        Some(coding) => coding.is_finer_than_16_bits(),
        None => matches!(codec, "flac" | "alac"),
    }
}
