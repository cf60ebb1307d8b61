//! The page about the API, and its own description, against what it does.

use super::*;
use std::process::Command;

/// The examples of the page, each a block of bash.
fn examples() -> Vec<String> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/server/src/apis/voipbin/README.md");
    let page = std::fs::read_to_string(page).unwrap();
    let blocks = page.split("```bash\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_example_of_the_page_does_what_it_says() {
    let api = Api::start();
    std::fs::write(api.folder.path().join("call.wav"), chime()).unwrap();
    let examples = examples();
    assert!(examples.len() >= 3);
    for example in examples {
        let run = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &example])
            .env("BASE", format!("http://{}", api.server.address))
            .env("TOKEN", &api.manager)
            .current_dir(api.folder.path())
            .output()
            .expect("bash runs");
        assert!(run.status.success(), "{example}: {}{}", stdout(&run), stderr(&run));
    }
}

#[test]
fn the_description_names_every_field() {
    let api = Api::start();
    let described = api.server.get("/openapi.json").json();
    let file = api.file("a", b"x", &[]);
    for (name, object) in [("VoipbinFile", file), ("VoipbinAccount", api.get(ACCOUNT).json())] {
        let properties = described["components"]["schemas"][name]["properties"].as_object();
        let mut described: Vec<_> = properties.expect(name).keys().collect();
        let mut shown: Vec<_> = object.as_object().unwrap().keys().collect();
        described.sort();
        shown.sort();
        assert_eq!(described, shown, "{name}");
    }
    let calls = described["paths"].as_object().unwrap().iter();
    let calls =
        calls.filter(|(path, _)| path.starts_with("/v1.0") || path.starts_with("/auth/login"));
    let tags = calls.flat_map(|(_, calls)| calls.as_object().unwrap().values());
    let tags: Vec<_> = tags.map(|call| call["tags"].clone()).collect();
    assert_eq!(tags, vec![json!(["voipbin"]); 22]);
}

#[test]
fn requests_made_from_the_description_find_no_fault_and_no_answer_outside_it() {
    let api = Api::start();
    api.file("a.wav", &chime(), &[]);
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
    let schemathesis = crate::running::tools().join("schemathesis/bin/schemathesis");
    let run = Command::new(schemathesis)
        .args(["run", &format!("http://{}/openapi.json", api.server.address), "--checks", checks])
        .args(["--header", &format!("Authorization: Bearer {}", api.admin)])
        .args(["--include-path-regex", "^/(v1.0|auth/login)"])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--seed", "1"])
        .current_dir(api.folder.path())
        .output();
    let run = run.expect("schemathesis runs (scripts/setup installs it)");
    assert!(run.status.success(), "{}{}", stdout(&run), stderr(&run));
    assert!(stdout(&run).contains("passed") || stdout(&run).contains("No issues found"));
}
