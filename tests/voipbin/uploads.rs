//! What comes in: the fields of the form, their defaults, and what is refused.

use super::*;
use crate::client::{FILE_NAMES, form_of};

const MEMBERS: [&str; 19] = [
    "id",
    "customer_id",
    "owner_type",
    "owner_id",
    "reference_type",
    "reference_id",
    "type",
    "name",
    "detail",
    "filename",
    "filesize",
    "size",
    "mime_type",
    "uri_download",
    "download_url",
    "tm_download_expire",
    "tm_create",
    "tm_update",
    "tm_delete",
];

/// `2024-05-27 07:55:16.515315`.
fn is_plain_time(value: &Value) -> bool {
    let time = text(value);
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00 00:00:00.000000" && !time.starts_with("9999")
}

#[test]
fn a_file_has_the_fields_of_both_generations_and_reads_as_it_was_answered() {
    let api = Api::start();
    let reference = "7b2b1a30-1111-4222-8333-444455556666";
    let fields = [
        ("name", "Böse \"Zeichen\" \u{2028}"),
        ("detail", "two\nlines"),
        ("type", "rag"),
        ("reference_type", "normal"),
        ("reference_id", reference),
    ];
    let made = api.file("my song.wav", &chime(), &fields);
    let mut members: Vec<_> = made.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = MEMBERS.to_vec();
    members.sort_unstable();
    expected.sort_unstable();
    assert_eq!(members, expected);
    for (member, value) in [
        ("name", json!("Böse \"Zeichen\" \u{2028}")),
        ("detail", json!("two\nlines")),
        ("type", json!("rag")),
        ("reference_type", json!("normal")),
        ("reference_id", json!(reference)),
        ("owner_type", json!("agent")),
        ("filename", json!("my song.wav")),
        ("filesize", json!(chime().len())),
        ("size", json!(chime().len())),
        ("mime_type", json!("audio/x-wav")),
        ("tm_update", json!(NEVER)),
        ("tm_delete", json!(NEVER)),
    ] {
        assert_eq!(made[member], value, "{member}");
    }
    assert_eq!(made["uri_download"], made["download_url"]);
    assert_ne!(text(&made["owner_id"]), NIL);
    assert_eq!(made["customer_id"], api.get(ACCOUNT).json()["id"]);
    assert!(is_plain_time(&made["tm_create"]) && is_plain_time(&made["tm_download_expire"]));
    assert_eq!(api.get(&path_of_file(&made)).json(), made);
    assert_eq!(api.get(&path_of_file(&made).replace("storage_files", "files")).json(), made);
    assert_eq!(api.get(FILES).json()["result"], json!([made]));
}

#[test]
fn what_is_not_said_has_the_defaults_of_its_routes() {
    let api = Api::start();
    let plain = api.file("a.txt", b"a", &[]);
    for (member, value) in
        [("type", ""), ("name", ""), ("detail", ""), ("reference_type", ""), ("reference_id", NIL)]
    {
        assert_eq!(text(&plain[member]), value, "{member}");
    }
    let talk = api.file_by(&api.agent, AGENTS, "b.txt", b"b", &[]);
    for (member, value) in [("type", "talk"), ("name", "b.txt"), ("detail", "Uploaded by agent")] {
        assert_eq!(text(&talk[member]), value, "{member}");
    }
    let fields = [("type", ""), ("name", ""), ("detail", "x"), ("reference_type", "none")];
    let said = api.file_by(&api.agent, AGENTS, "c.txt", b"c", &fields);
    for (member, value) in [("type", ""), ("name", ""), ("detail", "x"), ("reference_type", "")] {
        assert_eq!(text(&said[member]), value, "{member}");
    }
    for kind in ["", "rag", "talk", "recording"] {
        assert_eq!(text(&api.file("d", b"d", &[("type", kind)])["type"]), kind);
    }
    for kind in ["", "normal", "recording"] {
        let made = api.file("d", b"d", &[("reference_type", kind), ("reference_id", "")]);
        assert_eq!(
            (text(&made["reference_type"]), text(&made["reference_id"])),
            (kind.into(), NIL.into())
        );
    }
}

#[test]
fn fields_stand_in_any_order_and_unknown_ones_are_ignored() {
    let api = Api::start();
    let large = vec![b'x'; 300_000];
    let fields: [Part<'_>; 4] = [
        ("unknown", "", &large),
        ("file", "; filename=\"C:\\\\music\\\\a.bin\"", b"abc"),
        ("other", "; filename=\"o.bin\"", &large),
        ("type", "", b"recording"),
    ];
    let made = api.form(&api.manager, FILES, &fields).json();
    assert_eq!(
        (text(&made["type"]), text(&made["filename"])),
        ("recording".into(), "a.bin".into())
    );
    assert_eq!(made["filesize"], 3);
}

#[test]
fn a_form_that_is_not_right_is_refused_by_its_field_and_leaves_nothing() {
    let api = Api::start();
    let file: Part<'_> = ("file", "; filename=\"a.bin\"", b"abc");
    let long = "ä".repeat(256);
    let longer = "x".repeat(4097);
    for (field, value, reason) in [
        ("type", &b"music"[..], "INVALID_FILE_TYPE"),
        ("type", b"RAG", "INVALID_FILE_TYPE"),
        ("reference_type", b"call", "INVALID_REQUEST_PARAMETER"),
        ("reference_id", b"17", "INVALID_REQUEST_PARAMETER"),
        ("name", long.as_bytes(), "INVALID_REQUEST_PARAMETER"),
        ("name", b"\xff", "INVALID_REQUEST_PARAMETER"),
        ("name", b"a\0b", "INVALID_REQUEST_PARAMETER"),
        ("detail", longer.as_bytes(), "INVALID_REQUEST_PARAMETER"),
    ] {
        for fields in [[file, (field, "", value)], [(field, "", value), file]] {
            for (token, path) in [(&api.manager, FILES), (&api.agent, AGENTS)] {
                assert_invalid(&api.form(token, path, &fields), reason, field);
            }
        }
    }
    let huge = vec![b'x'; 2_000_000];
    let upload = |fields: &[Part<'_>]| api.form(&api.manager, FILES, fields);
    assert_invalid(&upload(&[file, ("name", "", &huge)]), "INVALID_FILE_UPLOAD", "name");
    assert_invalid(&upload(&[]), "INVALID_FILE_UPLOAD", "file");
    assert_invalid(&upload(&[("name", "", b"x")]), "INVALID_FILE_UPLOAD", "file");
    assert_invalid(&upload(&[file, file]), "INVALID_FILE_UPLOAD", "file");
    let raw = |kind: &str, body: &[u8]| {
        let request = api.ask(&api.manager, "POST", FILES).header("Content-Type", kind);
        request.body(body).send()
    };
    assert_invalid(&raw("audio/x-wav", b"abc"), "INVALID_FILE_UPLOAD", "Content-Type");
    assert_invalid(&raw("application/json", b"{}"), "INVALID_FILE_UPLOAD", "Content-Type");
    let cut = b"--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc";
    let kind = "multipart/form-data; boundary=cut";
    assert_invalid(&raw(kind, cut), "INVALID_FILE_UPLOAD", "body");
    let coded = api.ask(&api.manager, "POST", FILES).header("Content-Encoding", "gzip");
    let coded = coded.header("Content-Type", kind).body(b"abc").send();
    assert_invalid(&coded, "INVALID_FILE_UPLOAD", "Content-Encoding");
    assert_eq!(coded.header("accept-encoding"), Some("identity"));
    assert_eq!(api.get(FILES).json(), json!({"result": [], "next_page_token": ""}));
    assert_eq!(api.carrierx_containers(), Vec::<Value>::new());
    assert_eq!(api.get(ACCOUNT).json()["total_size"], 0);
}

#[test]
fn too_large_an_upload_and_one_that_stands_still_are_told_in_the_apis_words() {
    let api = Api::start_with(&["--upload-bytes", "1000", "--upload-timeout-ms", "300"]);
    let large = vec![b'x'; 2000];
    let fields: [Part<'_>; 1] = [("file", "; filename=\"a\"", &large)];
    assert_invalid(&api.form(&api.manager, FILES, &fields), "INVALID_FILE_UPLOAD", "body");
    let request = api.ask(&api.manager, "POST", FILES);
    let request = request.header("Content-Type", "multipart/form-data; boundary=cut");
    let mut stalled = request.body(b"--cut\r\n").send_part(500).unwrap();
    let answer = crate::client::read_answer(&mut stalled, false).unwrap();
    assert_refused(&answer, 503, "UNAVAILABLE", "REQUEST_TIMEOUT");
}

#[test]
fn uploads_go_to_a_container_of_the_apis_name_without_quotas_and_unpublished() {
    let api = Api::start();
    let first = api.file("a.wav", &chime(), &[]);
    api.file_by(&api.agent, AGENTS, "b.wav", &chime(), &[]);
    let containers = api.carrierx_containers();
    let [container] = containers.as_slice() else { panic!("{containers:?}") };
    for (attribute, value) in [
        ("name", json!("voipbin")),
        ("quota_bytes", Value::Null),
        ("quota_files", Value::Null),
        ("default_file_publish", json!("none")),
        ("total_files", json!(2)),
    ] {
        assert_eq!(container[attribute], value, "{attribute}");
    }
    assert_eq!(api.server.get(&format!("/f/{}", text(&first["id"]))).status, 404);
}

#[test]
fn a_file_has_the_name_that_its_sender_gave_it_in_whatever_way() {
    let api = Api::start();
    for (more, name) in FILE_NAMES {
        let request = api.ask(&api.agent, "POST", AGENTS);
        let request = request.header("Content-Type", "multipart/form-data; boundary=cut");
        let made = request.body(&form_of("file", more, b"x")).send();
        assert_eq!(made.status, 200, "{}", made.text());
        let made = made.json();
        assert_eq!((&made["filename"], &made["name"]), (&json!(name), &json!(name)));
    }
}

#[test]
fn no_bytes_are_a_file_under_a_name_alone() {
    let api = Api::start();
    for more in ["", "; filename=\"\""] {
        let refused = api.form(&api.manager, FILES, &[("file", more, b""), ("name", "", b"a")]);
        assert_invalid(&refused, "INVALID_FILE_UPLOAD", "file");
    }
    assert_eq!(api.get(ACCOUNT).json()["file_count"], 0);
    assert_eq!(api.file("e.bin", b"", &[])["filesize"], 0);
}

#[test]
fn a_refusal_names_what_stands_in_the_way() {
    let api = Api::start();
    api.file("a", b"a", &[]);
    let sid = text(&api.carrierx_containers()[0]["container_sid"]);
    let path = format!("/core/v2/storage/containers/{sid}");
    let full = api.json(&api.manager, "PATCH", &path, "{\"quota_files\": 1}");
    assert_eq!(full.status, 200, "{}", full.text());
    let refused = api.form(&api.manager, FILES, &[("file", "; filename=\"b\"", b"b")]);
    assert_refused(&refused, 429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED");
    assert!(refused.text().contains("quota_files is 1"), "{}", refused.text());
    let file: Part<'_> = ("file", "; filename=\"b\"", b"b");
    let refused = api.form(&api.manager, FILES, &[file, ("name", "", b"a\0b")]);
    assert!(refused.text().contains("but tabs and line breaks"), "{}", refused.text());
}
