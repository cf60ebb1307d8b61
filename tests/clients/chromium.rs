//! Debian's Chromium, driven by playwright-core: `<audio>` on cold transcodes.

use super::tones;
use crate::judge::ffmpeg;
use crate::running::{Server, tools};
use crate::sources;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const FORMATS: [&str; 6] = ["mp3", "wav", "flac", "ogg", "webm", "mp4"];

/// Runs a script of tests/chromium with a task; what it tells.
pub fn chromium(script: &str, mut task: Value) -> Value {
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
