//! A disk that loses stored bytes, or gives back others: no link passes them off as what was stored. A catalog that is
//! lost: nothing begins anew beside what it knew.

use crate::client::Answer;
use crate::command_line::fails;
use crate::running::Server;
use crate::sources;
use std::path::PathBuf;
use tempfile::TempDir;

/// Where the bytes lie.
pub fn place(server: &Server, bytes: &[u8]) -> PathBuf {
    let hash = blake3::hash(bytes).to_hex();
    let folder = server.data.join(format!("blobs/{}/{}", &hash[..2], &hash[2..4]));
    let mut objects = std::fs::read_dir(folder).expect("the folder of an object");
    objects.next().expect("an object").unwrap().path()
}

/// A fault of the server's, as JSON and not for a cache.
fn assert_failed(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 500, "{what}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"), "{what}");
    assert_eq!(answer.header("etag"), None, "{what}");
    assert!(answer.json()["message"].is_string() && answer.json()["errors"].is_array(), "{what}");
}

#[test]
fn lost_bytes_are_told_and_counted_and_come_back_with_the_same_upload() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    let recording = std::fs::read(sources::speech(folder.path())).unwrap();
    let spoiled = [&recording[..], &[0; 100]].concat();
    let files = [("missing.wav", &recording), ("spoiled.wav", &spoiled)];
    let links = files.map(|(name, bytes)| server.upload(name, bytes));
    let sound = server.upload("sound.bin", b"sound");
    let [missing_at, spoiled_at] = [&recording, &spoiled].map(|bytes| place(&server, bytes));
    let metric = "tonearm_blobs_missing_total";
    assert_eq!(server.metric(metric), 0);
    server.stop();
    std::fs::remove_file(&missing_at).unwrap();
    let mut bytes = spoiled.clone();
    bytes[spoiled.len() / 2] ^= 1;
    std::fs::write(&spoiled_at, bytes).unwrap();

    let server = Server::start(&data, &[]);
    for link in &links {
        for options in ["", "?f=ulaw", "?f=mp3", "/peaks.json"] {
            assert_failed(&server.get(&format!("{link}{options}")), &format!("{link}{options}"));
        }
        let sid = link.trim_start_matches("/f/");
        let data = server.request("GET", &format!("/core/v2/storage/files/{sid}/data"));
        assert_eq!(data.token(&server.token()).send().status, 500);
    }
    assert_eq!(server.get(&sound).body, b"sound");
    assert!(server.metric(metric) >= 10, "{}", server.metric(metric));
    for (name, bytes) in files {
        server.upload(name, bytes);
    }
    for (link, (name, bytes)) in links.iter().zip(files) {
        assert!(server.get(link).body == *bytes, "{name}");
        assert_eq!(server.get(&format!("{link}?f=mp3")).status, 200, "{name}");
    }
    let log = server.data.with_extension("log");
    server.stop();
    let log = std::fs::read_to_string(log).unwrap();
    for path in [missing_at, spoiled_at] {
        let names_it =
            |line: &&str| line.contains("ERROR") && line.contains(path.to_str().unwrap());
        assert!(log.lines().any(|line| names_it(&line)), "{}: {log}", path.display());
    }
}

/// A data folder that was in use and whose catalog is gone.
fn without_catalog(folder: &TempDir) -> (PathBuf, String) {
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    let link = server.upload("kept.bin", b"kept");
    server.stop();
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(data.join(format!("catalog.sqlite{end}")));
    }
    (data, link)
}

#[test]
fn a_start_that_finds_stored_bytes_and_no_catalog_is_refused_and_says_what_it_found() {
    let folder = TempDir::new().unwrap();
    let (data, _) = without_catalog(&folder);
    let text = data.to_str().unwrap();
    for command in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["import", &crate::command_line::chime()],
        &["token", "create"],
    ] {
        let said = fails(&[command, &["--data", text]].concat(), 1);
        assert!(said.contains("1 stored files") && said.contains("--new-catalog"), "{said}");
        assert!(!data.join("catalog.sqlite").exists(), "{command:?} makes one");
    }
    // As a copy that was broken off leaves it.
    std::fs::write(data.join("catalog.sqlite"), "").unwrap();
    fails(&["serve", "--listen", "127.0.0.1:0", "--data", text], 1);
}

#[test]
fn a_new_catalog_is_begun_where_that_is_said_and_the_bytes_stay() {
    let folder = TempDir::new().unwrap();
    let (data, link) = without_catalog(&folder);
    let server = Server::start(&data, &["--new-catalog"]);
    assert_eq!(server.get(&link).status, 404);
    server.upload("new.bin", b"new");
    assert_eq!(std::fs::read(place(&server, b"kept")).unwrap(), b"kept");
    server.stop();
    assert_eq!(std::fs::read(place(&Server::start(&data, &[]), b"kept")).unwrap(), b"kept");
}

#[test]
fn a_damaged_catalog_is_called_so_and_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    server.upload("a.bin", b"a");
    let data = server.data.clone();
    server.stop();
    let garbage = vec![b'x'; 8192];
    std::fs::write(data.join("catalog.sqlite"), &garbage).unwrap();
    let data = data.to_str().unwrap();
    for args in [&["serve", "--listen", "127.0.0.1:0"][..], &["check"], &["backup", "b"]] {
        let said = fails(&[args, &["--data", data]].concat(), 1);
        assert!(said.contains("not a database; put it back from a backup"), "{said}");
    }
    assert!(std::fs::read(format!("{data}/catalog.sqlite")).unwrap() == garbage);
}
