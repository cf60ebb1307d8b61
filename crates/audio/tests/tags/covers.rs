//! Pictures: found in every format that keeps them, whole in every transcode that carries them, bounded whatever a
//! source claims.

use super::rig::{facts, made, run, tags, transcode, whole};
use audio::Picture;
use audio::tags::Tags;
use audio::tags::cover::{Cover, Image, MOST_BYTES, USUAL_BYTES};
use std::path::Path;

/// A picture by ffmpeg.
fn drawn(extension: &str, size: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("cover.{extension}"));
    let from = format!("testsrc2=s={size}:d=0.04");
    run(
        "ffmpeg",
        &["-v", "error", "-f", "lavfi", "-i", &from, "-frames:v", "1", path.to_str().unwrap()],
    );
    std::fs::read(path).unwrap()
}

/// A second of a tone that ffmpeg gave a picture.
fn with_picture(picture: &[u8], extension: &str, arguments: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (cover, path) =
        (folder.path().join("cover"), folder.path().join("made").with_extension(extension));
    std::fs::write(&cover, picture).unwrap();
    let inputs =
        ["-v", "error", "-f", "lavfi", "-i", "sine=440:r=16000:d=1", "-i", cover.to_str().unwrap()];
    let maps = ["-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic"];
    run("ffmpeg", &[&inputs[..], &maps, arguments, &[path.to_str().unwrap()]].concat());
    std::fs::read(path).unwrap()
}

/// The picture that ffmpeg finds.
fn shown(path: &Path) -> Vec<u8> {
    let path = path.to_str().unwrap();
    run(
        "ffmpeg",
        &["-v", "error", "-i", path, "-map", "0:v", "-c", "copy", "-f", "image2pipe", "-"],
    )
}

#[test]
fn the_picture_of_every_format_that_keeps_one_is_found() {
    let (jpeg, png) = (drawn("jpg", "160x120"), drawn("png", "80x80"));
    let kinds: [(&str, &[&str]); 6] = [
        ("mp3", &["-id3v2_version", "3"]),
        ("mp3", &["-id3v2_version", "4"]),
        ("flac", &[]),
        ("m4a", &["-c:a", "aac"]),
        ("m4a", &["-c:a", "alac"]),
        ("aiff", &["-write_id3v2", "1"]),
    ];
    for picture in [&jpeg, &png] {
        for (extension, arguments) in kinds {
            let heard = facts(&with_picture(picture, extension, arguments), extension);
            assert_eq!(heard.picture, Some(Picture::Kept(picture.len())), "{extension}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (cover, path) = (folder.path().join("cover.jpg"), folder.path().join("made.mka"));
    std::fs::write(&cover, &jpeg).unwrap();
    let (cover, path) = (cover.to_str().unwrap(), path.to_str().unwrap());
    let tone = ["-v", "error", "-f", "lavfi", "-i", "sine=440:r=16000:d=1", "-c:a", "flac"];
    run(
        "ffmpeg",
        &[&tone[..], &["-attach", cover, "-metadata:s:t", "mimetype=image/jpeg", path]].concat(),
    );
    let heard = facts(&std::fs::read(path).unwrap(), "mka");
    assert_eq!(heard.picture, Some(Picture::Kept(jpeg.len())));
    // The reference encoder gives FLAC in Ogg a block of its own for it.
    let tone = folder.path().join("tone.wav");
    std::fs::write(&tone, made(&[], "tone.wav")).unwrap();
    let arguments = ["--ogg", "-s", "-c", &format!("--picture={cover}"), tone.to_str().unwrap()];
    let heard = facts(&run("flac", &arguments), "oga");
    assert_eq!(heard.picture, Some(Picture::Kept(jpeg.len())));
    assert_eq!(facts(&made(&[], "made.mp3"), "mp3").picture, None);
}

#[test]
fn ffmpeg_and_the_reference_tools_find_the_picture_whole_in_transcodes() {
    for picture in [drawn("jpg", "320x320"), drawn("png", "64x48")] {
        let source = with_picture(&picture, "flac", &[]);
        for format in ["mp3", "flac", "ogg", "mp4"] {
            let (layout, sound) = whole(&transcode(&source, format, tags(), true));
            let (plain, same) = whole(&transcode(&source, format, tags(), false));
            assert!(sound == same && layout.header.len() > plain.header.len(), "{format}");
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("made").with_extension(format);
            let bytes = [layout.header, sound].concat();
            std::fs::write(&path, &bytes).unwrap();
            assert!(shown(&path) == picture, "{format}");
            let name = path.to_str().unwrap();
            run("ffmpeg", &["-v", "error", "-xerror", "-i", name, "-f", "null", "-"]);
            let heard = facts(&bytes, format);
            assert_eq!(heard.picture, Some(Picture::Kept(picture.len())), "{format}");
            assert_eq!(heard.tags, tags(), "{format}");
            if format == "flac" {
                run("flac", &["-ts", name]);
                let exported = run("metaflac", &["--export-picture-to=-", name]);
                assert!(exported == picture);
            }
        }
        let (layout, _) = whole(&transcode(&source, "webm", tags(), false));
        assert!(!layout.header.windows(8).any(|window| window == &picture[..8]));
    }
}

/// A JPEG as long as that: what is behind its end counts, too.
fn jpeg_of(length: usize) -> Vec<u8> {
    let mut jpeg = drawn("jpg", "64x64");
    jpeg.resize(length, 0);
    jpeg
}

#[test]
fn the_sound_begins_within_64_kib_of_the_longest_usual_picture_and_texts() {
    let picture = jpeg_of(USUAL_BYTES);
    let source = with_picture(&picture, "flac", &[]);
    let mut long = Tags::default();
    audio::tags::FIELDS.iter().for_each(|field| long.set(field, &"長".repeat(100_000)));
    for format in ["mp3", "flac", "ogg", "mp4"] {
        let (layout, _) = whole(&transcode(&source, format, long.clone(), true));
        assert!(layout.header.len() < 64 * 1024, "{format}: {}", layout.header.len());
    }
}

#[test]
fn a_picture_that_takes_several_pages_of_ogg_is_read_by_the_reference_decoder() {
    // A page holds 65025 bytes: among these are lengths at which the last page ends with nothing on it.
    for length in [48_000, 48_500, 100_000, 500_000] {
        let source = with_picture(&jpeg_of(length), "flac", &[]);
        let (layout, sound) = whole(&transcode(&source, "ogg", tags(), true));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made.ogg");
        std::fs::write(&path, [layout.header, sound].concat()).unwrap();
        let told = String::from_utf8(run("opusinfo", &[path.to_str().unwrap()])).unwrap();
        assert!(!told.contains("WARNING") && told.contains("METADATA_BLOCK_PICTURE"), "{told}");
        run("opusdec", &["--quiet", path.to_str().unwrap(), "/dev/null"]);
        assert_eq!(shown(&path).len(), length);
    }
}

#[test]
fn the_front_cover_is_chosen_and_one_that_is_too_long_stays_behind() {
    let frame = |kind: u8, picture: &[u8]| {
        let body = [b"\0image/jpeg\0", &[kind, 0][..], picture].concat();
        [b"APIC", &(body.len() as u32).to_be_bytes()[..], &[0, 0], &body].concat()
    };
    let (other, front) = (jpeg_of(3000), jpeg_of(5000));
    let mp3 = made(&["-id3v2_version", "0"], "made.mp3");
    let tagged = |frames: &[u8]| {
        let size = [21, 14, 7, 0].map(|shift| (frames.len() >> shift) as u8 & 0x7f);
        [b"ID3\x03\0\0", &size[..], frames, &mp3].concat()
    };
    let found = |frames: &[u8]| facts(&tagged(frames), "mp3").picture;
    assert_eq!(found(&frame(0, &other)), Some(Picture::Kept(3000)));
    let both = [frame(0, &other), frame(3, &front), frame(3, &other)].concat();
    assert_eq!(found(&both), Some(Picture::Kept(5000)));
    let source: audio::Source = std::sync::Arc::new(tagged(&both));
    let probed = audio::probe(&source, audio::Hint::default()).unwrap();
    let bytes = probed.index.len();
    let probed = probed.with_picture_up_to(4999);
    assert_eq!(probed.facts.picture, Some(Picture::TooLong));
    assert_eq!(probed.index.len(), bytes - 5000);
    assert_eq!(probed.facts.parts(&probed.index), (&probed.index[..], None));
}

#[test]
fn what_is_no_picture_or_lies_of_its_length_is_none() {
    let jpeg = jpeg_of(2000);
    let block = Cover::of(&jpeg, true).unwrap().to_block();
    assert_eq!(Cover::from_block(&block).unwrap().bytes(), jpeg);
    // Every length of the block, its picture's the last, told as 500 MB; and cut short anywhere.
    for at in [4, 8 + 10, block.len() - jpeg.len() - 4] {
        let mut lying = block.clone();
        lying[at..at + 4].copy_from_slice(&500_000_000_u32.to_be_bytes());
        assert_eq!(Cover::from_block(&lying), None, "{at}");
    }
    assert!((0..block.len()).all(|end| Cover::from_block(&block[..end]).is_none()));
    for bytes in [&b""[..], b"GIF89a", b"<html>", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"%PDF-1.7"] {
        assert_eq!(Cover::of(bytes, true), None);
    }
    // Marks without an end, fill without an end, a frame of no size.
    let endless = [&b"\xff\xd8"[..], &b"\xff\xe0\0\0".repeat(10_000)].concat();
    assert_eq!(Cover::of(&endless, true), None);
    assert_eq!(Cover::of(&[&b"\xff\xd8"[..], &[0xff; 10_000]].concat(), true), None);
    assert_eq!(Cover::of(b"\xff\xd8\xff\xc0\0\x11\x08\0\0\0\0\x03", true), None);
    assert_eq!(Cover::of(&jpeg_of(MOST_BYTES + 1), true), None);
    assert_eq!(Cover::of(&jpeg_of(MOST_BYTES), true).unwrap().image, Image::Jpeg);
}
