//! What is known of a source, established once, at ingest, and kept.

use crate::codecs::pcm::Coding;
use crate::codecs::stream::Stream;
use crate::speakers::Speakers;
use crate::tags::Tags;
use crate::tags::cover::Cover;
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
    /// The row of [`crate::formats::FORMATS`]: `wav`, `mp3`, `matroska`, …
    pub format: String,
    /// `pcm_s16le`, `pcm_f32be`, `ulaw`, `alaw`, `ima_adpcm`, `ms_adpcm`, `mp3`, `vorbis`, `opus`,
    /// `aac`, `alac`, `flac`, `g722`, `gsm`, `amr`, `amr_wb`,
    /// `speex`.
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
    /// for `wav`, a header that is to the last byte the one that we write before data of that codec, and
    /// the data to the file's end. True for other formats.
    pub canonical: bool,
    /// The loudspeakers that the channels are for; `None`: the usual ones for that many channels.
    #[serde(default, alias = "channel_mask", skip_serializing_if = "Option::is_none")]
    pub speakers: Option<Speakers>,
    /// What was wrong with the headers and was measured instead, in plain words.
    pub repaired: Vec<String>,
    /// What the recording says of itself.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// Its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
}

/// What became of the picture in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Picture {
    /// It goes along in transcodes: so many bytes, kept behind the seek index.
    Kept(usize),
    /// It has more bytes than go along.
    TooLong,
}

impl Facts {
    /// Those of samples of a fixed size, if nothing is wrong with them.
    #[must_use]
    pub fn of_samples(
        format: &str,
        coding: Coding,
        rate_hz: u32,
        channels: u16,
        frame_count: u64,
    ) -> Self {
        let frame_bits = 8 * coding.width() as u64 * u64::from(channels.max(1));
        Self {
            format: format.into(),
            codec: coding.name().into(),
            rate_hz,
            channels,
            frame_count,
            bitrate_bps: frame_bits.saturating_mul(rate_hz.into()) as u32,
            constant_bitrate: true,
            canonical: true,
            speakers: None,
            repaired: Vec::new(),
            tags: Tags::default(),
            picture: None,
        }
    }

    /// Those of a stream of packets, if nothing is wrong with it: so many bytes for so many frames, of which
    /// `frame_count` are heard.
    #[must_use]
    pub fn of_packets(
        format: &str,
        stream: &Stream,
        frame_count: u64,
        (bytes, frames): (u64, u64),
    ) -> Self {
        let rate_hz = stream.rate_hz();
        let seconds = frames.max(1) as f64 / f64::from(rate_hz.max(1));
        Self {
            format: format.into(),
            codec: stream.codec().into(),
            rate_hz,
            channels: stream.channels(),
            frame_count,
            bitrate_bps: (bytes as f64 * 8.0 / seconds).round() as u32,
            constant_bitrate: matches!(stream, Stream::Pcm { .. }),
            canonical: true,
            speakers: stream.speakers(),
            repaired: Vec::new(),
            tags: Tags::default(),
            picture: None,
        }
    }

    /// What is kept beside these facts in its parts: the seek index, and the picture's bytes, if they are kept.
    #[must_use]
    pub fn parts<'a>(&self, kept: &'a [u8]) -> (&'a [u8], Option<&'a [u8]>) {
        let Some(Picture::Kept(length)) = self.picture else { return (kept, None) };
        let (index, picture) = kept.split_at(kept.len().saturating_sub(length));
        (index, Some(picture))
    }

    /// Duration in seconds.
    #[must_use]
    pub fn duration_seconds(&self) -> f64 {
        self.frame_count as f64 / f64::from(self.rate_hz.max(1))
    }
}

/// The facts and the format's own seek index (opaque; empty where none is needed).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// What anybody may know.
    pub facts: Facts,
    /// What the format's demuxer wrote for itself, to be handed back to it on every open; and behind it the
    /// picture, if it's kept ([`Facts::parts`]).
    pub index: Vec<u8>,
}

impl Probed {
    /// Keeps a picture.
    pub(crate) fn keep(&mut self, cover: Option<&Cover>) {
        let Some(cover) = cover else { return };
        self.facts.picture = Some(Picture::Kept(cover.bytes().len()));
        self.index.extend_from_slice(cover.bytes());
    }

    /// Leaves a picture behind that has more bytes than that.
    #[must_use]
    pub fn with_picture_up_to(mut self, most_bytes: usize) -> Self {
        if let Some(Picture::Kept(length)) = self.facts.picture
            && length > most_bytes
        {
            self.index.truncate(self.index.len().saturating_sub(length));
            self.facts.picture = Some(Picture::TooLong);
        }
        self
    }
}

/// Longest audio that has facts, in seconds (a year): headers may promise anything.
pub const LONGEST_SECONDS: u64 = 366 * 24 * 3600;
