//! Reading headerless 16-bit PCM. Little endian, but for `audio/L16`: that is big endian by RFC 2586, and
//! little endian from many who send it, so the samples are asked which of both they are.

use super::rate_of_extension;
use crate::Source;
use crate::codecs::linear;
use crate::codecs::pcm::Coding;
use crate::decode::Decode;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;
use std::io;

/// Reading headerless 16-bit PCM.
pub struct SlnSource;

/// Rate where nothing names one.
const RATE_HZ: u32 = 8000;

/// Bytes by which the order is told.
const LOOK_BYTES: usize = 64 * 1024;

impl SourceFormat for SlnSource {
    fn recognises(&self, _head: &[u8], named: bool) -> bool {
        named
    }

    fn headerless(&self) -> bool {
        true
    }

    fn probe(&self, source: &Source, hint: Hint<'_>) -> Result<Probed, ProbeError> {
        let by_extension = hint.extension.and_then(rate_of_extension);
        let declared = hint.mime_type.filter(|t| essence(t).eq_ignore_ascii_case("audio/l16"));
        let declared = declared.filter(|_| by_extension.is_none());
        let parameter = |name| declared.and_then(|t| parameter(t, name));
        let rate_hz = by_extension.or_else(|| parameter("rate")).unwrap_or(RATE_HZ);
        let channels = parameter("channels").and_then(|c| u16::try_from(c).ok()).unwrap_or(1);
        let is_big = declared.is_some() && !is_smoother_little(source, channels.into())?;
        let coding = if is_big { Coding::S16Be } else { Coding::S16Le };
        let frame_count = source.length_bytes() / (2 * u64::from(channels.max(1)));
        let facts = Facts {
            // What is written has one channel, and the lower byte first.
            canonical: coding == Coding::S16Le && channels == 1,
            ..Facts::of_samples("sln", coding, rate_hz, channels, frame_count)
        };
        Ok(Probed { facts, index: Vec::new() })
    }

    fn open(
        &self,
        source: &Source,
        facts: &Facts,
        index: &[u8],
        start_frame: u64,
    ) -> Result<Box<dyn Decode>, DecodeError> {
        linear::open(source, facts, index, start_frame)
    }
}

fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or("").trim()
}

/// The number that a parameter of a media type has.
fn parameter(media_type: &str, name: &str) -> Option<u32> {
    media_type.split(';').skip(1).find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        key.trim().eq_ignore_ascii_case(name).then(|| value.parse().ok()).flatten()
    })
}

/// Whether neighbouring samples are nearer to each other in little endian.
fn is_smoother_little(source: &Source, channels: usize) -> io::Result<bool> {
    let mut bytes = vec![0; LOOK_BYTES];
    let read = source.read_full_at(&mut bytes, source.length_bytes() / 4 * 2)?;
    let (samples, _) = bytes[..read].as_chunks::<2>();
    let roughness = |value: fn([u8; 2]) -> i16| -> u64 {
        let later = samples.iter().skip(channels.max(1));
        let steps = samples.iter().zip(later).map(|(a, b)| value(*a).abs_diff(value(*b)));
        steps.map(u64::from).sum()
    };
    Ok(roughness(i16::from_le_bytes) < roughness(i16::from_be_bytes))
}
