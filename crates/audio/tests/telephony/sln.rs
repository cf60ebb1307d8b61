//! Headerless 16-bit PCM: the samples are the judge.

use crate::rig::{PROMPT, bytes_of, decode, ffmpeg, interleaved, transcode};
use audio::{Hint, Source, formats, probe};
use std::sync::Arc;

fn samples() -> Vec<i16> {
    (0..8000).map(|i| (12_000.0 * (f64::from(i * i) / 90_000.0).sin()) as i16).collect()
}

/// Asserts rate and channels of these bytes under that hint, and that the samples come back.
fn is_read(bytes: &[u8], hint: Hint<'_>, rate_hz: u32, channels: u16) -> Option<String> {
    let source: Source = Arc::new(bytes.to_vec());
    let probed = probe(&source, hint).unwrap();
    let facts = &probed.facts;
    assert_eq!(
        (&*facts.format, facts.rate_hz, facts.channels),
        ("sln", rate_hz, channels),
        "{hint:?}"
    );
    let ours = interleaved(&decode(&source, &probed, 0));
    let wanted: Vec<f32> = samples().iter().map(|s| f32::from(*s) / 32768.0).collect();
    assert!(ours == wanted, "{hint:?}");
    formats::read_as(facts)
}

#[test]
fn extensions_name_the_rate() {
    let bytes: Vec<u8> = samples().iter().flat_map(|s| s.to_le_bytes()).collect();
    let mut contents = Vec::new();
    for (extension, rate_hz) in [
        ("sln", 8000),
        ("sln12", 12000),
        ("SLIN16", 16000),
        ("sln24", 24000),
        ("sln32", 32000),
        ("sln44", 44100),
        ("sln48", 48000),
        ("sln96", 96000),
        ("sln192", 192_000),
    ] {
        let hint = Hint { extension: Some(extension), mime_type: None };
        contents.push(is_read(&bytes, hint, rate_hz, 1));
    }
    let raw = Hint { extension: Some("raw"), mime_type: None };
    assert_eq!(is_read(&bytes, raw, 8000, 1), contents[0]);
    // The same bytes at another rate are another recording.
    contents.dedup();
    assert_eq!(contents.len(), 9);
}

#[test]
fn a_declared_type_names_rate_and_channels_and_the_samples_tell_the_order() {
    let little: Vec<u8> = samples().iter().flat_map(|s| s.to_le_bytes()).collect();
    let big: Vec<u8> = samples().iter().flat_map(|s| s.to_be_bytes()).collect();
    for bytes in [&little, &big] {
        let hint = |mime_type| Hint { extension: None, mime_type: Some(mime_type) };
        is_read(bytes, hint("audio/L16;rate=16000;channels=1"), 16000, 1);
        is_read(bytes, hint("audio/l16; channels=2; rate=44100"), 44100, 2);
        is_read(bytes, hint("audio/L16"), 8000, 1);
        let raw = Hint { extension: Some("raw"), mime_type: Some("audio/L16;rate=24000") };
        is_read(bytes, raw, 24000, 1);
    }
}

#[test]
fn what_is_written_is_the_data_of_a_wav() {
    let prompt = std::fs::read(PROMPT).unwrap();
    let wanted = ffmpeg(&prompt, "wav", &[], &["-f", "s16le", "-c:a", "copy"], "out.raw");
    assert!(bytes_of(&transcode(&prompt, "wav", "sln")) == wanted);
}
