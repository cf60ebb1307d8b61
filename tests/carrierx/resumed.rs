//! Uploads that go on where they were (tus 1.0.0): connections that break, senders that come again, and limits.

use super::*;
use crate::client::Request;
use crate::running::{run, stdout, until};

const UPLOADS: &str = "/core/v2/storage/uploads";

/// `filename call.bin,string_key_1 caller`.
const METADATA: &str = "filename Y2FsbC5iaW4=,string_key_1 Y2FsbGVy";

fn tus(api: &Api, method: &str, path: &str) -> Request {
    api.server.request(method, path).token(&api.token).header("Tus-Resumable", "1.0.0")
}

fn begun(api: &Api, length: usize) -> Answer {
    let request = tus(api, "POST", UPLOADS).header("Upload-Length", &length.to_string());
    request.header("Upload-Metadata", METADATA).send()
}

/// The path of an upload of so many bytes.
fn begin(api: &Api, length: usize) -> String {
    let answer = begun(api, length);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let place = answer.header("location").expect("a place");
    format!("/core/v2/storage/{place}")
}

fn bring(api: &Api, path: &str, offset: usize, bytes: &[u8]) -> Request {
    let request = tus(api, "PATCH", path).header("Upload-Offset", &offset.to_string());
    request.header("Content-Type", "application/offset+octet-stream").body(bytes)
}

fn offset(answer: &Answer) -> usize {
    answer.header("upload-offset").expect("an offset").parse().expect("a number")
}

impl Api {
    /// With its server ended, and another one on its folder.
    fn again(self, args: &[&str], end: impl FnOnce(Server)) -> Self {
        let Self { folder, server, token } = self;
        end(server);
        let server = Server::start(&folder.path().join("data"), args);
        Self { folder, server, token }
    }

    /// Revokes the token of a name.
    fn revoke(&self, name: &str) {
        let data = self.server.data.to_str().unwrap();
        let listed = stdout(&run(&["token", "list", "--data", data]));
        let line = listed.lines().find(|line| line.contains(name)).expect("a token");
        let id = line.split_whitespace().next().expect("an id");
        assert!(run(&["token", "revoke", id, "--data", data]).status.success());
    }
}

#[test]
fn what_came_before_the_connection_broke_stays_and_the_rest_makes_it_a_file() {
    let api = Api::start();
    let bytes: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let path = begin(&api, bytes.len());
    let mut come = 0;
    // It breaks off again and again, each time later.
    for end in [1_000_000, 5_000_000, 9_000_001] {
        let rest = bring(&api, &path, come, &bytes[come..end]);
        drop(rest.send_part(bytes.len() - come).unwrap());
        until("what came stays", || {
            let answer = tus(&api, "HEAD", &path).send();
            assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
            offset(&answer) > come
        });
        come = offset(&tus(&api, "HEAD", &path).send());
        assert!(come <= end, "{come} of {end} bytes");
    }
    let last = bring(&api, &path, come, &bytes[come..]).send();
    assert_eq!((last.status, offset(&last)), (204, bytes.len()), "{}", last.text());
    // Also to a sender who never got that answer.
    let later = tus(&api, "HEAD", &path).send();
    let uri = later.header("x-file-uri").expect("a file");
    assert_eq!((Some(uri), offset(&later)), (last.header("x-file-uri"), bytes.len()));
    let file = format!("{FILES}{}", uri.strip_prefix("../files").expect("a file"));
    let object = api.get(&file).json();
    assert_eq!((&object["name"], &object["string_key_1"]), (&json!("call.bin"), &json!("caller")));
    assert!(api.get(&format!("{file}/data")).body == bytes);
    assert_eq!(api.server.drafts(), 0);
}

#[test]
fn a_sender_who_comes_again_does_not_wait_for_the_connection_that_hangs() {
    let api = Api::start();
    let path = begin(&api, 200_000);
    let hanging = bring(&api, &path, 0, &[7; 100_000]).send_part(200_000).unwrap();
    until("the first half came", || offset(&tus(&api, "HEAD", &path).send()) > 0);
    let come = offset(&tus(&api, "HEAD", &path).send());
    let rest = vec![7; 200_000 - come];
    assert_eq!(bring(&api, &path, come, &rest).send().status, 204);
    drop(hanging);
    assert_eq!(api.names(""), ["call.bin"]);
}

#[test]
fn an_upload_is_its_sender_s_alone_and_takes_what_was_announced_alone() {
    let api = Api::start();
    let path = begin(&api, 10);
    let refused = bring(&api, &path, 3, b"abc").send();
    assert_refused(&refused, 409, "Conflict", "Upload-Offset");
    let refused = bring(&api, &path, 0, b"more than ten").send();
    assert_refused(&refused, 413, "Payload Too Large", "body");
    let coded = bring(&api, &path, 0, b"abc").header("Content-Encoding", "gzip").send();
    assert_refused(&coded, 415, "Unsupported media type", "Content-Encoding");
    // `filename` of two lines.
    let named = tus(&api, "POST", UPLOADS).header("Upload-Length", "3");
    assert_invalid(&named.header("Upload-Metadata", "filename YQpi").send(), "name");
    let typed = tus(&api, "PATCH", &path).header("Upload-Offset", "0").body(b"abc").send();
    assert_eq!(typed.status, 415, "{}", typed.text());
    let unversioned = api.get(&path);
    assert_eq!(unversioned.status, 405, "{}", unversioned.text());
    let unversioned = api.server.request("HEAD", &path).token(&api.token).send();
    assert_eq!((unversioned.status, unversioned.header("tus-resumable")), (412, Some("1.0.0")));
    assert_eq!(unversioned.header("tus-version"), Some("1.0.0"));
    let other = api.server.new_token(&["--role", "admin"]);
    for method in ["HEAD", "DELETE"] {
        let request = api.server.request(method, &path).token(&other);
        assert_eq!(request.header("Tus-Resumable", "1.0.0").send().status, 404, "{method}");
    }
    for (name, value) in [("Upload-Length", "-1"), ("Upload-Length", "ten"), ("Nothing", "")] {
        assert_eq!(tus(&api, "POST", UPLOADS).header(name, value).send().status, 400, "{value}");
    }
    let told = tus(&api, "OPTIONS", UPLOADS).send();
    assert_eq!((told.status, told.header("tus-version")), (204, Some("1.0.0")));
    assert_eq!(bring(&api, &path, 0, b"0123456789").send().status, 204);
    assert_eq!(offset(&tus(&api, "HEAD", &path).send()), 10);
    assert_eq!(begun(&api, 0).status, 201, "nothing is a file, too");
    assert_eq!(api.names("").len(), 2);
}

#[test]
fn a_client_that_can_only_post_says_which_method_it_means() {
    let api = Api::start();
    let path = begin(&api, 6);
    let post = |method: &str| {
        let request = tus(&api, "POST", &path).header("X-HTTP-Method-Override", method);
        request
            .header("Upload-Offset", "0")
            .header("Content-Type", "application/offset+octet-stream")
    };
    let brought = post("PATCH").body(b"abc").send();
    assert_eq!((brought.status, offset(&brought)), (204, 3), "{}", brought.text());
    assert_eq!(offset(&post("HEAD").send()), 3);
    assert_eq!(post("PUT").send().status, 405);
    assert_eq!(post("DELETE").send().status, 204);
    assert_eq!(tus(&api, "HEAD", &path).send().status, 404);
}

#[test]
fn uploads_that_are_not_whole_are_bounded_and_gone_once_they_are_given_up() {
    let api = Api::start_with(&["--upload-bytes", "1000"]);
    assert_refused(&begun(&api, 1001), 413, "Payload Too Large", "Upload-Length");
    let large: Vec<_> = (0..4).map(|_| begin(&api, 1000)).collect();
    assert_invalid(&begun(&api, 1), "uploads");
    for path in &large {
        assert_eq!(tus(&api, "DELETE", path).send().status, 204);
        assert_eq!(tus(&api, "HEAD", path).send().status, 404);
    }
    assert_eq!(api.server.drafts(), 0);
    let small: Vec<_> = (0..32).map(|_| begin(&api, 1)).collect();
    assert_invalid(&begun(&api, 1), "uploads");
    // What is whole is none of them any more.
    assert_eq!(bring(&api, &small[0], 0, b"x").send().status, 204);
    assert_eq!(begun(&api, 1).status, 201);
    let narrow = api.container_sid(&json!({"quota_bytes": 5}));
    let said = format!("{METADATA},container_sid {}", access::base64(&narrow));
    let request = tus(&api, "POST", UPLOADS).header("Upload-Length", "6");
    assert_invalid(&request.header("Upload-Metadata", &said).send(), "quota_bytes");
}

#[test]
fn tus_js_client_brings_a_file_whole_over_connections_that_are_cut() {
    let api = Api::start();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/carrierx/tus.cjs");
    let task = json!({"address": api.server.address.to_string(), "token": api.token, "cuts": 6});
    let client = std::process::Command::new("node")
        .env("NODE_PATH", crate::running::tools().join("tus-js-client/node_modules"))
        .args([script, &task.to_string()])
        .output()
        .expect("node must be installed (scripts/setup does it)");
    let said = String::from_utf8_lossy(&client.stderr);
    assert!(client.status.success(), "{said}");
    assert_eq!(String::from_utf8_lossy(&client.stdout).trim(), "6");
    let listed = api.get(&format!("{FILES}?filter=name+eq+%22by+tus.bin%22")).json();
    assert_eq!(listed["total"], 1, "{listed}");
    let (file, whole) = (&listed["items"][0], b"tonearm ".repeat(2_500_000));
    assert_eq!(file["string_key_1"], "caller");
    assert!(api.get(&format!("{FILES}/{}/data", text(&file["file_sid"]))).body == whole);
}

/// The bytes that a test brings, no two pieces alike.
fn noise(length: usize) -> Vec<u8> {
    (0..length as u32 / 4).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

/// Waits until some of an upload came, and stayed.
fn come(api: &Api, path: &str) -> usize {
    until("nothing came", || offset(&tus(api, "HEAD", path).send()) > 0);
    offset(&tus(api, "HEAD", path).send())
}

#[test]
fn an_upload_goes_on_where_it_was_after_the_server_was_stopped_and_after_it_was_killed() {
    let mut api = Api::start();
    let bytes = noise(1_000_000);
    let path = begin(&api, bytes.len());
    let given_up = begin(&api, 10);
    assert_eq!(bring(&api, &path, 0, &bytes[..300_000]).send().status, 204);
    api = api.again(&[], Server::stop);
    assert_eq!(tus(&api, "DELETE", &given_up).send().status, 204);
    let told = tus(&api, "HEAD", &path).send();
    assert_eq!((told.status, offset(&told)), (200, 300_000));
    let hanging = bring(&api, &path, 300_000, &bytes[300_000..600_000]);
    let hanging = hanging.send_part(700_000).unwrap();
    until("the disk has nothing more", || {
        let tmp = std::fs::read_dir(api.server.data.join("tmp")).unwrap();
        tmp.flatten().any(|file| file.metadata().is_ok_and(|data| data.len() > 300_000))
    });
    api = api.again(&[], Server::kill);
    drop(hanging);
    assert_eq!(tus(&api, "HEAD", &given_up).send().status, 404);
    let other = api.server.new_token(&["--role", "admin"]);
    let theirs = api.server.request("HEAD", &path).token(&other).header("Tus-Resumable", "1.0.0");
    assert_eq!(theirs.send().status, 404);
    let at = come(&api, &path);
    assert!((300_001..=600_000).contains(&at), "{at}");
    let last = bring(&api, &path, at, &bytes[at..]).send();
    assert_eq!(last.status, 204, "{}", last.text());
    let file = api.get(&format!("{FILES}?filter=name+eq+call.bin")).json()["items"][0].clone();
    assert_eq!(file["string_key_1"], "caller");
    assert!(api.get(&format!("{FILES}/{}/data", text(&file["file_sid"]))).body == bytes);
    assert_eq!(api.server.drafts(), 0);
}

#[test]
fn what_an_earlier_server_left_counts_and_what_nobody_knows_of_is_removed() {
    let args = ["--upload-bytes", "1000"];
    let api = Api::start_with(&args);
    let large: Vec<_> = (0..4).map(|_| begin(&api, 1000)).collect();
    let tmp = api.server.data.join("tmp");
    let strange = ["draft-torn", "draft-gone.note", "draft-other", "draft-other.note"];
    let api = api.again(&args, |server| {
        server.kill();
        for name in strange {
            std::fs::write(tmp.join(name), "another boot\n{}").unwrap();
        }
    });
    assert!(strange.iter().all(|name| !tmp.join(name).exists()));
    assert_invalid(&begun(&api, 1), "uploads");
    for path in &large {
        assert_eq!(tus(&api, "DELETE", path).send().status, 204);
    }
    assert_eq!((begun(&api, 1).status, api.server.drafts()), (201, 2));
}

#[test]
fn an_upload_whose_bytes_somebody_removed_meanwhile_is_not_found_and_forgotten() {
    let api = Api::start();
    let path = begin(&api, 10);
    assert_eq!(bring(&api, &path, 0, b"abc").send().status, 204);
    let api = api.again(&[], Server::stop);
    for entry in std::fs::read_dir(api.server.data.join("tmp")).unwrap().flatten() {
        let is_note = entry.path().extension().is_some_and(|ending| ending == "note");
        assert!(is_note || std::fs::remove_file(entry.path()).is_ok());
    }
    let statuses = [bring(&api, &path, 3, b"defghij"), tus(&api, "HEAD", &path)];
    assert_eq!(statuses.map(|request| request.send().status), [404, 404]);
    assert_eq!(api.server.drafts(), 0);
}

#[test]
fn what_uppy_says_of_a_file_is_understood() {
    let api = Api::start();
    // As @uppy/tus 6.0.0 sends it of `call.wav`.
    let words = [
        "relativePath bnVsbA==",
        "name Y2FsbC5iaW4=",
        "type YXVkaW8vd2F2",
        "filetype YXVkaW8vd2F2",
    ];
    let begun = tus(&api, "POST", UPLOADS).header("Upload-Length", "3");
    let begun = begun
        .header("Upload-Metadata", &format!("{},filename Y2FsbC5iaW4=", words.join(",")))
        .send();
    assert_eq!(begun.status, 201, "{}", begun.text());
    let path = format!("/core/v2/storage/{}", begun.header("location").expect("a place"));
    assert_eq!(bring(&api, &path, 0, b"abc").send().status, 204);
    let file = api.get(FILES).json()["items"][0].clone();
    let said = ["name", "mime_type", "type"].map(|name| file[name].clone());
    assert_eq!(said, ["call.bin", "audio/wav", "file"].map(Value::from));
}

#[test]
fn senders_that_race_for_an_upload_make_one_file_of_it_and_a_deletion_ends_them() {
    let api = Api::start();
    let bytes = noise(400_000);
    let path = begin(&api, bytes.len());
    let answers: Vec<_> = std::thread::scope(|scope| {
        let race = || bring(&api, &path, 0, &bytes).try_send().map(|answer| answer.status);
        let racers: Vec<_> = (0..6).map(|_| scope.spawn(race)).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let known = |status: &u16| [204, 409].contains(status);
    assert!(answers.iter().flatten().all(known), "{answers:?}");
    let at = offset(&tus(&api, "HEAD", &path).send());
    assert_eq!(bring(&api, &path, at, &bytes[at..]).send().status, 204);
    let listed = api.get(&format!("{FILES}?filter=name+eq+call.bin")).json();
    assert_eq!(listed["total"], 1);
    let data = format!("{FILES}/{}/data", text(&listed["items"][0]["file_sid"]));
    assert!(api.get(&data).body == bytes, "pieces of several senders were mixed");
    let path = begin(&api, 200_000);
    let hanging = bring(&api, &path, 0, &[7; 100_000]).send_part(200_000).unwrap();
    come(&api, &path);
    assert_eq!(tus(&api, "DELETE", &path).send().status, 204);
    drop(hanging);
    assert_eq!(bring(&api, &path, 0, b"x").send().status, 404);
    assert_eq!((api.server.drafts(), api.names("").len()), (0, 1));
}

#[test]
fn a_token_that_is_revoked_ends_its_uploads_and_what_is_said_comes_back_as_it_was_said() {
    let api = Api::start();
    let agent = api.server.new_token(&["--role", "agent", "--name", "uploader"]);
    let by = |method: &str, path: &str| {
        api.server.request(method, path).token(&agent).header("Tus-Resumable", "1.0.0")
    };
    let create = |metadata: &str| {
        let create = by("POST", UPLOADS).header("Upload-Length", "10");
        create.header("Upload-Metadata", metadata).send()
    };
    let begun = create(METADATA);
    let path = format!("/core/v2/storage/{}", begun.header("location").expect("a place"));
    let told = by("HEAD", &path).send();
    assert_eq!(told.header("upload-metadata"), Some(METADATA));
    for (metadata, status) in [
        ("filename !!!", 400),
        ("filename /w==", 400),
        ("nothing_known YQ==", 422),
        ("filename YQ==,container_sid bm9uZQ==", 422),
        (&format!("filename {}", "YWFh".repeat(2000)), 422),
        (&"x ,".repeat(2000), 201),
        ("", 201),
    ] {
        assert_eq!(create(metadata).status, status, "{:.60}", metadata);
    }
    api.revoke("uploader");
    let later = by("PATCH", &path).header("Upload-Offset", "0");
    let later = later.header("Content-Type", "application/offset+octet-stream").body(b"0123456789");
    assert_eq!((later.send().status, by("HEAD", &path).send().status), (401, 401));
    assert!(api.names("").is_empty());
}

#[test]
fn many_small_files_come_one_after_the_other_and_the_eldest_are_forgotten_first() {
    /// More than are remembered.
    const MANY: usize = 520;
    let api = Api::start();
    let path = |answer: &Answer| {
        assert_eq!(answer.status, 201, "{}", answer.text());
        format!("/core/v2/storage/{}", answer.header("location").expect("a place"))
    };
    let paths: Vec<_> = (0..MANY).map(|_| path(&begun(&api, 0))).collect();
    assert_eq!(tus(&api, "HEAD", &paths[0]).send().status, 404);
    assert_eq!(tus(&api, "HEAD", &paths[MANY - 1]).send().status, 200);
    assert_eq!(api.get(&format!("{FILES}?limit=1")).json()["total"], MANY);
}
