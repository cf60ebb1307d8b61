//! What the page shows and plays beside sound as it is: documents, recordings without their silence, what was said in
//! them; and all of it at 200 %.

use super::{chromium, number};
use crate::judge::ffmpeg;
use crate::running::Server;
use crate::sources;
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

/// A page of 400 by 300 points, all of it red.
fn red_document() -> Vec<u8> {
    let drawing = "1 0 0 rg 0 0 400 300 re f";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{drawing}\nendstream", drawing.len()),
    ];
    let (mut document, mut places) = ("%PDF-1.4\n".to_owned(), String::new());
    for (at, object) in objects.iter().enumerate() {
        places += &format!("{:010} 00000 n \n", document.len());
        document += &format!("{} 0 obj\n{object}\nendobj\n", at + 1);
    }
    let table = document.len();
    document += &format!("xref\n0 5\n0000000000 65535 f \n{places}");
    document += &format!("trailer << /Size 5 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    document.into_bytes()
}

/// Three seconds of a tone, four of silence, three of a tone.
fn pause(folder: &Path) -> Vec<u8> {
    let path = folder.join("pause.wav");
    let sound = "aevalsrc='0.5*sin(880*PI*t)*(lt(t,3)+gt(t,7))':s=8000:d=10";
    ffmpeg(&["-f", "lavfi", "-i", sound, path.to_str().expect("a path")]);
    std::fs::read(path).unwrap()
}

/// The clip of a link, in milliseconds.
fn clip(link: &Value) -> (u64, u64) {
    let (_, clip) = link.as_str().and_then(|link| link.split_once("?t=")).expect("a clip");
    let (start, end) = clip.split_once('-').expect("a span");
    (start.parse().expect("a start"), end.parse().expect("an end"))
}

#[test]
fn documents_are_shown_silence_is_leapt_over_and_clips_and_words_are_found_without_a_manual() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let pause = pause(folder.path());
    let link = server.upload("red.pdf", &red_document());
    server.upload("pause.wav", &pause);
    let said = server.request("POST", "/files?FileName=said.wav&Transcription=Guten%20Morgen");
    let said = said.token(&server.token()).header("Content-Type", "audio/wav").body(&pause);
    assert_eq!(said.send().status, 200);
    let task = json!({"origin": format!("http://{}/", server.address), "token": server.token()});
    let seen = chromium("shows.cjs", task);
    assert_eq!(seen["complaints"], json!([]), "{seen}");
    assert!(number(&seen["red"]) >= 20_000.0, "{seen}");
    let heard: Vec<f64> = seen["heard"].as_array().expect("moments").iter().map(number).collect();
    let silent: Vec<_> = heard.iter().filter(|at| (3.6..6.7).contains(*at)).collect();
    assert!(silent.is_empty(), "silence was heard: {heard:?}");
    assert_eq!(clip(&seen["clip"]), (0, 10_000));
    let (start, end) = clip(&seen["drawn"]);
    assert!(start == 0 && (4900..5100).contains(&end), "{}", seen["drawn"]);
    assert_eq!(seen["found"], json!(["said.wav"]));
    let [row, player] = [0, 1].map(|at| &seen["low"][at]);
    assert!(number(&row["bottom"]) <= number(&player["top"]), "it is covered: {}", seen["low"]);
    assert!(number(&player["height"]) < 120.0, "{}", seen["low"]);
    assert!((6.9..7.1).contains(&number(&seen["drawnSeconds"])), "{}", seen["drawnSeconds"]);
    let page = server.get(&format!("{link}/listen")).text();
    let sid = link.rsplit('/').next().expect("a sid");
    assert!(page.contains(&format!("<iframe src=\"../{sid}\" title=\"red.pdf\">")), "{page}");
    // What the link itself gives is sandboxed, as it ever was.
    let document = server.get(&link);
    assert_eq!(document.header("content-security-policy"), Some("sandbox"));
    assert_eq!(document.header("x-content-type-options"), Some("nosniff"));
}

#[test]
fn at_200_percent_no_control_is_lost_and_nothing_is_wider_than_the_screen() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let melody = std::fs::read(sources::melody()).unwrap();
    server.upload("melody.flac", &melody);
    server.upload(&format!("{}.flac", "x".repeat(290)), &melody);
    let task = json!({"origin": format!("http://{}/", server.address), "token": server.token(),
        "file": "melody"});
    let seen = chromium("zoom.cjs", task);
    assert_eq!(seen["faults"], json!([]), "{seen}");
    let controls = seen["controls"].to_string();
    for control in ["Skip silence", "Look closer", "Copy link", "30 seconds on", "Position"] {
        assert!(controls.contains(&format!("\"{control}\"")), "no {control} at 100 %: {controls}");
    }
}
