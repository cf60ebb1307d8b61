//! Tags: read from every format that keeps them, and written so that ffmpeg finds them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod covers;
#[path = "../making/transcode.rs"]
mod making;
mod rig;

use audio::tags::{FIELDS, Tags};
use rig::{TEXTS, facts, made, run, tags, transcode, untagged, whole};

#[test]
fn every_format_that_keeps_tags_is_asked_for_them() {
    let kinds: [(&str, &[&str]); 11] = [
        ("mp3", &["-id3v2_version", "3"]),
        ("mp3", &["-id3v2_version", "4"]),
        ("flac", &[]),
        ("ogg", &["-c:a", "libvorbis"]),
        ("opus", &["-c:a", "libopus"]),
        ("oga", &["-c:a", "flac"]),
        ("m4a", &["-c:a", "aac"]),
        ("wav", &[]),
        ("webm", &["-c:a", "libopus"]),
        ("mka", &["-c:a", "flac"]),
        ("aiff", &["-write_id3v2", "1"]),
    ];
    for (extension, arguments) in kinds {
        let heard = facts(&made(arguments, &format!("made.{extension}")), extension).tags;
        assert_eq!(heard, tags(), "{extension} {arguments:?}");
    }
    // What has no place of its own may have an ID3v2 tag in front.
    let mp3 = made(&["-id3v2_version", "4"], "made.mp3");
    let tag = &mp3[..10 + mp3[6..10].iter().fold(0, |sum, byte| sum << 7 | usize::from(*byte))];
    let plain = untagged(&[], "made.aiff");
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

#[test]
fn ffmpeg_finds_what_is_written_and_the_sound_is_the_same() {
    let wav = untagged(&[], "made.wav");
    for format in ["mp3", "flac", "ogg", "mp4", "webm"] {
        let (layout, sound) = whole(&transcode(&wav, format, tags(), false));
        let (plain, same) = whole(&transcode(&wav, format, Tags::default(), false));
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
        assert_eq!(facts(&bytes, format).tags, tags(), "{format}");
    }
}

#[test]
fn headers_stay_short_whatever_a_source_says() {
    let mut long = Tags::default();
    FIELDS.iter().for_each(|field| long.set(field, &"長".repeat(100_000)));
    let wav = made(&[], "made.wav");
    for format in ["mp3", "ogg", "webm"] {
        let layout = transcode(&wav, format, long.clone(), false).layout().unwrap();
        assert!(layout.header.len() < 64 * 1024, "{format}: {}", layout.header.len());
    }
}

#[test]
fn the_texts_of_chunks_are_read() {
    let plain = untagged(&[], "made.wav");
    let chunk = |id: &[u8; 4], body: &[u8]| {
        let length = (body.len() as u32).to_le_bytes();
        [&id[..], &length, body, &vec![0; body.len() % 2]].concat()
    };
    let mut bext = vec![0; 602];
    bext[..11].copy_from_slice(b"Take 3, dry");
    bext[320..330].copy_from_slice(b"2026-11-26");
    let mp3 = made(&["-id3v2_version", "4"], "made.mp3");
    let tag = &mp3[..10 + mp3[6..10].iter().fold(0, |sum, byte| sum << 7 | usize::from(*byte))];
    let said = |chunks: &[u8]| facts(&[&plain, chunks].concat(), "wav").tags;
    assert_eq!(said(&chunk(b"id3 ", tag)), tags());
    let found = said(&chunk(b"bext", &bext));
    let found: Vec<_> = found.iter().map(|(field, text)| (field.name, text)).collect();
    assert_eq!(found, [("date", "2026-11-26"), ("comment", "Take 3, dry")]);
    // A list is what most programs show, wherever it stands.
    let list = chunk(b"LIST", &[b"INFO", &chunk(b"ICMT", b"Heard\0")[..]].concat());
    let found = said(&[chunk(b"bext", &bext), chunk(b"id3 ", tag), list].concat());
    let found: Vec<_> = found.iter().map(|(field, text)| (field.name, text)).collect();
    assert_eq!(found[4], ("comment", "Heard"));
    assert_eq!(found[0], TEXTS[0]);
}

#[test]
fn the_texts_of_aiff_and_caf_are_read() {
    let aiff = untagged(&[], "made.aiff");
    let chunk = |id: &[u8; 4], text: &[u8]| {
        let length = (text.len() as u32).to_be_bytes();
        [&id[..], &length, text, &vec![0; text.len() % 2]].concat()
    };
    let texts =
        [chunk(b"NAME", b"A name"), chunk(b"AUTH", b"Somebody"), chunk(b"ANNO", b"odd")].concat();
    let found = facts(&[&aiff[..], &texts].concat(), "aiff").tags;
    let found: Vec<_> = found.iter().map(|(field, text)| (field.name, text)).collect();
    assert_eq!(found, [("title", "A name"), ("artist", "Somebody"), ("comment", "odd")]);
    let found = facts(&made(&[], "made.caf"), "caf").tags;
    let found: Vec<_> = found.iter().map(|(field, text)| (field.name, text)).collect();
    let wanted = [0, 1, 2].map(|at| TEXTS[at]);
    assert_eq!(found[..3], wanted);
}
