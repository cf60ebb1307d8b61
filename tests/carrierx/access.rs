//! Who may do what.

use super::*;
use crate::running::{run, stdout};

impl Api {
    /// The status of a call by another token.
    fn status(&self, token: &str, method: &str, path: &str, body: &str) -> u16 {
        let request = self.server.request(method, path).token(token);
        let request = request.header("Content-Type", "application/json");
        request.body(body.as_bytes()).send().status
    }
}

pub fn base64(bytes: impl AsRef<[u8]>) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .as_ref()
        .chunks(3)
        .map(|chunk| {
            let mut three = [0; 3];
            three[..chunk.len()].copy_from_slice(chunk);
            let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
            let digit = |i: usize| match i <= chunk.len() {
                true => char::from(DIGITS[(bits >> (18 - 6 * i) & 63) as usize]),
                false => '=',
            };
            (0..4).map(digit).collect::<String>()
        })
        .collect()
}

#[test]
fn without_good_credentials_nothing_is_told() {
    let api = Api::start();
    let none = api.server.get(CONTAINERS);
    assert_refused(&none, 401, "Unauthorized", "");
    let schemes = none.headers.iter().filter(|(name, _)| name == "www-authenticate").count();
    assert_eq!(schemes, 2);
    let header =
        |value: &str| api.server.request("GET", CONTAINERS).header("Authorization", value).send();
    for wrong in ["Bearer x", "Bearer ", "Basic x", "Basic ???", "Digest x", "x"] {
        assert_refused(&header(wrong), 401, "Bad credentials", "");
    }
    for user in ["", "someone", "some one"] {
        let basic = format!("Basic {}", base64(format!("{user}:{}", api.token)));
        assert_eq!(header(&basic).status, 200, "{user}");
    }
    assert_eq!(header(&format!("bearer {}", api.token)).status, 200);
}

#[test]
fn partners_see_their_own_alone() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let file = api.file(&json!({"container_sid": sid}), b"x");
    let other = api.server.new_token(&["--role", "manager", "--partner", "other"]);
    let (container, file) =
        (format!("{CONTAINERS}/{sid}"), format!("{FILES}/{}", text(&file["file_sid"])));
    let data = format!("{file}/data");
    for path in [&container, &file, &data] {
        assert_eq!(api.status(&other, "GET", path, ""), 404, "{path}");
    }
    for method in ["PATCH", "PUT", "DELETE"] {
        assert_eq!(api.status(&other, method, &container, "{}"), 404);
        assert_eq!(api.status(&other, method, &file, "{}"), 404);
    }
    let of_container = format!("{FILES}?filter=container_sid+eq+{sid}");
    // Its own is the one that it had from the start.
    for (list, total) in [(CONTAINERS, 1), (FILES, 0), (&*of_container, 0)] {
        let answer = api.server.request("GET", list).token(&other).send();
        assert_eq!(answer.json()["total"], total, "{list}");
    }
    let into = format!("{FILES}?container_sid={sid}");
    let upload = api.server.request("POST", &into).token(&other);
    let upload = upload.header("Content-Type", "application/octet-stream").body(b"x").send();
    assert_invalid(&upload, "container_sid");
    let own = api.server.request("POST", CONTAINERS).token(&other);
    let own = own.header("Content-Type", "application/json").body(b"{}").send().json();
    let path = format!("{CONTAINERS}/{}", text(&own["container_sid"]));
    assert_eq!(api.status(&other, "GET", &path, ""), 200);
    assert_eq!(api.status(&api.token, "GET", &path, ""), 200, "the administrator sees all");
}

#[test]
fn who_may_only_upload_learns_no_link_of_a_file_whose_keys_it_guesses() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let kept = api.file(
        &json!({"container_sid": sid, "unique": true, "string_key_1": "+15550100"}),
        b"a call",
    );
    let guess = |token: &str| {
        let query = format!("container_sid={sid}&unique=true&string_key_1=%2B15550100");
        let request = api.server.request("POST", &format!("{FILES}?{query}")).token(token);
        request.header("Content-Type", "application/octet-stream").body(b"x").send()
    };
    let (uploader, agent) = (
        api.server.new_token(&["--role", "agent", "--scope", "storage.create"]),
        api.server.new_token(&["--role", "agent"]),
    );
    let refused = guess(&uploader);
    assert_invalid(&refused, "unique");
    assert!(!refused.text().contains(&text(&kept["file_sid"])), "{}", refused.text());
    assert!(guess(&agent).text().contains(&text(&kept["file_sid"])), "who may read is told");
}

#[test]
fn scopes_narrow_a_token_and_roles_a_caller() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let path = format!("{CONTAINERS}/{sid}");
    let calls = [
        ("storage.create", "POST", CONTAINERS, 200),
        ("storage.read", "GET", &path, 200),
        ("storage.update", "PATCH", &path, 200),
        ("storage.delete", "DELETE", &path, 204),
    ];
    for (scope, ..) in calls {
        let token = api.server.new_token(&["--scope", scope]);
        for (needed, method, path, status) in calls.iter().filter(|c| c.0 != "storage.delete") {
            let expected = if *needed == scope { *status } else { 403 };
            assert_eq!(api.status(&token, method, path, "{}"), expected, "{scope}: {method}");
        }
        let unknown = format!("{CONTAINERS}/6e930ad8-c3d0-49db-801e-86d64fedd2c2");
        let expected = if scope == "storage.delete" { 404 } else { 403 };
        assert_eq!(api.status(&token, "DELETE", &unknown, ""), expected, "{scope}");
    }
    for args in [
        &["--scope", "storage.manage"][..],
        &["--scope", "storage.read", "--scope", "storage.create"],
    ] {
        let token = api.server.new_token(args);
        assert_eq!(api.status(&token, "GET", CONTAINERS, ""), 200);
        assert_eq!(api.status(&token, "POST", CONTAINERS, "{}"), 200);
    }
    let (reader, agent) =
        (api.server.new_token(&["--role", "read"]), api.server.new_token(&["--role", "agent"]));
    let into = format!("{FILES}?container_sid={sid}");
    let upload = |token: &str| {
        let request = api.server.request("POST", &into).token(token);
        request.header("Content-Type", "application/octet-stream").body(b"x").send()
    };
    assert_refused(&upload(&reader), 403, "Forbidden", "");
    let file = upload(&agent);
    assert_eq!(file.status, 201, "{}", file.text());
    let file = format!("{FILES}/{}", text(&file.json()["file_sid"]));
    assert_eq!(api.status(&reader, "GET", &file, ""), 200);
    assert_eq!(api.status(&agent, "DELETE", &file, ""), 403);
    assert_eq!(api.status(&agent, "PATCH", &file, "{}"), 403);
}

#[test]
fn a_token_is_kept_as_a_hash_and_ends_when_it_is_revoked() {
    let api = Api::start();
    let token = api.server.new_token(&["--scope", "storage.read"]);
    let data = api.server.data.to_str().unwrap();
    let listed = stdout(&run(&["token", "list", "--data", data]));
    let line = listed.lines().find(|l| l.contains("storage.read")).unwrap();
    assert!(!listed.contains(&token));
    for entry in std::fs::read_dir(&api.server.data).unwrap().flatten() {
        let bytes = std::fs::read(entry.path()).unwrap_or_default();
        let found = bytes.windows(token.len()).any(|window| window == token.as_bytes());
        assert!(!found, "{:?} holds the token", entry.path());
    }
    assert_eq!(api.status(&token, "GET", CONTAINERS, ""), 200);
    let id = line.split_whitespace().next().unwrap();
    assert!(run(&["token", "revoke", id, "--data", data]).status.success());
    assert_eq!(api.status(&token, "GET", CONTAINERS, ""), 401);
}

#[test]
fn pages_of_other_origins_may_call() {
    let api = Api::start();
    let preflight = api.server.request("OPTIONS", CONTAINERS).send();
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("*"));
    let allowed = preflight.header("access-control-allow-headers").unwrap();
    assert!(allowed.contains("Authorization"), "{allowed}");
    let list = api.get(CONTAINERS);
    assert_eq!(list.header("access-control-allow-origin"), Some("*"));
    let exposed = list.header("access-control-expose-headers").unwrap();
    assert!(["Link", "Location", "Retry-After"].iter().all(|h| exposed.contains(h)), "{exposed}");
}

#[test]
fn an_administrator_gives_a_container_with_its_files_to_another_partner() {
    let api = Api::start();
    let token = api.server.new_token(&["--role", "manager", "--partner", "other"]);
    let send = |method: &str, path: &str, body: &Value| {
        let request = api.server.request(method, path).token(&token);
        request.header("Content-Type", "application/json").body(body.to_string().as_bytes()).send()
    };
    let own = send("POST", CONTAINERS, &json!({})).json();
    let given = api.container(&json!({}));
    let sid = text(&given["container_sid"]);
    let (path, file) =
        (format!("{CONTAINERS}/{sid}"), api.file(&json!({"container_sid": sid}), b"x"));
    let file = format!("{FILES}/{}", text(&file["file_sid"]));
    assert_eq!(api.status(&token, "GET", &file, ""), 404);
    let nobody = json!({"partner_sid": "6e930ad8-c3d0-49db-801e-86d64fedd2c2"});
    for (method, path) in [("POST", CONTAINERS), ("PATCH", &path), ("PUT", &path)] {
        assert_invalid(&api.send(method, path, &nobody), "partner_sid");
    }
    let to = json!({"partner_sid": own["partner_sid"]});
    let moved = api.send("PATCH", &path, &to);
    assert_eq!((moved.status, &moved.json()["partner_sid"]), (200, &own["partner_sid"]));
    assert_eq!(api.send("PUT", &path, &json!({})).json()["partner_sid"], own["partner_sid"]);
    assert_eq!(api.get(&file).json()["partner_sid"], own["partner_sid"]);
    for path in [&path, &file] {
        assert_eq!(api.status(&token, "GET", path, ""), 200);
    }
    let listed = api.server.request("GET", FILES).token(&token).send().json();
    assert_eq!(listed["total"], 1);
    assert_eq!(api.send("POST", CONTAINERS, &to).json()["partner_sid"], own["partner_sid"]);
    // Its new owner may say what it is, and not give it away.
    assert_eq!(send("PATCH", &path, &to).status, 200);
    for (method, path) in [("POST", CONTAINERS), ("PATCH", &path), ("PUT", &path)] {
        let refused = send(method, path, &json!({"partner_sid": given["partner_sid"]}));
        assert_invalid(&refused, "partner_sid");
    }
}
