//! What a recording says of itself goes along, if the link lets it.

use super::*;
use crate::judge::ffmpeg;
use crate::running::{Server, run};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

#[test]
fn tags_are_the_sources_or_the_links_and_part_of_the_identity() {
    let site = Site::shared();
    let tagged = site.server.get(&format!("{}?f=mp3&tag-title=Here", site.melody)).body;
    let link = site.server.upload("tagged.mp3", &tagged);
    let flac = |options: &str| {
        let answer = site.server.get(&format!("{link}?f=flac{options}"));
        assert_eq!(answer.status, 200, "{options}: {}", answer.text());
        let says = |text: &[u8]| answer.body.windows(text.len()).any(|window| window == text);
        let said = [&b"TITLE=Here"[..], b"TITLE=There", b"ARTIST=We"].map(says);
        (said, header(&answer, "etag"))
    };
    let (said, own) = flac("");
    assert_eq!(said, [true, false, false]);
    let (said, other) = flac("&tag-title=There&tag-artist=We");
    assert_eq!(said, [false, true, true]);
    let (said, none) = flac("&tags=none");
    assert_eq!(said, [false; 3]);
    assert!(own != other && other != none && none != own);
    // Without its tags the stored one is another.
    let as_stored =
        |options: &str| site.server.get(&format!("{link}?f=mp3{options}")).body == tagged;
    assert!(as_stored("") && !as_stored("&tags=none") && !as_stored("&tag-title=There"));
}

/// A second of a tone with a title and a picture, as MP3, and the picture.
fn pictured(folder: &Path) -> (Vec<u8>, Vec<u8>) {
    let (picture, path) = (folder.join("cover.png"), folder.join("made.mp3"));
    let (picture, path) = (picture.to_str().unwrap(), path.to_str().unwrap());
    ffmpeg(&["-f", "lavfi", "-i", "testsrc2=s=96x96:d=0.04", "-frames:v", "1", picture]);
    let inputs = ["-f", "lavfi", "-i", "sine=440:r=16000:d=1", "-i", picture, "-map", "0"];
    let maps = ["-map", "1", "-c:v", "copy", "-metadata", "title=Here", "-b:a", "24k", path];
    ffmpeg(&[&inputs[..], &maps].concat());
    (std::fs::read(path).unwrap(), std::fs::read(picture).unwrap())
}

/// The picture that ffmpeg finds in an answer; nothing if it finds none.
fn shown(folder: &Path, answer: &Answer) -> Vec<u8> {
    let path = folder.join("answer");
    std::fs::write(&path, &answer.body).unwrap();
    let path = path.to_str().unwrap();
    let output = Command::new("ffprobe").args(["-v", "error", "-show_streams", path]).output();
    let streams = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(streams.contains("codec_type=audio"), "{streams}");
    if !streams.contains("codec_type=video") {
        return Vec::new();
    }
    ffmpeg(&["-i", path, "-map", "0:v", "-c", "copy", "-f", "image2pipe", "-"])
}

#[test]
fn a_picture_goes_along_unless_it_is_left_out_or_too_long() {
    let folder = TempDir::new().unwrap();
    let (mp3, picture) = pictured(folder.path());
    assert!((1024..40 << 10).contains(&picture.len()), "{}", picture.len());
    let (open, narrow) = (folder.path().join("open"), folder.path().join("narrow"));
    let server = Server::start(&open, &[]);
    let narrow = Server::start(&narrow, &["--max-picture-bytes=1KiB"]);
    let (link, short) = (server.upload("a.mp3", &mp3), narrow.upload("a.mp3", &mp3));
    let source = folder.path().join("made.mp3");
    for format in ["mp3", "flac", "ogg", "mp4"] {
        let options = if format == "mp3" { "?f=mp3&br=32" } else { &format!("?f={format}") };
        let answer = server.get(&format!("{link}{options}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(shown(folder.path(), &answer) == picture, "{format}");
        let head = server.head(&format!("{link}{options}"));
        assert_eq!(head.length(), answer.body.len() as u64);
        // Also in a part of the header.
        let part = server.range(&format!("{link}{options}"), "bytes=700-1200");
        assert!(part.body == answer.body[700..=1200], "{format}");
        // The command line makes the same.
        let made = folder.path().join(format!("made-too.{format}"));
        let mut arguments = vec!["transcode", source.to_str().unwrap(), made.to_str().unwrap()];
        arguments.extend((format == "mp3").then_some("--br=32"));
        assert!(run(&arguments).status.success());
        assert!(std::fs::read(&made).unwrap() == answer.body, "{format}");
        let without = server.get(&format!("{link}{options}&tags=none"));
        let said = narrow.get(&format!("{short}{options}"));
        for plain in [&without, &said] {
            assert!(shown(folder.path(), plain).is_empty(), "{format}");
            assert_ne!(header(plain, "etag"), header(&answer, "etag"));
        }
        let is_told = |body: &[u8]| body.windows(4).any(|window| window == b"Here");
        assert!(is_told(&said.body) && !is_told(&without.body), "{format}");
    }
    // In the format that it is stored in, too.
    assert!(narrow.get(&format!("{short}?f=mp3")).body == mp3);
    for (server, link) in [(&server, &link), (&narrow, &short)] {
        let without = server.get(&format!("{link}?f=mp3&tags=none"));
        assert!(without.status == 200 && shown(folder.path(), &without).is_empty());
    }
}

#[test]
fn the_command_line_says_tags_as_links_do() {
    let folder = TempDir::new().unwrap();
    let (_, _) = pictured(folder.path());
    let source = folder.path().join("made.mp3");
    let made = |options: &[&str], name: &str| {
        let path = folder.path().join(name);
        let arguments = ["transcode", source.to_str().unwrap(), path.to_str().unwrap()];
        let output = run(&[&arguments[..], options].concat());
        (output.status.success(), std::fs::read(path).unwrap_or_default())
    };
    let says = |body: &[u8], text: &str| body.windows(text.len()).any(|w| w == text.as_bytes());
    let (_, named) = made(&["--tag-title=There", "--tag-artist=We"], "a.flac");
    assert!(says(&named, "TITLE=There") && says(&named, "ARTIST=We") && !says(&named, "Here"));
    let (_, plain) = made(&["--tags=none"], "b.flac");
    assert!(!says(&plain, "Here") && !says(&plain, "IHDR"));
    assert!(!made(&["--tag-title=There"], "c.wav").0);
    assert!(!made(&["--tags=all"], "d.mp3").0);
}
