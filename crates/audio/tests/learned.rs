//! FLAC and MP4 out of WAV, judged by ffmpeg.
#![allow(clippy::unwrap_used)]

use audio::transcode::Input;
use audio::{ChannelMap, Hint, Layout, Source, Target, Transcode};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// A chord whose pitch and level move like speech.
fn samples(rate: u32, channels: u16, frames: usize) -> Vec<i16> {
    let mut out = Vec::with_capacity(frames * usize::from(channels));
    for n in 0..frames {
        let t = n as f64 / f64::from(rate);
        for c in 0..channels {
            let pitch = 220.0 + 40.0 * (t * 3.0).sin() + 90.0 * f64::from(c);
            let swell = (t * 2.3).sin().abs();
            let x = (t * pitch * std::f64::consts::TAU).sin()
                + 0.5 * (t * pitch * 2.0 * std::f64::consts::TAU).sin();
            out.push((x * swell * 9000.0) as i16);
        }
    }
    out
}

fn wav(rate: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
    let data = samples.len() as u32 * 2;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + data).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    wav.extend(channels.to_le_bytes());
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * u32::from(channels) * 2).to_le_bytes());
    wav.extend((channels * 2).to_le_bytes());
    wav.extend(b"\x10\0data");
    wav.extend(data.to_le_bytes());
    samples.iter().for_each(|s| wav.extend(s.to_le_bytes()));
    wav
}

fn transcode(wav: Vec<u8>, format: &'static str) -> Transcode {
    let source: Source = Arc::new(wav);
    let probed = audio::probe(&source, Hint::default()).unwrap();
    let facts = probed.facts;
    let writer = audio::formats::by_name(format).unwrap().target.unwrap();
    let settled = writer
        .settle(audio::formats::Wish {
            source_rate_hz: facts.rate_hz,
            channels: facts.channels,
            rate_hz: None,
            bitrate_bps: None,
        })
        .unwrap();
    let target = Target {
        format,
        rate_hz: settled.rate_hz,
        map: ChannelMap::Keep,
        bitrate_bps: settled.bitrate_bps,
        clip: 0..facts.frame_count,
    };
    let input = Input { source, facts: Arc::new(facts), index: Arc::new(probed.index) };
    Transcode::new(input, target, 7).unwrap()
}

/// Segments encoded last first, then assembled in order.
fn backwards(transcode: &Transcode) -> (Layout, Vec<u8>) {
    let count = transcode.encoding().segment_count();
    let mut made = Vec::new();
    for segment in (0..count).rev() {
        let mut bytes = Vec::new();
        let mut sink = |b: &[u8]| {
            bytes.extend_from_slice(b);
            ControlFlow::Continue(())
        };
        let report = transcode.encode(segment, None, &mut sink).unwrap();
        assert_eq!(report.segment.length_bytes, bytes.len() as u64);
        assert!(report.segment.length_bytes <= transcode.encoding().longest_segment_bytes());
        made.push((report.segment, bytes));
    }
    let mut assembly = transcode.encoding().assembly().unwrap();
    let mut body = Vec::new();
    for (segment, bytes) in made.into_iter().rev() {
        assembly.add(segment);
        body.extend(bytes);
    }
    let layout = assembly.finish().unwrap();
    let whole = [layout.header.clone(), body].concat();
    assert_eq!(layout.length_bytes(), whole.len() as u64);
    (layout, whole)
}

fn tool(name: &str, args: &[&str]) -> Vec<u8> {
    let out = Command::new(name).args(args).output().unwrap();
    assert!(out.status.success(), "{name} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    assert!(out.stderr.is_empty(), "{name} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

fn decoded(path: &Path) -> Vec<i16> {
    let path = path.to_str().unwrap();
    let bytes = tool("ffmpeg", &["-v", "warning", "-i", path, "-f", "s16le", "-"]);
    bytes.as_chunks::<2>().0.iter().map(|b| i16::from_le_bytes(*b)).collect()
}

#[test]
fn flac_is_bit_equal_whatever_the_length_and_its_sum_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.flac");
    for (rate, channels, frames) in [
        (8000, 1, 1),
        (8000, 1, 4095),
        (8000, 2, 4096),
        (16000, 1, 4097),
        (44100, 2, 44100 * 23 + 5),
        (11025, 1, 11025 * 12),
        (96000, 1, 100_001),
    ] {
        let input = samples(rate, channels, frames);
        let (_, whole) = backwards(&transcode(wav(rate, channels, &input), "flac"));
        std::fs::write(&path, &whole).unwrap();
        let got = decoded(&path);
        let differs = got.iter().zip(&input).position(|(a, b)| a != b);
        let lengths = (got.len(), differs);
        assert_eq!(lengths, (input.len(), None), "{rate} Hz, {channels} channels, {frames} frames");
        let raw: Vec<u8> = input.iter().flat_map(|s| s.to_le_bytes()).collect();
        use md5::Digest;
        assert_eq!(whole[26..42], md5::Md5::digest(&raw)[..], "{frames} frames");
    }
}

#[test]
fn flac_of_another_source_than_itself_has_a_seek_point_each_segment() {
    let input = samples(8000, 1, 8000 * 35);
    let (layout, whole) = backwards(&transcode(wav(8000, 1, &input), "flac"));
    let points = (layout.header.len() - 46) / 18;
    assert_eq!(points, layout.segment_count() as usize);
    for segment in 0..layout.segment_count() {
        let at = layout.span(segment).start as usize;
        assert_eq!(whole[at..at + 2], [0xff, 0xf8], "a frame begins at each segment");
    }
}

/// Signal to noise in dB of `got` against `want` at a lag.
fn snr(want: &[i16], got: &[i16], lag: usize) -> f64 {
    let pairs = want.iter().zip(got.get(lag..).unwrap_or(&[]));
    let (mut signal, mut noise) = (0.0, 1e-9);
    for (w, g) in pairs {
        let (w, g) = (f64::from(*w), f64::from(*g));
        signal += w * w;
        noise += (w - g) * (w - g);
    }
    10.0 * (signal / noise).log10()
}

#[test]
fn mp4_is_the_recording_aligned_to_the_frame_with_its_index_first() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.mp4");
    for (rate, channels, frames) in [
        (8000, 1, 500),
        (8000, 1, 8000 * 24 + 17),
        (11025, 2, 11025 * 3),
        (16000, 1, 16000 * 4 + 1),
        (22050, 1, 22050 * 3),
        (44100, 2, 44100 * 21 + 7),
        (48000, 1, 48000 * 3),
    ] {
        let input = samples(rate, channels, frames);
        let (_, whole) = backwards(&transcode(wav(rate, channels, &input), "mp4"));
        std::fs::write(&path, &whole).unwrap();
        let place = |kind: &[u8]| whole.windows(4).position(|w| w == kind).unwrap();
        assert!(place(b"moov") < place(b"mdat"));
        let got = decoded(&path);
        let step = usize::from(channels);
        let extra = got.len() as i64 / step as i64 - frames as i64;
        assert!((0..1024).contains(&extra), "{rate} Hz: {extra} frames too many");
        if frames > 1000 {
            let here = snr(&input, &got, 0);
            assert!(here > 14.0, "{rate} Hz, {channels} channels: {here:.1} dB");
            assert!(here > snr(&input, &got, step) && here > snr(&input[step..], &got, 0));
        }
        let shown = tool(
            "ffprobe",
            &[
                "-v",
                "error",
                "-show_entries",
                "stream=codec_name,profile,sample_rate,channels",
                "-of",
                "csv=p=0",
                path.to_str().unwrap(),
            ],
        );
        assert_eq!(String::from_utf8(shown).unwrap().trim(), format!("aac,LC,{rate},{channels}"));
    }
}
