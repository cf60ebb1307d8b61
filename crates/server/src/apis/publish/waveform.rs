//! `peaks.json`, `waveform.svg` and `waveform.png` behind a link: pictures of a recording, as public as it is.
//!
//! The numbers are made once and kept (see `media`); the documents are written from them off the runtime, and
//! kept for a while (see `picture_cache.rs`).

use super::access::Access;
use super::{card, now_ms, options};
use crate::body::Body;
use crate::problem::Problem;
use crate::respond::{Answer, Meta};
use audio::peaks::FRAMES_PER_PEAK;
use bytes::Bytes;
use media::{Media, Outline, Peaks, Preferences, peaks_of};
use semantics::disposition::{Disposition, content_disposition_shortened};
use semantics::link::{Address, Link};
use semantics::{Outcome, Validators};
use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;

/// Pixels where the client does not say how many samples one has.
const PIXELS: u64 = 2000;

/// Changes whenever a document would be written otherwise.
const REVISION: u32 = 1;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Document {
    Json { bits: u32 },
    Svg,
    Png,
}

impl Document {
    /// Pixels that it may have, counted in each channel. Players ask for an hour of a stereo call at its finest,
    /// as numbers: 225 000. A drawing is no wider than a screen.
    fn most_pixels(self) -> u64 {
        match self {
            Self::Json { .. } => 500_000,
            Self::Svg | Self::Png => 50_000,
        }
    }

    /// Pixels where the client doesn't say how many there are.
    fn usual_pixels(self) -> u64 {
        match self {
            Self::Json { .. } | Self::Svg => PIXELS,
            Self::Png => card::BARS,
        }
    }
}

/// Which recording, what of it, as what, and how fine.
pub struct Picture {
    link: Link,
    wish: Preferences,
    document: Document,
    samples_per_pixel: Option<u64>,
    pixels: Option<u64>,
}

/// A picture of a recording that is there.
pub struct Sketch {
    name: String,
    outline: Arc<Outline>,
    document: Document,
    /// Samples of a pixel.
    step: u64,
    /// Strong, quoted: a function of the content and of what is asked for.
    pub etag: String,
    last_modified: SystemTime,
}

/// A form that a picture has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Numbers.
    Json,
    /// Outlines, to be stretched.
    Svg,
    /// A card for chats.
    Png,
}

/// The picture of that form that a link asks for: of what the link itself stands for, by its wish.
pub fn read(form: Form, file: &Address, wish: Preferences) -> Result<Picture, Problem> {
    let value = |wanted| file.values(wanted).next();
    let document = match (form, value("bits")) {
        (Form::Svg, _) => Document::Svg,
        (Form::Png, _) => Document::Png,
        (Form::Json, None | Some("16")) => Document::Json { bits: 16 },
        (Form::Json, Some("8")) => Document::Json { bits: 8 },
        (Form::Json, Some(bits)) => return Err(bad("bits", bits, "8, 16".into())),
    };
    // A card is of one size.
    let value = |wanted| value(wanted).filter(|_| form != Form::Png);
    let samples_per_pixel = value("samples_per_pixel").map(samples).transpose()?;
    let pixels = value("pixels").map(|text| pixels(text, document)).transpose()?;
    Ok(Picture { link: file.link.clone(), wish, document, samples_per_pixel, pixels })
}

fn pixels(text: &str, document: Document) -> Result<u64, Problem> {
    let most = document.most_pixels();
    let number = text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let fits = |n: &u64| (1..=most).contains(n);
    number.filter(fits).ok_or_else(|| bad("pixels", text, format!("1 to {most}")))
}

fn samples(text: &str) -> Result<u64, Problem> {
    let number = text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let fits = |n: &u64| *n > 0 && n.is_multiple_of(FRAMES_PER_PEAK) && *n < 1 << 32;
    let allowed = || format!("multiples of {FRAMES_PER_PEAK}");
    number.filter(fits).ok_or_else(|| bad("samples_per_pixel", text, allowed()))
}

fn bad(option: &'static str, value: &str, allowed: String) -> Problem {
    options::bad(option, value, allowed).into()
}

/// Looks up what a picture is to show.
pub async fn sketch(media: &Media, picture: &Picture, access: Access) -> Result<Sketch, Problem> {
    let resource = media.resolve(&picture.link, access.right(), now_ms()).await;
    let resource = resource?;
    let resource = resource.ok_or(Problem::NotFound)?;
    let outline = peaks_of(&resource, &picture.wish)?;
    let step = step(picture, &outline)?;
    let (extension, bits) = match picture.document {
        Document::Json { bits } => ("json", bits),
        Document::Svg => ("svg", 8),
        Document::Png => ("png", 8),
    };
    let etag = outline.recording.etag();
    let etag = format!("\"{}-{extension}{REVISION}-{bits}-{step}\"", etag.trim_matches('"'));
    let stored = Duration::from_millis(u64::try_from(resource.stored_at_ms).unwrap_or(0));
    let last_modified = SystemTime::UNIX_EPOCH + stored;
    let (name, outline) = (resource.name.clone(), Arc::new(outline));
    Ok(Sketch { name, outline, document: picture.document, step, etag, last_modified })
}

/// Samples of a pixel: those asked for, or as many as give a picture of a screen's width.
fn step(picture: &Picture, outline: &Outline) -> Result<u64, Problem> {
    let frames = outline.frame_count;
    let least = |pixels: u64| frames.div_ceil(pixels).next_multiple_of(FRAMES_PER_PEAK);
    let most_pixels = (picture.document.most_pixels() / u64::from(outline.channels.max(1))).max(1);
    match picture.samples_per_pixel {
        None => {
            let pixels = picture.pixels.unwrap_or(picture.document.usual_pixels());
            Ok(least(pixels.min(most_pixels)))
        }
        Some(step) if step >= least(most_pixels) => Ok(step),
        Some(step) => {
            let allowed = format!("multiples of {FRAMES_PER_PEAK} from {} on", least(most_pixels));
            Err(bad("samples_per_pixel", &step.to_string(), allowed))
        }
    }
}

impl Sketch {
    /// What a client may know of it.
    pub fn validators(&self) -> Validators<'_> {
        Validators { etag: &self.etag, last_modified: self.last_modified }
    }

    /// The headers of its answers, once its length is known.
    pub fn meta(&self, length_bytes: u64, cache_control: &str) -> Meta {
        let (kind, extension) = match self.document {
            Document::Json { .. } => ("application/json", "json"),
            Document::Svg => ("image/svg+xml", "svg"),
            Document::Png => ("image/png", "png"),
        };
        let name = self.name.rsplit_once('.').map_or(&*self.name, |(stem, _)| stem);
        let name = format!("{name}.{extension}");
        let disposition = content_disposition_shortened(Disposition::Inline, &name);
        let (etag, last_modified) = (self.etag.clone(), self.last_modified);
        Meta::new(etag, last_modified, kind.into(), length_bytes, &disposition, cache_control)
    }

    /// Writes the document, waiting for its peaks where they were never made; when its turn comes.
    pub async fn draw(&self, media: &Media, turns: &Arc<Semaphore>) -> Result<Bytes, Problem> {
        let factor = self.step / FRAMES_PER_PEAK;
        let peaks = media.peaks(&self.outline, factor).await?;
        let turn = Arc::clone(turns).acquire_owned().await;
        let (document, outline, step) = (self.document, Arc::clone(&self.outline), self.step);
        let drawing = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let channels = usize::from(outline.channels);
            match document {
                Document::Json { bits } => Bytes::from(json(&peaks, &outline, step, bits)),
                Document::Svg => svg(&peaks, channels).into(),
                Document::Png => card::png(&peaks, channels).into(),
            }
        });
        let bytes = drawing.await.map_err(|error| {
            tracing::error!(%error, "a picture can't be drawn");
            Problem::Failed
        })?;
        tracing::debug!(etag = self.etag, bytes = bytes.len(), "a picture was drawn");
        Ok(bytes)
    }
}

/// audiowaveform's data format, version 2.
fn json(peaks: &Peaks, outline: &Outline, step: u64, bits: u32) -> String {
    let length = peaks.values().len() / usize::from(outline.channels.max(1));
    let mut text = format!(
        "{{\"version\":2,\"channels\":{},\"sample_rate\":{},\"samples_per_pixel\":{step},\
         \"bits\":{bits},\"length\":{length},\"data\":[",
        outline.channels, outline.rate_hz
    );
    for (i, value) in peaks.values().iter().flatten().enumerate() {
        let comma = if i > 0 { "," } else { "" };
        // Writing to a string can't fail.
        let _ = write!(text, "{comma}{}", value >> (16 - bits));
    }
    text + "]}"
}

/// Height of a channel's lane in the picture's own units.
const LANE: i32 = 256;

/// A filled outline for each channel, one under the other, to be stretched to any size.
fn svg(peaks: &Peaks, channels: usize) -> String {
    let width = peaks.values().len() / channels.max(1);
    let height = LANE * channels as i32;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         preserveAspectRatio=\"none\" role=\"img\" aria-label=\"waveform\">"
    );
    for channel in 0..channels {
        let middle = LANE * channel as i32 + LANE / 2;
        let lane = || peaks.values().iter().skip(channel).step_by(channels).enumerate();
        // Silence is a line, one unit thick.
        let top = |high: i16| middle - (i32::from(high) >> 8).max(0) - 1;
        let bottom = |low: i16| middle - (i32::from(low) >> 8).min(0) + 1;
        text += "<path d=\"M0 ";
        let _ = write!(text, "{middle}");
        for (x, [_, high]) in lane() {
            let _ = write!(text, "L{x} {0}H{1}", top(*high), x + 1);
        }
        for (x, [low, _]) in lane().collect::<Vec<_>>().into_iter().rev() {
            let _ = write!(text, "L{} {1}H{x}", x + 1, bottom(*low));
        }
        text += "Z\"/>";
    }
    text + "</svg>"
}

/// What to send of a document: all, a range, or nothing. Several ranges get all of it.
pub fn answer(bytes: Bytes, outcome: Outcome, head: bool) -> Answer {
    match outcome {
        Outcome::Ranges(ranges) if ranges.len() == 1 => {
            let range = ranges[0].clone();
            let part = bytes.slice(range.start as usize..range.end as usize);
            Answer::Part(Body::of_memory(part), range)
        }
        Outcome::Whole | Outcome::Ranges(_) if head => Answer::Whole(Body::empty()),
        Outcome::Whole | Outcome::Ranges(_) => Answer::Whole(Body::of_memory(bytes)),
        Outcome::NotModified => Answer::NotModified,
        Outcome::PreconditionFailed => Answer::PreconditionFailed,
        Outcome::Unsatisfiable => Answer::Unsatisfiable,
    }
}
