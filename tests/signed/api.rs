//! Links that the storage API signs.

use super::*;

#[test]
fn the_api_signs_the_same_thing_alike_within_a_window() {
    let site = Site::start(&["--public-url", "https://media.example.com/"]);
    let wish = json!({"expires_in": 1800, "options": {"f": "mp3", "br": 32}});
    let answers = [site.ask(&wish), site.ask(&wish)].map(|answer| answer.json());
    let expires = answers[0]["expires"].as_u64().unwrap();
    // An hour may begin between the two.
    assert!(answers[0] == answers[1] || answers[1]["expires"].as_u64() == Some(expires + 3600));
    assert_eq!(expires % 3600, 0);
    assert!((1800 - 60..=1800 + 3600).contains(&(expires - now_s())));
    let uri = text(&answers[0]["uri"]);
    let path = uri.strip_prefix("https://media.example.com").expect("the public URL");
    assert!(path.starts_with(&format!("{}?", site.link())), "{path}");
    let answer = site.server.get(path);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("audio/mpeg")));
}

#[test]
fn the_api_signs_links_for_telephones() {
    let site = Site::start(&[]);
    for (options, ending, kind) in [
        (json!({"p": "asterisk"}), "/file.wav", "audio/x-wav"),
        (json!({"f": "ulaw"}), "/file.ulaw", "audio/basic"),
        (json!({"disposition_name": "a, b?&;@.wav"}), "/file.wav", "audio/x-wav"),
    ] {
        let signed = site.signed(&json!({"form": "path", "options": options}));
        assert!(signed.ends_with(ending), "{signed}");
        assert!(!signed.contains(['?', '&', ',', ';', '@']), "{signed}");
        let answer = site.server.get(&signed);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{signed}");
    }
}

#[test]
fn what_cannot_be_signed_is_422_and_named() {
    let site = Site::start(&["--link-max-days", "2"]);
    for (wish, field) in [
        (json!({"expires_in": 0}), "expires_in"),
        (json!({"expires_in": -1}), "expires_in"),
        (json!({"expires_in": 172_801}), "expires_in"),
        (json!({"expires_in": "1h"}), "expires_in"),
        (json!({"options": {"format": "mp3"}}), "format"),
        (json!({"options": {"exp": "9"}}), "exp"),
        (json!({"options": {"f": "xyz"}}), "f"),
        (json!({"options": {"p": "nothing"}}), "p"),
        (json!({"options": {"f": ["mp3"]}}), "f"),
        (json!({"options": "f=mp3"}), "options"),
        (json!({"form": "header"}), "form"),
        (json!({"until": 9}), "until"),
    ] {
        let answer = site.ask(&wish);
        assert_eq!(answer.status, 422, "{wish}: {}", answer.text());
        assert_eq!(answer.json()["errors"][0]["field"], field, "{wish}");
    }
    assert_eq!(site.ask(&json!({"expires_in": 172_800})).status, 200);
    let [number, text] =
        [json!(60), json!("60")].map(|life| site.ask(&json!({"expires_in": life})));
    assert_eq!((text.status, text.json()), (200, number.json()));
    for args in [["--expires", "3d"], ["--until", "1"], ["--expires", "x"], ["--expires", "0"]] {
        let output = run(&[
            &["sign", "/f/00000000-0000-4000-8000-000000000000"][..],
            &args,
            &SECRETS,
            &["--link-max-days", "2"],
        ]
        .concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stdout(&output));
    }
}

#[test]
fn only_who_may_read_a_file_signs_its_link() {
    let site = Site::start(&[]);
    let data = site.server.data.to_str().unwrap();
    let path = format!("/core/v2/storage/files/{}/sign", site.sid);
    let sign = |token: &str| {
        let request = site.server.request("POST", &path).token(token);
        request.header("Content-Type", "application/json").body(b"{}").send().status
    };
    let token = |args: &[&str]| told(&[&["token", "create", "--data", data][..], args].concat());
    assert_eq!(sign(&token(&["--role", "read"])), 200);
    assert_eq!(sign(&token(&["--scope", "storage.create"])), 403);
    assert_eq!(sign(&token(&["--partner", "other"])), 404);
    assert_eq!(sign("nonsense"), 401);
}

#[test]
fn where_only_signed_links_are_answered_every_api_shows_such() {
    let site = Site::start(&["--require-signed-links", "--link-max-days", "3"]);
    let (server, token) = (&site.server, site.server.token());
    let ask = |method: &str, path: &str, kind: &str, body: &[u8]| {
        let request = server.request(method, path).token(&token);
        let answer = request.header("Content-Type", kind).body(body).send();
        assert!(answer.status < 300, "{path}: {}", answer.text());
        answer.json()
    };
    let bytes = "application/octet-stream";
    let file = server.upload("public.wav", &asset("chime-8k.wav"));
    let file = file.replace("/f/", "/core/v2/storage/files/");
    assert_eq!(ask("GET", &file, bytes, b"")["publish_uri"], Value::Null);
    let evovoice = ask("POST", "/files?FileName=a.wav", bytes, &asset("chime-8k.wav"));
    let recording = ask("PUT", "/recordings", "application/json", b"{\"format\":\"mp3\"}");
    assert_eq!(recording["url"], Value::Null);
    let data = format!("/recordings/{}/data", text(&recording["id"]));
    let recording = ask("PUT", &data, bytes, &asset("chime-8k.wav"));
    let listed = ask("GET", "/recordings", bytes, b"");
    let base = format!("http://{}", server.address);
    for (link, kind, longest_s) in [
        (&evovoice["uri"], "audio/x-wav", 2 * 3600),
        (&recording["url"], "audio/mpeg", 3 * 86_400 + 3600),
        (&listed[0]["url"], "audio/mpeg", 3 * 86_400 + 3600),
    ] {
        let link = text(link);
        let answer = server.get(link.strip_prefix(&base).expect("our own base"));
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{link}");
        let end = link.split("exp=").nth(1).and_then(|rest| rest.split('&').next()).unwrap();
        let life_s = end.parse::<u64>().unwrap() - now_s();
        assert!((longest_s - 3600 - 60..=longest_s).contains(&life_s), "{link}");
    }
}
