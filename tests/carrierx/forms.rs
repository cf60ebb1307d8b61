//! Forms: their parts in any order, and forms that are torn or made to hurt.

use super::*;
use crate::client::{FILE_NAMES, Request, form_of, read_answer};

#[test]
fn the_parts_come_in_either_order_and_the_file_must_come() {
    let api = Api::start();
    let object = json!({"container_sid": api.container_sid(&json!({}))}).to_string();
    let object = ("file_object", "", object.as_bytes());
    let data = ("data", "; filename=\"n.bin\"", &b"x"[..]);
    let file = api.form("POST", FILES, &[data, object]);
    assert_eq!((file.status, &file.json()["name"]), (201, &json!("n.bin")));
    assert_invalid(&api.form("POST", FILES, &[object]), "data");
    let surprise = ("surprise", "", &b"x"[..]);
    assert_invalid(&api.form("POST", FILES, &[surprise, data]), "surprise");
    assert_refused(&api.form("POST", FILES, &[data, data]), 400, "Bad Request", "data");
    let wrong = ("file_object", "", &b"{"[..]);
    let known = "No JSON object could be decoded";
    assert_refused(&api.form("POST", FILES, &[wrong, data]), 400, known, "file_object");
    let large = ("file_object", "", &[b' '; 1_048_577][..]);
    let refused = api.form("POST", FILES, &[large, data]);
    assert_refused(&refused, 413, "Payload Too Large", "file_object");
    let torn = api.server.request("POST", FILES).token(&api.token);
    let torn = torn.header("Content-Type", "multipart/form-data; boundary=cut");
    let body = b"--cut\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\nhalf";
    assert_refused(&torn.body(body).send(), 400, "Bad Request", "body");
    assert_eq!(api.get(FILES).json()["total"], 1);
}

/// A form that is not what its Content-Type says, before it is sent.
fn torn_form(api: &Api, method: &str, path: &str, body: &[u8]) -> Request {
    let request = api.server.request(method, path).token(&api.token);
    request.header("Content-Type", "multipart/form-data; boundary=never").body(body)
}

#[test]
fn a_form_without_its_boundary_is_refused_before_it_is_taken_into_memory() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let path =
        format!("{FILES}/{}", text(&api.file(&json!({"container_sid": sid}), b"x")["file_sid"]));
    let before = api.server.most_memory_bytes();
    for (method, path) in [("POST", FILES), ("PATCH", &path), ("PUT", &path)] {
        let refused = torn_form(&api, method, path, &vec![7; 64_000_000]).send();
        assert_refused(&refused, 400, "Bad Request", "body");
        assert!(refused.text().contains("boundary=never"), "{}", refused.text());
        // The rest of it is not waited for.
        let begun = torn_form(&api, method, path, &vec![7; 2_000_000]).send_part(64_000_000);
        let refused = read_answer(&mut begun.unwrap(), false).unwrap();
        assert_refused(&refused, 400, "Bad Request", "body");
    }
    let taken = api.server.most_memory_bytes() - before;
    assert!(taken < 16_000_000, "{taken} bytes of memory");
    assert_eq!(api.server.drafts(), 0);
}

#[test]
fn the_head_of_a_part_has_an_end() {
    let api = Api::start();
    let head = b"--never\r\nContent-Disposition: form-data; name=\"";
    let endless = [&head[..], &vec![b'x'; 2_000_000]].concat();
    let begun = torn_form(&api, "POST", FILES, &endless).send_part(64_000_000);
    let refused = read_answer(&mut begun.unwrap(), false).unwrap();
    assert_refused(&refused, 400, "Bad Request", "body");
}

#[test]
fn large_parts_are_taken_in_either_order_and_an_unknown_one_is_refused_at_once() {
    let api = Api::start();
    let object = json!({"container_sid": api.container_sid(&json!({}))}).to_string();
    let object = ("file_object", "", object.as_bytes());
    let bytes: Vec<u8> = (0..5_000_000_u32).map(|n| (n >> 8) as u8).collect();
    let data = ("data", "", &bytes[..]);
    for parts in [[object, data], [data, object]] {
        let file = api.form("POST", FILES, &parts);
        assert_eq!(file.status, 201, "{}", file.text());
        let path = format!("{FILES}/{}/data", text(&file.json()["file_sid"]));
        assert!(api.get(&path).body == bytes, "other bytes");
    }
    let refused = api.form("POST", FILES, &[("surprise", "", &bytes), object, data]);
    assert_refused(&refused, 413, "Payload Too Large", "surprise");
}

#[test]
fn a_file_has_the_name_that_its_sender_gave_it_in_whatever_way() {
    let api = Api::start();
    for (more, name) in FILE_NAMES {
        let request = api.server.request("POST", FILES).token(&api.token);
        let request = request.header("Content-Type", "multipart/form-data; boundary=cut");
        let made = request.body(&form_of("whatever", more, b"x")).send();
        assert_eq!((made.status, &made.json()["name"]), (201, &json!(name)), "{}", made.text());
    }
}

#[test]
fn no_bytes_are_a_file_under_a_name_alone() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    // As browsers send what nobody chose.
    let unchosen: Part<'_> =
        ("data", "; filename=\"\"\r\nContent-Type: application/octet-stream", b"");
    let name: Part<'_> = ("name", "", b"a.bin");
    let container: Part<'_> = ("container_sid", "", sid.as_bytes());
    for parts in [&[unchosen][..], &[("data", "", b"")], &[container, name, unchosen]] {
        assert_invalid(&api.form("POST", FILES, parts), "data");
    }
    let post = |path: &str| api.server.request("POST", path).token(&api.token).send();
    let upload = "/core/v2/storage/upload";
    for path in [FILES, "/core/v2/admin/storage/files", upload, "/core/v2/storage/upload/"] {
        assert_invalid(&post(path), "data");
    }
    assert_eq!(api.get(FILES).json()["total"], 0);
    let chosen: Part<'_> = ("data", "; filename=\"e.bin\"", b"");
    let queried = post(&format!("{FILES}?name=e.bin"));
    for made in [api.form("POST", FILES, &[chosen]), queried, post(&format!("{upload}/e.bin"))] {
        assert_eq!(made.status, 201, "{}", made.text());
        let made = made.json();
        assert_eq!((&made["name"], &made["file_bytes"]), (&json!("e.bin"), &json!(0)));
    }
    let kept = api.file(&json!({"container_sid": sid}), b"kept");
    let path = format!("{FILES}/{}", text(&kept["file_sid"]));
    let renamed = api.form("PATCH", &path, &[name, unchosen]).json();
    assert_eq!((&renamed["name"], &renamed["file_bytes"]), (&json!("a.bin"), &json!(4)));
}
