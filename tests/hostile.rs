//! Files made to hurt: headers that promise what nobody has, floods of boxes and pages. Each is kept and
//! served as it is, and refused in any other form with the reason; what is just allowed is played, a
//! small part of it without the rest.

#[path = "../crates/audio/tests/hostile/silent_flac.rs"]
mod silent_flac;

use crate::running::{Server, text};
use silent_flac::silent_flac;
use tempfile::TempDir;

/// More than this nobody's file may cost the server.
const MOST_MEMORY_BYTES: u64 = 256 << 20;

fn start(folder: &TempDir, args: &[&str]) -> Server {
    Server::start(&folder.path().join("data"), args)
}

/// An AU of 8-bit zeros.
fn au(rate_hz: u32, channels: u32, length: usize) -> Vec<u8> {
    let words = [24, u32::MAX, 2, rate_hz, channels].map(u32::to_be_bytes);
    [&b".snd"[..], words.as_flattened(), &vec![0; length]].concat()
}

/// The reason for which every other form of a file is refused.
fn refusal(server: &Server, link: &str) -> String {
    let forms = ["?f=ulaw", "?f=mp3", "?f=g722", "?t=0-1000", "/peaks.json"];
    let reasons = forms.map(|form| {
        let answer = server.get(&format!("{link}{form}"));
        assert_eq!(answer.status, 415, "{link}{form}: {}", answer.text());
        text(&answer.json()["message"])
    });
    assert!(reasons.iter().all(|reason| *reason == reasons[0]), "{reasons:?}");
    reasons[0].clone()
}

/// Uploads files and expects the reason of each; nothing else of them is left.
fn are_refused(files: Vec<(&str, Vec<u8>, &str)>) {
    let folder = TempDir::new().unwrap();
    let server = start(&folder, &[]);
    for (name, bytes, reason) in files {
        let link = server.upload(name, &bytes);
        let found = refusal(&server, &link);
        assert!(found.contains(reason), "{name}: {found}");
        assert!(server.get(&link).body == bytes, "{name}: not served as it is");
        let left = std::fs::read_dir(server.data.join("tmp")).unwrap().count();
        assert_eq!(left, 0, "{name}: temporary files are left");
    }
    assert!(server.most_memory_bytes() < MOST_MEMORY_BYTES, "{}", server.most_memory_bytes());
}

#[test]
fn promises_out_of_proportion_are_refused_with_their_reason() {
    let years = silent_flac(1, 1300);
    are_refused(vec![
        ("day.au", au(1, 1, 86_401), "86401 s of audio (allowed: up to 86400 s)"),
        ("years.flac", years, "flac: 85195500 s of audio (at most 31622400)"),
        ("fast.au", au(1_000_001, 1, 4096), "a sample rate of 1000001 Hz (allowed: 1 to 1000000)"),
        ("wide.au", au(8000, 255, 4096), "255 channels (allowed: 1 to 64)"),
    ]);
}

/// One part many times, behind a head.
fn flood(head: &[u8], part: &[u8]) -> Vec<u8> {
    [head, &part.repeat(1_000_000)].concat()
}

#[test]
fn floods_of_pages_boxes_clusters_and_chunks_are_refused_with_their_reason() {
    // A first page without a packet, its checksum right.
    let page = b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x42\xd7\x65\x7d\0";
    let webm = include_bytes!("fuzz/seeds/matroska/opus.webm");
    let cluster = [0x1f, 0x43, 0xb6, 0x75];
    let tracks = webm.windows(4).position(|w| w == cluster).unwrap();
    are_refused(vec![
        ("pages.ogg", flood(b"", page), "ogg: no Opus, Vorbis, FLAC or Speex stream"),
        ("false.ogg", flood(b"", b"OggS\0"), "ogg: no Opus, Vorbis, FLAC or Speex stream"),
        ("boxes.mp4", flood(b"\0\0\0\x08ftyp", b"\0\0\0\x08free"), "there is no moov box"),
        (
            "clusters.webm",
            flood(&webm[..tracks], &[0x1f, 0x43, 0xb6, 0x75, 0x80]),
            "webm: it holds no audio",
        ),
        (
            "chunks.wav",
            flood(b"RIFF\xff\xff\xff\xffWAVE", b"junk\0\0\0\0"),
            "without a `fmt ` chunk",
        ),
    ]);
}

#[test]
fn the_end_of_a_day_that_expands_eight_thousand_times_is_made_alone() {
    let folder = TempDir::new().unwrap();
    let server = start(&folder, &[]);
    let link = server.upload("day.au", &au(1, 1, 86_400));
    for range in ["bytes=0-99", "bytes=-100"] {
        let answer = server.range(&format!("{link}?f=ulaw"), range);
        assert_eq!(answer.status, 206, "{}", answer.text());
        assert!(answer.body == [0xff; 100], "not silence: {:?}", answer.body);
    }
    assert!(server.most_memory_bytes() < MOST_MEMORY_BYTES, "{}", server.most_memory_bytes());
}

#[test]
fn twenty_kilobytes_that_are_hours_of_silence_are_played_from_anywhere() {
    let folder = TempDir::new().unwrap();
    let server = start(&folder, &[]);
    let flac = silent_flac(8000, 1300);
    assert!(flac.len() < 20_480, "{}", flac.len());
    let link = format!("{}?f=ulaw", server.upload("silence.flac", &flac));
    assert_eq!(server.head(&link).length(), 1300 * 65_535);
    for range in ["bytes=0-99", "bytes=40000000-40000099", "bytes=-100"] {
        let answer = server.range(&link, range);
        assert_eq!(answer.status, 206, "{}", answer.text());
        assert!(answer.body == [0xff; 100], "not silence: {:?}", answer.body);
    }
    assert!(server.most_memory_bytes() < MOST_MEMORY_BYTES, "{}", server.most_memory_bytes());
}

#[test]
fn the_most_audio_is_a_setting_that_counts_for_stored_files_too() {
    let folder = TempDir::new().unwrap();
    let server = start(&folder, &["--max-audio-hours", "1"]);
    let link = server.upload("hour.au", &au(1, 1, 3601));
    let reason = refusal(&server, &link);
    assert!(reason.contains("3601 s of audio (allowed: up to 3600 s)"), "{reason}");
    server.stop();
    let server = start(&folder, &["--max-audio-hours", "2"]);
    let answer = server.range(&format!("{link}?f=ulaw"), "bytes=-100");
    assert_eq!(answer.status, 206, "{}", answer.text());
}
