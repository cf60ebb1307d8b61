//! `tonearm check`: what the disk lost or spoiled, and what was counted wrong, is found beside a running server and,
//! where it can be, put right.

use crate::lost::place;
use crate::running::{Server, run, stderr, stdout};
use serde_json::Value;
use std::fs;
use std::process::{Command, Output};
use tempfile::TempDir;

fn start() -> (Server, String, TempDir) {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    (server, data.to_str().unwrap().to_owned(), folder)
}

fn check(data: &str, args: &[&str]) -> Output {
    run(&[&["check", "--data", data], args].concat())
}

/// What a check tells as JSON, and its exit code.
fn told(data: &str, args: &[&str]) -> (Value, Option<i32>) {
    let output = check(data, &[&["--json"], args].concat());
    let json = serde_json::from_str(&stdout(&output));
    (json.unwrap_or_else(|e| panic!("{e}: {}", stderr(&output))), output.status.code())
}

#[test]
fn a_sound_data_folder_is_well_and_strays_are_a_note() {
    let (server, data, _folder) = start();
    server.upload("a.bin", b"sound");
    let (found, code) = told(&data, &["--deep"]);
    assert_eq!(code, Some(0), "{found}");
    assert_eq!(found["files"], serde_json::json!({"count": 1, "bytes": 5}));
    assert_eq!(found["stored"], found["files"]);
    let stray = place(&server, b"sound");
    let stray =
        stray.with_file_name(format!("{}.0123456789abcdef", blake3::hash(b"sound").to_hex()));
    fs::write(&stray, "x").unwrap();
    assert_eq!(told(&data, &[]).0["strays"]["count"], 0, "it may be of an upload under way");
    let aged = Command::new("touch").args(["-d", "2 days ago"]).arg(&stray).status();
    assert!(aged.unwrap().success());
    let (found, code) = told(&data, &[]);
    assert_eq!((code, &found["strays"]["count"]), (Some(0), &Value::from(1)), "{found}");
    let text = check(&data, &[]);
    assert!(stdout(&text).contains("strays   1") && stdout(&text).contains("All is well"));
}

#[test]
fn missing_and_spoiled_bytes_are_found_with_the_files_that_have_them() {
    let (server, data, _folder) = start();
    let links = ["missing", "cut short", "flipped"]
        .map(|name| server.upload(&name.replace(' ', "_"), name.as_bytes()));
    fs::remove_file(place(&server, b"missing")).unwrap();
    fs::write(place(&server, b"cut short"), "cut").unwrap();
    fs::write(place(&server, b"flipped"), "flipqed").unwrap();
    let found_in = |args: &[&str]| {
        let (found, code) = told(&data, args);
        assert_eq!(code, Some(1), "{found}");
        let wrong = found["wrong"].as_array().unwrap().clone();
        let sids =
            wrong.iter().map(|fault| fault["files"][0]["file_sid"].as_str().unwrap().to_owned());
        sids.collect::<std::collections::BTreeSet<_>>()
    };
    let sids =
        |links: &[String]| links.iter().map(|l| l.trim_start_matches("/f/").to_owned()).collect();
    assert_eq!(found_in(&[]), sids(&links[..2]), "lengths tell of these");
    assert_eq!(found_in(&["--deep"]), sids(&links));
    let text = check(&data, &["--deep"]);
    assert!(
        stdout(&text).contains("flipped") && stderr(&text).contains("3 things are lost"),
        "{}",
        stdout(&text)
    );
    // Nothing has their bytes.
    assert_eq!(check(&data, &["--deep", "--repair"]).status.code(), Some(1));
}

#[test]
fn lost_bytes_that_lie_in_strays_are_put_back() {
    let (server, data, _folder) = start();
    let links = [&b"missing"[..], b"spoiled"].map(|bytes| server.upload("a.bin", bytes));
    for bytes in [&b"missing"[..], b"spoiled"] {
        let lost = place(&server, bytes);
        let hash = blake3::hash(bytes).to_hex();
        let strays = format!("{data}/strays/{}/{}", &hash[..2], &hash[2..4]);
        fs::create_dir_all(&strays).unwrap();
        // An older object of the same bytes, and one that only has their name.
        fs::write(format!("{strays}/{hash}.0000000000000001"), "other").unwrap();
        fs::write(format!("{strays}/{hash}.0000000000000002"), bytes).unwrap();
        match bytes {
            b"missing" => fs::remove_file(lost).unwrap(),
            _ => fs::write(lost, "spoilXd").unwrap(),
        }
    }
    let (found, code) = told(&data, &["--deep", "--repair"]);
    assert_eq!(code, Some(0), "{found}");
    assert_eq!(found["repaired"].as_array().unwrap().len(), 2, "{found}");
    assert_eq!(told(&data, &["--deep"]).1, Some(0));
    for (link, bytes) in links.iter().zip([&b"missing"[..], b"spoiled"]) {
        assert_eq!(server.get(link).body, bytes);
    }
}

#[test]
fn totals_that_are_wrong_are_found_and_counted_anew() {
    let (server, data, _folder) = start();
    server.upload("a.bin", &[1; 1000]);
    let spoil = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1])
db.execute('UPDATE containers SET total_bytes = 7, threshold_total_files = 9'); db.commit()";
    let catalog = format!("{data}/catalog.sqlite");
    assert!(Command::new("python3").args(["-c", spoil, &catalog]).status().unwrap().success());
    let (found, code) = told(&data, &[]);
    assert_eq!(code, Some(1), "{found}");
    assert_eq!(found["wrong"][0]["counted"]["bytes"], 7, "{found}");
    assert_eq!(found["wrong"][0]["found"]["bytes"], 1000, "{found}");
    assert_eq!(told(&data, &["--repair"]).1, Some(0));
    assert_eq!(told(&data, &[]).1, Some(0));
}
