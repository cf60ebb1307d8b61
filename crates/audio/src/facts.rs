//! What is known of a source, established once, at ingest, and kept.

use crate::codecs::instruction_set;
use crate::error::{DecodeError, ProbeError};
use crate::formats::{FORMATS, by_name};
use crate::{Planar, Source};
use serde::{Deserialize, Serialize};

/// What the uploader says of a source; believed only where the bytes have no header.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hint<'a> {
    /// File extension without the dot, any case.
    pub extension: Option<&'a str>,
    /// Declared media type, possibly with parameters.
    pub mime_type: Option<&'a str>,
}

/// The facts of a source. `frame_count` is exact: it is what decoding yields, and every layout
/// rests on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The row of [`FORMATS`]: `wav`, `mp3`, `matroska`, …
    pub format: String,
    /// `pcm_s16le`, `pcm_f32be`, `ulaw`, `alaw`, `ima_adpcm`, `ms_adpcm`, `mp3`, `vorbis`, `opus`,
    /// `aac`, `alac`, `flac`, `g722`.
    pub codec: String,
    /// Frames per second as decoded (Opus: 48000; raw G.722: 16000).
    pub rate_hz: u32,
    /// Channels as decoded.
    pub channels: u16,
    /// Exact number of decoded frames (samples per channel), after the encoder delay and padding
    /// that the format declares are trimmed.
    pub frame_count: u64,
    /// Bit rate: the coded one where the format states it, else bytes × 8 / duration.
    pub bitrate_bps: u32,
    /// Whether every packet has that bit rate (PCM, G.711, G.722, constant-rate MP3).
    pub constant_bitrate: bool,
    /// Whether the bytes are just what a transcode to the same format would be described as:
    /// for `wav`, 16-bit PCM with format tag 1 and true sizes. True for other formats.
    pub canonical: bool,
    /// What was wrong with the headers and was measured instead, in plain words.
    pub repaired: Vec<String>,
}

impl Facts {
    /// Duration in seconds.
    #[must_use]
    pub fn duration_seconds(&self) -> f64 {
        self.frame_count as f64 / f64::from(self.rate_hz.max(1))
    }

    /// What decides on the decoded samples beside the bytes: the processor, where the decoder chooses its
    /// code by it. Part of the identity of whatever is made of them.
    #[must_use]
    pub fn decoder_revision(&self) -> String {
        if self.codec == "opus" { instruction_set() } else { String::new() }
    }

    /// The codec that the bytes are read with on the hint's word alone (`ulaw`, `alaw`, `g722`): under
    /// another name they are another recording. `None` if they say themselves what they are.
    #[must_use]
    pub fn read_as(&self) -> Option<&str> {
        let source = by_name(&self.format).and_then(|format| format.source);
        source.filter(|source| source.headerless()).map(|_| self.codec.as_str())
    }
}

/// The facts and the format's own seek index (opaque; empty where none is needed).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// What anybody may know.
    pub facts: Facts,
    /// What the format's demuxer wrote for itself; handed back to it on every open.
    pub index: Vec<u8>,
}

/// A running decode. Created at a frame, read to the end.
pub trait Decode: Send {
    /// Appends the next block (any size, typically one packet, at most 65536 frames) to `out`, which
    /// has the source's channel count; returns the frames appended, 0 at the end.
    ///
    /// # Errors
    /// [`DecodeError`]; a damaged packet is no error but silence of its length.
    fn read(&mut self, out: &mut Planar) -> Result<usize, DecodeError>;
}

/// Longest audio that has facts, in seconds (a year): headers may promise anything.
pub const LONGEST_SECONDS: u64 = 366 * 24 * 3600;

/// Establishes the facts of a source. Tries the formats in the order of [`FORMATS`]; those without
/// a header only by the hint.
///
/// # Errors
/// [`ProbeError`] with a text that says what was found and what is supported.
pub fn probe(source: &Source, hint: Hint<'_>) -> Result<Probed, ProbeError> {
    let mut head = vec![0; 4096];
    let read = source.read_full_at(&mut head, 0)?;
    head.truncate(read);
    if head.is_empty() {
        return Err(ProbeError::Unrecognised("the file is empty".into()));
    }
    let demuxers = || FORMATS.iter().filter_map(|f| f.source.map(|s| (f, s)));
    let Some((format, demuxer)) = demuxers().find(|(_, s)| s.recognises(&head, hint)) else {
        let names: Vec<_> = demuxers().map(|(f, _)| f.name).collect();
        return Err(ProbeError::Unrecognised(format!(
            "no audio format recognised; supported: {}",
            names.join(", ")
        )));
    };
    let probed = demuxer.probe(source, hint)?;
    check(&probed.facts).map_err(|m| ProbeError::Unsupported(format!("{}: {m}", format.name)))?;
    Ok(probed)
}

/// The limits that hold for every source.
fn check(facts: &Facts) -> Result<(), String> {
    if !(1..=1_000_000).contains(&facts.rate_hz) {
        return Err(format!("a sample rate of {} Hz (allowed: 1 to 1000000)", facts.rate_hz));
    }
    if !(1..=64).contains(&facts.channels) {
        return Err(format!("{} channels (allowed: 1 to 64)", facts.channels));
    }
    if facts.frame_count == 0 {
        return Err("it holds no audio".into());
    }
    if facts.frame_count > LONGEST_SECONDS * u64::from(facts.rate_hz) {
        return Err(format!(
            "{:.0} s of audio (at most {LONGEST_SECONDS})",
            facts.duration_seconds()
        ));
    }
    Ok(())
}
