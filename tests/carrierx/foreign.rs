//! What others may make a browser do: run what was uploaded, or use a password that it keeps.

use super::access::base64;
use super::uploads::{UPLOAD, form};
use super::*;
use crate::running::run;

#[test]
fn only_one_media_type_is_a_type_and_nothing_else_can_be_set() {
    let api = Api::start();
    let sid = api.server.container();
    let kept = api.file(&json!({"container_sid": sid}), b"<script>alert(origin)</script>");
    let path = format!("{FILES}/{}", text(&kept["file_sid"]));
    for wrong in [
        "audio/mpeg,text/html",
        "audio/mpeg, text/html",
        "audio/mpeg;,text/html",
        "audio/mpeg,application/xhtml+xml",
        "video/mp4,image/svg+xml",
        "audio/mpeg;a=b,text/html",
        "audio /mpeg",
        "text/html<",
        "audio/",
    ] {
        assert_invalid(&api.send("PATCH", &path, &json!({"mime_type": wrong})), "mime_type");
        assert_invalid(&api.upload(&json!({"mime_type": wrong}), b"<p>"), "mime_type");
        let encoded: String = wrong.bytes().map(|b| format!("%{b:02X}")).collect();
        let query = format!("{UPLOAD}/song.mp3?mime_type={encoded}");
        assert_invalid(
            &api.server.request("PUT", &query).token(&api.token).body(b"<p>").send(),
            "mime_type",
        );
        let field =
            [("data", "; filename=\"song.mp3\"", &b"<p>"[..]), ("mime_type", "", wrong.as_bytes())];
        assert_invalid(&api.form("POST", FILES, &field), "mime_type");
        // What is merely declared is as good as nothing.
        let declared = api.server.request("PUT", &format!("{UPLOAD}/song")).token(&api.token);
        let declared = declared.header("Content-Type", wrong).body(b"<p>").send();
        assert_eq!(declared.json()["mime_type"], "application/octet-stream", "{wrong}");
        let link = api.server.get(&path_of(&declared.json()["publish_uri"]));
        assert_eq!(link.header("content-security-policy"), Some("sandbox"), "{wrong}");
    }
}

#[test]
fn whatever_could_run_is_sandboxed_at_its_link_and_what_is_heard_and_seen_is_not() {
    let api = Api::start();
    for (kind, policy) in [
        ("audio/mpeg", None),
        ("video/mp4", None),
        ("image/png", None),
        ("image/jpeg", None),
        ("text/html", Some("sandbox")),
        ("image/svg+xml", Some("sandbox")),
        ("audio/x+xml", Some("sandbox")),
        ("application/xhtml+xml", Some("sandbox")),
        ("application/pdf", Some("sandbox")),
        ("text/plain", Some("sandbox")),
    ] {
        let put = api.server.request("PUT", &format!("{UPLOAD}/x")).token(&api.token);
        let file = put.header("Content-Type", kind).body(b"<script>1</script>").send();
        assert_eq!(file.status, 201, "{kind}: {}", file.text());
        let link = api.server.get(&path_of(&file.json()["publish_uri"]));
        assert_eq!(link.header("content-type"), Some(kind));
        assert_eq!(link.header("content-security-policy"), policy, "{kind}");
        assert_eq!(link.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(link.header("cross-origin-resource-policy"), Some("cross-origin"));
    }
}

#[test]
fn a_page_of_another_origin_cannot_use_the_password_that_a_browser_keeps() {
    let api = Api::start();
    let (own, basic) = (api.server.address.to_string(), base64(format!("x:{}", api.token)));
    let ask = |scheme: &str, headers: &[(&str, &str)]| {
        let part = "Content-Disposition: form-data; name=\"data\"; filename=\"x.bin\"";
        let body = form("cut", &[(part, b"x")]);
        let request = api.server.request("POST", FILES);
        let request = request.header("Content-Type", "multipart/form-data; boundary=cut");
        let value = if scheme == "Basic" {
            format!("Basic {basic}")
        } else {
            format!("Bearer {}", api.token)
        };
        let request = request.header("Authorization", &value);
        headers.iter().fold(request, |r, (name, value)| r.header(name, value)).body(&body).send()
    };
    let own_origin = format!("http://{own}");
    for foreign in [
        &[("Origin", "http://localhost:1")][..],
        &[("Origin", "null")],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")],
    ] {
        let refused = ask("Basic", foreign);
        assert_refused(&refused, 403, "Forbidden", "Origin");
        assert!(refused.text().contains("another origin"), "{}", refused.text());
        let bearer = ask("Bearer", foreign).status;
        assert_eq!(bearer, 201, "{foreign:?}: a script must have the token itself");
    }
    for known in [
        &[][..],
        &[("Origin", own_origin.as_str())],
        &[("Sec-Fetch-Site", "none")],
        &[("Origin", own_origin.as_str()), ("Sec-Fetch-Site", "same-origin")],
    ] {
        assert_eq!(ask("Basic", known).status, 201, "{known:?}");
    }
}

#[test]
fn an_api_that_is_off_is_not_there_and_an_unknown_one_is_no_setting() {
    let api = Api::start_with(&["--apis", "carrierx"]);
    assert_eq!(api.get(FILES).status, 200);
    let unknown = run(&["serve", "--apis", "carrierx,ftp"]);
    assert_eq!(unknown.status.code(), Some(2));
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(said.contains("ftp") && said.contains("carrierx"), "{said}");
}
