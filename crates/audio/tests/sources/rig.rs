//! The rig: material, ffmpeg as maker and judge, and the comparisons.

use audio::{Hint, Planar, Probed, Source, formats, probe};
use proptest::prelude::*;
use std::io::Read;
use std::process::Command;
use std::sync::Arc;

/// A real telephony prompt: 8 kHz mono speech.
pub const PROMPT: &str = "/usr/share/asterisk/sounds/en/demo-congrats.wav";

/// A sweep left, a tone with noise right: 44.1 kHz.
const STEREO: &str =
    "aevalsrc=0.4*sin(2*PI*(200+40*t)*t)|0.3*sin(2*PI*1000*t)+0.1*random(0):s=44100:d=7.123";

/// What a file is made of.
#[derive(Clone, Copy)]
pub enum Material {
    Prompt,
    Stereo,
}

fn run(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(arguments)
        .output()
        .expect("ffmpeg must be installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ffmpeg {arguments:?}: {errors}");
    output.stdout
}

/// Encodes the material with ffmpeg into a file with that extension.
pub fn make(material: Material, extension: &str, arguments: &[&str]) -> Vec<u8> {
    let file = tempfile::Builder::new().suffix(&format!(".{extension}")).tempfile().unwrap();
    let mut all = match material {
        Material::Prompt => vec!["-i", PROMPT],
        Material::Stereo => vec!["-f", "lavfi", "-i", STEREO],
    };
    all.extend(arguments);
    let path = file.path().to_str().unwrap();
    all.push(path);
    run(&all);
    let mut bytes = Vec::new();
    file.reopen().unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// A file of any signal that ffmpeg's generators know.
pub fn synthesise(signal: &str, extension: &str, arguments: &[&str]) -> Vec<u8> {
    let file = tempfile::Builder::new().suffix(&format!(".{extension}")).tempfile().unwrap();
    run(&[&["-f", "lavfi", "-i", signal], arguments, &[file.path().to_str().unwrap()]].concat());
    std::fs::read(file.path()).unwrap()
}

/// The same packets in another container.
pub fn remux(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let file =
        |extension| tempfile::Builder::new().suffix(&format!(".{extension}")).tempfile().unwrap();
    let (from, to) = (file(from), file(to));
    std::fs::write(from.path(), bytes).unwrap();
    run(&["-i", from.path().to_str().unwrap(), "-c", "copy", to.path().to_str().unwrap()]);
    std::fs::read(to.path()).unwrap()
}

/// HE-AAC, of version 2 if wanted, in ADTS; ffmpeg reads it and can't write it.
pub fn high_efficiency(is_second: bool) -> Vec<u8> {
    let raw = synthesise(STEREO, "wav", &["-c:a", "pcm_f32le", "-f", "f32le"]);
    let samples: Vec<f32> = raw.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    let plane = |at: usize| -> Vec<f32> { samples.iter().skip(at).step_by(2).copied().collect() };
    let options =
        syom::EncodeOptions::adts().with_bitrate_bps(if is_second { 32_000 } else { 48_000 });
    let options = if is_second { options.with_he_v2(true) } else { options.with_he(true) };
    syom::encode_with(&[&plane(0), &plane(1)], 44_100, &options).unwrap()
}

/// What ffmpeg decodes, one vector a channel. Opus with libopus, since ffmpeg's own decoder is some
/// 35 dB away from it; Speex with libspeex.
pub fn judge(bytes: &[u8], extension: &str, codec: &str, channels: usize) -> Vec<Vec<f32>> {
    let file = tempfile::Builder::new().suffix(&format!(".{extension}")).tempfile().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let decoder: &[&str] = match codec {
        "opus" => &["-c:a", "libopus"],
        "speex" => &["-c:a", "libspeex"],
        _ => &[],
    };
    let raw = run(&[decoder, &["-i", file.path().to_str().unwrap(), "-f", "f32le", "-"]].concat());
    let samples: Vec<f32> =
        raw.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    (0..channels).map(|c| samples.iter().skip(c).step_by(channels).copied().collect()).collect()
}

pub fn probed(bytes: &[u8], extension: &str) -> (Source, Probed) {
    let source: Source = Arc::new(bytes.to_vec());
    let hint = Hint { extension: Some(extension), mime_type: None };
    let probed = probe(&source, hint).expect("the source must be understood");
    (source, probed)
}

/// Our decode from a frame to the end.
pub fn decode(source: &Source, probed: &Probed, start: u64) -> Planar {
    let facts = &probed.facts;
    let format = formats::by_name(&facts.format).and_then(|f| f.source).unwrap();
    let source = probe::payload(source, &facts.format).unwrap();
    let mut decoder = format.open(&source, facts, &probed.index, start).unwrap();
    let mut all = Planar::new(usize::from(facts.channels));
    while decoder.read(&mut all).unwrap() > 0 {
        assert!(all.frames() as u64 <= facts.frame_count - start, "more than was promised");
    }
    all
}

/// Signal to error in dB; infinite where equal.
pub fn snr_db(wanted: &[f32], got: &[f32]) -> f64 {
    let energy = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        wanted.iter().zip(got).map(|(&a, &b)| f(f64::from(a), f64::from(b)).powi(2)).sum()
    };
    10.0 * (energy(&|a, _| a) / energy(&|a, b| a - b)).log10()
}

/// Asserts that the source decodes to as many frames as ffmpeg says, and to the same samples.
pub fn agrees(bytes: &[u8], extension: &str, least_db: f64) -> (Source, Probed) {
    let (source, probed) = probed(bytes, extension);
    let judged = judge(bytes, extension, &probed.facts.codec, usize::from(probed.facts.channels));
    assert_eq!(probed.facts.frame_count, judged[0].len() as u64, "frame count");
    let ours = decode(&source, &probed, 0);
    assert_eq!(ours.frames(), judged[0].len(), "decoded frames");
    for (channel, (wanted, got)) in judged.iter().zip(&ours.channels).enumerate() {
        let snr = snr_db(wanted, got);
        assert!(snr >= least_db, "channel {channel}: {snr:.1} dB, wanted {least_db}");
    }
    (source, probed)
}

/// Places to start from: the ends, packet borders, and some in between.
pub fn starts(frame_count: u64) -> Vec<u64> {
    let mut starts = vec![0, 1, 575, 576, 1151, 1152, 4096, frame_count / 2, frame_count - 1];
    starts.extend((1..12).map(|k| k * frame_count / 12 + k * 37));
    starts.retain(|&s| s < frame_count);
    starts
}

/// Asserts that a decode from anywhere is the tail of the decode from the beginning.
pub fn seeks_exactly(source: &Source, probed: &Probed) {
    let whole = decode(source, probed, 0);
    for start in starts(probed.facts.frame_count) {
        let tail = decode(source, probed, start);
        assert_eq!(tail.frames() as u64, probed.facts.frame_count - start, "from {start}");
        for (whole, tail) in whole.channels.iter().zip(&tail.channels) {
            let differs = whole[start as usize..].iter().zip(tail).position(|(a, b)| a != b);
            assert_eq!(differs, None, "frame differs after a start at {start}");
        }
    }
}

/// Asserts that a decode from anywhere is near the tail of the decode from the beginning, once
/// 100 ms have passed.
pub fn seeks_nearly(source: &Source, probed: &Probed, least_db: f64) {
    let whole = decode(source, probed, 0);
    let settle = (probed.facts.rate_hz / 10) as usize;
    for start in starts(probed.facts.frame_count) {
        let tail = decode(source, probed, start);
        assert_eq!(tail.frames() as u64, probed.facts.frame_count - start, "from {start}");
        if tail.frames() < settle * 2 {
            continue;
        }
        for (whole, tail) in whole.channels.iter().zip(&tail.channels) {
            let snr = snr_db(&whole[start as usize + settle..], &tail[settle..]);
            assert!(snr > least_db, "{snr:.1} dB after a start at {start}");
        }
    }
}

/// Probes and decodes whatever the bytes are; nothing may panic or go on without end.
pub fn survives(bytes: Vec<u8>, extension: &str) {
    let source: Source = Arc::new(bytes);
    let hint = Hint { extension: Some(extension), mime_type: None };
    let Ok(probed) = probe(&source, hint) else { return };
    let facts = &probed.facts;
    let Some(format) = formats::by_name(&facts.format).and_then(|f| f.source) else { return };
    for start in [0, facts.frame_count / 2] {
        let Ok(mut decoder) = format.open(&source, facts, &probed.index, start) else { continue };
        let mut block = Planar::new(usize::from(facts.channels));
        let mut given = 0;
        while let Ok(frames @ 1..) = decoder.read(&mut block) {
            assert_eq!(block.frames(), frames);
            assert!(frames <= 65536);
            block.clear();
            given += frames as u64;
            if given > 2_000_000 {
                break; // headers may honestly promise a day of silence
            }
        }
        assert!(given <= facts.frame_count - start);
    }
}

/// Flips bytes, cuts, and repeats pieces of a good file.
pub fn mutilated(good: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = good.len();
    let near_start = prop::collection::vec((0..length.min(600), any::<u8>()), 0..6);
    let anywhere = prop::collection::vec((0..length, any::<u8>()), 0..40);
    (near_start, anywhere, length / 8..=length, any::<prop::sample::Index>()).prop_map(
        move |(a, b, keep, cut)| {
            let mut bytes = good.clone();
            for (at, value) in a.into_iter().chain(b) {
                bytes[at] = value;
            }
            let at = cut.index(length);
            if at % 3 == 0 {
                bytes.drain(at..(at + at % 257).min(length));
            }
            bytes.truncate(keep);
            bytes
        },
    )
}

/// Feeds mutilations of a good file, and garbage behind its first bytes.
pub fn survives_mutilation(good: Vec<u8>, extension: &str, cases: u32) {
    let head: Vec<u8> = good[..good.len().min(64)].to_vec();
    let garbage = prop::collection::vec(any::<u8>(), 0..3000).prop_map(move |mut tail| {
        let mut bytes = head.clone();
        bytes.append(&mut tail);
        bytes
    });
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let strategy = prop_oneof![4 => mutilated(good), 1 => garbage];
    runner
        .run(&strategy, |bytes| {
            survives(bytes, extension);
            Ok(())
        })
        .unwrap();
}
