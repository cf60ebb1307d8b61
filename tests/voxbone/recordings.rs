//! Recordings: their routes, also those of a profile, and their fields.

use super::*;

#[test]
fn a_recording_is_made_by_put_changed_by_post_and_deleted() {
    let api = Api::start();
    let (made, path) = api.make(RECORDINGS, &json!({}));
    assert!(a_time(&made["createdAt"]) && made["createdAt"] == made["updatedAt"], "{made}");
    let expected = json!({
        "id": made["id"], "profileId": null, "recordingSid": null, "remoteSipUri": null, "callId": null,
        "from": null, "to": null, "format": "wav", "status": "pending", "duration": null, "size": null,
        "url": null, "startedAt": null, "endedAt": null, "createdAt": made["createdAt"],
        "updatedAt": made["createdAt"],
    });
    assert_eq!(made, expected);
    assert_eq!(api.get(&path).json(), expected);
    let said = json!({
        "remoteSipUri": "sip:joe@pbx", "callId": "1484303467.7", "from": "+49 30 1", "to": "Jürgen",
        "format": "gsm", "status": "recording", "duration": 12.5, "startedAt": "2017-01-13T10:00:00.000Z",
        "endedAt": "2017-01-13T10:00:12.500Z",
    });
    let changed = api.send("POST", &path, &said);
    assert_eq!(changed.status, 200, "{}", changed.text());
    for (name, value) in said.as_object().unwrap() {
        assert_eq!(&changed.json()[name], value, "{name}");
    }
    let elsewhere = api.send("POST", &path, &json!({"startedAt": "2017-01-13T12:00:00+02:00"}));
    assert_eq!(elsewhere.json()["startedAt"], said["startedAt"]);
    assert_eq!(api.send("POST", &path, &json!({"from": null})).json()["from"], Value::Null);
    for status in ["pending", "recording", "completed", "failed"] {
        let set = api.send("POST", &path, &json!({"status": status})).json();
        assert_eq!(set["status"], status);
    }
    let shown = api.get(&path).json();
    let back = api.send("POST", &path, &shown).json();
    assert_eq!(back["id"], shown["id"]);
    assert_eq!(api.delete(&path).status, 204);
    for answer in [api.get(&path), api.send("POST", &path, &json!({})), api.delete(&path)] {
        assert_refused(&answer, 404, None);
    }
    assert_refused(&api.put_data(&path, b"x"), 404, None);
    assert_refused(&api.get(&format!("{path}/data")), 404, None);
}

#[test]
fn every_field_of_a_recording_has_its_limits() {
    let api = Api::start();
    let (_, path) = api.make(RECORDINGS, &json!({}));
    let long = "x".repeat(256);
    for (field, bad) in [
        ("profileId", json!("x")),
        ("profileId", json!("0b3a6bd0-7f43-4b07-9d9b-2f5c0b0e7a11")),
        ("remoteSipUri", json!(long)),
        ("callId", json!(long)),
        ("callId", json!(7)),
        ("from", json!(long)),
        ("from", json!("a\r\nSubject: b")),
        ("to", json!(long)),
        ("to", json!("a\u{0}")),
        ("format", json!("abcdefghijklm")),
        ("format", json!("a/b")),
        ("format", json!(null)),
        ("status", json!("lost")),
        ("status", json!(null)),
        ("duration", json!(-1)),
        ("duration", json!("5")),
        ("startedAt", json!("yesterday")),
        ("startedAt", json!(5)),
        ("endedAt", json!("2017-02-30T00:00:00Z")),
        ("frob", json!(null)),
    ] {
        assert_refused(&api.send("POST", &path, &json!({field: bad})), 400, Some(field));
        assert_refused(&api.send("PUT", RECORDINGS, &json!({field: bad})), 400, Some(field));
    }
    assert_eq!(api.get(RECORDINGS).json().as_array().unwrap().len(), 1);
}

#[test]
fn a_profile_has_recordings_of_its_own_and_leaves_them_when_it_goes() {
    let api = Api::start();
    let (profile, profile_path) = api.make(PROFILES, &json!({"recordFormat": "gsm"}));
    let (_, other_path) = api.make(PROFILES, &json!({}));
    let of_profile = format!("{profile_path}{RECORDINGS}");
    let (first, _) = api.make(&of_profile, &json!({"callId": "1"}));
    assert_eq!((&first["profileId"], &first["format"]), (&profile["id"], &json!("gsm")));
    let (second, second_path) =
        api.make(RECORDINGS, &json!({"profileId": profile["id"], "format": "mp3"}));
    assert_eq!((&second["profileId"], &second["format"]), (&profile["id"], &json!("mp3")));
    let (free, free_path) = api.make(RECORDINGS, &json!({}));
    assert_eq!(api.get(&of_profile).json(), json!([first, second]));
    assert_eq!(api.get(&format!("{of_profile}?limit=1")).json(), json!([first]));
    assert_eq!(
        api.get(&format!("{of_profile}?limit=1")).header("link").map(str::to_owned),
        Some(format!("<{of_profile}?limit=1&offset=1>; rel=\"next\""))
    );
    assert_eq!(api.get(RECORDINGS).json(), json!([first, second, free]));
    let within =
        |list: &str, recording: &Value| format!("{list}{RECORDINGS}/{}", text(&recording["id"]));
    let path = within(&profile_path, &first);
    assert_eq!(api.get(&path).json(), first);
    assert_eq!(api.send("POST", &path, &json!({"to": "Ann"})).json()["to"], "Ann");
    for stranger in [within(&other_path, &first), within(&profile_path, &free)] {
        assert_refused(&api.get(&stranger), 404, None);
        assert_refused(&api.send("POST", &stranger, &json!({})), 404, None);
        assert_refused(&api.delete(&stranger), 404, None);
    }
    let elsewhere = json!({"profileId": "0b3a6bd0-7f43-4b07-9d9b-2f5c0b0e7a11"});
    assert_refused(&api.send("PUT", &of_profile, &elsewhere), 400, Some("profileId"));
    let moved = api.send("POST", &free_path, &json!({"profileId": profile["id"]})).json();
    assert_eq!(moved["profileId"], profile["id"]);
    assert_eq!(api.delete(&path).status, 204);
    assert_eq!(api.get(&of_profile).json().as_array().unwrap().len(), 2);
    assert_eq!(api.delete(&profile_path).status, 204);
    assert_eq!(api.get(&second_path).json()["profileId"], Value::Null);
    for answer in [api.get(&of_profile), api.send("PUT", &of_profile, &json!({}))] {
        assert_refused(&answer, 404, None);
    }
}

#[test]
fn a_list_of_thousands_is_read_page_by_page() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    Server::start(&data, &[]).stop();
    // Ten thousand recordings of the one partner.
    let ids = (0..10_000).map(|n| format!("00000000-0000-4000-8000-{n:012}"));
    let expected: Vec<_> = ids.collect();
    let rows: Vec<_> = expected.iter().map(|id| format!("('{id}')")).collect();
    crate::spread::change(
        &data,
        &format!(
            "WITH made (id) AS (VALUES {})
            INSERT INTO voxbone_recordings
                (recording_id, recording_partner, format, status, created_at, updated_at)
            SELECT id, partner_sid, 'wav', 'pending', 1, 1 FROM made CROSS JOIN partners ORDER BY id",
            rows.join(", ")
        ),
    );
    let server = Server::start(&data, &[]);
    let mut page = "/recordings?limit=100".to_owned();
    let mut ids = Vec::new();
    loop {
        let answer = server.request("GET", &page).token(&server.token()).send();
        ids.extend(answer.json().as_array().unwrap().iter().map(|one| text(&one["id"])));
        let Some(link) = answer.header("link") else { break };
        page = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
    assert_eq!(ids, expected);
}
