//! The description of the APIs: linters and generators of clients take it, what it says of links holds, and people can
//! read, search and try it at `/docs`.

use super::{chromium, tools};
use crate::running::Server;
use crate::sources;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Runs a script of a tool from npm.
pub fn node(script: &str, args: &[&str], folder: &Path) -> (bool, String) {
    let output = Command::new("node")
        .arg(tools().join(script))
        .args(args)
        .current_dir(folder)
        .env("REDOCLY_TELEMETRY", "off")
        .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true")
        .output()
        .expect("node must be installed (scripts/setup does it)");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn calls(api: &Value) -> impl Iterator<Item = (&String, &String, &Value)> {
    let paths = api["paths"].as_object().expect("paths").iter();
    paths.flat_map(|(path, calls)| {
        calls.as_object().expect("calls").iter().map(move |(method, call)| (path, method, call))
    })
}

#[test]
fn every_call_has_a_method_s_name_of_its_own_and_an_answer_that_is_described() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let api = server.get("/openapi.json").json();
    let mut names = BTreeSet::new();
    for (path, method, call) in calls(&api) {
        let name = call["operationId"].as_str().expect("a name").to_owned();
        let is_camel = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric());
        assert!(is_camel, "{method} {path}: {name}");
        for (status, answer) in call["responses"].as_object().expect("answers") {
            let said = answer["description"].as_str();
            assert!(said.is_some_and(|text| !text.is_empty()), "{method} {path}: {status}");
        }
        assert!(names.insert(name), "{method} {path}: its name is another's, too");
    }
    for name in ["listFiles", "uploadFile", "signFile", "playFile", "getPeaks", "getHealth"] {
        assert!(names.contains(name), "{name}");
    }
    assert_eq!(api["servers"], json!([{"url": "."}]));
}

#[test]
fn what_a_call_takes_is_told_to_the_last_word() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let api = server.get("/openapi.json").json();
    let (paths, schemas) = (&api["paths"], &api["components"]["schemas"]);
    for (path, method) in [
        ("/core/v2/storage/upload/{name}", "post"),
        ("/v1.0/files", "post"),
        ("/v1.0/files/{id}", "delete"),
        ("/v1.0/files/{id}/file", "get"),
        ("/auth", "post"),
        ("/profiles/{profile_id}/recordings", "put"),
    ] {
        assert!(paths[path][method].is_object(), "{method} {path}");
    }
    let parameter = |path: &str, name: &str| {
        let all = paths[path].as_object().unwrap().values();
        let mut all = all.flat_map(|call| call["parameters"].as_array().unwrap().clone());
        all.find(|told| told["name"] == name).unwrap_or_else(|| panic!("{path}: {name}"))
    };
    for (name, told) in schemas["FileObject"]["properties"].as_object().unwrap() {
        if told["readOnly"] != true {
            parameter("/core/v2/storage/files", name);
            parameter("/core/v2/storage/upload/{name}", name);
        }
    }
    for (path, name, word) in [
        ("/v1.0/storage_files", "type", "rag"),
        ("/v1.0/storage_files", "sort", "filesize"),
        ("/v1.0/service_agents/files", "order", "asc"),
        ("/files", "Type", "VoiceMessage"),
        ("/files", "SortField", "AITranscription"),
        ("/portal/files", "Type", "Fax"),
    ] {
        let words = parameter(path, name)["schema"]["enum"].clone();
        assert!(
            words.as_array().is_some_and(|words| words.contains(&json!(word))),
            "{path} {name}"
        );
    }
    let types = parameter("/app/files", "FileTypes")["schema"]["items"]["enum"].clone();
    assert_eq!(types.as_array().map(Vec::len), Some(6), "{types}");
    for name in ["VoxboneProfile", "VoxboneRecording"] {
        assert_eq!(schemas[name]["additionalProperties"], false, "an unknown field is refused");
    }
    let data = &paths["/recordings/{id}/data"]["get"]["responses"];
    for status in ["200", "206"] {
        assert!(data[status]["content"]["*/*"].is_object(), "{data}");
    }
}

#[test]
fn a_description_that_a_client_has_is_not_made_and_sent_again() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let ask = |headers: &[(&str, &str)]| {
        let request = server.request("GET", "/openapi.json").header("Accept-Encoding", "gzip");
        headers.iter().fold(request, |request, (name, value)| request.header(name, value)).send()
    };
    let answer = ask(&[]);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let etag = answer.header("etag").expect("an ETag").to_owned();
    let again = ask(&[("If-None-Match", &etag)]);
    assert_eq!((again.status, again.body.len()), (304, 0));
}

#[test]
fn what_is_told_of_links_holds() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let link = server.upload("melody.flac", &std::fs::read(sources::melody()).unwrap());
    let sid = link.rsplit('/').next().expect("a sid");
    let api = server.get("/openapi.json").json();
    let mut tried = 0;
    for (path, _, call) in calls(&api).filter(|(_, _, call)| call["tags"][0] == "links") {
        if path.starts_with("/c/") {
            continue;
        }
        let path = path.replace("{file_sid}", sid);
        assert_eq!(server.get(&path).status, 200, "{path}");
        for parameter in call["parameters"].as_array().into_iter().flatten() {
            let (name, example) = (&parameter["name"], &parameter["example"]);
            let (Some(name), Some(example)) = (name.as_str(), example.as_str()) else { continue };
            let format = match name {
                "codec" => "f=wav&",
                "br" | "tags" => "f=mp3&",
                name if name.starts_with("tag-") => "f=mp3&",
                _ => "",
            };
            let url = format!("{path}?{format}{name}={}", example.replace(' ', "%20"));
            let answer = server.get(&url);
            assert_eq!(answer.status, 200, "{url}: {}", answer.text());
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried} examples");
}

#[test]
fn the_documentation_is_found_in_and_tried_with_the_token_of_the_page() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    server.upload("%3Cscript%3Ehello.txt", b"hello");
    let page = server.get("/docs");
    // Whole without scripts.
    assert!(page.text().contains("threshold_grace_period") && page.text().contains("tag-title"));
    let origin = format!("http://{}/", server.address);
    let seen = chromium("docs.cjs", json!({"origin": origin, "token": server.token()}));
    assert_eq!(seen["complaints"], json!([]));
    assert_eq!(seen["found"], json!(["signFile"]));
    let answered = seen["answered"].as_str().expect("an answer");
    assert!(answered.starts_with("200 ") && answered.contains("<script>hello.txt"), "{answered}");
    assert_eq!(seen["withoutToken"], false);
    assert_eq!(seen["wide"], false);
}
