//! A power failure at the worst moment: what was acknowledged is whole, and of the rest nothing is left.
//! And a full disk: answers go on without a cache.

use crate::running::{Server, run, stderr, until};
use crate::sources;
use std::io::Read;
use std::net::TcpStream;
use std::path::Path;
use tempfile::TempDir;

fn files_in(folder: &Path) -> Vec<u64> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|e| e.metadata().ok()).filter(|m| m.is_file()).map(|m| m.len()).collect()
}

fn file_count(server: &Server) -> u64 {
    let path = format!("/core/v2/storage/files?filter=container_sid%20eq%20{}", server.container());
    let answer = server.request("GET", &path).token(&server.token()).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["total"].as_u64().expect("a total")
}

#[test]
fn killed_during_an_upload_it_keeps_what_it_acknowledged_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    let kept: Vec<_> = (0..5_u8)
        .map(|n| {
            let bytes = vec![n; 100_000 + usize::from(n)];
            (server.upload(&format!("kept-{n}.bin"), &bytes), bytes)
        })
        .collect();
    let upload =
        server.upload_request("torn.bin", &vec![9; 3_000_000]).send_part(9_000_000).unwrap();
    until("the upload does not reach the disk", || {
        files_in(&data.join("tmp")).iter().sum::<u64>() >= 1_000_000
    });
    server.kill();
    drop(upload);
    let server = Server::start(&data, &[]);
    for (link, bytes) in &kept {
        assert!(server.get(link).body == *bytes, "{link}: acknowledged and not whole");
    }
    assert_eq!(file_count(&server), 5);
    assert_eq!(files_in(&data.join("tmp")), Vec::<u64>::new(), "tmp is not empty");
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    let upload = server.upload_request("torn.bin", &[1; 500_000]).send_part(900_000).unwrap();
    let tmp = || files_in(&data.join("tmp"));
    until("the upload does not reach the disk", || !tmp().is_empty());
    drop(upload);
    until("tmp still holds the torn upload", || tmp().is_empty());
    assert_eq!(file_count(&server), 0);
}

#[test]
pub fn killed_during_transcodes_it_serves_nothing_partial_afterwards() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let path = folder.path().join("long.wav");
    sources::prompt(&["demo-instruct"; 10], None, &path);
    let server = Server::start(&data, &["--transcode-threads", "1"]);
    let link = server.upload("long.wav", &std::fs::read(&path).unwrap());
    for options in ["f=mp3", "f=ogg", "f=flac"] {
        let request = server.request("GET", &format!("{link}?{options}"));
        let mut stream = request.send_part(0).unwrap();
        if options != "f=flac" {
            // The first bytes tell that the transcode is under way.
            stream.read_exact(&mut [0; 20_000]).unwrap();
        }
    }
    server.kill();
    let server = Server::start(&data, &[]);
    assert_eq!(files_in(&data.join("tmp")), Vec::<u64>::new(), "tmp is not empty");
    for format in ["mp3", "ogg", "flac"] {
        let target = folder.path().join(format!("expected.{format}"));
        let output = run(&["transcode", path.to_str().unwrap(), target.to_str().unwrap()]);
        assert!(output.status.success(), "{}", stderr(&output));
        let answer = server.get(&format!("{link}?f={format}"));
        assert_eq!((answer.status, answer.whole), (200, true), "{format}");
        assert!(
            answer.body == std::fs::read(&target).unwrap(),
            "{format}: other bytes after the crash"
        );
    }
}

#[test]
fn a_second_signal_ends_it_at_once_and_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    // Nothing but the second signal ends it within a test's patience.
    let patient = ["--drain-timeout-ms", "3600000", "--upload-timeout-ms", "3600000"];
    let mut server = Server::start(&data, &patient);
    let link = server.upload("kept.bin", &[5; 10_000]);
    // An upload that never comes to its end keeps the server from ending by itself.
    let hanging = server.upload_request("hanging.bin", &[1; 1000]).send_part(1_000_000).unwrap();
    until("the upload does not reach the disk", || !files_in(&data.join("tmp")).is_empty());
    server.signal("TERM");
    until("it still takes connections", || TcpStream::connect(server.address).is_err());
    assert!(server.is_running(), "it ended though an upload is under way");
    server.signal("TERM");
    server.wait();
    drop(hanging);
    let server = Server::start(&data, &[]);
    assert_eq!(server.get(&link).body, [5; 10_000]);
    assert_eq!(file_count(&server), 1);
}

#[test]
fn on_a_full_disk_answers_go_on_from_memory_and_the_log_says_so_once() {
    let folder = TempDir::new().unwrap();
    let recording = std::fs::read(sources::speech(folder.path())).unwrap();
    let roomy = Server::start(&folder.path().join("roomy"), &[]);
    let small = Server::start_with_small_cache(64, &folder.path().join("small"), &[]);
    let links = [&roomy, &small].map(|server| server.upload("call.wav", &recording));
    for format in ["ulaw", "mp3", "flac"] {
        let wanted = roomy.get(&format!("{}?f={format}", links[0]));
        for _ in 0..2 {
            let got = small.get(&format!("{}?f={format}", links[1]));
            assert_eq!(got.status, 200, "{format}: {}", got.text());
            assert!(got.body == wanted.body, "{format}");
        }
    }
    let log = small.data.with_extension("log");
    small.stop();
    let log = std::fs::read_to_string(log).unwrap();
    assert_eq!(log.matches("the output cache can't be written").count(), 1, "{log}");
}
