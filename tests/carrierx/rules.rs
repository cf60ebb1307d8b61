//! The rules at their edges, under concurrency and after a crash.

use super::*;
use crate::judge;
use crate::running::until;
use std::time::Duration;

impl Api {
    fn container_now(&self, sid: &str) -> Value {
        self.get(&format!("{CONTAINERS}/{sid}")).json()
    }

    /// Uploads so many at once; how many came in.
    fn race(&self, object: &Value, uploads: usize) -> usize {
        std::thread::scope(|scope| {
            let upload = |_| scope.spawn(|| self.upload(object, b"1234").status);
            let racers: Vec<_> = (0..uploads).map(upload).collect();
            racers.into_iter().filter_map(|r| r.join().ok()).filter(|status| *status == 201).count()
        })
    }
}

#[test]
fn quotas_hold_to_the_last_byte_and_file() {
    let api = Api::start();
    let sid = api.container_sid(&json!({"quota_bytes": 10, "quota_files": 3}));
    let object = json!({"container_sid": sid});
    api.file(&object, b"123456");
    assert_invalid(&api.upload(&object, b"12345"), "quota_bytes");
    api.file(&object, b"1234");
    assert_eq!(api.container_now(&sid)["available_bytes_percent"], 0);
    let empty = api.file(&object, b"");
    assert_eq!(empty["file_bytes"], 0);
    assert_invalid(&api.upload(&object, b""), "quota_files");
    let path = format!("{FILES}/{}", text(&empty["file_sid"]));
    assert_invalid(&api.form("PATCH", &path, &[("data", "", b"x")]), "quota_bytes");
    assert_eq!(api.delete(&path).status, 204);
    let now = api.container_now(&sid);
    assert_eq!((&now["total_files"], &now["total_bytes"]), (&json!(2), &json!(10)));
    assert_eq!(api.server.drafts(), 0, "something refused was left");
}

#[test]
fn of_those_who_race_for_the_last_slot_one_wins() {
    let api = Api::start();
    for round in 0..5 {
        let sid = api.container_sid(&json!({"quota_files": 1}));
        assert_eq!(api.race(&json!({"container_sid": sid}), 6), 1, "files, round {round}");
        let sid = api.container_sid(&json!({"quota_bytes": 7, "quota_files": null}));
        assert_eq!(api.race(&json!({"container_sid": sid}), 6), 1, "bytes, round {round}");
        let sid = api.container_sid(&json!({}));
        let unique = json!({"container_sid": sid, "unique": true, "string_key_1": "k"});
        assert_eq!(api.race(&unique, 6), 1, "keys, round {round}");
        let object = json!({"threshold_action": "reject", "threshold_files": 2});
        let sid = api.container_sid(&object);
        assert_eq!(api.race(&json!({"container_sid": sid}), 6), 2, "threshold, round {round}");
        let now = api.container_now(&sid);
        assert_eq!((&now["total_files"], &now["total_bytes"]), (&json!(2), &json!(8)));
    }
}

#[test]
fn nothing_is_counted_twice_after_a_crash() {
    let mut api = Api::start();
    let sid = api.container_sid(&json!({"quota_files": null}));
    let object = json!({"container_sid": sid});
    let path = format!("{FILES}?container_sid={sid}");
    for _ in 0..3 {
        let (address, token) = (api.server.address, api.token.clone());
        let writers: Vec<_> = (0..4)
            .map(|_| {
                let (path, token) = (path.clone(), token.clone());
                std::thread::spawn(move || {
                    for _ in 0..200 {
                        let request = crate::client::Request::new(address, "POST", &path);
                        if request.token(&token).body(b"1234").try_send().is_err() {
                            return;
                        }
                    }
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(150));
        let data = api.server.data.clone();
        api.server.signal("KILL");
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        // Its connections are closed a moment before it has let go of the folder.
        api.server.wait();
        api.server = Server::start(&data, &[]);
        let now = api.container_now(&sid);
        let there = api.get(&format!("{FILES}?filter=container_sid+eq+{sid}&limit=0")).json();
        assert_eq!(now["total_files"], there["total"]);
        assert_eq!(now["total_bytes"].as_u64(), there["total"].as_u64().map(|files| files * 4));
        assert_eq!(now["threshold_total_files"], there["total"]);
    }
    let before = api.container_now(&sid)["total_files"].as_u64().unwrap();
    api.file(&object, b"1234");
    assert_eq!(api.container_now(&sid)["total_files"], before + 1);
}

#[test]
fn reject_takes_files_until_the_grace_period_is_over() {
    let api = Api::start();
    let rules = json!({"threshold_action": "reject", "threshold_files": 2});
    let sid = api.container_sid(&rules);
    let object = json!({"container_sid": sid});
    let uncounted = json!({"container_sid": sid, "threshold_include": false});
    api.file(&uncounted, b"x");
    let first = api.file(&object, b"x");
    api.file(&object, b"x");
    assert_invalid(&api.upload(&object, b"x"), "threshold_files");
    assert_eq!(api.container_now(&sid)["threshold_available_files_percent"], 0);
    assert_eq!(api.container_now(&sid)["threshold_total_files"], 2);
    let path = format!("{CONTAINERS}/{sid}");
    // The grace period counts from when the threshold was reached, above.
    assert_eq!(api.send("PATCH", &path, &json!({"threshold_grace_period": 300})).status, 200);
    api.file(&object, b"x");
    assert_eq!(api.send("PATCH", &path, &json!({"threshold_grace_period": 0})).status, 200);
    assert_invalid(&api.upload(&object, b"x"), "threshold_files");
    api.send("PATCH", &path, &json!({"threshold_grace_period": 1}));
    std::thread::sleep(Duration::from_millis(1100));
    assert_invalid(&api.upload(&object, b"x"), "threshold_files");
    for file in [
        first,
        api.get(&format!("{FILES}?filter=threshold_include+eq+true")).json()["items"][0].clone(),
    ] {
        api.delete(&format!("{FILES}/{}", text(&file["file_sid"])));
    }
    api.send(
        "PATCH",
        &path,
        &json!({"threshold_grace_period": 0, "threshold_bytes": 1, "threshold_files": null}),
    );
    assert_invalid(&api.upload(&object, b"x"), "threshold_bytes");
}

#[test]
fn delete_lru_makes_room_by_last_access_and_spares_what_does_not_count() {
    let api = Api::start();
    let rules = json!({"threshold_action": "delete_lru", "threshold_files": 5, "threshold_files_target": 3});
    let sid = api.container_sid(&rules);
    let object = |name: &str| json!({"container_sid": sid, "name": name});
    let mut spared = object("spared");
    spared["threshold_include"] = json!(false);
    api.file(&spared, b"x");
    let files: Vec<_> =
        ["a", "b", "c", "d"].map(|name| api.file(&object(name), name.as_bytes())).into();
    let link = |i: usize| format!("{FILES}/{}/data", text(&files[i]["file_sid"]));
    assert_eq!(api.get(&link(0)).status, 200);
    api.file(&object("e"), b"e");
    let left = api.names(&format!("filter=container_sid+eq+{sid}"));
    assert_eq!(left, ["spared", "a", "d", "e"]);
    assert_eq!(api.get(&link(1)).status, 404);
    let blobs = |name: &str| {
        let hash = blake3::hash(name.as_bytes()).to_hex();
        api.server.objects().iter().any(|object| object.starts_with(&*hash))
    };
    assert_eq!([blobs("a"), blobs("b"), blobs("c"), blobs("e")], [true, false, false, true]);
    let path = format!("{CONTAINERS}/{sid}");
    let by_bytes = json!({"threshold_files": null, "threshold_files_target": null,
        "threshold_bytes": 10, "threshold_bytes_target": 8});
    assert_eq!(api.send("PATCH", &path, &by_bytes).status, 200);
    api.file(&object("f"), b"1234567");
    assert_eq!(api.names(&format!("filter=container_sid+eq+{sid}")), ["spared", "e", "f"]);
    assert_eq!(api.container_now(&sid)["threshold_total_bytes"], 8);
}

#[test]
fn delete_lru_spares_what_was_played_a_moment_ago() {
    let api = Api::start();
    let rules = json!({"threshold_action": "delete_lru", "threshold_files": 4, "threshold_files_target": 2});
    let sid = api.container_sid(&rules);
    let put = |name: &str| api.file(&json!({"container_sid": sid, "name": name}), name.as_bytes());
    let played = put("played");
    let [_, _] = ["b", "c"].map(put);
    assert_eq!(api.server.get(&path_of(&played["publish_uri"])).status, 200);
    put("d");
    assert_eq!(api.names(&format!("filter=container_sid+eq+{sid}")), ["played", "d"]);
}

#[test]
fn a_lifecycle_ends_the_link_at_once_and_the_file_soon() {
    let api = Api::start();
    let sid = api.container_sid(
        &json!({"default_file_lifecycle_action": "delete", "default_file_lifecycle_ttl": 1}),
    );
    let file = api.file(&json!({"container_sid": sid}), b"x");
    let kept = api.file(&json!({"container_sid": sid, "lifecycle_ttl": -1}), b"y");
    let idle = api.file(&json!({"container_sid": sid, "lifecycle_action": "no_action"}), b"z");
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(api.server.get(&path_of(&file["publish_uri"])).status, 404);
    let path = format!("{FILES}/{}", text(&file["file_sid"]));
    until("it is not swept", || api.get(&path).status == 404);
    for file in [kept, idle] {
        assert_eq!(api.server.get(&path_of(&file["publish_uri"])).status, 200);
    }
    assert_eq!(api.container_now(&sid)["total_files"], 2);
}

#[test]
fn unique_files_of_a_container_differ_in_their_keys() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let mut object =
        json!({"container_sid": sid, "unique": true, "integer_key_2": 5, "string_key_1": "k"});
    let first = api.file(&object, b"x");
    let second = api.upload(&object, b"y");
    assert_invalid(&second, "unique");
    let error = &second.json()["errors"][0];
    assert_eq!(error["message"], "file with the same set of keys already exists");
    assert_eq!(error["reference_sid"], first["file_sid"]);
    for key in [
        "integer_key_1",
        "integer_key_2",
        "string_key_1",
        "string_key_2",
        "string_key_3",
        "string_key_4",
    ] {
        let mut other = object.clone();
        other[key] = json!(null);
        other[key] = if key.starts_with('i') { json!(77) } else { json!("other") };
        api.file(&other, b"x");
    }
    object["unique"] = json!(false);
    let plain = api.file(&object, b"x");
    let path = format!("{FILES}/{}", text(&plain["file_sid"]));
    assert_invalid(&api.send("PATCH", &path, &json!({"unique": true})), "unique");
    object["unique"] = json!(true);
    object["container_sid"] = json!(api.container_sid(&json!({})));
    api.file(&object, b"x");
}

#[test]
fn a_type_that_is_not_declared_is_told_by_the_bytes_and_then_by_the_name() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let speech = sources::speech(api.folder.path());
    let made = api.folder.path().join("made.m4a");
    judge::ffmpeg(&["-i", speech.to_str().unwrap(), "-c:a", "aac", made.to_str().unwrap()]);
    let m4a = std::fs::read(made).unwrap();
    // Of a codec that isn't read, without and with a picture beside it.
    let at = m4a.windows(8).position(|w| w == *b"mp4a\0\0\0\0").unwrap();
    let unread = [&m4a[..at], b"xxxx", &m4a[at + 4..]].concat();
    let at = m4a.windows(4).position(|w| w == *b"soun").unwrap();
    let film = [&unread[..at], b"vide", &unread[at + 4..]].concat();
    let samples: [(&str, &[u8], &str); 15] = [
        ("a", &m4a, "audio/mp4"),
        ("a.mp4", &unread, "audio/mp4"),
        ("a.mp4", &film, "video/mp4"),
        ("a.m4a", b"\x01\x02\x03\xfe", "audio/mp4"),
        ("a.amr", b"#!AMR\n\x3c\0\0\0", "audio/amr"),
        ("a.mp3", b"#!AMR-WB\n\x4c\0", "audio/amr-wb"),
        ("a.3gp", b"\0\0\0\x14ftyp3gp4\0\0\0\0isom\0\0\0\x08mdat", "audio/3gpp"),
        ("a.caf", b"caff\0\x01\0\0desc", "audio/x-caf"),
        ("a.wma", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", "audio/x-ms-wma"),
        ("a.wmv", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", "video/x-ms-wmv"),
        ("a.aac", b"\x01\x02\x03\xfe", "audio/aac"),
        ("a.bin", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
        ("a.bin", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf"),
        ("a.html", b"<!DOCTYPE html><script>1</script>", "application/octet-stream"),
        ("a.alaw", &[0xd5; 800], "audio/pcma"),
    ];
    for (name, bytes, media_type) in samples {
        let file = api.file(&json!({"container_sid": sid, "name": name}), bytes);
        assert_eq!(file["mime_type"], media_type, "{name}");
    }
}

#[test]
fn classification_goes_by_content_and_not_by_name() {
    let api = Api::start();
    let wav = std::fs::read(sources::speech(api.folder.path())).unwrap();
    let elf = std::fs::read(env!("CARGO_BIN_EXE_tonearm")).unwrap()[..5000].to_vec();
    let samples: [(&str, &[u8], &str); 11] = [
        ("song.mp3", &elf, "executable"),
        ("raw.ulaw", &elf, "executable"),
        ("run.txt", b"#!/bin/sh\nrm x\n", "executable"),
        ("program.exe", &wav, "media"),
        ("photo.wav", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "media"),
        ("x.wav", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "document"),
        (
            "x.wav",
            b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0a",
            "archive",
        ),
        ("x.wav", &[0x13, 0x37, 0, 0xff, 0xfe, 1, 2, 3], "unknown"),
        // Phones' recordings, which begin like shell scripts.
        ("x.amr", b"#!AMR\n\x3c\0\0\0\0\0\0\0\0\0\0\0\0\0", "media"),
        ("x.awb", b"#!AMR-WB\n\x4c\0\0\0\0\0", "media"),
        ("x.silk", b"\x02#!SILK_V3\x10\0\x01\x02", "media"),
    ];
    let all = ["archive", "document", "executable", "media", "unknown"];
    let open = api.container_sid(&json!({}));
    for (name, bytes, class) in samples {
        let file = api.file(&json!({"container_sid": open, "name": name}), bytes);
        assert_eq!(file["content_classification"], class, "{name}");
    }
    for class in all {
        let blocking = api.container_sid(&json!({"blocked_classifications": [class]}));
        let allowing = api.container_sid(&json!({"allowed_classifications": [class]}));
        let both = json!({"blocked_classifications": [class], "allowed_classifications": [class]});
        let both = api.container_sid(&both);
        for (name, bytes, found) in samples {
            let put = |sid: &str| api.upload(&json!({"container_sid": sid, "name": name}), bytes);
            let (blocked, allowed) = (put(&blocking), put(&allowing));
            let refused = if found == class { &blocked } else { &allowed };
            let taken = if found == class { &allowed } else { &blocked };
            assert_eq!(taken.status, 201, "{name} in {class}: {}", taken.text());
            assert_invalid(refused, "content_classification");
            assert_invalid(&put(&both), "content_classification");
        }
    }
}
