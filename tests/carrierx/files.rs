//! Files: attributes, both uploads, changes, links, data, deletion.

use super::*;
use crate::running::until;

#[test]
fn a_file_has_every_attribute_with_its_default() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let wav = std::fs::read(sources::speech(api.folder.path())).unwrap();
    let data = ("data", "; filename=\"hello.wav\"\r\nContent-Type: audio/x-wav", &wav[..]);
    let object = json!({"container_sid": sid}).to_string();
    let typed = ("file_object", "\r\nContent-Type: application/json", object.as_bytes());
    let answer = api.form("POST", FILES, &[typed, data]);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let file = answer.json();
    let file_sid = text(&file["file_sid"]);
    let expected = json!({
        "container_sid": sid, "content_classification": "media",
        "content_duration": file["content_duration"], "content_format": "wav",
        "content_transcoding_progress": null, "date_last_accessed": null,
        "date_modified": file["date_modified"], "desired_bitrate": null, "desired_format": null,
        "file_access_name": format!("{file_sid}.wav"), "file_bytes": wav.len(), "file_sid": file_sid,
        "integer_key_1": null, "integer_key_2": null, "lifecycle_action": "no_action",
        "lifecycle_ttl": -1, "mime_type": "audio/x-wav", "name": "hello.wav", "parent_file_sid": null,
        "partner_sid": file["partner_sid"], "publish": "file_sid",
        "publish_uri": format!("http://{}/f/{file_sid}", api.server.address), "string_key_1": null,
        "string_key_2": null, "string_key_3": null, "string_key_4": null, "threshold_include": true,
        "type": "file", "unique": false,
    });
    assert_eq!(file, expected);
    assert!(file["content_duration"].as_f64().unwrap() > 0.5);
    let modified = text(&file["date_modified"]);
    assert!(modified.len() == 24 && modified.ends_with('Z'), "{modified}");
    for base in [FILES, "/core/v2/admin/storage/files"] {
        assert_eq!(api.get(&format!("{base}/{file_sid}")).json(), file);
    }
}

#[test]
fn query_arguments_say_as_much_as_a_file_object_and_defaults_come_from_the_container() {
    let api = Api::start();
    let sid = api.container_sid(&json!({"default_file_publish": "none",
        "default_file_lifecycle_ttl": 9, "default_file_threshold_include": false}));
    let query = format!(
        "container_sid={sid}&name=a%20b.txt&integer_key_1=7&string_key_1=s&lifecycle_action=delete&\
         publish=file_access_name&file_access_name=x/y.txt&mime_type=text/plain&unique=true&type=audio"
    );
    let request = api.server.request("POST", &format!("/core/v2/admin/storage/files?{query}"));
    let request = request.token(&api.token).header("Content-Type", "application/octet-stream");
    let answer = request.body(b"hello").send();
    assert_eq!(answer.status, 201, "{}", answer.text());
    let file = answer.json();
    for (name, value) in json!({"name": "a b.txt", "integer_key_1": 7, "string_key_1": "s",
        "lifecycle_action": "delete", "lifecycle_ttl": 9, "threshold_include": false,
        "mime_type": "text/plain", "unique": true, "type": "audio",
        "file_access_name": "x/y.txt", "content_classification": "document"})
    .as_object()
    .unwrap()
    {
        assert_eq!(&file[name], value, "{name}");
    }
    assert_eq!(path_of(&file["publish_uri"]), format!("/c/{sid}/x/y.txt"));
    assert_eq!(api.server.get(&path_of(&file["publish_uri"])).body, b"hello");
    let plain = api.file(&json!({"container_sid": sid}), b"x");
    assert_eq!((&plain["publish"], &plain["publish_uri"]), (&json!("none"), &json!(null)));
}

#[test]
fn values_that_an_attribute_cannot_have_are_refused_by_name_and_nothing_is_kept() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let kept = api.file(&json!({"container_sid": sid, "file_access_name": "taken"}), b"x");
    let path = format!("{FILES}/{}", text(&kept["file_sid"]));
    for (attribute, value) in [
        ("name", json!(5)),
        ("mime_type", json!("audio")),
        ("desired_bitrate", json!(33)),
        ("desired_format", json!("aiff")),
        ("file_access_name", json!("../x")),
        ("file_access_name", json!("a//b")),
        ("integer_key_1", json!("x")),
        ("lifecycle_action", json!("shred")),
        ("lifecycle_ttl", json!(-5)),
        ("lifecycle_ttl", json!("soon")),
        ("parent_file_sid", json!("x")),
        ("publish", json!("everywhere")),
        ("string_key_2", json!(true)),
        ("threshold_include", json!(3)),
        ("type", json!("book")),
        ("unique", json!("x")),
        ("flavour", json!("x")),
        ("container_sid", json!("x")),
        ("container_sid", json!("6e930ad8-c3d0-49db-801e-86d64fedd2c2")),
    ] {
        let mut object = json!({"container_sid": sid});
        object[attribute] = value.clone();
        assert_invalid(&api.upload(&object, b"x"), attribute);
        assert_invalid(&api.send("PATCH", &path, &json!({attribute: value})), attribute);
    }
    let taken = api.upload(&json!({"container_sid": sid, "file_access_name": "taken"}), b"y");
    assert_invalid(&taken, "file_access_name");
    assert_eq!(taken.json()["errors"][0]["reference_sid"], kept["file_sid"]);
    assert_eq!(api.get(FILES).json()["total"], 1);
    assert_eq!(api.get(&path).json(), kept);
}

#[test]
fn links_follow_changes_at_once() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let file = api.file(&json!({"container_sid": sid}), b"content");
    let path = format!("{FILES}/{}", text(&file["file_sid"]));
    let by_sid = path_of(&file["publish_uri"]);
    assert_eq!(api.server.get(&by_sid).body, b"content");
    let named = api.send(
        "PATCH",
        &path,
        &json!({"publish": "file_access_name", "file_access_name": "a/ü.bin"}),
    );
    assert_eq!(named.status, 200, "{}", named.text());
    let by_name = path_of(&named.json()["publish_uri"]);
    assert_eq!(by_name, format!("/c/{sid}/a/%C3%BC.bin"));
    assert_eq!((api.server.get(&by_sid).status, api.server.get(&by_name).status), (404, 200));
    let none = api.send("PATCH", &path, &json!({"publish": "none"}));
    assert_eq!(none.json()["publish_uri"], json!(null));
    assert_eq!((api.server.get(&by_sid).status, api.server.get(&by_name).status), (404, 404));
    api.send("PATCH", &path, &json!({"publish": "file_sid"}));
    assert_eq!(api.server.get(&by_sid).status, 200);
    let container = format!("{CONTAINERS}/{sid}");
    let other = json!({"publish_domain": "https://cdn.example.com"});
    assert_eq!(api.send("PATCH", &container, &other).status, 200);
    assert!(text(&api.get(&path).json()["publish_uri"]).starts_with("https://cdn.example.com/f/"));
    api.send("PATCH", &container, &json!({"allow_publish": false}));
    assert_eq!(api.get(&path).json()["publish_uri"], json!(null));
    assert_eq!(api.server.get(&by_sid).status, 404);
}

#[test]
fn a_form_replaces_the_content_and_put_resets_what_is_not_sent() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let made = json!({"container_sid": sid, "string_key_1": "k", "publish": "file_sid"});
    let file = api.file(&made, b"old");
    let path = format!("{FILES}/{}", text(&file["file_sid"]));
    let object = ("file_object", "", &br#"{"name":"new.txt"}"#[..]);
    for name in ["data", "file"] {
        let replaced = api.form("PATCH", &path, &[object, (name, "", b"newer")]);
        assert_eq!(replaced.status, 200, "{}", replaced.text());
        let replaced = replaced.json();
        assert_eq!((&replaced["file_bytes"], &replaced["name"]), (&json!(5), &json!("new.txt")));
        assert_eq!(replaced["string_key_1"], "k");
    }
    assert_eq!(api.server.get(&path_of(&file["publish_uri"])).body, b"newer");
    assert_eq!(api.get(&format!("{CONTAINERS}/{sid}")).json()["total_bytes"], 5);
    let put = api.send("PUT", &path, &json!({"integer_key_2": 3})).json();
    assert_eq!((&put["string_key_1"], &put["integer_key_2"]), (&json!(null), &json!(3)));
    assert_eq!((&put["file_bytes"], &put["name"]), (&json!(5), &json!("new.txt")));
}

#[test]
fn a_file_moves_to_another_container_with_what_it_counts() {
    let api = Api::start();
    let (from, to) = (api.container_sid(&json!({})), api.container_sid(&json!({"quota_files": 1})));
    let files = [(); 2].map(|()| api.file(&json!({"container_sid": from}), b"four"));
    let paths = files.map(|file| format!("{FILES}/{}", text(&file["file_sid"])));
    assert_eq!(api.send("PATCH", &paths[0], &json!({"container_sid": to})).status, 200);
    assert_invalid(&api.send("PATCH", &paths[1], &json!({"container_sid": to})), "quota_files");
    for sid in [from, to] {
        let container = api.get(&format!("{CONTAINERS}/{sid}")).json();
        assert_eq!((&container["total_files"], &container["total_bytes"]), (&json!(1), &json!(4)));
    }
}

#[test]
fn data_sends_the_stored_bytes_and_counts_as_an_access() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let file = api.file(&json!({"container_sid": sid, "mime_type": "text/plain"}), b"hello");
    let path = format!("{FILES}/{}", text(&file["file_sid"]));
    let request = api.server.request("GET", &format!("{path}/data")).token(&api.token);
    let answer = request.range("bytes=1-2").send();
    assert_eq!((answer.status, &answer.body[..]), (206, &b"el"[..]));
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    let first = api.get(&path).json()["date_last_accessed"].clone();
    assert!(first.is_string(), "{first}");
    api.get(&format!("{path}/data"));
    assert_eq!(api.get(&path).json()["date_last_accessed"], first, "noted twice in a minute");
    let other = api.file(&json!({"container_sid": sid}), b"other");
    let other = format!("{FILES}/{}", text(&other["file_sid"]));
    let asked = api.server.request("HEAD", &format!("{other}/data")).token(&api.token).send();
    assert_eq!((asked.status, asked.length()), (200, 5));
    assert_eq!(api.get(&other).json()["date_last_accessed"], json!(null), "HEAD reads nothing");
    assert_eq!(api.delete(&path).status, 204);
    for gone in [api.get(&path), api.get(&format!("{path}/data")), api.delete(&path)] {
        assert_refused(&gone, 404, "Cannot find item by SID", "");
    }
    assert_eq!(api.server.get(&path_of(&file["publish_uri"])).status, 404);
}

#[test]
fn a_play_at_the_public_link_counts_as_an_access_and_asking_about_it_does_not() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let upload = |more: Value| {
        let mut object = json!({"container_sid": sid});
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        api.file(&object, b"0123456789")
    };
    let named = json!({"publish": "file_access_name", "file_access_name": "n"});
    let [asked, played, part, known, by_name] =
        [json!({}), json!({}), json!({}), json!({}), named].map(upload);
    let get = |file: &Value| api.server.request("GET", &path_of(&file["publish_uri"]));
    let etag = api.server.head(&path_of(&asked["publish_uri"])).header("etag").unwrap().to_owned();
    assert_eq!(get(&asked).range("bytes=90-").send().status, 416);
    assert_eq!(get(&asked).header("If-Match", "\"other\"").send().status, 412);
    assert_eq!(get(&part).range("bytes=2-3").send().status, 206);
    assert_eq!(get(&known).header("If-None-Match", &etag).send().status, 304);
    assert_eq!(get(&by_name).send().status, 200);
    assert_eq!(get(&played).send().status, 200);
    let last = |file: &Value| {
        api.get(&format!("{FILES}/{}", text(&file["file_sid"]))).json()["date_last_accessed"]
            .clone()
    };
    for file in [&played, &part, &known, &by_name] {
        until("an access is never noted", || !last(file).is_null());
    }
    assert_eq!(last(&asked), json!(null));
    let first = last(&played);
    get(&played).send();
    // Another link of it, noted together with the first access of another file.
    api.server.get(&format!("{}?disposition=attachment", path_of(&played["publish_uri"])));
    get(&asked).send();
    until("the access is never noted", || !last(&asked).is_null());
    assert_eq!(last(&played), first, "noted twice in a minute");
}

#[test]
fn every_attribute_can_be_set_by_form_query_and_change_and_put_resets_them() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let parent = text(&api.file(&json!({"container_sid": sid}), b"x")["file_sid"]);
    let all = json!({
        "file_access_name": "menu/a.wav", "integer_key_1": -1, "integer_key_2": 2,
        "lifecycle_action": "delete", "lifecycle_ttl": 3600, "mime_type": "audio/x-wav", "name": "a b.wav",
        "parent_file_sid": parent, "publish": "file_access_name", "string_key_1": "a", "string_key_2": "b",
        "string_key_3": "c", "string_key_4": "d", "threshold_include": false, "type": "audio", "unique": true,
    });
    let all = all.as_object().unwrap();
    let holds = |file: &Value| {
        for (name, value) in all {
            assert_eq!(&file[name], value, "{name}");
        }
        assert_eq!(api.delete(&format!("{FILES}/{}", text(&file["file_sid"]))).status, 204);
    };
    let mut object = Value::Object(all.clone());
    object["container_sid"] = json!(sid);
    holds(&api.file(&object, b"x"));
    let argument = |(name, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let value: String = value.bytes().map(|b| format!("%{b:02X}")).collect();
        format!("&{name}={value}")
    };
    let query: String = all.iter().map(argument).collect();
    let raw = api.server.request("POST", &format!("{FILES}?container_sid={sid}{query}"));
    let raw = raw.token(&api.token).header("Content-Type", "application/octet-stream").body(b"x");
    holds(&raw.send().json());
    let plain = api.file(&json!({"container_sid": sid, "name": "plain"}), b"x");
    let path = format!("{FILES}/{}", text(&plain["file_sid"]));
    assert_eq!(api.send("PATCH", &path, &object).status, 200);
    let reset = api.send("PUT", &path, &json!({})).json();
    // Names stay.
    for (name, _) in all.iter().filter(|(name, _)| !name.ends_with("name")) {
        assert_eq!(reset[name], plain[name], "{name}");
    }
    holds(&api.send("PUT", &path, &object).json());
}

#[test]
fn put_gives_back_the_type_that_the_content_was_recognised_as() {
    let api = Api::start();
    let wav = std::fs::read(sources::speech(api.folder.path())).unwrap();
    let m4a = api.server.get(&format!("{}?f=mp4&t=0-1000", api.server.upload("a.wav", &wav))).body;
    for (name, bytes, recognised) in [
        ("a.wav", &wav[..], "audio/x-wav"),
        ("a.al", &wav[44..], "audio/pcma"),
        ("a.m4a", &m4a, "audio/mp4"),
        ("a.wma", b"no sound at all", "audio/x-ms-wma"),
        ("a.bin", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("a", b"x", "application/octet-stream"),
    ] {
        let link = api.server.upload(name, bytes);
        let path = format!("{FILES}/{}", link.rsplit('/').next().unwrap());
        let said = api.send("PATCH", &path, &json!({"mime_type": "audio/vnd.wave", "name": "b"}));
        assert_eq!(said.json()["mime_type"], "audio/vnd.wave");
        let put = api.send("PUT", &path, &json!({"string_key_1": "k"})).json();
        assert_eq!((&put["mime_type"], &put["name"]), (&json!(recognised), &json!("b")), "{name}");
        let said = api.send("PUT", &path, &json!({"mime_type": "audio/wav"})).json();
        assert_eq!(said["mime_type"], "audio/wav");
    }
}

#[test]
fn the_admin_path_is_the_same_in_every_call() {
    const ADMIN: &str = "/core/v2/admin/storage/files";
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let object = json!({"container_sid": sid}).to_string();
    let data = ("data", "; filename=\"a.bin\"", &b"abc"[..]);
    let made = api.form("POST", ADMIN, &[("file_object", "", object.as_bytes()), data]);
    assert_eq!(made.status, 201, "{}", made.text());
    let path = format!("{ADMIN}/{}", text(&made.json()["file_sid"]));
    assert_eq!(api.get(&format!("{path}/data")).body, b"abc");
    assert_eq!(api.send("PATCH", &path, &json!({"name": "b"})).json()["name"], "b");
    assert_eq!(api.send("PUT", &path, &json!({"name": "c"})).json()["name"], "c");
    assert_eq!(api.get(&format!("{ADMIN}?filter=name+eq+c")).json()["total"], 1);
    assert_eq!(api.delete(&path).status, 204);
    assert_eq!(api.get(FILES).json()["total"], 0);
}

#[test]
fn refusals_say_what_the_documentation_says() {
    let api = Api::start();
    let full = api.container_sid(&json!({"quota_files": 0}));
    let small = api.container_sid(&json!({"quota_bytes": 1}));
    let reached = api.container_sid(&json!({"threshold_action": "reject", "threshold_files": 0}));
    let picky = api.container_sid(&json!({"allowed_classifications": ["media"]}));
    let open = api.container_sid(&json!({}));
    let unknown = "6e930ad8-c3d0-49db-801e-86d64fedd2c2";
    for (object, field, message) in [
        (json!({"container_sid": unknown}), "container_sid", "container not found"),
        (json!({"container_sid": "nowhere"}), "container_sid", "must be the sid or the name"),
        (json!({"container_sid": full}), "quota_files", "quota exceeded"),
        (json!({"container_sid": small}), "quota_bytes", "quota exceeded"),
        (json!({"container_sid": reached}), "threshold_files", "threshold exceeded"),
        (
            json!({"container_sid": picky}),
            "content_classification",
            "classification is not allowed",
        ),
        (
            json!({"container_sid": open, "desired_format": "x"}),
            "desired_format",
            "unsupported format",
        ),
        (json!({"container_sid": open, "flavour": "x"}), "flavour", "unknown attribute"),
    ] {
        let refused = api.upload(&object, b"text");
        assert_invalid(&refused, field);
        let said = text(&refused.json()["errors"][0]["message"]);
        assert!(said.starts_with(message), "{field}: {said}");
    }
    let keys = json!({"unique": true, "string_key_1": "k"});
    api.container(&keys);
    let taken = api.send("POST", CONTAINERS, &keys).json();
    assert_eq!(taken["errors"][0]["message"], "container with the same set of keys already exists");
    assert_eq!(api.get(FILES).json()["total"], 0);
}

#[test]
fn what_was_learned_of_a_files_transcodes_goes_with_it() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let wav = std::fs::read(sources::speech(api.folder.path())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let catalog = crate::spread::catalog(&runtime, &api.server.data);
    let learned = |key: &str| {
        let layout = runtime.block_on(catalog.layout(key)).unwrap();
        let states = runtime.block_on(catalog.checkpoints(key)).unwrap();
        (layout.is_some(), states.len())
    };
    // Whatever its content is called in the catalog.
    for (name, bytes) in [("call.wav", &wav[..]), ("call.alaw", &wav[44..])] {
        let file = api.file(&json!({"container_sid": sid, "name": name}), bytes);
        let link = path_of(&file["publish_uri"]);
        let keys = ["flac", "g722"].map(|format| {
            let answer = api.server.get(&format!("{link}?f={format}"));
            assert_eq!(answer.status, 200, "{}", answer.text());
            answer.header("etag").unwrap().trim_matches('"').to_owned()
        });
        until("it is written down", || learned(&keys[0]).0 && learned(&keys[1]).1 > 0);
        let path = format!("{FILES}/{}", text(&file["file_sid"]));
        assert_eq!(api.delete(&path).status, 204);
        assert_eq!(keys.map(|key| learned(&key)), [(false, 0); 2], "{name}");
    }
}
