//! The queue of transcodes as clients see it: what it refuses, and whom it holds up for whom.

use crate::bad_input::{noise, wav};
use crate::client::Connection;
use crate::running::{Server, until};
use std::process::Command;
use tempfile::TempDir;

#[test]
fn a_full_queue_is_503_for_what_is_not_encoded_yet_and_for_nothing_else() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    let prompt = include_bytes!("../assets/chime-8k.wav");
    let link = server.upload("chime.wav", prompt);
    let cached = server.get(&format!("{link}?f=mp3"));
    assert_eq!(cached.status, 200, "{}", cached.text());
    // It is written down after it was sent: the bytes, then the map.
    let written = |e: std::io::Result<std::fs::DirEntry>| e.unwrap().metadata().unwrap().len() > 0;
    let files = || std::fs::read_dir(data.join("cache")).unwrap();
    until("the transcode is cached", || files().count() == 2 && files().all(written));
    server.stop();
    let server = Server::start(&data, &["--queue-length", "0"]);
    for format in ["ulaw", "g722", "ogg"] {
        let refused = server.get(&format!("{link}?f={format}"));
        assert_eq!(refused.status, 503, "{format}: {}", refused.text());
        let seconds = refused.header("retry-after").expect("Retry-After").parse::<u32>();
        assert!(seconds.is_ok_and(|s| s > 0), "{format}: {:?}", refused.header("retry-after"));
        assert_eq!(server.head(&format!("{link}?f={format}")).status, 200, "{format}");
    }
    assert!(server.get(&link).body == prompt, "another original");
    assert!(server.get(&format!("{link}?f=mp3")).body == cached.body, "another cached transcode");
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn clients_that_ask_for_whole_encodes_and_hang_up_hold_up_nobody() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &["--max-connections-per-address", "20000"]);
    let long = noise(16 * 60_000 * 20);
    let link = server.upload("long.wav", &wav(long.len() as u32, &long));
    let other = server.upload("other.wav", include_bytes!("../assets/chime-8k.wav"));
    for start in 1..=280 {
        let mut client = Connection::open(server.address);
        client.send(format!("HEAD {link}?f=mp4&t={start}- HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
    }
    // A client that ends its side may read on, so the server waits for some of these as well.
    for format in ["ogg", "mp3", "g722", "flac"] {
        let answer = server.get(&format!("{other}?f={format}"));
        assert_eq!((answer.status, answer.whole), (200, true), "{format}: {}", answer.text());
    }
    let encoded = server.metric("tonearm_segments_encoded_total");
    assert!(encoded < 5000, "it waited for {encoded} segments");
}

#[test]
fn a_client_that_left_before_its_whole_encode_was_done_is_not_waited_with() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &["--transcode-threads", "1"]);
    let hour = vec![7; 16_000 * 3600];
    let link = server.upload("call.wav", &wav(hour.len() as u32, &hour));
    let mut clients: Vec<_> = (1..=40)
        .map(|start| {
            let mut client = Connection::open(server.address);
            let path = format!("{link}?f=mp4&t={start}-");
            let range = "Range: bytes=0-";
            client.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n{range}\r\n\r\n").as_bytes());
            client
        })
        .collect();
    // One that has nothing more to say can't be told from one that left: it is told to come back.
    let mut listens_on = clients.remove(0);
    listens_on.end();
    drop(clients);
    let told = listens_on.answer(false).expect("an answer");
    assert_eq!((told.status, told.header("retry-after")), (503, Some("5")));
    until("those who left are waited with", || server.metric("tonearm_connections") == 1);
}

#[test]
fn one_address_leaves_others_their_share_of_a_full_queue() {
    let folder = TempDir::new().unwrap();
    let args = ["--queue-length", "8", "--transcode-threads", "1"];
    let server = Server::start(&folder.path().join("data"), &args);
    let mut recording = noise(16_000 * 240);
    let links: Vec<_> = (0..20)
        .map(|n| {
            recording[0] = n;
            server.upload(&format!("{n}.wav"), &wav(recording.len() as u32, &recording))
        })
        .collect();
    let other = server.upload("other.wav", include_bytes!("../assets/chime-8k.wav"));
    let mut clients: Vec<_> = links
        .iter()
        .map(|link| {
            let mut client = Connection::open(server.address);
            client.send(format!("GET {link}?f=mp3 HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
            client
        })
        .collect();
    let statuses: Vec<_> =
        clients.iter_mut().map(|client| client.answer(true).unwrap().status).collect();
    assert!(statuses.contains(&200) && statuses.contains(&503), "{statuses:?}");
    let mut elsewhere = Command::new("curl");
    elsewhere.args(["--interface", "127.0.0.2", "-s", "-o", "/dev/null", "-w", "%{http_code}"]);
    let url = format!("http://{}{other}?f=ulaw", server.address);
    let answer = elsewhere.arg(url).output().expect("curl runs");
    assert_eq!(String::from_utf8_lossy(&answer.stdout), "200", "{answer:?}");
}
