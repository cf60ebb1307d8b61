//! What cannot be played is kept, served as it is, and refused with a reason; the server stays well.

use crate::running::{Server, text};
use crate::sources;
use tempfile::TempDir;

/// Bytes that look like nothing.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// A WAV header that promises `claim` bytes of 8 kHz mono before `data`.
pub fn wav(claim: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend(claim.wrapping_add(36).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(8000_u32.to_le_bytes());
    bytes.extend(16_000_u32.to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(claim.to_le_bytes());
    bytes.extend(data);
    bytes
}

/// A recording of this kind, cut to `keep` bytes.
fn truncated(folder: &TempDir, file: &str, keep: usize) -> Vec<u8> {
    let kind = sources::KINDS.iter().find(|k| k.file == file).expect("a kind");
    let recordings = folder.path().join("whole");
    std::fs::create_dir_all(&recordings).unwrap();
    let mut bytes = std::fs::read(sources::make(*kind, &recordings).path).unwrap();
    bytes.truncate(keep);
    bytes
}

#[test]
fn what_is_no_audio_is_kept_served_as_it_is_and_refused_with_a_reason() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let files = [
        ("noise.mp3", noise(50_000)),
        ("empty.wav", Vec::new()),
        ("zeros.flac", vec![0; 20_000]),
        ("letter.wav", b"Dear Sir or Madam, this is no recording.\n".repeat(50)),
        ("header-only.wav", wav(0, &[])),
        ("no-index.m4a", truncated(&folder, "aac.m4a", 20_000)),
    ];
    for (name, bytes) in files {
        let link = server.upload(name, &bytes);
        let original = server.get(&link);
        assert_eq!(original.status, 200, "{name}");
        assert!(original.body == bytes, "{name}: not served as it is");
        let refused = server.get(&format!("{link}?f=ogg"));
        assert_eq!(refused.status, 415, "{name}: {}", refused.text());
        assert!(!text(&refused.json()["message"]).is_empty(), "{name}");
        assert_eq!(server.head(&format!("{link}?f=ogg")).status, 415, "{name}");
    }
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn what_is_torn_or_lies_about_its_size_plays_as_far_as_it_goes_or_is_refused() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let files = [
        ("claims-4-gb.wav", wav(u32::MAX - 100, &noise(1000))),
        ("pipe.wav", wav(u32::MAX, &noise(32_000))),
        ("torn.flac", truncated(&folder, "prompt.flac", 30_001)),
        ("torn.mp3", truncated(&folder, "vbr.mp3", 20_001)),
        ("torn.ogg", truncated(&folder, "vorbis.ogg", 30_001)),
        ("torn.webm", truncated(&folder, "browser.webm", 20_001)),
        ("torn.wav", truncated(&folder, "pcm24.wav", 300_001)),
        ("torn-header.wav", truncated(&folder, "pcm16.wav", 30)),
    ];
    for (name, bytes) in files {
        let link = server.upload(name, &bytes);
        assert!(server.get(&link).body == bytes, "{name}: not served as it is");
        for format in ["wav", "mp3", "ogg", "flac"] {
            let answer = server.get(&format!("{link}?f={format}&rate=16000"));
            assert!(
                [200, 415].contains(&answer.status),
                "{name}: {} {}",
                answer.status,
                answer.text()
            );
            assert!(answer.whole, "{name}: shorter than it said");
            assert!(
                answer.body.len() < 4_000_000,
                "{name}: {} bytes of {format}",
                answer.body.len()
            );
        }
    }
    let good = std::fs::read(sources::speech(folder.path())).unwrap();
    let link = server.upload("good.wav", &good);
    assert_eq!(server.get(&format!("{link}?f=mp3")).status, 200);
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn a_recording_from_a_pipe_plays_to_its_true_end() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let link = server.upload("pipe.wav", &wav(u32::MAX, &noise(32_000)));
    let answer = server.get(&format!("{link}?f=wav"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.body.len(), 44 + 32_000);
    assert!(answer.body[44..] == noise(32_000), "the samples differ");
}
