//! The frames that an encoder pulls: an opened decoder, its channels mapped, its rate changed, and
//! silence wherever the source has none.

use crate::Planar;
use crate::channels::Mixer;
use crate::decode::Decode;
use crate::dither;
use crate::error::DecodeError;
use crate::resample::Resampler;
use tracing::{Span, info_span};

/// From a source to the frames of a target: decode → channels → resample.
pub struct Pipeline {
    clip: Clip,
    mixer: Mixer,
    resampler: Resampler,
    /// Room for a block as decoded, and as mapped.
    block: Planar,
    mapped: Planar,
    channels: usize,
    stages: Stages,
}

/// What a trace tells of the stages, whose turns alternate: each is entered once a block.
struct Stages {
    decode: Span,
    resample: Span,
}

impl Stages {
    fn begin() -> Self {
        Self {
            decode: info_span!(target: "stage", "decode"),
            resample: info_span!(target: "stage", "resample"),
        }
    }
}

impl Pipeline {
    /// The frames of `clip` through `mixer`, which was made for its `channels`, and `resampler`, which
    /// wants them from its `input_start` on.
    #[must_use]
    pub fn new(clip: Clip, channels: u16, mixer: Mixer, resampler: Resampler) -> Self {
        let block = Planar::new(usize::from(channels));
        let channels = mixer.output_channels(block.channels.len());
        let mapped = Planar::default();
        Self { clip, mixer, resampler, block, mapped, channels, stages: Stages::begin() }
    }

    /// Appends the next frames, if any come of the next block.
    fn next(&mut self, out: &mut Planar) -> Result<(), DecodeError> {
        let Self { clip, mixer, resampler, block, mapped, stages, .. } = self;
        if stages.resample.in_scope(|| resampler.give(out)) {
            return Ok(());
        }
        stages.decode.in_scope(|| clip.read(block))?;
        let mapped = mixer.apply(block, mapped);
        stages.resample.in_scope(|| resampler.push(mapped, out));
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
    /// Where the next frame stands in the whole, if what 16 bits don't hold is dithered.
    dithered: Option<u64>,
}

impl Frames {
    /// What `pipeline` gives, `remaining` frames of it at the target's rate.
    #[must_use]
    pub fn new(pipeline: Pipeline, remaining: u64) -> Self {
        let ready = Planar::new(pipeline.channels);
        Self { pipeline, ready, taken: 0, remaining, dithered: None }
    }

    /// The same frames, rounded to 16 bits with dither; the next one is frame `first` of the whole.
    #[must_use]
    pub fn dithered_from(self, first: u64) -> Self {
        Self { dithered: Some(first), ..self }
    }

    /// Frames of silence put in so far because the source ended before its promised frame count.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.pipeline.clip.missing
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
        if let Some(first) = &mut self.dithered {
            let channels = out.channels.iter_mut().enumerate();
            channels.for_each(|(index, channel)| dither::to_16_bits(channel, index, *first));
            *first += wanted as u64;
        }
        out.push_silence(frames - wanted);
        self.remaining -= wanted as u64;
        Ok(())
    }
}

/// The clip's frames at the source's rate: from `position` on, silence before its start and after its
/// end, whatever the decoder yields: the promised frame count is kept.
pub struct Clip {
    decoder: Option<Box<dyn Decode>>,
    /// Frame relative to the clip's start; negative where the resampler's filter reaches before it.
    position: i64,
    length: i64,
    missing: u64,
}

/// Frames of silence given at a time.
const SILENCE_BLOCK: i64 = 4096;

impl Clip {
    /// A clip of `length` frames, from `position` on. `decoder` is opened at the first of them that is
    /// in the clip; `None` if none is.
    #[must_use]
    pub fn new(decoder: Option<Box<dyn Decode>>, length: i64, position: i64) -> Self {
        Self { decoder, position, length, missing: 0 }
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
