//! The API's own description against what it does.

use super::*;

#[test]
fn the_description_names_every_field_and_every_route() {
    let api = Api::start();
    let described = api.server.get("/openapi.json").json();
    let (profile, _) = api.make(PROFILES, &json!({}));
    let (recording, _) = api.make(RECORDINGS, &json!({}));
    for (name, object) in [("VoxboneProfile", profile), ("VoxboneRecording", recording)] {
        let properties = described["components"]["schemas"][name]["properties"].as_object();
        let mut described: Vec<_> = properties.expect(name).keys().collect();
        let mut shown: Vec<_> = object.as_object().unwrap().keys().collect();
        described.sort_unstable();
        shown.sort_unstable();
        assert_eq!(described, shown, "{name}");
    }
    for (path, methods) in [
        ("/profiles", &["get", "put"][..]),
        ("/profiles/{profile_id}", &["get", "post", "delete"]),
        ("/profiles/{profile_id}/recordings", &["get", "put"]),
        ("/profiles/{profile_id}/recordings/{id}", &["get", "post", "delete"]),
        ("/recordings", &["get", "put"]),
        ("/recordings/{id}", &["get", "post", "delete"]),
        ("/recordings/{id}/data", &["get", "put"]),
    ] {
        let calls = &described["paths"][path];
        let found: Vec<_> =
            calls.as_object().expect(path).keys().filter(|key| *key != "parameters").collect();
        assert_eq!(found.len(), methods.len(), "{path}: {found:?}");
        for method in methods {
            assert_eq!(calls[method]["tags"], json!(["voxbone"]), "{method} {path}");
        }
    }
}

#[test]
fn the_examples_of_its_page_work_as_they_stand() {
    let api = Api::start();
    std::fs::write(api.folder.path().join("call.wav"), api.speech()).unwrap();
    let page = include_str!("../../crates/server/src/apis/voxbone/README.md");
    let example = page.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let done = std::process::Command::new("bash")
        .args(["-euo", "pipefail", "-c", example])
        .env("BASE", format!("http://{}", api.server.address))
        .env("TOKEN", &api.token)
        .current_dir(api.folder.path())
        .output()
        .expect("bash runs");
    assert!(done.status.success(), "{}", stderr(&done));
    assert_eq!(stdout(&done).matches("\"from\":\"+49 30 1\"").count(), 2, "{}", stdout(&done));
    assert_eq!(api.mails().len(), 1);
}
