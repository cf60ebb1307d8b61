//! The promise: every representation has one length, one ETag and the same bytes, whatever was asked
//! first, on however many threads, on whichever node, before and after the cache is lost.

use crate::bad_input::wav;
use crate::client::Answer;
use crate::running::{Server, run, stderr, until};
use crate::sources;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};
use tempfile::TempDir;

/// What is known in length before a byte is encoded. The recording is 8 kHz WAV, so that `wav` has to
/// ask for another rate to be a transcode.
const GRID: [(&str, &str); 6] = [
    ("wav", "f=wav&rate=16000"),
    ("ulaw", "f=ulaw"),
    ("alaw", "f=alaw"),
    ("g722", "f=g722"),
    ("mp3", "f=mp3"),
    ("ogg", "f=ogg"),
];
/// What has to be encoded once before its layout is known.
const LEARNED: [(&str, &str); 2] = [("flac", "f=flac"), ("mp4", "f=mp4")];

fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    GRID.into_iter().chain(LEARNED)
}

/// A recording of about 100 s, ten segments and more.
struct Recording {
    folder: TempDir,
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Recording {
    fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Recording>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(recording) = shared.upgrade() {
            return recording;
        }
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("call.wav");
        sources::prompt(&["demo-instruct", "demo-congrats"], None, &path);
        let bytes = std::fs::read(&path).unwrap();
        let recording = Arc::new(Self { folder, path, bytes });
        *shared = Arc::downgrade(&recording);
        recording
    }

    /// A fresh server that has the recording, and the link's path.
    fn served(&self, name: &str, threads: &str) -> (Server, String) {
        let data = self.folder.path().join(name);
        let server = Server::start(&data, &["--transcode-threads", threads]);
        let link = server.upload("call.wav", &self.bytes);
        (server, link)
    }
}

fn etag(answer: &Answer) -> String {
    answer.header("etag").expect("an ETag").to_owned()
}

fn whole(server: &Server, path: &str) -> Answer {
    let answer = server.get(path);
    assert_eq!((answer.status, answer.whole), (200, true), "{path}");
    assert_eq!(answer.length(), answer.body.len() as u64, "{path}");
    answer
}

#[test]
fn head_tells_the_length_etag_and_type_that_get_has() {
    let recording = Recording::shared();
    let (server, link) = recording.served("head", "2");
    let original = std::iter::once(("original", ""));
    for (name, options) in all().chain(original) {
        let path = format!("{link}?{options}");
        let (head, get) = (server.head(&path), whole(&server, &path));
        assert_eq!(head.status, 200, "{name}");
        assert!(head.body.is_empty(), "{name}");
        for header in ["content-length", "etag", "content-type", "last-modified", "accept-ranges"] {
            assert!(get.header(header).is_some(), "{name}: no {header}");
            assert_eq!(head.header(header), get.header(header), "{name}");
        }
        assert_eq!(get.header("accept-ranges"), Some("bytes"));
    }
}

#[test]
fn the_last_64_kb_of_a_cold_recording_are_206_and_the_tail_of_the_whole() {
    let recording = Recording::shared();
    let (server, link) = recording.served("tail", "2");
    for (name, options) in GRID {
        let path = format!("{link}?{options}");
        let tail = server.range(&path, "bytes=-65536");
        assert_eq!(tail.status, 206, "{name}: {}", tail.text());
        let whole = whole(&server, &path);
        let start = whole.body.len() - 65_536;
        let claimed = format!("bytes {start}-{}/{}", whole.body.len() - 1, whole.body.len());
        assert_eq!(tail.header("content-range"), Some(claimed.as_str()), "{name}");
        assert!(tail.body == whole.body[start..], "{name}: the tail differs from the whole's");
        assert_eq!(etag(&tail), etag(&whole), "{name}");
    }
}

#[test]
fn ranges_in_any_order_and_on_any_threads_join_to_the_same_bytes_on_two_nodes() {
    let recording = Recording::shared();
    let (one, link_one) = recording.served("one", "1");
    let (many, link_many) = recording.served("many", "4");
    for (name, options) in all() {
        let expected = whole(&one, &format!("{link_one}?{options}"));
        let path = format!("{link_many}?{options}");
        let length = expected.body.len();
        let mut joined = vec![0; length];
        for start in scattered(length, 9) {
            let end = (start + length.div_ceil(9)).min(length);
            let part = many.range(&path, &format!("bytes={start}-{}", end - 1));
            assert_eq!(part.status, 206, "{name}");
            assert_eq!(etag(&part), etag(&expected), "{name}");
            joined[start..end].copy_from_slice(&part.body);
        }
        assert!(joined == expected.body, "{name}: the parts do not join to the whole");
    }
}

/// The starts of `count` equal parts, last ones first, every other one left for later.
fn scattered(length: usize, count: usize) -> Vec<usize> {
    let starts: Vec<_> = (0..length).step_by(length.div_ceil(count)).rev().collect();
    let (even, odd): (Vec<_>, Vec<_>) =
        starts.into_iter().enumerate().partition(|(i, _)| i % 2 == 0);
    even.into_iter().chain(odd).map(|(_, s)| s).collect()
}

#[test]
fn a_restart_without_the_cache_changes_no_byte_and_no_etag() {
    let recording = Recording::shared();
    let (server, link) = recording.served("restart", "2");
    let before: Vec<_> = all().map(|(_, o)| whole(&server, &format!("{link}?{o}"))).collect();
    let data = server.data.clone();
    server.stop();
    std::fs::remove_dir_all(data.join("cache")).unwrap();
    let server = Server::start(&data, &[]);
    for ((name, options), before) in all().zip(before) {
        let path = format!("{link}?{options}");
        let middle = before.body.len() / 2;
        let part = server.range(&path, &format!("bytes={middle}-{}", middle + 999));
        assert_eq!(part.status, 206, "{name}");
        assert!(part.body == before.body[middle..middle + 1000], "{name}: the middle differs");
        let after = whole(&server, &path);
        assert!(after.body == before.body, "{name}: the bytes differ");
        assert_eq!(etag(&after), etag(&before), "{name}");
        assert_eq!(after.header("last-modified"), before.header("last-modified"), "{name}");
    }
}

#[test]
fn the_transcode_command_writes_the_published_bytes() {
    let recording = Recording::shared();
    let (server, link) = recording.served("command", "2");
    let clip = ("mp3", "f=mp3&br=32&rate=16000&ch=2&t=1500-42000");
    for (name, options) in all().chain(std::iter::once(clip)) {
        let published = whole(&server, &format!("{link}?{options}"));
        let target = recording.folder.path().join(format!("command-{name}"));
        let flags: Vec<_> = options
            .split('&')
            .filter_map(|o| o.split_once('='))
            .map(|(n, v)| format!("--{n}={v}"))
            .collect();
        let mut args =
            vec!["transcode", recording.path.to_str().unwrap(), target.to_str().unwrap()];
        args.extend(flags.iter().map(String::as_str));
        let output = run(&args);
        assert!(output.status.success(), "{name}: {}", stderr(&output));
        assert!(
            std::fs::read(&target).unwrap() == published.body,
            "{name} {options}: the bytes differ"
        );
    }
}

#[test]
fn a_cached_answer_says_hit_and_a_cold_one_miss() {
    let recording = Recording::shared();
    let (server, link) = recording.served("status", "2");
    let path = format!("{link}?f=mp3");
    let status = |a: Answer| a.header("cache-status").unwrap_or_default().to_owned();
    assert_eq!(status(server.get(&path)), "tonearm; fwd=miss");
    // The last segment is kept a moment after its last byte went out.
    until("no hit", || status(server.get(&path)) == "tonearm; hit");
}

#[test]
fn a_player_waits_for_an_mp4_of_unknown_length_where_others_are_told_to_come_back() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &["--learn-timeout-ms", "1"]);
    // Twenty minutes, which no encoder is through with before the first is sent away.
    let long = wav(19_200_000, &vec![7; 19_200_000]);
    let link = server.upload("call.wav", &long) + "?f=mp4";
    let sent_away = server.get(&link);
    assert_eq!(sent_away.status, 503);
    assert!(sent_away.header("retry-after").is_some());
    let player = server.range(&link, "bytes=0-");
    assert_eq!((player.status, player.whole), (206, true));
    assert_eq!(server.get(&link).body.len(), player.body.len());
}
