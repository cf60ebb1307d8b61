//! ffmpeg as maker and judge, and a whole transcode segment by segment.

use crate::making::Wanted;
use audio::format::Coding;
use audio::{Hint, Planar, Probed, Source, Transcode, formats, probe};
use std::ops::ControlFlow;
use std::process::Command;
use std::sync::Arc;

/// A real telephony prompt: 8 kHz mono speech.
pub const PROMPT: &str = "/usr/share/asterisk/sounds/en/vm-intro.wav";

/// Loud on the left (it clips), noise on the right.
pub const LOUD: &str = "aevalsrc=1.3*sin(2*PI*(200+300*t)*t)|0.9*(2*random(0)-1):s=44100:d=2.3456";

/// Runs ffmpeg over files in a folder of their own: `input` under the name `in.EXTENSION`.
pub fn ffmpeg(input: &[u8], extension: &str, before: &[&str], after: &[&str], to: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join(format!("in.{extension}"));
    let to = folder.path().join(to);
    std::fs::write(&from, input).unwrap();
    run(&[before, &["-i", from.to_str().unwrap()], after, &[to.to_str().unwrap()]].concat());
    std::fs::read(to).unwrap()
}

/// A file of the loud signal, made by ffmpeg.
pub fn loud(arguments: &[&str], name: &str) -> Vec<u8> {
    synthesise(LOUD, arguments, name)
}

/// A file of any signal that ffmpeg's generators know.
pub fn synthesise(signal: &str, arguments: &[&str], name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join(name);
    run(&[&["-f", "lavfi", "-i", signal], arguments, &[to.to_str().unwrap()]].concat());
    std::fs::read(to).unwrap()
}

fn run(arguments: &[&str]) {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(arguments)
        .output()
        .expect("ffmpeg must be installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ffmpeg {arguments:?}: {errors}");
}

/// What ffmpeg decodes, interleaved.
pub fn judge(bytes: &[u8], extension: &str, before: &[&str]) -> Vec<f32> {
    let raw = ffmpeg(bytes, extension, before, &["-c:a", "pcm_f32le", "-f", "f32le"], "out.raw");
    raw.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

pub fn hint(extension: &str) -> Hint<'_> {
    Hint { extension: Some(extension), mime_type: None }
}

pub fn probed(bytes: &[u8], extension: &str) -> (Source, Probed) {
    let source: Source = Arc::new(bytes.to_vec());
    let probed = probe(&source, hint(extension)).expect("the source must be understood");
    (source, probed)
}

/// Our decode from a frame to the end.
pub fn decode(source: &Source, probed: &Probed, start: u64) -> Planar {
    let facts = &probed.facts;
    let format = formats::by_name(&facts.format).and_then(|f| f.source).unwrap();
    let mut decoder = format.open(source, facts, &probed.index, start).unwrap();
    let mut all = Planar::new(usize::from(facts.channels));
    while decoder.read(&mut all).unwrap() > 0 {}
    assert_eq!(all.frames() as u64, facts.frame_count - start, "what was promised");
    all
}

/// Our decode, interleaved.
pub fn interleaved(block: &Planar) -> Vec<f32> {
    (0..block.frames()).flat_map(|at| block.channels.iter().map(move |c| c[at])).collect()
}

/// Frames from which a decode must be the tail of the whole.
pub fn starts(frame_count: u64) -> impl Iterator<Item = u64> {
    let some = [0, 1, 2, 159, 160, 1016, 1017, frame_count / 3, frame_count / 2 + 1];
    some.into_iter().chain([frame_count - 1]).filter(move |&s| s < frame_count)
}

/// A transcode of a source to a format, everything at its default.
pub fn transcode(bytes: &[u8], extension: &str, format: &'static str) -> Transcode {
    coded(bytes, extension, format, Coding::default())
}

/// The same in another coding.
pub fn coded(bytes: &[u8], extension: &str, format: &'static str, coding: Coding) -> Transcode {
    Wanted { coding, ..Wanted::of(format) }.transcode(bytes, extension)
}

/// All bytes of a transcode; asserts that each segment keeps to the layout.
pub fn bytes_of(transcode: &Transcode) -> Vec<u8> {
    let layout = transcode.layout().expect("the layout is known before encoding");
    let mut bytes = layout.header.clone();
    let mut checkpoint = None;
    for segment in 0..transcode.encoding().segment_count() {
        let from = bytes.len() as u64;
        let mut sink = |part: &[u8]| {
            bytes.extend_from_slice(part);
            ControlFlow::Continue(())
        };
        let report = transcode.encode(segment, checkpoint.as_deref(), &mut sink).unwrap();
        assert_eq!(from..bytes.len() as u64, layout.span(segment), "segment {segment}");
        assert_eq!(report.segment.length_bytes, bytes.len() as u64 - from);
        assert_eq!(report.frames_missing, 0);
        checkpoint = report.segment.checkpoint.filter(|_| transcode.encoding().chained());
    }
    assert_eq!(bytes.len() as u64, layout.length_bytes());
    bytes
}

/// Probes and decodes whatever the bytes are: never a panic, never more than the bytes can hold.
pub fn survives(bytes: Vec<u8>, extension: &str) {
    let most = bytes.len() as u64 * 8;
    let source: Source = Arc::new(bytes);
    let Ok(probed) = probe(&source, hint(extension)) else { return };
    assert!(probed.facts.frame_count <= most, "{} frames promised", probed.facts.frame_count);
    decode(&source, &probed, 0);
    decode(&source, &probed, probed.facts.frame_count / 2);
}
