//! What bodies may hold: how much, how it is written, and what is refused before it came.

use super::*;
use crate::client::{form, read_answer};

const FORM: (&str, &str) = ("Content-Type", "multipart/form-data; boundary=cut");

#[test]
fn the_file_in_a_form_may_be_long_and_what_is_said_of_it_not() {
    let api = Api::start();
    let long = vec![b'x'; 5 << 20];
    let send = |method: &str, path: &str, body: &[u8]| {
        api.request(method, path).header(FORM.0, FORM.1).body(body).send()
    };
    let made = send("POST", "/files", &form(&[("f", "; filename=long", &long)]));
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(made.json()["contentLength"], long.len());
    let path = format!("/files/{}", text(&made.json()["id"]));
    let text = vec![b'x'; 200 << 10];
    let said = ["a", "b", "c", "d", "e", "g"].map(|name| (name, "", &text[..]));
    assert_refused(&send("PATCH", &path, &form(&said)), 413, "PayloadTooLarge", "g");
    let many: Vec<_> = (0..20_000).map(|_| ("a", "", &b""[..])).collect();
    assert_refused(&send("PATCH", &path, &form(&many)), 413, "PayloadTooLarge", "a");
    let file = [&said[..], &[("f", "; filename=f", &b"x"[..])]].concat();
    assert_refused(&send("POST", "/files", &form(&file)), 413, "PayloadTooLarge", "g");
}

#[test]
fn who_is_not_known_yet_says_little() {
    let api = Api::start();
    let login = |kind: &str, body: &[u8]| {
        api.server
            .request("POST", "/auth/credentials")
            .header("Content-Type", kind)
            .body(body)
            .send()
    };
    let text = vec![b'x'; 40 << 10];
    let parts = form(&[("UserName", "", &text), ("Other", "", &text)]);
    assert_refused(&login(FORM.1, &parts), 413, "PayloadTooLarge", "Other");
    let object = json!({"UserName": "x".repeat(70 << 10)}).to_string();
    assert_refused(&login("application/json", object.as_bytes()), 413, "PayloadTooLarge", "body");
    let pairs = format!("UserName={}", "x".repeat(70 << 10));
    let urlencoded = "application/x-www-form-urlencoded";
    assert_refused(&login(urlencoded, pairs.as_bytes()), 413, "PayloadTooLarge", "body");
    let known = form(&[("UserName", "", b"x"), ("Password", "", api.read.as_bytes())]);
    assert_eq!(login(FORM.1, &known).status, 200);
}

#[test]
fn base64_is_whole_or_none() {
    let api = Api::start();
    let send = |body: &str| {
        let request = api.request("POST", "/app/files").header("Content-Type", "application/json");
        request.body(body.as_bytes()).send()
    };
    for broken in ["====", "aGkhaGkhZ", "aGk", "aGk==", "aGk=aGk="] {
        assert_bad(&send(&json!({"Data": broken}).to_string()), "Data");
    }
    for whole in [r#"{"Data":"aGk="}"#, r#"{"Data":"aG\r\nk="}"#, r#"{"\u0044ata":"aGk="}"#] {
        let made = send(whole);
        assert_eq!(made.status, 200, "{whole}: {}", made.text());
        assert_eq!(made.json()["contentLength"], 2);
    }
    let request = api.request("POST", "/app/files").header("Content-Type", "text/json");
    let made = request.body(br#"{"Data":"aGk=","FileName":"a"}"#).send().json();
    assert_eq!((&made["fileName"], &made["contentLength"]), (&json!("a"), &json!(2)));
}

#[test]
fn what_the_query_says_wrongly_is_refused_before_the_file_comes() {
    let api = Api::start();
    for (query, status) in [
        ("AccountId=6e930ad8-c3d0-49db-801e-86d64fedd2c2", 404),
        ("AccountId=none", 404),
        ("ConvertToWav=yes", 400),
        ("Type=Letter", 400),
    ] {
        for kind in ["application/octet-stream", "application/json", FORM.1] {
            let request = api.request("POST", &format!("/files?{query}"));
            let mut sent = request.header("Content-Type", kind).send_part(1 << 20).unwrap();
            assert_eq!(read_answer(&mut sent, false).unwrap().status, status, "{query} {kind}");
        }
    }
}
