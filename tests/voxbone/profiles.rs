//! Profiles: their routes, fields, limits and lists.

use super::*;

#[test]
fn a_profile_is_made_by_put_with_its_defaults_changed_by_post_and_deleted() {
    let api = Api::start();
    let (made, path) = api.make(PROFILES, &json!({}));
    let expected = json!({
        "id": made["id"], "email": null, "remoteSipUri": null, "record": false, "recordFormat": "wav",
        "recordBeepAtStart": true, "recordBeepInterval": 0, "recordPrompt": "none",
        "recordPromptCustomId": null,
    });
    assert_eq!(made, expected);
    assert_eq!(api.get(&path).json(), expected);
    let all = json!({
        "email": "joe@example.com", "remoteSipUri": "sip:joe@pbx.example.com", "record": true,
        "recordFormat": "sln16", "recordBeepAtStart": false, "recordBeepInterval": 15,
        "recordPrompt": "default", "recordPromptCustomId": "0b3a6bd0-7f43-4b07-9d9b-2f5c0b0e7a11",
    });
    let changed = api.send("POST", &path, &all);
    assert_eq!(changed.status, 200, "{}", changed.text());
    for (name, value) in all.as_object().unwrap() {
        assert_eq!(&changed.json()[name], value, "{name}");
    }
    let again = api.send("POST", &path, &json!({"email": null, "recordPrompt": "custom"})).json();
    assert_eq!((&again["email"], &again["recordPrompt"]), (&Value::Null, &json!("custom")));
    assert_eq!(again["remoteSipUri"], all["remoteSipUri"], "what is not sent stays");
    assert_eq!(api.send("POST", &path, &again).json(), again, "sent back as it was read");
    let gone = api.delete(&path);
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    for answer in [api.get(&path), api.send("POST", &path, &json!({})), api.delete(&path)] {
        assert_refused(&answer, 404, None);
    }
}

#[test]
fn every_field_of_a_profile_has_its_limits() {
    let api = Api::start();
    let (_, path) = api.make(PROFILES, &json!({}));
    let long = |n: usize| "ü".repeat(n);
    let local = |n: usize| {
        format!("{}@{}.example.com", "a".repeat(64), "b.".repeat(n).trim_end_matches('.'))
    };
    for (field, good) in [
        ("email", json!("root@localhost")),
        ("email", json!(local(89))),
        ("remoteSipUri", json!(long(255))),
        ("remoteSipUri", json!("")),
        ("recordFormat", json!("wav49")),
        ("recordFormat", json!("siren14")),
        ("recordFormat", json!("a".repeat(12))),
        ("recordBeepInterval", json!(99_999_999_999_i64)),
        ("recordPrompt", json!("none")),
        ("recordPromptCustomId", json!(null)),
    ] {
        let answer = api.send("POST", &path, &json!({field: good}));
        assert_eq!((answer.status, &answer.json()[field]), (200, &good), "{}", answer.text());
    }
    let before = api.get(&path).json();
    for (field, bad) in [
        ("email", json!(local(100))),
        ("email", json!("joe")),
        ("email", json!("joe@example.com, ann@example.com")),
        ("email", json!("joe@example.com;ann@example.com")),
        ("email", json!("joe@example.com\r\nBcc: ann@example.com")),
        ("email", json!("joe@example.com\n")),
        ("email", json!("Joe <joe@example.com>")),
        ("email", json!("")),
        ("email", json!(7)),
        ("remoteSipUri", json!(long(256))),
        ("remoteSipUri", json!("sip:a\r\nb")),
        ("remoteSipUri", json!(["sip:a"])),
        ("record", json!("true")),
        ("record", json!(null)),
        ("record", json!(1)),
        ("recordFormat", json!("a".repeat(13))),
        ("recordFormat", json!("")),
        ("recordFormat", json!("../wav")),
        ("recordFormat", json!(null)),
        ("recordBeepAtStart", json!("no")),
        ("recordBeepInterval", json!(-1)),
        ("recordBeepInterval", json!(100_000_000_000_i64)),
        ("recordBeepInterval", json!(1.5)),
        ("recordBeepInterval", json!("5")),
        ("recordPrompt", json!("loud")),
        ("recordPrompt", json!(null)),
        ("recordPromptCustomId", json!("x")),
        ("recordPromptCustomId", json!("0b3a6bd07f434b079d9b2f5c0b0e7a11")),
        ("frob", json!(1)),
    ] {
        let body = json!({"record": true, field: bad});
        assert_refused(&api.send("POST", &path, &body), 400, Some(field));
        assert_refused(&api.send("PUT", PROFILES, &body), 400, Some(field));
    }
    assert_eq!(api.get(&path).json(), before, "a refused change leaves nothing behind");
    assert_eq!(api.get(PROFILES).json().as_array().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_read_is_refused_in_the_words_of_the_api() {
    let api = Api::start();
    let put = |kind: &str, body: &str| {
        let request = api.request("PUT", PROFILES).header("Content-Type", kind);
        request.body(body.as_bytes()).send()
    };
    for body in ["", "{", "[]", "7", "{\"email\":}"] {
        assert_refused(&put("application/json", body), 400, None);
    }
    assert_refused(&put("text/plain", "{}"), 415, Some("Content-Type"));
    assert_refused(&put("application/json", &" ".repeat(1_100_000)), 413, None);
    for path in ["/profiles/x", "/profiles/%ff", "/profiles/1/recordings", "/recordings/0"] {
        assert_refused(&api.get(path), 404, None);
    }
    assert_refused(&api.get("/profiles/"), 404, None);
    assert_refused(&api.send("POST", PROFILES, &json!({})), 405, None);
    assert_refused(&api.send("PATCH", RECORDINGS, &json!({})), 405, None);
}

#[test]
fn a_list_is_in_the_order_of_making_and_says_where_it_goes_on() {
    let api = Api::start();
    let made: Vec<_> = (0..5).map(|_| api.make(PROFILES, &json!({})).0).collect();
    let whole = api.get(PROFILES);
    assert_eq!((whole.json(), whole.header("link")), (json!(made), None));
    let first = api.get("/profiles?limit=2");
    assert_eq!(first.json(), json!(made[..2]));
    assert_eq!(first.header("link"), Some("</profiles?limit=2&offset=2>; rel=\"next\""));
    let second = api.get("/profiles?offset=2&limit=2");
    assert_eq!(second.json(), json!(made[2..4]));
    let last = api.get("/profiles?limit=2&offset=4");
    assert_eq!((last.json(), last.header("link")), (json!(made[4..]), None));
    assert_eq!(api.get("/profiles?offset=9").json(), json!([]));
    assert_eq!(api.get("/profiles?frob=1").json(), json!(made));
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("offset=-1", "offset"),
        ("offset=9223372036854775808", "offset"),
    ] {
        assert_refused(&api.get(&format!("{PROFILES}?{query}")), 400, Some(field));
        assert_refused(&api.get(&format!("{RECORDINGS}?{query}")), 400, Some(field));
    }
}
