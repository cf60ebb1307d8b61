//! Material, a whole transcode made last segment first, and an independent decoder.

use crate::making::Wanted;
pub use crate::wav::wav;
use audio::format::Coding;
use audio::{Layout, Transcode};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

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

/// A transcode of a WAV.
pub fn transcode(wav: Vec<u8>, format: &'static str) -> Transcode {
    coded(wav, format, Coding::default())
}

/// The same in another coding.
pub fn coded(wav: Vec<u8>, format: &'static str, coding: Coding) -> Transcode {
    Wanted { coding, ..Wanted::of(format) }.transcode(&wav, "wav")
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
