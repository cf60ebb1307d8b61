//! WebM with Opus.

use crate::rig::*;
use std::process::Command;

const RATES: [u32; 5] = [8000, 12000, 16000, 24000, 48000];
const BITRATES: [u32; 6] = [8, 24, 32, 64, 128, 320];

#[test]
fn every_legal_combination_has_the_promised_length_and_is_read_back_exactly() {
    for (index, rate) in RATES.into_iter().enumerate() {
        for (step, bitrate) in BITRATES.into_iter().enumerate() {
            for channels in [1, 2].into_iter().filter(|c| bitrate <= 256 || *c == 2) {
                let frames = rate as usize + 137 * (step * 5 + index) + 1;
                let source = wav(rate, channels, &sound(rate, channels, frames));
                let bytes = whole(&transcode(&source, "webm", None, Some(bitrate)));
                let source: audio::Source = std::sync::Arc::new(bytes);
                let hint = audio::Hint { extension: None, mime_type: None };
                let facts = audio::probe(&source, hint).unwrap().facts;
                let wanted = frames as u64 * u64::from(48_000 / rate);
                assert_eq!((&*facts.format, facts.frame_count), ("webm", wanted));
                assert_eq!((facts.channels, facts.repaired), (channels, Vec::new()));
            }
        }
    }
}

/// The packets that ffmpeg finds, one behind the other.
fn packets(bytes: &[u8], name: &str) -> Vec<u8> {
    ffmpeg(bytes, name, &[], &["-map", "0:a", "-c", "copy", "-f", "data"])
}

fn ffmpeg(bytes: &[u8], name: &str, before: &[&str], arguments: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join(name), folder.path().join("out"));
    std::fs::write(&from, bytes).unwrap();
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(before)
        .args(["-i", from.to_str().unwrap()])
        .args(arguments)
        .arg(&to)
        .output()
        .expect("ffmpeg must be installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    std::fs::read(to).unwrap()
}

fn probed(bytes: &[u8], what: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.webm");
    std::fs::write(&path, bytes).unwrap();
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", what, "-of", "csv=p=0"])
        .arg(&path)
        .output()
        .expect("ffprobe must be installed");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn its_packets_are_those_of_ogg_in_segments_alone_in_any_order() {
    for (rate, channels) in [(8000, 1), (16000, 2), (48000, 1)] {
        let source = wav(rate, channels, &sound(rate, channels, rate as usize * 43 + 123));
        let [webm, ogg] = ["webm", "ogg"].map(|format| transcode(&source, format, None, None));
        assert_eq!(webm.encoding().segment_count(), 3);
        let bytes = whole(&webm);
        assert!(bytes == scattered(&webm), "{rate} Hz");
        let ours = packets(&bytes, "in.webm");
        assert!(!ours.is_empty() && ours == packets(&whole(&ogg), "in.ogg"), "{rate} Hz");
    }
}

#[test]
fn ffmpeg_knows_the_duration_and_hears_all_of_it_on_time() {
    let said = sound(48_000, 1, 48_000 * 61 + 777);
    let bytes = whole(&transcode(&wav(48_000, 1, &said), "webm", None, Some(128)));
    let duration: f64 = probed(&bytes, "format=duration").parse().unwrap();
    assert!((duration - said.len() as f64 / 48_000.0).abs() < 0.002, "{duration}");
    assert_eq!(probed(&bytes, "stream=codec_name,sample_rate,channels"), "opus,48000,1");
    let heard = judge(&bytes, &[]);
    assert_eq!(heard.len(), said.len());
    assert!(lag(&said, &heard, 700).abs() <= 2);
    // By the index, to a place within a cluster.
    let raw = ffmpeg(&bytes, "in.webm", &["-ss", "47.3"], &["-f", "s16le"]);
    let late: Vec<_> = raw.as_chunks().0.iter().map(|b| i16::from_le_bytes(*b)).collect();
    assert!(lag(&said[48_000 * 473 / 10..], &late, 700).abs() <= 400, "the place sought");
}

#[test]
fn the_index_stays_short_however_long_the_recording_is() {
    let settled = wanted("webm", None, None).settle(8000, 1).unwrap();
    let shape = |seconds: u64| audio::format::Shape {
        rate_hz: settled.rate_hz,
        channels: settled.channels,
        bitrate_bps: settled.bitrate_bps,
        frame_count: seconds * 8000,
        serial: 1,
        coding: audio::format::Coding::default(),
    };
    let writer = audio::formats::by_name("webm").and_then(|f| f.target).unwrap();
    for hours in [1, 24, 8000] {
        let layout = writer
            .plan(shape(hours * 3600), &audio::tags::Said::default())
            .unwrap()
            .layout()
            .unwrap();
        assert!(layout.header.len() < 15_000, "{hours} h: {}", layout.header.len());
    }
}
