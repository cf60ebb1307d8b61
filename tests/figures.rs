//! `GET /metrics`: names and forms as Prometheus wants them, and figures that are true.

use crate::command_line::chime;
use crate::running::{Server, until};
use std::cell::Cell;
use std::collections::BTreeSet;
use tempfile::TempDir;

fn served() -> (Server, String, TempDir) {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &["--cache-bytes", "1000000"]);
    let link = server.upload("chime.wav", &std::fs::read(chime()).unwrap());
    (server, link, folder)
}

#[test]
fn every_sample_belongs_to_a_family_that_is_told_once_before_it() {
    let (server, link, _folder) = served();
    server.get(&format!("{link}?f=mp3"));
    let answer = server.get("/metrics");
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let (mut families, mut samples, mut kind) = (BTreeSet::new(), BTreeSet::new(), "");
    let (text, mut family) = (answer.text(), "");
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            family = rest.split(' ').next().unwrap();
            assert!(families.insert(family.to_owned()), "{family} twice");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, told) = rest.split_once(' ').unwrap();
            assert_eq!(name, family);
            kind = told;
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(samples.insert(sample.to_owned()), "{sample} twice");
            let name = sample.split('{').next().unwrap();
            let endings = match kind {
                "histogram" => &["_bucket", "_sum", "_count"][..],
                "summary" => &["_sum", "_count"],
                _ => &[""],
            };
            let belongs = endings.iter().any(|ending| name == format!("{family}{ending}"));
            assert!(belongs, "{sample} in {family}");
        }
    }
    for name in ["process_resident_memory_bytes", "process_open_fds", "tonearm_disk_free_bytes"] {
        assert!(server.metric(name) > 0, "{name}");
    }
}

#[test]
fn figures_tell_what_happened() {
    let (server, link, _folder) = served();
    let heard = Cell::new(0);
    // What was made may be kept a moment after it was heard.
    until("a transcode is kept", || {
        heard.set(heard.get() + 1);
        let answer = server.get(&format!("{link}?f=ulaw"));
        answer.header("cache-status") == Some("tonearm; hit")
    });
    let heard = heard.get();
    server.get(&format!("{link}?f=ulaw&t=x"));
    server.head(&link);
    let requests = |route: &str, method: &str, code: &str| {
        server.metric(&format!(
            "tonearm_http_requests_total{{route=\"{route}\",method=\"{method}\",code=\"{code}\"}}"
        ))
    };
    assert_eq!(requests("link", "GET", "2xx"), heard);
    assert_eq!(requests("link", "GET", "4xx"), 1);
    assert_eq!(requests("link", "HEAD", "2xx"), 1);
    assert_eq!(requests("carrierx", "POST", "2xx"), 1);
    assert_eq!(
        server.metric("tonearm_http_request_duration_seconds_count{route=\"link\"}"),
        heard + 2
    );
    assert_eq!(server.metric("tonearm_cache_misses_total"), heard - 1);
    assert!(server.metric("tonearm_cache_hits_total") >= 1);
    let bytes = std::fs::metadata(chime()).unwrap().len();
    assert_eq!(server.metric("tonearm_files"), 1);
    assert_eq!(server.metric("tonearm_files_bytes"), bytes);
    assert_eq!(server.metric("tonearm_cache_limit_bytes"), 1_000_000);
    assert_eq!(server.metric("tonearm_queue_jobs"), 0);
    let text = server.get("/metrics").text();
    let version =
        format!("tonearm_build_info{{version=\"{}\",commit=\"", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&version), "{text}");
}

#[test]
fn made_up_methods_and_paths_make_no_labels_of_their_own() {
    let (server, _, _folder) = served();
    for n in 0..50 {
        server.request(&format!("BREW{n}"), &format!("/nowhere/{n}")).send();
    }
    let text = server.get("/metrics").text();
    assert!(!text.contains("BREW") && !text.contains("nowhere"));
    assert!(text.contains("route=\"page\",method=\"other\",code=\"4xx\"} 50"), "{text}");
}
