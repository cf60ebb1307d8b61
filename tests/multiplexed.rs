//! HTTP/2: a connection that requests share, and clients that try what only HTTP/2 lets them try. Frames are written by
//! hand (RFC 9113 §4.1), so that what is tested is what went over the wire.

use crate::running::{Server, until};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

/// A client that knows beforehand that HTTP/2 is spoken.
struct Client(TcpStream);

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header block without Huffman codes or a table (RFC 7541): method by its place in the static table.
fn block(method: u8, path: &str, range: Option<&str>) -> Vec<u8> {
    let text = |name: &[u8], value: &str| [name, &[value.len() as u8], value.as_bytes()].concat();
    let mut block = [&[method, 0x86][..], &text(&[0x04], path), &text(&[0x01], "x")].concat();
    if let Some(range) = range {
        block.extend(text(&[0x0f, 0x23], range));
    }
    block
}

const GET: u8 = 0x82;

fn get(stream: u32, path: &str, range: Option<&str>) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &block(GET, path, range))
}

impl Client {
    /// Opens a connection with one setting: how much of each answer may come unasked.
    fn open(server: &Server, window: u32) -> Self {
        let stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut client = Self(stream);
        client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        client.send(&frame(SETTINGS, 0, 0, &[&[0, 4][..], &window.to_be_bytes()].concat()));
        client.send(&frame(WINDOW_UPDATE, 0, 0, &(1_u32 << 30).to_be_bytes()));
        client
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// The next frame; none at the end of the connection.
    fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Some(Frame { kind: head[3], flags: head[4], stream, payload })
    }

    /// The next frame of a kind.
    fn await_kind(&mut self, kind: u8) -> Frame {
        loop {
            let frame = self.next().unwrap_or_else(|| panic!("no frame of kind {kind}"));
            if frame.kind == kind {
                return frame;
            }
        }
    }

    /// The bodies of so many answers, by their streams.
    fn bodies(&mut self, count: usize) -> HashMap<u32, Vec<u8>> {
        let (mut bodies, mut ended) = (HashMap::<u32, Vec<u8>>::new(), 0);
        while ended < count {
            let frame = self.next().expect("another frame");
            match frame.kind {
                DATA => bodies.entry(frame.stream).or_default().extend(&frame.payload),
                HEADERS => drop(bodies.entry(frame.stream).or_default()),
                RST_STREAM | GOAWAY => panic!("{} {:?}", frame.kind, frame.payload),
                _ => continue,
            }
            ended += usize::from(frame.flags & END_STREAM > 0);
        }
        bodies
    }

    /// Why the server ended the connection, if it said so before it did.
    fn ended(mut self) -> Option<u32> {
        let mut told = None;
        while let Some(frame) = self.next() {
            if frame.kind == GOAWAY {
                told = frame.payload[4..8].try_into().ok().map(u32::from_be_bytes);
            }
        }
        told
    }
}

const ENHANCE_YOUR_CALM: u32 = 11;

struct Served {
    server: Server,
    link: String,
    bytes: Vec<u8>,
    _folder: TempDir,
}

fn served(args: &[&str]) -> Served {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), args);
    let bytes: Vec<u8> = (0..20_000_000_u32).map(|n| (n ^ (n >> 8) ^ (n >> 17)) as u8).collect();
    let link = server.upload("file.bin", &bytes);
    Served { server, link, bytes, _folder: folder }
}

/// As much as nobody reads at once.
const WIDE: u32 = 1 << 30;

#[test]
fn requests_share_a_connection_and_each_gets_its_own_bytes() {
    let Served { server, link, bytes, _folder } = served(&[]);
    let mut client = Client::open(&server, WIDE);
    let range = |n: u32| (n as usize * 90_000, n as usize * 90_000 + 200_000);
    for n in 0..90 {
        let (from, to) = range(n);
        client.send(&get(2 * n + 1, &link, Some(&format!("bytes={from}-{}", to - 1))));
    }
    let bodies = client.bodies(90);
    for n in 0..90 {
        let (from, to) = range(n);
        assert!(bodies[&(2 * n + 1)] == bytes[from..to], "stream {n}");
    }
    client.send(&get(1001, &link, None));
    assert!(client.bodies(1)[&1001] == bytes, "the whole");
}

#[test]
fn curl_speaks_it_without_tls_and_head_sends_no_body() {
    let Served { server, link, bytes, _folder } = served(&[]);
    let curl = |args: &[&str]| {
        let url = format!("http://{}{link}", server.address);
        let mut command = Command::new("curl");
        command.args(["-s", "--http2-prior-knowledge"]).args(args).arg(url);
        command.output().unwrap().stdout
    };
    assert!(curl(&[]) == bytes);
    assert!(curl(&["-r", "-70000"]) == bytes[bytes.len() - 70_000..]);
    let head = String::from_utf8(curl(&["--head"])).unwrap();
    assert!(head.starts_with("HTTP/2 200"), "{head}");
    assert!(head.contains(&format!("content-length: {}\r\n", bytes.len())), "{head}");
    let mut client = Client::open(&server, WIDE);
    client.send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &head_of("HEAD", &link)));
    let answer = client.await_kind(HEADERS);
    assert!(answer.flags & END_STREAM > 0, "a body follows");
}

/// A header block of a method that is written out, as HEAD is in no table.
fn head_of(method: &str, path: &str) -> Vec<u8> {
    let method = [&[0x02, method.len() as u8][..], method.as_bytes()].concat();
    [&method[..], &block(GET, path, None)[1..]].concat()
}

#[test]
fn a_preface_torn_at_every_byte_is_understood() {
    let Served { server, _folder, .. } = served(&[]);
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for at in 1..preface.len() {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(&preface[..at]).unwrap();
        std::thread::sleep(Duration::from_millis(2));
        let mut client = Client(stream);
        client.send(&preface[at..]);
        client.send(&frame(SETTINGS, 0, 0, &[]));
        client.send(&get(1, "/healthz", None));
        assert_eq!(client.bodies(1)[&1], br#"{"status":"ok"}"#, "torn at {at}");
    }
}

#[test]
fn streams_that_are_reset_as_fast_as_they_are_opened_end_the_connection() {
    let Served { server, link, _folder, .. } = served(&[]);
    let mut client = Client::open(&server, WIDE);
    let mut flood = Vec::new();
    for n in 0..2000 {
        flood.extend(get(2 * n + 1, &link, None));
        flood.extend(frame(RST_STREAM, 0, 2 * n + 1, &8_u32.to_be_bytes()));
    }
    let _ = client.0.write_all(&flood);
    assert_eq!(client.ended().unwrap_or(ENHANCE_YOUR_CALM), ENHANCE_YOUR_CALM);
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn headers_that_never_end_end_the_connection() {
    let Served { server, _folder, .. } = served(&[]);
    let memory = server.memory_bytes();
    let mut client = Client::open(&server, WIDE);
    client.send(&frame(HEADERS, END_STREAM, 1, &block(GET, "/", None)));
    // A literal of its own name and value, again and again.
    let header = [&[0x00, 1][..], b"a", &[100], &[b'b'; 100]].concat();
    let more = frame(CONTINUATION, 0, 1, &header.repeat(100));
    let ended = (0..10_000).any(|_| client.0.write_all(&more).is_err());
    assert!(ended, "a hundred megabytes of headers are taken");
    assert!(server.memory_bytes() < memory + (16 << 20), "they are kept");
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn settings_and_pings_without_end_are_answered_one_by_one_and_keep_nothing() {
    for flood in [frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0]), frame(PING, 0, 0, &[7; 8])] {
        let Served { server, _folder, .. } = served(&["--send-timeout-ms", "1500"]);
        let memory = server.memory_bytes();
        let client = Client::open(&server, WIDE);
        client.0.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
        // Nothing is read, so that the answers find no way out after a while.
        let many = flood.repeat(1000);
        let mut socket = &client.0;
        let stopped = (0..20_000).any(|_| socket.write_all(&many).is_err());
        assert!(stopped, "all of it was taken");
        assert!(server.memory_bytes() < memory + (16 << 20), "it is kept");
        assert_eq!(server.get("/healthz").status, 200);
        until("the connection stays", || server.metric("tonearm_connections") == 1);
    }
}

#[test]
fn a_stream_that_is_not_read_is_reset_and_the_others_go_on() {
    let slow = ["--send-timeout-ms", "1000", "--send-rate", "100000"];
    let Served { server, link, bytes, _folder } = served(&slow);
    let mut client = Client::open(&server, 1000);
    client.send(&get(1, &link, None));
    let reset = client.await_kind(RST_STREAM);
    assert_eq!(reset.stream, 1);
    client.send(&get(3, &link, Some("bytes=5-99")));
    assert!(client.bodies(1)[&3] == bytes[5..=99]);
}

#[test]
fn answers_that_nobody_takes_hold_little_and_are_no_more_than_connections_may_be() {
    let Served { server, link, _folder, .. } = served(&["--max-connections-per-address", "401"]);
    let memory = server.memory_bytes();
    let mut clients: Vec<_> = (0..4).map(|_| Client::open(&server, 0)).collect();
    for client in &mut clients {
        let requests = (0..100).map(|n| get(2 * n + 1, &link, None));
        client.send(&requests.collect::<Vec<_>>().concat());
        (0..100).for_each(|_| drop(client.await_kind(HEADERS)));
    }
    let held = server.memory_bytes().saturating_sub(memory);
    assert!(held < 24 << 20, "400 answers hold {held} bytes");
    // The last place is this connection's; its first request takes none.
    let mut last = Client::open(&server, 0);
    last.send(&get(1, &link, None));
    assert_eq!(last.await_kind(HEADERS).payload[0], STATUS_200);
    last.send(&get(3, "/healthz", None));
    assert_ne!(last.await_kind(HEADERS).payload[0], STATUS_200);
    assert!(Client::open(&server, WIDE).next().is_none(), "a connection too many is let in");
    drop(clients);
    until("places are not given back", || {
        let mut client = Client::open(&server, WIDE);
        client.send(&get(1, "/healthz", None));
        client.next().is_some_and(|frame| frame.kind == SETTINGS)
    });
}

/// The status in a header block, by its place in the static table.
const STATUS_200: u8 = 0x88;

#[test]
fn an_upload_that_is_refused_gets_its_answer() {
    let Served { server, _folder: folder, bytes, .. } = served(&["--upload-bytes", "25000000"]);
    let file = folder.path().join("upload");
    std::fs::write(&file, &bytes).unwrap();
    let answered = |args: &[&str]| {
        let url = format!("http://{}/core/v2/storage/upload/a.bin", server.address);
        let mut curl = Command::new("curl");
        curl.args(["-s", "--http2-prior-knowledge", "-w", "%{http_code}", "-o", "/dev/null"]);
        let done = curl.args(args).arg("-T").arg(&file).arg(url).output().unwrap();
        String::from_utf8(done.stdout).unwrap()
    };
    assert_eq!(answered(&[]), "401");
    let token = format!("Authorization: Bearer {}", server.token());
    assert_eq!(answered(&["-H", &token]), "201");
    std::fs::write(&file, [&*bytes, &bytes].concat()).unwrap();
    assert_eq!(answered(&["-H", &token]), "413");
}

/// A content-length in a header block, which is in the static table and never indexed (RFC 7541 §6.2.2).
const CONTENT_LENGTH: [u8; 2] = [0x0f, 28 - 15];

#[test]
fn an_answer_without_a_body_tells_no_length() {
    let Served { server, link, _folder, .. } = served(&[]);
    let mut client = Client::open(&server, WIDE);
    let mut tells_length = |stream, block: &[u8]| {
        client.send(&frame(HEADERS, END_STREAM | END_HEADERS, stream, block));
        let head = client.await_kind(HEADERS).payload;
        head.windows(2).any(|pair| pair == CONTENT_LENGTH)
    };
    // If-None-Match: * is 304.
    let unless = [0x0f, 41 - 15, 1, b'*'];
    assert!(tells_length(1, &head_of("HEAD", &link)));
    assert!(!tells_length(3, &[head_of("HEAD", &link), unless.to_vec()].concat()));
    assert!(!tells_length(5, &[head_of("GET", &link), unless.to_vec()].concat()));
    assert!(!tells_length(7, &head_of("OPTIONS", "/core/v2/storage/files")));
}

#[test]
fn a_stream_that_is_read_slowly_but_steadily_gets_everything() {
    let slow = ["--send-timeout-ms", "2000", "--send-rate", "20000"];
    let Served { server, link, bytes, _folder } = served(&slow);
    let mut client = Client::open(&server, 30_000);
    client.send(&get(1, &link, Some("bytes=0-599999")));
    let mut taken: Vec<u8> = Vec::new();
    while taken.len() < 600_000 {
        let frame = client.await_kind(DATA);
        taken.extend(&frame.payload);
        // Longer in all than it may stand still.
        std::thread::sleep(Duration::from_millis(60));
        let more = (frame.payload.len() as u32).to_be_bytes();
        client.send(&self::frame(WINDOW_UPDATE, 0, 1, &more));
    }
    assert!(taken == bytes[..600_000]);
}

#[test]
fn a_connection_at_rest_is_ended_whatever_is_sent_on_it() {
    let Served { server, _folder, .. } = served(&["--idle-timeout-ms", "1000"]);
    let mut client = Client::open(&server, WIDE);
    client.send(&get(1, "/healthz", None));
    client.bodies(1);
    client.0.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut told = None;
    until("pings keep it", || {
        let mut socket = &client.0;
        let gone = socket.write_all(&frame(PING, 0, 0, &[1; 8])).is_err();
        std::thread::sleep(Duration::from_millis(100));
        gone
    });
    client.0.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    while let Some(frame) = client.next() {
        if frame.kind == GOAWAY {
            told.get_or_insert(frame.payload[4..8].to_vec());
        }
    }
    assert_eq!(told.unwrap_or_default(), [0; 4], "it is not told that nothing is wrong");
}

#[test]
fn a_stop_finishes_what_is_under_way_and_tells_the_client() {
    let Served { mut server, link, bytes, _folder } = served(&[]);
    let mut client = Client::open(&server, 1 << 20);
    client.send(&get(1, &link, None));
    let mut taken = client.await_kind(DATA).payload;
    server.signal("TERM");
    let mut is_told = false;
    while taken.len() < bytes.len() {
        let frame = client.next().expect("the rest of the answer");
        match frame.kind {
            DATA => {
                taken.extend(&frame.payload);
                let more = self::frame(WINDOW_UPDATE, 0, 1, &1_000_000_u32.to_be_bytes());
                client.send(&more);
            }
            PING if frame.flags == 0 => client.send(&self::frame(PING, 1, 0, &frame.payload)),
            kind => is_told |= kind == GOAWAY,
        }
    }
    assert!(taken == bytes && is_told);
    drop(client);
    assert_eq!(server.wait(), Some(0));
}
