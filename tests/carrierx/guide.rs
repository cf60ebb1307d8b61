//! The guide's requests by curl, and the API's own description against what it does.

use super::*;
use std::path::PathBuf;
use std::process::Command;

fn mp3(api: &Api) -> PathBuf {
    let path = api.folder.path().join("my_audio.mp3");
    let wav = sources::speech(api.folder.path());
    let (wav, target) = (wav.to_str().unwrap().to_owned(), path.to_str().unwrap());
    let made = crate::running::run(&["transcode", &wav, target, "--br", "64"]);
    assert!(made.status.success(), "{}", crate::running::stderr(&made));
    path
}

#[test]
fn every_request_of_the_guide_is_answered_as_it_says() {
    let api = Api::start();
    let base = format!("http://{}", api.server.address);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/carrierx/guide.sh");
    let walked = Command::new(script).args([&base, &api.token]).arg(mp3(&api)).output();
    let walked = walked.expect("the guide's script runs");
    let said = String::from_utf8_lossy(&walked.stderr);
    assert!(walked.status.success(), "{said}");
}

#[test]
fn the_description_names_every_attribute_and_can_be_read() {
    let api = Api::start();
    let described = api.server.get("/openapi.json").json();
    let container = api.container(&json!({}));
    let file = api.file(&json!({"container_sid": container["container_sid"]}), b"x");
    for (name, object) in [("ContainerObject", container), ("FileObject", file)] {
        let properties = described["components"]["schemas"][name]["properties"].as_object();
        // One is shown where it is named.
        let described: Vec<_> =
            properties.expect(name).keys().filter(|key| *key != "date_created").collect();
        assert_eq!(described, object.as_object().unwrap().keys().collect::<Vec<_>>(), "{name}");
    }
    let mut names = std::collections::BTreeSet::new();
    for (path, calls) in described["paths"].as_object().unwrap() {
        for (method, call) in calls.as_object().unwrap() {
            let name = text(&call["operationId"]);
            assert!(names.insert(name.clone()), "{name} twice: {method} {path}");
            let answers = call["responses"].as_object().unwrap();
            for (status, answer) in answers {
                assert!(!text(&answer["description"]).is_empty(), "{method} {path}: {status}");
            }
            // What is stored, or deleted, may find the disk full.
            let gives_up = method == "delete" && path.contains("/uploads/");
            let reads = ["get", "head"].contains(&method.as_str()) || path.ends_with("/sign");
            let writes = !reads && !gives_up;
            if path.starts_with("/core/") {
                assert_eq!(answers.contains_key("507"), writes, "{method} {path}");
            }
        }
    }
    let page = api.server.get("/docs");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.text().contains("threshold_grace_period"));
}

#[test]
fn requests_made_from_the_description_find_no_fault_and_no_answer_outside_it() {
    let api = Api::start();
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
    let schemathesis = crate::running::tools().join("schemathesis/bin/schemathesis");
    let run = Command::new(schemathesis)
        .args(["run", &format!("http://{}/openapi.json", api.server.address), "--checks", checks])
        .args(["--header", &format!("Authorization: Bearer {}", api.token)])
        // It makes no body of a type of tus.
        .args(["--include-path-regex", "^/core", "--exclude-operation-id", "continueUpload"])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--seed", "1"])
        .current_dir(api.folder.path())
        .output();
    let run = run.expect("schemathesis runs (scripts/setup installs it)");
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{out}{err}");
    assert!(out.contains("passed") || out.contains("No issues found"), "{out}");
}
