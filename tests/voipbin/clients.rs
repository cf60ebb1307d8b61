//! Clients of the service as its documents have them, request by request, with another base URL.

use super::*;
use std::process::Command;

/// What curl prints.
fn curl(api: &Api, args: &[&str]) -> String {
    let base = format!("http://{}", api.server.address);
    let args: Vec<_> =
        args.iter().map(|arg| arg.replace("https://api.voipbin.net", &base)).collect();
    let output = Command::new("curl").arg("-sS").args(&args).output().expect("curl runs");
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    stdout(&output)
}

fn json_by_curl(api: &Api, args: &[&str]) -> Value {
    let printed = curl(api, args);
    serde_json::from_str(&printed).unwrap_or_else(|e| panic!("{args:?}: {e}: {printed}"))
}

#[test]
fn the_documents_requests_work_with_another_base() {
    let api = Api::start();
    let token = &api.manager;
    let pdf = api.folder.path().join("document.pdf");
    std::fs::write(&pdf, b"%PDF-1.4\nhello").unwrap();
    let url = |path: &str| format!("https://api.voipbin.net{path}?token={token}");
    let file = format!("file=@{}", pdf.display());
    let made = json_by_curl(
        &api,
        &[
            "-X",
            "POST",
            &url("/v1.0/storage_files"),
            "--header",
            "Content-Type: multipart/form-data",
            "--form",
            &file,
            "--form",
            "name=document.pdf",
        ],
    );
    assert_eq!(
        (text(&made["name"]), text(&made["mime_type"]), &made["size"]),
        ("document.pdf".into(), "application/pdf".into(), &json!(14))
    );
    let id = text(&made["id"]);
    let listed = json_by_curl(&api, &["-X", "GET", &url("/v1.0/storage_files")]);
    assert_eq!(listed["result"][0], made);
    let one = url(&format!("/v1.0/storage_files/{id}"));
    assert_eq!(json_by_curl(&api, &["-X", "GET", &one]), made);
    for routes in ["storage_files", "service_agents/files", "files"] {
        let to = api.folder.path().join("downloaded_file.pdf");
        let from = url(&format!("/v1.0/{routes}/{id}/file"));
        curl(&api, &["-L", "-X", "GET", &from, "--output", to.to_str().unwrap()]);
        assert_eq!(std::fs::read(&to).unwrap(), std::fs::read(&pdf).unwrap(), "{routes}");
    }
    let account = json_by_curl(&api, &["-X", "GET", &url("/v1.0/storage_account")]);
    for (member, value) in [("total_size", 14_u64), ("file_count", 1), ("quota", 10_737_418_240)] {
        assert_eq!(account[member], value, "{member}");
    }
    let gone = json_by_curl(&api, &["-X", "DELETE", &one]);
    assert_eq!(gone["id"], made["id"]);
    let gone = json_by_curl(&api, &["-X", "GET", &one]);
    assert_eq!(gone["error"]["reason"], "RESOURCE_NOT_FOUND");
}

#[test]
fn the_scenarios_of_recordings_and_of_a_cleanup_can_be_walked() {
    let api = Api::start();
    let call = api.file("call-2024-01-15-abc123.wav", &chime(), &[("type", "recording")]);
    api.file("small.txt", b"x", &[]);
    assert_eq!(api.names(&format!("{FILES}?type=recording")), ["call-2024-01-15-abc123.wav"]);
    assert_eq!(api.get(&format!("{}/file", path_of_file(&call))).status, 307);
    assert_eq!(
        api.names(&format!("{FILES}?sort=size&order=desc"))[0],
        "call-2024-01-15-abc123.wav"
    );
    assert_eq!(
        api.names(&format!("{FILES}?sort=tm_create&order=asc"))[0],
        "call-2024-01-15-abc123.wav"
    );
    assert_eq!(api.delete(&api.manager, &path_of_file(&call)).status, 200);
    assert_eq!(api.get(ACCOUNT).json()["total_size"], 1);
}

/// A client of the newer code: logs in, sends the token as Bearer, walks all pages, and stops at an empty token.
#[test]
fn a_client_that_logs_in_and_walks_the_pages_sees_every_file_once() {
    let api = Api::start();
    for n in 0..7 {
        api.file(&format!("f{n}"), b"x", &[("type", "rag")]);
    }
    let script = r#"
import json, sys, urllib.request
base, password = sys.argv[1:]
def ask(method, path, body=None, token=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = "Bearer " + token
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(base + path, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
token = ask("POST", "/auth/login", {"username": "joe", "password": password})["token"]
names, page_token = [], ""
while True:
    page = ask("GET", "/v1.0/storage_files?page_size=3&page_token=" + page_token, token=token)
    names += [file["filename"] for file in page["result"]]
    page_token = page["next_page_token"]
    if not page_token:
        break
print(" ".join(names))
"#;
    let base = format!("http://{}", api.server.address);
    let output =
        Command::new("python3").args(["-c", script, &base, &api.manager]).output().unwrap();
    assert_eq!(stdout(&output).trim(), "f6 f5 f4 f3 f2 f1 f0", "{}", stderr(&output));
}
