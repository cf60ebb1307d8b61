//! A recording in which a tone names each second, so that a player's output tells where it is.

use crate::judge::ffmpeg;
use std::path::Path;

/// Length of the recording.
pub const SECONDS: u32 = 120;

const RATE_HZ: u32 = 16_000;

/// The tone of a second.
pub fn hz(second: u32) -> f64 {
    300.0 + 25.0 * f64::from(second)
}

/// Writes the recording as 16 kHz mono WAV.
pub fn write(path: &Path) {
    let raw = path.with_extension("raw");
    let sample = |n: u32| {
        let turns = hz(n / RATE_HZ) * f64::from(n) / f64::from(RATE_HZ);
        (10_000.0 * (turns * std::f64::consts::TAU).sin()) as i16
    };
    let bytes: Vec<u8> = (0..SECONDS * RATE_HZ).flat_map(|n| sample(n).to_le_bytes()).collect();
    std::fs::write(&raw, bytes).unwrap();
    let text = |p: &Path| p.to_str().expect("a path").to_owned();
    ffmpeg(&["-f", "s16le", "-ar", "16000", "-ac", "1", "-i", &text(&raw), &text(path)]);
}

/// The tone of 16-bit samples at 16 kHz, by its zero crossings.
pub fn heard_hz(samples: &[u8]) -> f64 {
    let values: Vec<i16> = samples.as_chunks().0.iter().map(|b| i16::from_le_bytes(*b)).collect();
    let loud = values.iter().filter(|v| v.unsigned_abs() > 2000).count();
    assert!(loud > values.len() / 2, "next to silence: {loud} loud samples of {}", values.len());
    let rises = values.windows(2).filter(|w| w[0] < 0 && w[1] >= 0).count();
    rises as f64 * f64::from(RATE_HZ) / values.len() as f64
}

#[test]
fn a_tone_is_told_from_that_of_the_next_second() {
    let sample =
        |n: u32| (9000.0 * (f64::from(n) / 16_000.0 * hz(7) * std::f64::consts::TAU).sin()) as i16;
    let samples: Vec<u8> = (0..8000).flat_map(|n| sample(n).to_le_bytes()).collect();
    assert!((heard_hz(&samples) - hz(7)).abs() < 5.0);
}
