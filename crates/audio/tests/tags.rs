//! Tags: read from every format that keeps them, and written so that ffmpeg finds them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use audio::format::{Coding, Wish};
use audio::formats::by_name;
use audio::tags::{FIELDS, Tags};
use audio::transcode::Input;
use audio::{ChannelMap, Facts, Hint, Layout, Source, Target, Transcode, probe};
use std::ops::ControlFlow;
use std::process::Command;
use std::sync::Arc;

const TEXTS: [(&str, &str); 5] = [
    ("title", "Grüße aus Łódź"),
    ("artist", "Someone & Söhne"),
    ("album", "日本語"),
    ("date", "2026"),
    ("comment", "said; \"so\""),
];

fn tags() -> Tags {
    let mut tags = Tags::default();
    for (name, text) in TEXTS {
        tags.set(FIELDS.iter().find(|field| field.name == name).unwrap(), text);
    }
    tags
}

fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output().expect("it must be installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    output.stdout
}

/// A second of a tone with all texts.
fn made(arguments: &[&str], name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let texts: Vec<_> = TEXTS.iter().map(|(name, text)| format!("{name}={text}")).collect();
    let texts: Vec<_> = texts.iter().flat_map(|text| ["-metadata", text.as_str()]).collect();
    let input = ["-v", "error", "-f", "lavfi", "-i", "sine=440:r=16000:d=1"];
    run("ffmpeg", &[&input[..], &texts, arguments, &[path.to_str().unwrap()]].concat());
    std::fs::read(path).unwrap()
}

fn facts(bytes: &[u8], extension: &str) -> Facts {
    let source: Source = Arc::new(bytes.to_vec());
    probe(&source, Hint { extension: Some(extension), mime_type: None }).unwrap().facts
}

#[test]
fn every_format_that_keeps_tags_is_asked_for_them() {
    let kinds: [(&str, &[&str]); 8] = [
        ("mp3", &["-id3v2_version", "3"]),
        ("mp3", &["-id3v2_version", "4"]),
        ("flac", &[]),
        ("ogg", &["-c:a", "libvorbis"]),
        ("opus", &["-c:a", "libopus"]),
        ("oga", &["-c:a", "flac"]),
        ("m4a", &["-c:a", "aac"]),
        ("wav", &[]),
    ];
    for (extension, arguments) in kinds {
        let heard = facts(&made(arguments, &format!("made.{extension}")), extension).tags;
        assert_eq!(heard, tags(), "{extension} {arguments:?}");
    }
    // What has no place of its own may have an ID3v2 tag in front.
    let mp3 = made(&["-id3v2_version", "4"], "made.mp3");
    let tag = &mp3[..10 + mp3[6..10].iter().fold(0, |sum, byte| sum << 7 | usize::from(*byte))];
    let plain = made(&["-map_metadata", "-1", "-bitexact"], "made.aiff");
    assert!(facts(&plain, "aiff").tags.is_empty());
    assert_eq!(facts(&[tag, &plain].concat(), "aiff").tags, tags());
}

#[test]
fn the_oldest_tags_are_read() {
    let mut mp3 = made(&["-id3v2_version", "0", "-write_id3v1", "0"], "made.mp3");
    let mut old = b"TAG".to_vec();
    for (text, length) in [("An old title", 30), ("Someone", 30), ("", 30), ("1999", 4), ("hm", 30)]
    {
        let mut place = text.as_bytes().to_vec();
        place.resize(length, b' ');
        old.extend(place);
    }
    old.push(0xff);
    mp3.extend(&old);
    let found = facts(&mp3, "mp3").tags;
    let found: Vec<_> = found.iter().map(|(field, text)| (field.name, text)).collect();
    assert_eq!(
        found,
        [("title", "An old title"), ("artist", "Someone"), ("date", "1999"), ("comment", "hm")]
    );
    // Version 2.2, UTF-16 with its mark.
    let text: Vec<u8> = [1, 0xff, 0xfe]
        .into_iter()
        .chain("Ωmega".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let frame = [b"TT2\0\0", &[text.len() as u8][..], &text].concat();
    let tag = [b"ID3\x02\0\0\0\0\0", &[frame.len() as u8][..], &frame].concat();
    let found = facts(&[tag, mp3].concat(), "mp3").tags;
    assert_eq!(
        found.iter().next().map(|(field, text)| (field.name, text)),
        Some(("title", "Ωmega"))
    );
}

fn transcode(wav: &[u8], format: &'static str, tags: Tags) -> Transcode {
    let source: Source = Arc::new(wav.to_vec());
    let probed = probe(&source, Hint::default()).unwrap();
    let row = by_name(format).unwrap();
    let wish = Wish {
        source_rate_hz: probed.facts.rate_hz,
        channels: 1,
        rate_hz: None,
        bitrate_bps: None,
        coding: Coding::default(),
    };
    let settled = row.target.unwrap().settle(wish).unwrap();
    let target = Target {
        format,
        rate_hz: settled.rate_hz,
        map: ChannelMap::Keep,
        bitrate_bps: settled.bitrate_bps,
        coding: Coding::default(),
        tags,
        clip: 0..probed.facts.frame_count,
    };
    let input = Input { source, facts: Arc::new(probed.facts), index: Arc::new(probed.index) };
    Transcode::new(input, row, target, 1).unwrap()
}

fn whole(transcode: &Transcode) -> (Layout, Vec<u8>) {
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

#[test]
fn ffmpeg_finds_what_is_written_and_the_sound_is_the_same() {
    let wav = made(&["-map_metadata", "-1"], "made.wav");
    for format in ["mp3", "flac", "ogg", "mp4", "webm"] {
        let (layout, sound) = whole(&transcode(&wav, format, tags()));
        let (plain, same) = whole(&transcode(&wav, format, Tags::default()));
        assert!(sound == same, "{format}");
        assert!(layout.header.len() > plain.header.len(), "{format}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("made.{format}"));
        let bytes = [layout.header, sound].concat();
        std::fs::write(&path, &bytes).unwrap();
        let path = path.to_str().unwrap();
        let asked = ["-v", "error", "-show_entries", "format_tags:stream_tags", "-of", "flat"];
        let found = String::from_utf8(run("ffprobe", &[&asked[..], &[path]].concat())).unwrap();
        let found = found.to_lowercase();
        for (name, text) in TEXTS {
            let wanted = format!("tags.{name}=\"{}\"", text.to_lowercase().replace('"', "\\\""));
            assert!(found.contains(&wanted), "{format}: {wanted} in {found}");
        }
        run("ffmpeg", &["-v", "error", "-xerror", "-i", path, "-f", "null", "-"]);
        // Read back by ourselves where we read tags.
        if format != "webm" {
            assert_eq!(facts(&bytes, format).tags, tags(), "{format}");
        }
    }
}

#[test]
fn headers_stay_short_whatever_a_source_says() {
    let mut long = Tags::default();
    FIELDS.iter().for_each(|field| long.set(field, &"長".repeat(100_000)));
    let wav = made(&[], "made.wav");
    for format in ["mp3", "ogg", "webm"] {
        let layout = transcode(&wav, format, long.clone()).layout().unwrap();
        assert!(layout.header.len() < 64 * 1024, "{format}: {}", layout.header.len());
    }
}
