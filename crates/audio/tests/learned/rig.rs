//! Material, a whole transcode made last segment first, and an independent decoder.

use audio::format::Coding;
use audio::tags::Tags;
use audio::transcode::Input;
use audio::{ChannelMap, Hint, Layout, Source, Target, Transcode};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// A chord whose pitch and level move like speech.
pub fn samples(rate: u32, channels: u16, frames: usize) -> Vec<i16> {
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

pub fn wav(rate: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
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

pub fn transcode(wav: Vec<u8>, format: &'static str) -> Transcode {
    coded(wav, format, Coding::default())
}

/// The same in another coding.
pub fn coded(wav: Vec<u8>, format: &'static str, coding: Coding) -> Transcode {
    let source: Source = Arc::new(wav);
    let probed = audio::probe(&source, Hint::default()).unwrap();
    let facts = probed.facts;
    let writer = audio::formats::by_name(format).unwrap().target.unwrap();
    let settled = writer
        .settle(audio::format::Wish {
            source_rate_hz: facts.rate_hz,
            channels: facts.channels,
            rate_hz: None,
            bitrate_bps: None,
            coding,
        })
        .unwrap();
    let target = Target {
        format,
        rate_hz: settled.rate_hz,
        map: ChannelMap::Keep,
        bitrate_bps: settled.bitrate_bps,
        coding,
        tags: Tags::default(),
        cover: false,
        clip: 0..facts.frame_count,
    };
    let input = Input { source, facts: Arc::new(facts), index: Arc::new(probed.index) };
    Transcode::new(input, audio::formats::by_name(format).unwrap(), target, 7).unwrap()
}

/// Segments encoded last first, then assembled in order.
pub fn backwards(transcode: &Transcode) -> (Layout, Vec<u8>) {
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

pub fn tool(name: &str, args: &[&str]) -> Vec<u8> {
    let out = Command::new(name).args(args).output().unwrap();
    assert!(out.status.success(), "{name} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    assert!(out.stderr.is_empty(), "{name} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

pub fn decoded(path: &Path) -> Vec<i16> {
    let path = path.to_str().unwrap();
    let bytes = tool("ffmpeg", &["-v", "warning", "-i", path, "-f", "s16le", "-"]);
    bytes.as_chunks::<2>().0.iter().map(|b| i16::from_le_bytes(*b)).collect()
}
