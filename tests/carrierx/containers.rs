//! Containers: attributes, changes, deletion.

use super::*;

#[test]
fn a_container_made_of_nothing_has_every_attribute_with_its_default() {
    let api = Api::start();
    let made = api.container(&json!({}));
    let expected = json!({
        "allow_publish": true, "allowed_classifications": [], "available_bytes_percent": 100,
        "available_files_percent": 100, "blocked_classifications": [],
        "container_sid": made["container_sid"], "default_file_lifecycle_action": "no_action",
        "default_file_lifecycle_ttl": -1, "default_file_publish": "file_sid",
        "default_file_threshold_include": true, "default_file_unique": false,
        "durability_class": "unassigned", "encrypted": false, "external_attributes": {},
        "integer_key_1": null, "integer_key_2": null, "name": "N/A", "parent_container_sid": null,
        "partner_sid": made["partner_sid"], "publish_domain": format!("http://{}", api.server.address),
        "quota_bytes": 1_073_741_824, "quota_files": 100, "string_key_1": null, "string_key_2": null,
        "string_key_3": null, "string_key_4": null, "threshold_action": null,
        "threshold_available_bytes_percent": null, "threshold_available_files_percent": null,
        "threshold_bytes": null, "threshold_bytes_target": null, "threshold_files": null,
        "threshold_files_target": null, "threshold_grace_period": 0, "threshold_total_bytes": 0,
        "threshold_total_files": 0, "total_bytes": 0, "total_files": 0, "type": "internal",
        "unique": false,
    });
    assert_eq!(made, expected);
    let path = format!("{CONTAINERS}/{}", text(&made["container_sid"]));
    assert_eq!(api.get(&path).json(), made);
}

#[test]
fn every_attribute_can_be_set_and_read_back_and_put_resets_the_rest() {
    let api = Api::start();
    let parent = api.container_sid(&json!({}));
    let all = json!({
        "allow_publish": false, "allowed_classifications": ["media"],
        "blocked_classifications": ["executable", "archive"],
        "default_file_lifecycle_action": "delete", "default_file_lifecycle_ttl": 60,
        "default_file_publish": "file_access_name", "default_file_threshold_include": false,
        "default_file_unique": true, "external_attributes": {"bucket": "b"}, "integer_key_1": -1,
        "integer_key_2": 2, "name": "Ansagen", "parent_container_sid": parent,
        "publish_domain": "https://media.example.com", "quota_bytes": null, "quota_files": 7,
        "string_key_1": "a", "string_key_2": "b", "string_key_3": "c", "string_key_4": "",
        "threshold_action": "delete_lru", "threshold_bytes": 1000, "threshold_bytes_target": 500,
        "threshold_files": 5, "threshold_files_target": 0, "threshold_grace_period": 30,
        "unique": true,
    });
    let made = api.container(&all);
    for (name, value) in all.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    assert_eq!(made["threshold_available_files_percent"], 100);
    let path = format!("{CONTAINERS}/{}", text(&made["container_sid"]));
    let patched = api.send("PATCH", &path, &json!({"integer_key_1": "39984", "name": "neu"}));
    assert_eq!(patched.status, 200, "{}", patched.text());
    let mut expected = made.clone();
    expected["integer_key_1"] = json!(39984);
    expected["name"] = json!("neu");
    assert_eq!(patched.json(), expected);
    let put = api.send("PUT", &path, &json!({"name": "ganz neu"}));
    let mut expected = api.container(&json!({"name": "ganz neu"}));
    expected["container_sid"] = made["container_sid"].clone();
    assert_eq!((put.status, put.json()), (200, expected.clone()));
    // Clients send back what they were given: what is the server's alone is passed over.
    let back = api.send("PATCH", &path, &put.json());
    assert_eq!((back.status, back.json()), (200, expected));
}

#[test]
fn a_container_goes_once_it_is_empty() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let file = api.file(&json!({"container_sid": sid}), b"x");
    let path = format!("{CONTAINERS}/{sid}");
    assert_eq!(api.delete(&path).status, 409);
    assert_eq!(api.delete(&format!("{FILES}/{}", text(&file["file_sid"]))).status, 204);
    let gone = api.delete(&path);
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    for answer in [api.get(&path), api.delete(&path), api.send("PATCH", &path, &json!({}))] {
        assert_refused(&answer, 404, "Cannot find item by SID", "");
    }
    assert_refused(&api.get(&format!("{CONTAINERS}/no-sid")), 404, "Cannot find item by SID", "");
}

#[test]
fn a_container_whose_parent_is_gone_is_changed_with_its_own_object() {
    let api = Api::start();
    let parent = api.container_sid(&json!({}));
    let child = api.container(&json!({"parent_container_sid": parent}));
    let path = format!("{CONTAINERS}/{}", text(&child["container_sid"]));
    assert_eq!(api.delete(&format!("{CONTAINERS}/{parent}")).status, 204);
    for method in ["PUT", "PATCH"] {
        let answer = api.send(method, &path, &api.get(&path).json());
        assert_eq!(answer.status, 200, "{method}: {}", answer.text());
        assert_eq!(answer.json()["parent_container_sid"], parent.as_str());
    }
    let other = api.send("POST", CONTAINERS, &json!({"parent_container_sid": parent}));
    assert_invalid(&other, "parent_container_sid");
}

#[test]
fn secrets_of_external_storage_are_masked_and_survive_being_sent_back() {
    let api = Api::start();
    let given = json!({"external_attributes": {
        "access_key_id": "AK", "secret_access_key": "hush", "nested": {"account_key": "hush"},
        "several": [{"bucket": "b", "password": "hush"}, [{"token": "hush"}]]}});
    let made = api.container(&given);
    assert!(!made.to_string().contains("hush"), "{made}");
    assert_eq!(made["external_attributes"]["access_key_id"], "AK");
    let path = format!("{CONTAINERS}/{}", text(&made["container_sid"]));
    let back = api.send("PATCH", &path, &made);
    assert_eq!((back.status, back.json()), (200, made));
    for (kind, missing) in
        [("aws", "access_key_id"), ("azure", "account_name"), ("gcp", "credentials")]
    {
        let field = format!("external_attributes.{missing}");
        assert_invalid(&api.send("POST", CONTAINERS, &json!({"type": kind})), &field);
    }
    let probe = "filter=external_attributes.secret_access_key%20eq%20hush";
    assert_invalid(&api.get(&format!("{CONTAINERS}?{probe}")), "filter");
    let found = api.get(&format!("{CONTAINERS}?filter=external_attributes.access_key_id+eq+AK"));
    assert_eq!(found.json()["total"], 1, "{}", found.text());
}

#[test]
fn values_that_an_attribute_cannot_have_are_refused_by_name() {
    let api = Api::start();
    for (attribute, value) in [
        ("name", json!(5)),
        ("name", json!(null)),
        ("name", json!("a\u{0}b")),
        ("allow_publish", json!("maybe")),
        ("allowed_classifications", json!("media")),
        ("allowed_classifications", json!(["films"])),
        ("blocked_classifications", json!(["films"])),
        ("default_file_lifecycle_action", json!("explode")),
        ("default_file_lifecycle_ttl", json!(-2)),
        ("default_file_publish", json!("always")),
        ("default_file_threshold_include", json!("maybe")),
        ("default_file_unique", json!(2)),
        ("external_attributes", json!([])),
        ("integer_key_1", json!("one")),
        ("integer_key_2", json!(1.5)),
        ("parent_container_sid", json!("no sid")),
        ("parent_container_sid", json!("6e930ad8-c3d0-49db-801e-86d64fedd2c2")),
        ("publish_domain", json!("javascript:alert(1)")),
        ("quota_bytes", json!(-1)),
        ("quota_files", json!("many")),
        ("string_key_1", json!(1)),
        ("string_key_2", json!([])),
        ("string_key_3", json!({})),
        ("string_key_4", json!("x".repeat(1025))),
        ("threshold_action", json!("panic")),
        ("threshold_bytes", json!(-1)),
        ("threshold_bytes_target", json!(-1)),
        ("threshold_files", json!(-1)),
        ("threshold_files_target", json!("few")),
        ("threshold_grace_period", json!(-1)),
        ("type", json!("floppy")),
        ("unique", json!("yes")),
        ("colour", json!("red")),
    ] {
        let answer = api.send("POST", CONTAINERS, &json!({attribute: value}));
        assert_invalid(&answer, attribute);
    }
    let target = json!({"threshold_files": 5, "threshold_files_target": 6});
    assert_invalid(&api.send("POST", CONTAINERS, &target), "threshold_files_target");
    assert_eq!(api.get(CONTAINERS).json()["total"], 1, "something was kept");
}

#[test]
fn unique_containers_of_a_partner_differ_in_their_keys() {
    let api = Api::start();
    let keys = json!({"unique": true, "integer_key_1": 1, "string_key_4": "k"});
    let first = api.container_sid(&keys);
    let second = api.send("POST", CONTAINERS, &keys);
    assert_invalid(&second, "unique");
    assert_eq!(second.json()["errors"][0]["reference_sid"], *first);
    let other = api.container_sid(&json!({"integer_key_1": 1, "string_key_4": "k"}));
    let path = format!("{CONTAINERS}/{other}");
    assert_invalid(&api.send("PATCH", &path, &json!({"unique": true})), "unique");
    let differs = json!({"unique": true, "string_key_3": "x"});
    assert_eq!(api.send("PATCH", &path, &differs).status, 200);
    assert_eq!(api.send("PATCH", &format!("{CONTAINERS}/{first}"), &keys).status, 200);
}

#[test]
fn bodies_that_are_no_json_object_are_refused() {
    let api = Api::start();
    let send = |kind: &str, body: &[u8]| {
        let request = api.server.request("POST", CONTAINERS).token(&api.token);
        request.header("Content-Type", kind).body(body).send()
    };
    let known = "No JSON object could be decoded";
    for body in [&b"{"[..], b"[]", b"", b"\xff"] {
        assert_refused(&send("application/json", body), 400, known, "body");
    }
    for length in [1_048_577, 3_000_000] {
        let large = send("application/json", &vec![b' '; length]);
        assert_refused(&large, 413, "Payload Too Large", "body");
    }
    assert_refused(&send("application/json", &[b' '; 1_048_576]), 400, known, "body");
    let form = send("application/x-www-form-urlencoded", b"name=x");
    assert_refused(&form, 415, "Unsupported media type", "Content-Type");
    assert_refused(&api.send("DELETE", CONTAINERS, &json!({})), 405, "Method Not Allowed", "");
    assert_refused(&api.get("/core/v2/storage/lockers"), 404, "Not Found", "");
}
