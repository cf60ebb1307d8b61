//! The bytes by the token: published or not, with ranges, preconditions and all options of a link.

use super::*;
use crate::client::Request;

#[test]
fn the_bytes_of_a_file_are_had_by_the_token_in_every_form_that_its_link_has() {
    let api = Api::start();
    let wav = std::fs::read(sources::speech(api.folder.path())).unwrap();
    let file = api.file(&json!({"publish": "none", "name": "secret.wav"}), &wav);
    let path = format!("{FILES}/{}", text(&file["file_sid"]));
    let data =
        |query: &str| api.server.request("GET", &format!("{path}/data{query}")).token(&api.token);
    let whole = data("").send();
    assert!(whole.status == 200 && whole.body == wav);
    assert_eq!(whole.header("cache-control"), Some("private, no-cache"));
    assert_eq!(whole.header("content-security-policy"), Some("sandbox"));
    let part = data("").range("bytes=10-19").send();
    assert_eq!((part.status, part.body.as_slice()), (206, &wav[10..20]));
    let etag = whole.header("etag").expect("an ETag").to_owned();
    assert_eq!(data("").header("If-None-Match", &etag).send().status, 304);
    let head = api.server.request("HEAD", &format!("{path}/data?f=mp3")).token(&api.token).send();
    let mp3 = data("?f=mp3").send();
    assert_eq!((mp3.status, mp3.header("content-type")), (200, Some("audio/mpeg")));
    assert_eq!((head.status, head.length()), (200, mp3.length()));
    assert_eq!(data("?f=mp3").range("bytes=100-199").send().body, mp3.body[100..200]);
    assert_refused(&data("?f=mp3&br=33").send(), 422, "object validation error", "br");
    let unasked: Request = api.server.request("GET", &format!("{path}/data"));
    assert_eq!(unasked.send().status, 401);

    assert_eq!(api.server.get(&format!("/f/{}", text(&file["file_sid"]))).status, 404);
    let public = api.send("PATCH", &path, &json!({"publish": "file_sid"})).json();
    let link = api.server.get(&format!("{}?f=mp3", path_of(&public["publish_uri"])));
    assert!(link.body == mp3.body && link.header("etag") == mp3.header("etag"), "another mp3");

    let letter = api.file(&json!({}), b"Dear Sir or Madam");
    let refused = api.get(&format!("{FILES}/{}/data?f=mp3", text(&letter["file_sid"])));
    assert_refused(&refused, 415, "Unsupported media type", "f");
}
