//! What the page is made of: files that are kept for good, small, and right in their types; nothing but them runs.

use super::{chromium, tools};
use crate::client::Answer;
use crate::running::Server;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The files that a document names, as paths from the server's root.
fn files(document: &Answer) -> Vec<String> {
    let text = document.text();
    let named = text.split(['"', '\'']).filter(|part| part.starts_with("page/"));
    let mut named: Vec<_> = named.map(|part| format!("/{part}")).collect();
    named.sort();
    named.dedup();
    named
}

#[test]
fn the_page_runs_nothing_but_its_own_files_and_may_not_be_framed() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let page = server.get("/");
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").expect("a policy");
    for rule in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert_eq!(page.header("cross-origin-opener-policy"), Some("same-origin"));
    assert_eq!(page.header("cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(server.head("/").status, 200);
    for path in ["/docs", "/openapi.json", "/core/v2/storage/files", "/core/v2/nowhere"] {
        let answer = server.get(path);
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
    }
    for path in ["/favicon.ico", "/favicon.svg", "/robots.txt"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
}

#[test]
fn the_pages_files_are_small_kept_for_good_under_their_content_and_coded_as_the_client_takes_them()
{
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let page = server.get("/");
    let files = files(&page);
    assert!(files.len() > 20, "{files:?}");
    let mut bytes = page.body.len();
    for path in &files {
        let plain = server.get(path);
        assert_eq!(plain.status, 200, "{path}");
        let caching = plain.header("cache-control").expect("a rule");
        assert!(caching.contains("immutable"), "{path}: {caching}");
        bytes += plain.body.len();
        for coding in ["br", "gzip"] {
            let coded = server.request("GET", path).header("Accept-Encoding", coding).send();
            assert_eq!(coded.header("content-encoding"), Some(coding), "{path}");
            assert_eq!(coded.header("vary"), Some("Accept-Encoding"), "{path}");
            assert!(coded.body.len() < plain.body.len(), "{path}");
            let etag = coded.header("etag").expect("an ETag").to_owned();
            let again = server.request("GET", path).header("Accept-Encoding", coding);
            assert_eq!(again.header("If-None-Match", &etag).send().status, 304, "{path}");
            assert_ne!(plain.header("etag"), Some(etag.as_str()), "{path}");
        }
    }
    assert!(bytes < 150_000, "{bytes} bytes");
    assert_eq!(server.get("/page/0123456789abcdef/app.js").status, 404);
}

#[test]
fn lists_are_coded_as_the_client_takes_them_and_files_never_are() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let text = vec![b'['; 5000];
    let link = (0..5).map(|n| server.upload(&format!("{n}.json"), &text)).last().expect("a link");
    let list = "/core/v2/storage/files";
    let get = |path: &str, coding: &str| {
        let request = server.request("GET", path).token(&server.token());
        request.header("Accept-Encoding", coding).send()
    };
    let plain = get(list, "identity");
    for coding in ["gzip", "br"] {
        let coded = get(list, coding);
        assert_eq!(coded.header("content-encoding"), Some(coding));
        assert!(coded.body.len() * 3 < plain.body.len(), "{coding}: {}", coded.body.len());
    }
    assert!(plain.header("content-encoding").is_none() && plain.header("vary").is_some());
    let data = format!("{list}/{}/data", link.rsplit('/').next().expect("a sid"));
    for path in [&link, &data] {
        let file = get(path, "br, gzip");
        assert!(file.header("content-encoding").is_none() && file.body == text, "{path}");
    }
}

#[test]
fn the_types_of_the_pages_scripts_hold() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/server/src/page");
    let scripts = std::fs::read_dir(page.join("web")).unwrap().map(|entry| entry.unwrap().path());
    let scripts = scripts.filter(|path| path.extension().is_some_and(|e| e == "js"));
    let judge = tools().join("typescript/node_modules/typescript/bin/tsc");
    let options = "--noEmit --checkJs --allowJs --strict --target esnext --module esnext \
                   --moduleResolution bundler --lib esnext,dom,dom.iterable";
    let output = Command::new("node")
        .arg(judge)
        .args(options.split_whitespace())
        .arg(page.join("types.d.ts"))
        .args(scripts)
        .output()
        .expect("node must be installed (scripts/setup does it)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Types of which some ran script at the server's origin, and all that a browser may run.
const ACTIVE_TYPES: [&str; 10] = [
    "text/html",
    "application/xhtml+xml",
    "image/svg+xml",
    "text/xml",
    "audio/x+xml",
    "audio/mpeg,text/html",
    "audio/mpeg, text/html",
    "audio/mpeg;,text/html",
    "audio/mpeg,application/xhtml+xml",
    "video/mp4,image/svg+xml",
];

#[test]
fn no_upload_runs_a_script_in_a_browser_whatever_type_is_said() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let run = "document.documentElement.setAttribute('data-ran', origin)";
    let documents = [
        format!("<!doctype html><script>{run}</script>"),
        format!("<svg xmlns='http://www.w3.org/2000/svg'><script>{run}</script></svg>"),
        format!("<html xmlns='http://www.w3.org/1999/xhtml'><script>{run}</script></html>"),
    ];
    let mut links = serde_json::Map::new();
    for kind in ACTIVE_TYPES {
        for (number, document) in documents.iter().enumerate() {
            let put = server.request("PUT", "/core/v2/storage/upload/x").token(&server.token());
            let file = put.header("Content-Type", kind).body(document.as_bytes()).send().json();
            let sid = file["file_sid"].as_str().expect("a file");
            let link = format!("http://{}/f/{sid}", server.address);
            links.insert(format!("{kind} {number}"), link.into());
        }
    }
    for (opened, ran) in
        chromium("types.cjs", json!({"links": links})).as_object().expect("results")
    {
        assert_eq!(*ran, Value::Null, "{opened} ran");
    }
}
