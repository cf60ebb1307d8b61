//! `GET /metrics`: names and forms as Prometheus wants them, and figures that are true.

use crate::client::Connection;
use crate::command_line::chime;
use crate::running::{Server, run, stdout, until};
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
fn uploads_are_told_by_how_they_ended() {
    let (server, link, folder) = served();
    let ended =
        |outcome: &str| server.metric(&format!("tonearm_uploads_total{{outcome=\"{outcome}\"}}"));
    let chime = std::fs::read(chime()).unwrap();
    let bytes = chime.len() as u64;
    assert_eq!((ended("kept"), server.metric("tonearm_upload_bytes_total")), (1, bytes));

    let file = format!("/core/v2/storage/files/{}", link.trim_start_matches("/f/"));
    let patch = |part: &str, body: &[u8]| {
        let head = format!("--x\r\nContent-Disposition: form-data; name={part}\r\n\r\n");
        let body = [head.as_bytes(), body, b"\r\n--x--\r\n"].concat();
        let request = server.request("PATCH", &file).token(&server.token());
        request.header("Content-Type", "multipart/form-data; boundary=x").body(&body).send().status
    };
    assert_eq!(patch("\"name\"", b"other"), 200);
    assert_eq!(ended("given_up"), 0, "a change that brings no bytes is no upload");
    assert_eq!(patch("\"data\"; filename=\"a.bin\"", b"12345"), 200);
    assert_eq!((ended("kept"), server.metric("tonearm_upload_bytes_total")), (2, bytes + 5));

    let (token, containers) = (server.token(), "/core/v2/storage/containers");
    let small = server.request("POST", containers).token(&token);
    let small =
        small.header("Content-Type", "application/json").body(b"{\"quota_bytes\":1}").send();
    let into = crate::running::text(&small.json()["container_sid"]);
    let path = format!("/core/v2/storage/files?container_sid={into}");
    let refused = server.request("POST", &path).token(&token).body(&chime);
    assert_eq!(refused.header("Content-Type", "audio/wav").send().status, 422);
    assert_eq!(ended("refused"), 1);

    let mut leaves = Connection::open(server.address);
    let head = format!(
        "PUT /core/v2/storage/upload/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    );
    leaves.send(format!("{head}Content-Length: 100000\r\n\r\nnot all").as_bytes());
    drop(leaves);
    until("it was given up", || ended("given_up") == 1);

    let full = Server::start(&folder.path().join("full"), &["--min-free-bytes", "1000TiB"]);
    assert_eq!(full.upload_request("a.wav", &chime).send().status, 507);
    assert_eq!(full.metric("tonearm_uploads_total{outcome=\"full\"}"), 1);
}

#[test]
fn what_is_stored_is_told_by_partner_for_those_that_hold_most() {
    let (server, _, _folder) = served();
    let data = server.data.to_str().unwrap();
    for n in 0..21 {
        let name = format!("partner-{n}");
        let made = run(&["token", "create", "--role", "agent", "--partner", &name, "--data", data]);
        let upload = server.request("PUT", "/core/v2/storage/upload/a.bin");
        let sent = upload.token(stdout(&made).trim()).body(&vec![0; 1000 + n]).send();
        assert_eq!(sent.status, 201, "{}", sent.text());
    }
    let text = server.request("GET", "/metrics").token(&server.token()).send().text();
    let told = |name: &str| {
        let lines =
            text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix("{partner="));
        lines.map(|line| line.rsplit_once("} ").unwrap().1.parse().unwrap()).collect::<Vec<u64>>()
    };
    let chime = std::fs::metadata(chime()).unwrap().len();
    let largest = [chime].into_iter().chain((1002..=1020).rev()).chain([1000 + 1001]);
    assert_eq!(told("tonearm_partner_files_bytes"), largest.collect::<Vec<_>>());
    assert_eq!(told("tonearm_partner_files"), [vec![1; 20], vec![2]].concat());
    // Who may not see partners isn't told which there are.
    let agent = run(&["token", "create", "--role", "agent", "--partner", "a", "--data", data]);
    let agent = server.request("GET", "/metrics").token(stdout(&agent).trim()).send().text();
    for text in [server.get("/metrics").text(), agent] {
        let told = text.lines().filter(|line| line.starts_with("tonearm_partner_files{"));
        assert_eq!(told.collect::<Vec<_>>(), ["tonearm_partner_files{partner=\"others\"} 22"]);
    }
}

#[test]
fn encoding_is_told_by_format_in_seconds_and_seconds_of_audio() {
    let (server, link, _folder) = served();
    server.get(&format!("{link}?f=ulaw"));
    let of = |name: &str| {
        let text = server.get("/metrics").text();
        let line = text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        line.unwrap_or_else(|| panic!("{name} in {text}")).trim().parse::<f64>().unwrap()
    };
    until("it is counted", || of("tonearm_encode_seconds_count{format=\"ulaw\"}") > 0.0);
    assert!(of("tonearm_encode_seconds_sum{format=\"ulaw\"}") > 0.0);
    assert_eq!(of("tonearm_encode_seconds_count{format=\"mp3\"}"), 0.0);
    // ulaw has a byte a frame, 8000 a second.
    let seconds = server.get(&format!("{link}?f=ulaw")).length() as f64 / 8000.0;
    let told = of("tonearm_encoded_audio_seconds_total{format=\"ulaw\"}");
    assert!((told - seconds).abs() < 0.001, "{told} of {seconds}");
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
