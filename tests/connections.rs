//! What connections go through: old clients, bursts, torn requests, aborts, and files that go while
//! they are sent. No wrong byte, and nothing stays behind.

use crate::bad_input::wav;
use crate::client::{Connection, Request};
use crate::running::{Server, text, until};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

struct Served {
    server: Server,
    link: String,
    bytes: Vec<u8>,
    _folder: TempDir,
}

/// A server with one file of this length.
fn served(length: u32) -> Served {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let bytes: Vec<u8> = (0..length).map(|n| (n ^ (n >> 8) ^ (n >> 17)) as u8).collect();
    let link = server.upload("file.bin", &bytes);
    assert!(server.get(&link).body == bytes);
    Served { server, link, bytes, _folder: folder }
}

#[test]
fn an_http_1_0_client_gets_everything_and_then_the_end() {
    let Served { server, link, bytes, _folder } = served(100_000);
    let mut client = Connection::open(server.address);
    client.send(format!("GET {link} HTTP/1.0\r\n\r\n").as_bytes());
    let answer = client.answer(false).unwrap();
    assert!(answer.status == 200 && answer.body == bytes);
    assert_eq!(client.rest(), b"");
}

#[test]
fn a_burst_of_heads_is_answered_in_order_without_a_body() {
    let Served { server, link, bytes, _folder } = served(100_000);
    let mut client = Connection::open(server.address);
    let head = format!("HEAD {link} HTTP/1.1\r\nHost: x\r\n\r\n");
    let get = format!("GET {link} HTTP/1.1\r\nHost: x\r\nRange: bytes=5-9\r\n\r\n");
    client.send((head.repeat(500) + &get).as_bytes());
    for _ in 0..500 {
        let answer = client.answer(true).unwrap();
        assert_eq!((answer.status, answer.length()), (200, bytes.len() as u64));
    }
    assert_eq!(client.answer(false).unwrap().body, bytes[5..=9]);
}

#[test]
fn a_request_torn_at_every_byte_is_answered_as_if_it_came_whole() {
    let Served { server, link, bytes, _folder } = served(30_000);
    let request = format!("GET {link} HTTP/1.1\r\nHost: x\r\nRange: bytes=100-29000\r\n\r\n");
    let mut client = Connection::open(server.address);
    for at in 1..request.len() {
        client.send(&request.as_bytes()[..at]);
        std::thread::sleep(Duration::from_millis(1));
        client.send(&request.as_bytes()[at..]);
        let answer = client.answer(false).unwrap();
        assert!(answer.status == 206 && answer.body == bytes[100..=29_000], "torn at {at}");
    }
}

#[test]
fn requests_that_break_off_at_every_byte_leave_nothing() {
    let Served { server, link, _folder, .. } = served(30_000);
    let before = server.descriptors();
    let request = format!("GET {link} HTTP/1.1\r\nHost: x\r\n\r\n");
    for at in 0..=request.len() {
        let mut client = Connection::open(server.address);
        client.send(&request.as_bytes()[..at]);
    }
    until("descriptors are leaked", || server.descriptors() <= before);
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn clients_that_leave_in_the_middle_of_a_body_leave_nothing() {
    let Served { server, link, bytes, _folder } = served(20 << 20);
    let (descriptors, memory) = (server.descriptors(), server.memory_bytes());
    for round in 0..300 {
        let range = format!("Range: bytes={}-\r\n", round * 1000);
        let mut client = Connection::open(server.address);
        client.send(format!("GET {link} HTTP/1.1\r\nHost: x\r\n{range}\r\n").as_bytes());
        if round % 3 > 0 {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    until("descriptors are leaked", || server.descriptors() <= descriptors);
    until("more than 8 MiB stay", || server.memory_bytes() < memory + (8 << 20));
    assert!(server.range(&link, "bytes=-5").body == bytes[bytes.len() - 5..]);
}

#[test]
fn a_client_that_ends_its_side_after_its_request_gets_the_whole_answer() {
    let Served { server, link, bytes, _folder } = served(24 << 20);
    let call = server.upload("call.wav", &wav(16_000 * 600, &vec![7; 16_000 * 600]));
    let ended = |requests: &str| {
        let mut client = Connection::open(server.address);
        client.send(requests.as_bytes());
        client.end();
        client
    };
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(ended(&get(&link)).answer(false).unwrap().body == bytes, "an original");
    for options in ["f=ulaw", "f=flac&t=0-60000", "f=mp3", "f=g722&t=500000-"] {
        let path = format!("{call}?{options}");
        let [cold, cached] = [(), ()].map(|()| {
            let mut client = ended(&get(&path));
            let answer = client.answer(false).unwrap_or_else(|e| panic!("{options}: {e}"));
            assert_eq!((answer.status, client.rest()), (200, Vec::new()), "{options}");
            answer.body
        });
        assert!(cold == cached && cold == server.get(&path).body, "{options}");
    }
    let mut twice = ended(&(get("/healthz") + &get(&link)));
    assert_eq!(twice.answer(false).unwrap().status, 200);
    assert!(twice.answer(false).unwrap().body == bytes);
    assert_eq!(twice.rest(), b"");
}

#[test]
fn a_client_that_leaves_while_its_file_is_made_is_no_failure_of_the_server() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &["--transcode-threads", "1"]);
    let call = server.upload("call.wav", &wav(16_000 * 3600, &vec![7; 16_000 * 3600]));
    let mut client = Connection::open(server.address);
    // The sizes of AAC are known once all is encoded.
    client.send(format!("GET {call}?f=mp4 HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
    until("it is begun", || server.metric("tonearm_segments_encoded_total") > 0);
    drop(client);
    let ended = |class: &str| server.metric(&format!("tonearm_answers_total{{class=\"{class}\"}}"));
    until("the request has ended", || ended("none") == 1);
    assert_eq!(ended("5xx"), 0);
    assert!(!server.log().contains("ERROR"), "{}", server.log());
}

#[test]
fn clients_that_left_keep_no_encoder_busy() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &["--transcode-threads", "1"]);
    let call = server.upload("call.wav", &wav(16_000 * 3600, &vec![7; 16_000 * 3600]));
    for n in 0..60 {
        let mut client = Connection::open(server.address);
        // Nothing but a head comes before the end of an hour is encoded.
        let path = format!("{call}?f=g722&t={n}-");
        let range = "Range: bytes=-10";
        client.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n{range}\r\n\r\n").as_bytes());
    }
    let encoded = || server.metric("tonearm_segments_encoded_total");
    until("segments are made for nobody", || {
        let before = encoded();
        std::thread::sleep(Duration::from_millis(500));
        encoded() == before
    });
    // An hour is a few hundred of them.
    assert!(encoded() < 60 * 100, "{} segments were made for nobody", encoded());
}

#[test]
fn the_refusal_of_an_upload_arrives_though_an_upgrade_was_offered() {
    let Served { server, _folder, .. } = served(10);
    let bytes = vec![1; 8 << 20];
    for (path, status) in [("/core/v2/storage/files", 401), ("/f/x", 405), ("/healthz", 405)] {
        for upgrade in ["", "Connection: Upgrade\r\nUpgrade: h2c\r\n"] {
            let length = bytes.len();
            let head =
                format!("POST {path} HTTP/1.1\r\nHost: x\r\n{upgrade}Content-Length: {length}\r\n");
            let mut client = TcpStream::connect(server.address).unwrap();
            client.write_all(format!("{head}\r\n").as_bytes()).unwrap();
            for piece in bytes.chunks(1 << 20) {
                client.write_all(piece).unwrap_or_else(|e| panic!("{path} {upgrade}: {e}"));
                std::thread::sleep(Duration::from_millis(5));
            }
            let mut told = String::new();
            let ended = client.shutdown(Shutdown::Write);
            ended.and_then(|()| client.read_to_string(&mut told)).unwrap_or_else(|e| {
                panic!("{path} {upgrade}: {e} after {told}");
            });
            assert!(told.starts_with(&format!("HTTP/1.1 {status} ")), "{path} {upgrade}: {told}");
        }
    }
}

#[test]
fn an_answer_under_way_is_completed_though_its_file_is_deleted_and_another_takes_its_place() {
    let Served { server, link, bytes, _folder } = served(24 << 20);
    let mut client = Connection::open(server.address);
    client.send(format!("GET {link} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
    client.has_begun();
    let path = link.replace("/f/", "/core/v2/storage/files/");
    assert_eq!(server.request("DELETE", &path).token(&server.token()).send().status, 204);
    assert_eq!(server.get(&link).status, 404, "deleted, but still answered");
    server.upload("file.bin", &vec![0; 24 << 20]);
    assert!(client.answer(false).unwrap().body == bytes, "not the old bytes");
    client.send(format!("GET {link} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
    assert_eq!(client.answer(false).unwrap().status, 404);
}

#[test]
fn a_stop_closes_what_rests_finishes_what_is_under_way_and_takes_nothing_new() {
    let Served { mut server, link, bytes, _folder } = served(24 << 20);
    let mut resting = Connection::open(server.address);
    resting.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(resting.answer(false).unwrap().status, 200);
    let mut busy = Connection::open(server.address);
    busy.send(format!("GET {link} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
    busy.has_begun();
    server.signal("TERM");
    assert_eq!(resting.rest(), b"");
    until("it still takes connections", || TcpStream::connect(server.address).is_err());
    assert!(busy.answer(false).unwrap().body == bytes, "cut short by the stop");
    assert_eq!(busy.rest(), b"", "the connection goes on after the stop");
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn who_has_asked_before_a_stop_is_answered_however_many_they_are() {
    let Served { mut server, link, bytes, _folder } = served(20_000);
    let get = format!("GET {link} HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut resting: Vec<_> = (0..100).map(|_| Connection::open(server.address)).collect();
    for client in &mut resting {
        client.send(get.as_bytes());
        assert!(client.answer(false).unwrap().body == bytes);
    }
    // It finds all of it at once, as if it had been busy.
    server.signal("STOP");
    let mut clients: Vec<_> = (0..900).map(|_| Connection::open(server.address)).collect();
    clients.append(&mut resting);
    clients.iter_mut().for_each(|client| client.send(get.as_bytes()));
    server.signal("TERM");
    server.signal("CONT");
    for (n, client) in clients.iter_mut().enumerate() {
        let answer = client.answer(false).unwrap_or_else(|e| panic!("the request {n}: {e}"));
        assert!(answer.status == 200 && answer.body == bytes);
    }
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn a_successor_takes_over_without_a_connection_refused_or_torn() {
    let Served { mut server, link, bytes, _folder } = served(50_000);
    let (address, data) = (server.address, server.data.clone());
    let (over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let next = std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let answer = Request::new(address, "GET", &link).try_send();
                    let answer = answer.expect("refused or torn in the hand-over");
                    assert!(answer.status == 200 && answer.body == bytes);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let listen = address.to_string();
        let next = scope.spawn(move || Server::start_at(&listen, &data, &["--take-over"]));
        let waiting = || std::fs::read_to_string(server.data.with_extension("log")).unwrap();
        until("the successor doesn't wait", || waiting().contains("waiting for the server"));
        std::thread::sleep(Duration::from_millis(100));
        server.signal("TERM");
        assert_eq!(server.wait(), Some(0));
        let next = next.join().unwrap();
        let before = answered.load(Ordering::Relaxed);
        until("the successor doesn't answer", || answered.load(Ordering::Relaxed) > before + 20);
        over.store(true, Ordering::Relaxed);
        // Lives until the last client has its answer.
        next
    });
    assert!(next.get(&link).body == bytes);
}

#[test]
fn metrics_count_answers_their_bytes_and_what_was_encoded() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let link = server.upload("tone.wav", &wav(16_000, &[7; 16_000]));
    let metric = |name: &str| server.metric(name);
    let names = [
        "tonearm_answers_total{class=\"2xx\"}",
        "tonearm_answers_total{class=\"4xx\"}",
        "tonearm_answer_body_bytes_total",
        "tonearm_segments_encoded_total",
    ];
    // Asking for the metrics is an answer of its own, and its text has bytes.
    let before = names.map(metric);
    assert_eq!(server.get(&link).length(), 16_044);
    assert_eq!(server.get(&format!("{link}?f=ulaw")).length(), 8000);
    assert_eq!(server.get("/f/nothing").status, 404);
    let after = names.map(metric);
    assert_eq!(after[0] - before[0], 2 + 4);
    assert_eq!(after[1] - before[1], 1);
    assert!(after[2] - before[2] > 24_044);
    // It counts when it is kept, after it was sent.
    until("one segment was encoded", || metric(names[3]) - before[3] == 1);
    // The one that asks; those before it are counted until their ends were seen.
    until("connections are counted that are closed", || metric("tonearm_connections") == 1);
}

#[test]
fn a_request_that_says_its_host_not_once_or_not_as_one_is_400_and_the_connection_ends() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let link = server.upload("x.bin", b"x");
    // The second time the link is answered at once.
    for path in [link.as_str(), &link, "/healthz", "/", "/core/v2/storage/files"] {
        for hosts in
            ["", "Host: x\r\nHost: x\r\n", "Host: a b\r\n", "Host: a/b\r\n", "Host: u@h\r\n"]
        {
            let mut client = Connection::open(server.address);
            client.send(format!("GET {path} HTTP/1.1\r\n{hosts}\r\n").as_bytes());
            let refused = client.answer(false).unwrap();
            assert_eq!(refused.status, 400, "{path} {hosts}: {}", refused.text());
            assert_eq!(refused.json()["errors"][0]["field"], "Host");
            assert_eq!(client.rest(), b"", "{path} {hosts}: the connection goes on");
        }
        for hosts in ["Host:\r\n", "Host: x\r\n", "Host: [::1]:8080\r\n"] {
            let mut client = Connection::open(server.address);
            client.send(format!("GET {path} HTTP/1.1\r\n{hosts}\r\n").as_bytes());
            assert_ne!(client.answer(false).unwrap().status, 400, "{path} {hosts}");
        }
    }
    let mut old = Connection::open(server.address);
    old.send(format!("GET {link} HTTP/1.0\r\n\r\n").as_bytes());
    assert_eq!(old.answer(false).unwrap().status, 200);
}

#[test]
fn the_page_and_the_links_answer_at_their_own_hosts_alone_where_they_are_two() {
    let folder = TempDir::new().unwrap();
    let args = [
        "--page-origin",
        "https://console.example.com",
        "--public-url",
        "https://media.example.com",
    ];
    let server = Server::start(&folder.path().join("data"), &args);
    let status = |host: &str, path: &str| {
        let mut client = Connection::open(server.address);
        client.send(
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes(),
        );
        client.answer(false).unwrap().status
    };
    let upload = format!(
        "PUT /core/v2/storage/upload/x.bin HTTP/1.1\r\nHost: console.example.com\r\n\
        Authorization: Bearer {}\r\nContent-Length: 1\r\n\r\nx",
        server.token()
    );
    let mut client = Connection::open(server.address);
    client.send(upload.as_bytes());
    let made = client.answer(false).unwrap();
    assert_eq!(made.status, 201, "{}", made.text());
    let uri = text(&made.json()["publish_uri"]);
    let link = uri.strip_prefix("https://media.example.com").expect("the links' origin");
    for _ in 0..2 {
        assert_eq!(status("media.example.com", link), 200);
        assert_eq!(
            status("console.example.com", link),
            404,
            "what is stored is not where tokens are entered"
        );
        assert_eq!(status("console.example.com:443", link), 404);
    }
    // The target's host goes before the header's.
    assert_eq!(status("media.example.com", &format!("http://console.example.com{link}")), 404);
    // What all pages are made of is at every host.
    assert_eq!(
        (status("media.example.com", "/favicon.svg"), status("other", "/robots.txt")),
        (200, 200)
    );
    for path in ["/", "/docs", "/openapi.json"] {
        assert_eq!(status("CONSOLE.example.com", path), 200, "{path}");
        assert_eq!(status("media.example.com", path), 404, "{path}");
    }
    assert_eq!(status("media.example.com", "/core/v2/storage/files"), 404);
    assert_eq!(status("console.example.com", "/core/v2/storage/files"), 401);
    assert_eq!((status("other", "/healthz"), status("other", "/metrics")), (200, 200));
}
