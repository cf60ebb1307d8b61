//! Who may do what.

use super::*;
use crate::carrierx::access::base64;

/// The status of a call by a token.
fn status(api: &Api, token: &str, method: &str, path: &str, body: &[u8]) -> u16 {
    let request = api.server.request(method, path).token(token);
    let kind = if path.ends_with("/data") { "audio/wav" } else { "application/json" };
    request.header("Content-Type", kind).body(body).send().status
}

#[test]
fn without_good_credentials_nothing_is_told() {
    let api = Api::start();
    let none = api.server.get(PROFILES);
    assert_refused(&none, 401, None);
    let schemes = none.headers.iter().filter(|(name, _)| name == "www-authenticate").count();
    assert_eq!(schemes, 2);
    let by =
        |value: &str| api.server.request("GET", RECORDINGS).header("Authorization", value).send();
    for wrong in ["Bearer x", "Basic x", "Digest x"] {
        assert_refused(&by(wrong), 401, None);
    }
    assert_eq!(by(&format!("Basic {}", base64(format!("joe:{}", api.token)))).status, 200);
    assert_refused(&api.server.get("/recordings/x/data"), 401, None);
}

#[test]
fn each_role_does_its_own() {
    let api = Api::start();
    let (_, profile) = api.make(PROFILES, &json!({}));
    let calls = |recording: &str| {
        [
            ("GET", PROFILES.to_owned(), "read"),
            ("GET", profile.clone(), "read"),
            ("GET", RECORDINGS.to_owned(), "read"),
            ("GET", recording.to_owned(), "read"),
            ("GET", format!("{recording}/data"), "read"),
            ("GET", format!("{profile}{RECORDINGS}"), "read"),
            ("PUT", RECORDINGS.to_owned(), "agent"),
            ("PUT", format!("{recording}/data"), "agent"),
            ("PUT", format!("{profile}{RECORDINGS}"), "agent"),
            ("PUT", PROFILES.to_owned(), "manager"),
            ("POST", profile.clone(), "manager"),
            ("POST", recording.to_owned(), "manager"),
            ("DELETE", recording.to_owned(), "manager"),
        ]
    };
    const ROLES: [&str; 4] = ["read", "agent", "manager", "admin"];
    for (rank, role) in ROLES.iter().enumerate() {
        let token = api.server.new_token(&["--role", role]);
        let (_, recording) = api.make(RECORDINGS, &json!({}));
        assert_eq!(api.put_data(&recording, b"x").status, 200);
        for (method, path, least) in calls(&recording) {
            let may = ROLES.iter().position(|known| *known == least).unwrap() <= rank;
            let status = status(&api, &token, method, &path, b"{}");
            assert_eq!(status != 403, may, "{role}: {method} {path}: {status}");
            assert!(!may || status < 300, "{role}: {method} {path}: {status}");
        }
    }
    let token = api.server.new_token(&["--role", "manager", "--scope", "storage.read"]);
    assert_eq!(status(&api, &token, "GET", PROFILES, b""), 200);
    assert_eq!(status(&api, &token, "PUT", PROFILES, b"{}"), 403);
    assert_eq!(status(&api, &token, "POST", &profile, b"{}"), 403);
    assert_eq!(status(&api, &token, "DELETE", &profile, b""), 403);
}

#[test]
fn partners_see_their_own_alone_and_an_administrator_all() {
    let api = Api::start();
    let acme = api.server.new_token(&["--partner", "acme"]);
    let by = |token: &str, method: &str, path: &str, body: &Value| {
        let request = api.server.request(method, path).token(token);
        request.header("Content-Type", "application/json").body(body.to_string().as_bytes()).send()
    };
    let profile = by(&acme, "PUT", PROFILES, &json!({"record": true})).json();
    let profile_path = format!("{PROFILES}/{}", text(&profile["id"]));
    let other = api.server.new_token(&["--partner", "other"]);
    let recording = by(&acme, "PUT", RECORDINGS, &json!({"profileId": profile["id"]})).json();
    let path = format!("{RECORDINGS}/{}", text(&recording["id"]));
    for (method, path) in [
        ("GET", profile_path.clone()),
        ("POST", profile_path.clone()),
        ("DELETE", profile_path.clone()),
        ("GET", format!("{profile_path}{RECORDINGS}")),
        ("PUT", format!("{profile_path}{RECORDINGS}")),
        ("GET", path.clone()),
        ("POST", path.clone()),
        ("DELETE", path.clone()),
        ("GET", format!("{path}/data")),
        ("PUT", format!("{path}/data")),
    ] {
        let refused = by(&other, method, &path, &json!({}));
        assert_refused(&refused, 404, None);
    }
    let foreign = json!({"profileId": profile["id"]});
    assert_refused(&by(&other, "PUT", RECORDINGS, &foreign), 400, Some("profileId"));
    let own = by(&other, "PUT", RECORDINGS, &json!({})).json();
    let own_path = format!("{RECORDINGS}/{}", text(&own["id"]));
    assert_refused(&by(&other, "POST", &own_path, &foreign), 400, Some("profileId"));
    assert_eq!(by(&other, "GET", PROFILES, &Value::Null).json(), json!([]));
    assert_eq!(by(&other, "GET", RECORDINGS, &Value::Null).json(), json!([own]));
    assert_eq!(api.get(RECORDINGS).json(), json!([recording, own]));
    // What an administrator puts into a partner's recording is the partner's.
    let kept = api.put_data(&path, b"x").json();
    let file = format!("{FILES}/{}", text(&kept["recordingSid"]));
    assert_eq!(by(&acme, "GET", &file, &Value::Null).status, 200);
    assert_eq!(by(&other, "GET", &file, &Value::Null).status, 404);
    let made = api.send("PUT", &format!("{profile_path}{RECORDINGS}"), &json!({})).json();
    assert_eq!(
        by(&acme, "GET", RECORDINGS, &Value::Null).json().as_array().unwrap().len(),
        2,
        "{made}"
    );
}

#[test]
fn what_is_off_is_not_found() {
    let api = Api::start_with(&["--apis", "carrierx"]);
    assert_eq!(api.get(PROFILES).status, 404);
    assert_eq!(api.get(RECORDINGS).status, 404);
}
