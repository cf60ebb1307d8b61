//! Transcoding on upload: the stored bytes are those of the published representation.

use super::*;
use crate::bad_input::{noise, wav};
use crate::judge::ffmpeg;
use crate::running::until;

#[test]
fn the_stored_bytes_are_those_of_the_published_representation() {
    let api = Api::start();
    let wav = std::fs::read(sources::speech(api.folder.path())).unwrap();
    let sid = api.container_sid(&json!({}));
    let original = api.file(&json!({"container_sid": sid, "name": "hello.wav"}), &wav);
    let link = path_of(&original["publish_uri"]);
    let data = ("data", "; filename=\"hello.wav\"\r\nContent-Type: audio/x-wav", &wav[..]);
    for (format, bitrate, mime_type) in [
        ("mp3", Some(32), "audio/mpeg"),
        ("g722", None, "audio/G722"),
        ("ul", None, "audio/basic"),
        ("al", None, "audio/pcma"),
        ("flac", None, "audio/flac"),
        ("ogg", Some(16), "audio/ogg"),
        ("mp4", None, "video/mp4"),
    ] {
        let object = json!({"container_sid": sid, "type": "audio", "desired_format": format,
            "desired_bitrate": bitrate.map(|b| b.to_string())});
        let object = object.to_string();
        let answer = api.form("POST", FILES, &[("file_object", "", object.as_bytes()), data]);
        assert_eq!(answer.status, 201, "{format}: {}", answer.text());
        let file = answer.json();
        let br = bitrate.map(|b| format!("&br={b}")).unwrap_or_default();
        let published = api.server.get(&format!("{link}?f={format}{br}"));
        let stored = api.server.get(&path_of(&file["publish_uri"]));
        assert!(stored.body == published.body, "{format}: other bytes");
        assert_eq!(file["file_bytes"], published.body.len(), "{format}");
        assert_eq!(file["content_transcoding_progress"], 100, "{format}");
        assert_eq!(file["mime_type"], mime_type, "{format}");
        assert_eq!((&file["desired_format"], &file["type"]), (&json!(format), &json!("audio")));
        assert!(file["content_duration"].as_f64().unwrap() > 0.5, "{format}: {file}");
        assert!(!text(&file["name"]).ends_with(".wav"), "{format}: {file}");
    }
}

#[test]
fn what_cannot_be_transcoded_is_refused_before_anything_is_kept() {
    let api = Api::start();
    let wav = std::fs::read(sources::speech(api.folder.path())).unwrap();
    let sid = api.container_sid(&json!({}));
    let object = |more: Value| {
        let mut object = json!({"container_sid": sid, "type": "audio"});
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        object
    };
    let mp3 = object(json!({"desired_format": "mp3"}));
    assert_invalid(&api.upload(&mp3, b"no audio at all"), "data");
    let bitrate = object(json!({"desired_bitrate": 32}));
    assert_invalid(&api.upload(&bitrate, &wav), "desired_bitrate");
    let both = object(json!({"desired_format": "g722", "desired_bitrate": 64}));
    assert_invalid(&api.upload(&both, &wav), "desired_bitrate");
    assert_eq!(api.get(FILES).json()["total"], 0);
    assert_eq!((api.server.drafts(), api.server.objects().len()), (0, 0));
}

#[test]
fn an_mp3_is_made_smaller_by_its_bitrate_and_a_replacement_is_transcoded_too() {
    let api = Api::start();
    let wav = std::fs::read(sources::speech(api.folder.path())).unwrap();
    let sid = api.container_sid(&json!({}));
    let big = json!({"container_sid": sid, "desired_format": "mp3", "desired_bitrate": 64});
    let big = api.file(&big, &wav);
    let mp3 = api.server.get(&path_of(&big["publish_uri"])).body;
    let small = json!({"container_sid": sid, "type": "audio", "desired_bitrate": "16"});
    let small = api.file(&small, &mp3);
    assert_eq!((&small["content_format"], &small["desired_bitrate"]), (&json!("mp3"), &json!(16)));
    assert!(small["file_bytes"].as_u64() < big["file_bytes"].as_u64().map(|n| n / 2));
    let path = format!("{FILES}/{}", text(&small["file_sid"]));
    let object = ("file_object", "", &br#"{"desired_format":"ulaw"}"#[..]);
    let data = ("data", "; filename=\"x.wav\"", &wav[..]);
    let replaced = api.form("PATCH", &path, &[object, data]);
    assert_eq!((replaced.status, &replaced.json()["content_format"]), (200, &json!("ulaw")));
    assert_eq!(replaced.json()["desired_bitrate"], json!(null));
}

#[test]
fn every_format_and_bit_rate_of_the_documentation_is_taken() {
    let api = Api::start();
    let wav = std::fs::read(sources::speech(api.folder.path())).unwrap();
    let sid = api.container_sid(&json!({"quota_files": null}));
    for (format, found) in [
        ("al", "alaw"),
        ("alaw", "alaw"),
        ("flac", "flac"),
        ("g722", "g722"),
        ("mp3", "mp3"),
        ("mp4", "mp4"),
        ("ogg", "ogg"),
        ("ul", "ulaw"),
        ("ulaw", "ulaw"),
        ("wav", "wav"),
    ] {
        let file = api
            .file(&json!({"container_sid": sid, "type": "audio", "desired_format": format}), &wav);
        assert_eq!(
            (&file["content_format"], &file["desired_format"]),
            (&json!(found), &json!(format))
        );
    }
    for bitrate in [8, 16, 24, 32, 40, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320] {
        let object =
            json!({"container_sid": sid, "desired_format": "mp3", "desired_bitrate": bitrate});
        assert_eq!(api.file(&object, &wav)["desired_bitrate"], bitrate);
    }
}

/// Six minutes, which no encoder is through with at once.
fn long_recording() -> Vec<u8> {
    wav(5_760_000, &noise(5_760_000))
}

#[test]
fn an_upload_waits_for_its_flac_or_mp4_however_long_that_takes() {
    let api = Api::start_with(&["--learn-timeout-ms", "1", "--transcode-threads", "1"]);
    let recording = long_recording();
    let sid = api.container_sid(&json!({}));
    let original = api.file(&json!({"container_sid": sid}), &recording);
    let path = path_of(&original["publish_uri"]);
    for format in ["flac", "mp4"] {
        let file = api.file(&json!({"container_sid": sid, "desired_format": format}), &recording);
        assert_eq!(file["content_format"], format);
        let stored = api.server.get(&path_of(&file["publish_uri"]));
        let published = api.server.range(&format!("{path}?f={format}"), "bytes=0-");
        assert!(stored.body == published.body, "{format}: other bytes");
    }
    let path = format!("{FILES}/{}", text(&original["file_sid"]));
    let object = ("file_object", "", &br#"{"desired_format":"mp4","desired_bitrate":32}"#[..]);
    let data = ("data", "; filename=\"x.wav\"", &recording[..]);
    let replaced = api.form("PATCH", &path, &[object, data]);
    assert_eq!((replaced.status, &replaced.json()["content_format"]), (200, &json!("mp4")));
}

#[test]
fn an_upload_whose_client_ends_its_side_while_it_is_transcoded_is_kept_whole() {
    let api = Api::start_with(&["--learn-timeout-ms", "50", "--transcode-threads", "1"]);
    let path =
        format!("{FILES}?container_sid={}&desired_format=mp4", api.container_sid(&json!({})));
    let recording = long_recording();
    let upload = api.server.request("POST", &path).token(&api.token);
    let upload = upload.header("Content-Type", "application/octet-stream").body(&recording);
    // Whether it left or only has nothing more to say can't be told: all that it had to say is here.
    drop(upload.send_part(recording.len()).unwrap());
    until("the upload is lost", || api.get(FILES).json()["total"] == 1);
    assert_eq!(api.get(FILES).json()["items"][0]["content_format"], "mp4");
    until("the upload's bytes stay", || api.server.drafts() == 0);
}

#[test]
fn a_transcode_past_the_quota_is_not_made_to_its_end() {
    let api = Api::start_with(&["--transcode-threads", "1"]);
    let sid = api.container_sid(&json!({"quota_bytes": 1_000_000}));
    let an_hour_of_silence = ["-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "3600"];
    let flac = ffmpeg(&[&an_hour_of_silence[..], &["-f", "flac", "-"]].concat());
    assert!(flac.len() < 1_000_000);
    let object = json!({"container_sid": sid, "desired_format": "wav"});
    assert_invalid(&api.upload(&object, &flac), "quota_bytes");
    // Nor is one that is to replace another.
    let file = api.file(&json!({"container_sid": sid}), b"text");
    let path = format!("{FILES}/{}", text(&file["file_sid"]));
    let object = ("file_object", "", &br#"{"desired_format":"wav"}"#[..]);
    let data = ("data", "; filename=\"x.flac\"", &flac[..]);
    for parts in [[object, data], [data, object]] {
        for method in ["PATCH", "PUT"] {
            assert_invalid(&api.form(method, &path, &parts), "quota_bytes");
        }
    }
    // Of five times 360 segments; five times seven are within the quota.
    let encoded = api.server.metric("tonearm_segments_encoded_total");
    assert!(encoded < 300, "{encoded} segments were made");
    until("something refused was left", || api.server.drafts() == 0);
}
