//! Uploads that go on where they were (tus 1.0.0): connections that break, senders that come again, and limits.

use super::*;
use crate::client::Request;
use crate::running::until;

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
