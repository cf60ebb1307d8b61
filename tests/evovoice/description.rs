//! The API's own description against what it does.

use super::*;
use std::process::Command;

#[test]
fn every_example_of_the_page_does_what_it_says() {
    let api = Api::start();
    std::fs::copy(crate::sources::speech(api.folder.path()), api.folder.path().join("call.wav"))
        .unwrap();
    let page = include_str!("../../crates/server/src/apis/evovoice/README.md");
    let examples: Vec<_> = page.split("```bash\n").skip(1).collect();
    assert_eq!(examples.len(), 3);
    for example in examples {
        let run = Command::new("bash")
            .args(["-euo", "pipefail", "-c", example.split("```").next().unwrap()])
            .env("BASE", format!("http://{}", api.server.address))
            .env("TOKEN", &api.manager)
            .current_dir(api.folder.path())
            .output()
            .expect("bash runs");
        assert!(run.status.success(), "{example}: {}", stderr(&run));
    }
}

#[test]
fn the_description_names_every_member_and_call() {
    let api = Api::start();
    let file = api.file("FileName=a&Type=Fax&SessionId=a&CustomerId=a&CustomerName=a&UserId=a&UserName=a&RecordingSid=a\
                         &RecordingFrom=a&FromAddress=a&ToAddress=a&Transcription=a&AITranscription=a");
    let described = api.server.get("/openapi.json").json();
    let members =
        described["components"]["schemas"]["EvoVoiceFile"]["properties"].as_object().unwrap();
    let members: Vec<_> = members.keys().collect();
    assert_eq!(members, file.as_object().unwrap().keys().collect::<Vec<_>>());
    for (path, methods) in [
        ("/files", vec!["get", "post"]),
        ("/files/{file_id}", vec!["delete", "get", "patch"]),
        ("/files/{file_id}/content", vec!["get"]),
        ("/app/files", vec!["get", "post"]),
        ("/app/file", vec!["post"]),
        ("/portal/files", vec!["get"]),
        ("/auth/credentials", vec!["post"]),
        ("/auth/token", vec!["get"]),
    ] {
        let calls = described["paths"][path].as_object().unwrap();
        assert_eq!(calls.keys().collect::<Vec<_>>(), methods, "{path}");
        assert!(calls.values().all(|call| call["tags"] == json!(["evovoice"])), "{path}");
    }
}

#[test]
fn requests_made_from_the_description_find_no_fault_and_no_answer_outside_it() {
    let api = Api::start_with(&["--apis", "evovoice"]);
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
    let schemathesis = crate::running::tools().join("schemathesis/bin/schemathesis");
    let run = Command::new(schemathesis)
        .args(["run", &format!("http://{}/openapi.json", api.server.address), "--checks", checks])
        .args(["--header", &format!("Authorization: Bearer {}", api.admin)])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--seed", "1"])
        .current_dir(api.folder.path())
        .output();
    let run = run.expect("schemathesis runs (scripts/setup installs it)");
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{out}{err}");
}
