//! Debian's Chromium, driven by playwright-core: `<audio>` on cold transcodes, and the demo page.

use super::tones;
use crate::judge::ffmpeg;
use crate::running::{Server, tools};
use crate::sources;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const FORMATS: [&str; 6] = ["mp3", "wav", "flac", "ogg", "webm", "mp4"];

/// Runs a script of tests/chromium with a task; what it tells.
fn chromium(script: &str, mut task: Value) -> Value {
    task["chromium"] = "/usr/bin/chromium".into();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chromium").join(script);
    let output = Command::new("node")
        .env("NODE_PATH", tools().join("playwright-core/node_modules"))
        .args([script.as_os_str(), task.to_string().as_ref()])
        .stdin(Stdio::null())
        .output()
        .expect("node must be installed (scripts/setup does it)");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {said}"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// Checks durations, and that playing went on after each seek; a Markdown table of how soon it did.
fn judged(results: &Value, seconds: f64) -> String {
    let mut table = String::new();
    for (name, result) in results.as_object().expect("results") {
        assert_eq!(result["error"], Value::Null, "{name}: {result}");
        let duration = number(&result["duration"]);
        assert!((duration - seconds).abs() <= 0.05, "{name}: {duration} s instead of {seconds} s");
        let _ = write!(table, "\n| {name} |");
        for seek in result["seeks"].as_array().expect("seeks") {
            assert_eq!(seek["moved"], true, "{name}: {result}");
            let _ = write!(table, " {} |", seek["milliseconds"]);
        }
    }
    table
}

#[test]
fn audio_elements_know_the_duration_and_play_on_after_seeks_into_a_cold_transcode() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("long.wav");
    sources::prompt(&["demo-instruct", "demo-congrats"], None, &folder.path().join("call.wav"));
    let call = folder.path().join("call.wav");
    let text = |p: &Path| p.to_str().expect("a path").to_owned();
    ffmpeg(&["-stream_loop", "-1", "-i", &text(&call), "-t", "1800", &text(&path)]);
    let server = Server::start(&folder.path().join("data"), &[]);
    let link = server.upload("long.wav", &std::fs::read(&path).unwrap());
    let links: serde_json::Map<_, _> = FORMATS
        .iter()
        .enumerate()
        .map(|(i, format)| {
            // As `wav`, 8 kHz would be the original.
            let rate = if *format == "wav" { "&rate=16000" } else { "" };
            let url = format!("http://{}{link}?f={format}{rate}", server.address);
            (format.to_string(), json!({"url": url, "crossOrigin": i % 2 == 0}))
        })
        .collect();
    let task = json!({"links": links, "fractions": [0.1, 0.95, 0.5], "tones": false});
    let table = judged(&chromium("seeks.cjs", task), 1800.0);
    println!("| | 10 % | 95 % | 50 % | (ms until it plays on){table}");
}

#[test]
fn what_is_heard_after_a_seek_is_the_second_that_was_sought() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tones.wav");
    tones::write(&path);
    let server = Server::start(&folder.path().join("data"), &[]);
    let link = server.upload("tones.wav", &std::fs::read(&path).unwrap());
    let url = |format: &str| format!("http://{}{link}?f={format}&ch=2", server.address);
    let links: serde_json::Map<_, _> = FORMATS
        .iter()
        .map(|format| (format.to_string(), json!({"url": url(format), "crossOrigin": true})))
        .collect();
    let task = json!({"links": links, "fractions": [0.1, 0.95, 0.5], "tones": true});
    let results = chromium("seeks.cjs", task);
    judged(&results, f64::from(tones::SECONDS));
    for (name, result) in results.as_object().expect("results") {
        for heard in result["heard"].as_array().expect("tones") {
            let wanted = tones::hz(number(&heard["second"]) as u32);
            let hertz = number(&heard["hertz"]);
            assert!(
                (hertz - wanted).abs() < 12.0,
                "{name}: {hertz} Hz instead of {wanted}: {heard}"
            );
        }
    }
}

#[test]
fn a_media_source_takes_webm_in_ranges_of_any_length() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let call = std::fs::read(sources::speech(folder.path())).unwrap();
    let link = server.upload("call.wav", &call);
    let url = format!("http://{}{link}?f=webm", server.address);
    let link = |step: u32| json!({"url": url, "type": "audio/webm; codecs=\"opus\"", "step": step});
    let task = json!({"links": {"small": link(4099), "large": link(1 << 20)}});
    let results = chromium("source.cjs", task);
    let seconds = (call.len() - 44) as f64 / 16_000.0;
    for (step, result) in results.as_object().expect("results") {
        assert_eq!(result["error"], Value::Null, "{step}: {result}");
        // All in one stretch; it ends with a whole packet, and the duration grows to that.
        assert!((number(&result["duration"]) - seconds).abs() < 0.021, "{step}: {result}");
        let held = result["held"].as_array().expect("stretches");
        assert_eq!(held.len(), 1, "{step}: {result}");
        assert!(number(&held[0][0]) < 0.021, "{step}: {result}");
        assert!((number(&held[0][1]) - seconds).abs() < 0.021, "{step}: {result}");
    }
}

/// A recording, a picture, a document and bytes of each kind that people upload, under names of their own.
fn uploads(folder: &Path, way: &str) -> Vec<PathBuf> {
    std::fs::create_dir_all(folder).unwrap();
    let wav = folder.join(format!("{way} call.wav"));
    std::fs::copy(sources::speech(folder), &wav).unwrap();
    let path = |name: &str| folder.join(format!("{way} {name}"));
    let text = |p: &Path| p.to_str().expect("a path").to_owned();
    for name in ["call.flac", "call.mp3"] {
        ffmpeg(&["-i", &text(&wav), &text(&path(name))]);
    }
    std::fs::write(path("photo.jpg"), b"\xff\xd8\xff\xe0 no more than a beginning").unwrap();
    std::fs::write(path("letter.pdf"), b"%PDF-1.4 no more than a beginning").unwrap();
    std::fs::write(path("notes.json"), b"[1, 2]").unwrap();
    std::fs::write(path("+ new.bin"), vec![7; 300_000]).unwrap();
    ["call.wav", "call.flac", "call.mp3", "photo.jpg", "letter.pdf", "notes.json", "+ new.bin"]
        .map(path)
        .into()
}

/// Checks that the page told of an upload, and that the server has its bytes.
fn is_uploaded(server: &Server, seen: &Value, path: &Path) {
    let progress = seen["progress"].to_string();
    let request = server.request("GET", "/core/v2/storage/files").token(&server.token());
    let kept = request.send().json();
    let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
    assert!(progress.contains(&format!("Upload of {name}")), "{progress}");
    let file = kept["items"].as_array().expect("items").iter().find(|file| file["name"] == name);
    let sid =
        file.and_then(|file| file["file_sid"].as_str()).unwrap_or_else(|| panic!("{name}: {kept}"));
    let stored = server.get(&format!("/f/{sid}"));
    assert!(stored.body == std::fs::read(path).unwrap(), "{name}: other bytes");
}

#[test]
fn the_demo_page_lists_plays_copies_and_uploads_by_keyboard_and_never_sends_the_token_in_a_url() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &["--log", "trace"]);
    let melody = std::fs::read(sources::melody()).unwrap();
    let link = server.upload("melody.flac", &melody);
    server.upload("%3Cb%3Eletter.txt", b"no audio");
    let secret = server.upload("secret.flac&publish=none", &melody);
    let origin = format!("http://{}/", server.address);
    let token = server.token();
    let [dropped, chosen] = ["dropped", "chosen"].map(|way| uploads(&folder.path().join(way), way));
    let paths = |files: &[PathBuf]| {
        json!(files.iter().map(|p| p.display().to_string()).collect::<Vec<_>>())
    };
    let task = json!({"origin": origin, "token": token, "file": "melody.flac",
        "dropped": paths(&dropped), "chosen": paths(&chosen)});
    let seen = chromium("page.cjs", task);
    assert_eq!(seen["asksForToken"], true);
    assert_eq!(seen["files"], json!(["melody.flac", "<b>letter.txt", "secret.flac"]));
    let duration = number(&seen["stored"]["duration"]);
    for (format, state) in seen["formats"].as_object().expect("formats") {
        assert_eq!(state["error"], Value::Null, "{format}: {state}");
        assert!((number(&state["duration"]) - duration).abs() < 0.05, "{format}: {state}");
        let source = state["source"].as_str().expect("a URL");
        assert!(source.ends_with(&format!("{link}?f={format}")), "{source}");
    }
    assert_eq!(seen["pauses"], true);
    assert!(
        seen["position"].as_str().is_some_and(|p| p.contains(" of 0:1")),
        "{}",
        seen["position"]
    );
    let signed = seen["signed"].as_str().expect("a link");
    assert!(signed.contains(&format!("{secret}?f=mp3&exp=")), "{signed}");
    assert_eq!(server.get(&signed[signed.find("/f/").unwrap()..]).status, 200, "{signed}");
    assert_eq!(server.get(&secret).status, 404, "it is not published");
    let copied = seen["copied"].as_str().expect("a link");
    assert!(copied.ends_with(&format!("{link}?f=wav")), "{copied}");
    assert!(seen["mask"].as_str().is_some_and(|m| m.contains("/waveform.svg")), "{}", seen["mask"]);
    assert_eq!(seen["nameless"], json!([]), "controls without a name");
    assert!(number(&seen["controls"]) >= 8.0);
    let types: Vec<_> =
        seen["types"].as_array().expect("types").iter().filter_map(Value::as_str).collect();
    assert!(
        types.iter().filter(|kind| !kind.is_empty()).count() >= 5,
        "typed by the browser: {types:?}"
    );
    for path in dropped.iter().chain(&chosen) {
        is_uploaded(&server, &seen, path);
    }
    assert_eq!((&seen["left"], seen["refused"].is_string()), (&json!(true), true));
    let complaints: Vec<_> = seen["complaints"].as_array().expect("complaints").iter().collect();
    // Chromium notes the refused token and the format that it can't play by itself.
    assert!(
        complaints.iter().all(|c| c.as_str().is_some_and(|c| c.contains("401"))),
        "{complaints:?}"
    );
    let urls = seen["requests"].to_string();
    let log = std::fs::read_to_string(data.with_extension("log")).unwrap();
    assert!(!urls.contains(&token) && !log.contains(&token), "the token was told");
    assert!(urls.matches("http://").count() == urls.matches(&origin).count(), "{urls}");
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
    for path in ["/page/page.js", "/page/page.css", "/page/icon.svg"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
}
