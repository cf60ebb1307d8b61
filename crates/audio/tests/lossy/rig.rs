//! Recordings, transcodes of them, ffmpeg as the judge, and the error at the seams.

use crate::making::Wanted;
pub use crate::wav::wav;
use audio::Transcode;
use std::ops::ControlFlow;
use std::process::Command;

/// Chirps and noise that never repeat; the channels differ.
pub fn sound(rate_hz: u32, channels: u16, frames: usize) -> Vec<i16> {
    let mut seed = 1u32;
    let mut samples = Vec::new();
    for at in 0..frames {
        let t = at as f64 / f64::from(rate_hz);
        for channel in 0..channels {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(seed >> 16) / 65536.0 - 0.5;
            let pitch = 300.0 + 200.0 * f64::from(channel) + 40.0 * (t * 0.7).sin();
            let tone = (std::f64::consts::TAU * pitch * t).sin() * (0.6 + 0.4 * (t * 9.0).sin());
            samples.push((9000.0 * tone + 1500.0 * noise) as i16);
        }
    }
    samples
}

/// More than two minutes of real prompts in a row, 8 kHz mono.
pub fn prompts() -> Vec<i16> {
    let mut names: Vec<_> = std::fs::read_dir("/usr/share/asterisk/sounds/en")
        .expect("the sample prompts must be installed")
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "wav"))
        .collect();
    names.sort();
    let mut samples = Vec::new();
    for name in names {
        let bytes = std::fs::read(name).unwrap();
        samples.extend(bytes[44..].chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])));
        if samples.len() > 150 * 8000 {
            return samples;
        }
    }
    panic!("too few prompts");
}

/// A format at a rate and a bit rate (in kbit/s).
pub fn wanted(format: &'static str, rate_hz: Option<u32>, kbps: Option<u32>) -> Wanted {
    Wanted { rate_hz, bitrate_bps: kbps.map(|kbps| kbps * 1000), ..Wanted::of(format) }
}

/// A transcode of a WAV at a rate and a bit rate (in kbit/s).
pub fn transcode(
    wav: &[u8],
    format: &'static str,
    rate_hz: Option<u32>,
    kbps: Option<u32>,
) -> Transcode {
    wanted(format, rate_hz, kbps).transcode(wav, "wav")
}

/// The bytes of one segment; asserts that they have the promised length.
pub fn segment(transcode: &Transcode, segment: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut sink = |part: &[u8]| {
        bytes.extend_from_slice(part);
        ControlFlow::Continue(())
    };
    let report = transcode.encode(segment, None, &mut sink).unwrap();
    let span = transcode.layout().unwrap().span(segment);
    assert_eq!(bytes.len() as u64, span.end - span.start, "segment {segment}");
    assert_eq!(report.segment.length_bytes, bytes.len() as u64);
    assert!(bytes.len() as u64 <= transcode.encoding().longest_segment_bytes());
    bytes
}

/// All bytes of a transcode, in order.
pub fn whole(transcode: &Transcode) -> Vec<u8> {
    let layout = transcode.layout().unwrap();
    let segments = (0..layout.segment_count()).map(|s| segment(transcode, s));
    let bytes = [layout.header.clone(), segments.collect::<Vec<_>>().concat()].concat();
    assert_eq!(bytes.len() as u64, layout.length_bytes());
    bytes
}

/// All bytes again: odd segments last to first on one thread, even ones on another.
pub fn scattered(transcode: &Transcode) -> Vec<u8> {
    let layout = transcode.layout().unwrap();
    let some = |parity| {
        let segments = (0..layout.segment_count()).rev().filter(move |s| s % 2 == parity);
        segments.map(|s| (s, segment(transcode, s))).collect::<Vec<_>>()
    };
    let mut all = std::thread::scope(|scope| {
        let odd = scope.spawn(|| some(1));
        let even = some(0);
        [even, odd.join().unwrap()].concat()
    });
    all.sort();
    all.into_iter().fold(layout.header.clone(), |bytes, (_, segment)| [bytes, segment].concat())
}

/// What ffmpeg decodes, interleaved.
pub fn judge(bytes: &[u8], arguments: &[&str]) -> Vec<i16> {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in"), folder.path().join("out.raw"));
    std::fs::write(&from, bytes).unwrap();
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y", "-i", from.to_str().unwrap()])
        .args(arguments)
        .args(["-f", "s16le", to.to_str().unwrap()])
        .output()
        .expect("ffmpeg must be installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    let raw = std::fs::read(to).unwrap();
    raw.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect()
}

/// By how many samples `heard` trails `said`, at most `most` either way.
pub fn lag(said: &[i16], heard: &[i16], most: i64) -> i64 {
    let likeness = |lag: i64| -> f64 {
        (0..20_000.min(said.len() as i64))
            .filter_map(|at| {
                let heard = heard.get(usize::try_from(at + lag).ok()?)?;
                Some(f64::from(said[at as usize]) * f64::from(*heard))
            })
            .sum()
    };
    (-most..=most).max_by(|a, b| likeness(*a).total_cmp(&likeness(*b))).unwrap()
}

/// Mean energy of the error within `reach` samples of the seams, against that elsewhere.
pub fn seam_ratio(said: &[i16], heard: &[i16], seams: &[usize], reach: usize) -> f64 {
    let (mut near, mut far) = ((0.0, 0u64), (0.0, 0u64));
    for (at, (a, b)) in said.iter().zip(heard).enumerate() {
        let error = f64::from(*a) - f64::from(*b);
        let at_seam = seams.iter().any(|s| at.abs_diff(*s) <= reach);
        let sum = if at_seam { &mut near } else { &mut far };
        *sum = (sum.0 + error * error, sum.1 + 1);
    }
    assert!(near.1 > 0 && far.1 > 0);
    let sound: f64 = said.iter().map(|s| f64::from(*s).powi(2)).sum();
    assert!(sound > 4.0 * (near.0 + far.0), "the error must be the codec's, not a shift");
    (near.0 / near.1 as f64) / (far.0 / far.1 as f64)
}
