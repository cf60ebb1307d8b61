//! Recordings made by ffmpeg, and transcodes of them.

use crate::making::Wanted;
use audio::tags::{FIELDS, Tags};
use audio::{Facts, Hint, Layout, Source, Transcode, probe};
use std::ops::ControlFlow;
use std::process::Command;
use std::sync::Arc;

pub const TEXTS: [(&str, &str); 5] = [
    ("title", "Grüße aus Łódź"),
    ("artist", "Someone & Söhne"),
    ("album", "日本語"),
    ("date", "2026"),
    ("comment", "said; \"so\""),
];

pub fn tags() -> Tags {
    let mut tags = Tags::default();
    for (name, text) in TEXTS {
        tags.set(FIELDS.iter().find(|field| field.name == name).unwrap(), text);
    }
    tags
}

pub fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output().expect("it must be installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    output.stdout
}

/// A second of a tone with all texts.
pub fn made(arguments: &[&str], name: &str) -> Vec<u8> {
    let texts: Vec<_> = TEXTS.iter().map(|(name, text)| format!("{name}={text}")).collect();
    let texts: Vec<_> = texts.iter().flat_map(|text| ["-metadata", text.as_str()]).collect();
    untagged(&[&texts, arguments].concat(), name)
}

/// A second of a tone without texts.
pub fn untagged(arguments: &[&str], name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let input = ["-v", "error", "-f", "lavfi", "-i", "sine=440:r=16000:d=1", "-bitexact"];
    run("ffmpeg", &[&input[..], arguments, &[path.to_str().unwrap()]].concat());
    std::fs::read(path).unwrap()
}

pub fn facts(bytes: &[u8], extension: &str) -> Facts {
    let source: Source = Arc::new(bytes.to_vec());
    probe(&source, Hint { extension: Some(extension), mime_type: None }).unwrap().facts
}

/// A recording in another format, with its picture or without.
pub fn transcode(wav: &[u8], format: &'static str, tags: Tags, cover: bool) -> Transcode {
    Wanted { tags, cover, ..Wanted::of(format) }.transcode(wav, "wav")
}

/// The layout, and all segments.
pub fn whole(transcode: &Transcode) -> (Layout, Vec<u8>) {
    let mut bytes = Vec::new();
    let mut assembly = transcode.encoding().assembly();
    for segment in 0..transcode.encoding().segment_count() {
        let mut sink = |part: &[u8]| {
            bytes.extend_from_slice(part);
            ControlFlow::Continue(())
        };
        let report = transcode.encode(segment, None, &mut sink).unwrap();
        if let Some(assembly) = &mut assembly {
            assembly.add(report.segment);
        }
    }
    let layout = transcode.layout().or_else(|| assembly?.finish().ok()).unwrap();
    (layout, bytes)
}
