//! Paths and queries that are no text in UTF-8: refused in the API's own words.

use super::*;

const UPLOAD: &str = "/core/v2/storage/upload";

#[test]
fn a_path_that_is_no_text_names_nothing() {
    let api = Api::start();
    for base in [FILES, "/core/v2/admin/storage/files", CONTAINERS] {
        for method in ["GET", "PATCH", "PUT", "DELETE"] {
            let refused = api.send(method, &format!("{base}/%ff"), &json!({}));
            assert_refused(&refused, 404, "Cannot find item by SID", "");
        }
    }
    let refused = api.get(&format!("{FILES}/%ff/data"));
    assert_refused(&refused, 404, "Cannot find item by SID", "");
    let refused = api.send("POST", &format!("{FILES}/%ff/sign"), &json!({}));
    assert_refused(&refused, 404, "Cannot find item by SID", "");
}

#[test]
fn a_name_that_is_no_text_is_refused_wherever_it_stands() {
    let api = Api::start();
    let post = |path: &str| {
        let request = api.server.request("POST", path).token(&api.token);
        request.header("Content-Type", "application/octet-stream").body(b"x").send()
    };
    for (path, field) in [
        (format!("{UPLOAD}/caf%E9.wav"), "name"),
        (format!("{UPLOAD}/a.wav?string_key_1=%E9"), "string_key_1"),
        (format!("{FILES}?name=caf%E9.wav"), "name"),
        (format!("{FILES}?na%E9me=a.wav"), "query"),
    ] {
        assert_invalid(&post(&path), field);
    }
    assert_invalid(&api.get(&format!("{FILES}?filter=name+eq+%E9")), "filter");
    assert_eq!(api.get(FILES).json()["total"], 0);
    for path in [format!("{UPLOAD}/caf%C3%A9%20a.wav"), format!("{FILES}?name=caf%C3%A9+a.wav")] {
        let made = post(&path);
        assert_eq!((made.status, &made.json()["name"]), (201, &json!("caf\u{e9} a.wav")));
    }
}
