//! Clients that take too much, too long or too little: each gets a proper answer or is cut off, the
//! others don't feel it, and nothing of them stays.

use crate::client::Connection;
use crate::running::{Server, stderr, tonearm, until};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tempfile::TempDir;

struct Limited {
    server: Server,
    folder: TempDir,
}

fn limited(args: &[&str]) -> Limited {
    let folder = TempDir::new().unwrap();
    let mut all = vec!["--log", "warn"];
    if !args.contains(&"--max-connections-per-address") {
        all.extend(["--max-connections-per-address", "20000"]);
    }
    all.extend(args);
    let server = Server::start(&folder.path().join("data"), &all);
    // What is made once and kept (threads, the links in use) is there from now on.
    assert_eq!(server.get("/healthz").status, 200);
    Limited { server, folder }
}

/// Descriptors that the server opens when it first needs them and keeps: connections of the catalog to read by.
const KEPT: usize = 16;

/// Waits until the descriptors of a thousand clients are given back.
fn back_to(server: &Server, descriptors: usize) {
    until("descriptors are leaked", || server.descriptors() <= descriptors + KEPT);
}

fn answers_soon(server: &Server) {
    let asked = Instant::now();
    assert_eq!(server.get("/healthz").status, 200);
    // As long as nobody else is let wait, however busy the machine is.
    assert!(asked.elapsed() < Duration::from_secs(15), "others feel it: {:?}", asked.elapsed());
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()
}

#[test]
fn a_thousand_clients_that_dribble_their_heads_are_told_408_and_others_dont_feel_it() {
    let Limited { server, folder: _folder } = limited(&["--header-timeout-ms", "1500"]);
    let before = server.descriptors();
    let mut clients: Vec<_> = (0..1000).map(|_| Connection::open(server.address)).collect();
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(1200) {
        // On a busy machine the first are cut off before the last have had their turn.
        clients.iter_mut().for_each(|client| drop(client.try_send(b"G")));
        answers_soon(&server);
    }
    for client in clients {
        let told = String::from_utf8_lossy(&client.rest()).into_owned();
        // A reset may eat the words of one that was still sending.
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 408 "), "{told}");
    }
    // Less than they would wait for an answer.
    assert!(started.elapsed() < Duration::from_secs(50), "{:?}", started.elapsed());
    back_to(&server, before);
}

#[test]
fn the_head_of_a_request_that_never_ends_is_408() {
    let Limited { server, folder: _folder } = limited(&["--header-timeout-ms", "300"]);
    let mut client = Connection::open(server.address);
    client.send(b"GET /healthz HTTP/1.1\r\nHost: ");
    let told = client.rest();
    assert!(told.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&told));
}

#[test]
fn a_thousand_slow_readers_are_cut_off_and_leave_nothing() {
    let Limited { server, folder: _folder } =
        limited(&["--send-timeout-ms", "10000", "--send-rate", "1000"]);
    let link = server.upload("long.bin", &vec![7; 16 << 20]);
    assert_eq!(server.get(&link).body.len(), 16 << 20);
    let (descriptors, memory) = (server.descriptors(), server.memory_bytes());
    let clients: Vec<_> = (0..1000)
        .map(|_| {
            let mut client = Connection::open(server.address);
            client.send(&get(&link));
            client
        })
        .collect();
    answers_soon(&server);
    until("not all connections are there", || server.descriptors() >= descriptors + 1000);
    std::thread::sleep(Duration::from_millis(300));
    let each = server.memory_bytes().saturating_sub(memory) / 1000;
    assert!(each <= 20 << 10, "{each} bytes a slow reader");
    back_to(&server, descriptors);
    answers_soon(&server);
    for client in clients {
        assert!(client.rest().len() < 16 << 20, "a slow reader got everything");
    }
}

#[test]
fn a_slow_reader_that_sends_its_next_request_ahead_is_cut_off_too() {
    let Limited { server, folder: _folder } =
        limited(&["--send-timeout-ms", "600", "--send-rate", "100000", "--idle-timeout-ms", "600"]);
    let link = server.upload("long.bin", &vec![7; 16 << 20]);
    // How much a socket takes is the system's choice: the second answer fits in one of these in part.
    let clients: Vec<_> = (1..=32_u32)
        .map(|n| {
            let mut client = Connection::open(server.address);
            let get = |query: &str, last: u32, more: &str| {
                let range = format!("Range: bytes=0-{last}");
                format!("GET {link}?{query} HTTP/1.1\r\nHost: x\r\n{range}\r\n{more}\r\n")
            };
            // The next head is found behind this request's body, which is read once it's known to be unwanted.
            let body = "Expect: 100-continue\r\nContent-Length: 1\r\n";
            let second = get(&format!("n={n}"), (1 << 20) - 1, body) + "x";
            let requests = get("first", (n << 18) - 1, "") + &second + &get("third", 0, "");
            client.send(requests.as_bytes());
            client
        })
        .collect();
    // The one that asks for the figure is there, too.
    until("they are let wait", || server.metric("tonearm_connections") == 1);
    drop(clients);
}

#[test]
fn a_reader_that_is_slow_but_steady_gets_everything() {
    let Limited { server, folder: _folder } =
        limited(&["--send-timeout-ms", "3000", "--send-rate", "100000"]);
    let bytes: Vec<u8> = (0..24_u32 << 20).map(|n| (n >> 12) as u8).collect();
    let link = server.upload("long.bin", &bytes);
    let mut client = TcpStream::connect(server.address).unwrap();
    client.write_all(&get(&link)).unwrap();
    let mut taken = Vec::new();
    let mut piece = vec![0; 1 << 20];
    while taken.len() < bytes.len() {
        let count = client.read(&mut piece).expect("cut off though it takes its bytes");
        assert!(count > 0, "ended after {} bytes", taken.len());
        taken.extend_from_slice(&piece[..count]);
        // Of 24 pieces and more: longer than it may stand still.
        std::thread::sleep(Duration::from_millis(150));
    }
    assert!(taken.ends_with(&bytes[20 << 20..]), "wrong bytes");
}

#[test]
fn ten_thousand_idle_connections_cost_little_and_leave_nothing() {
    let Limited { server, folder: _folder } = limited(&[]);
    assert!(server::raise_descriptor_limit().unwrap() >= 20_000, "ulimit -n must allow 20 000");
    let (descriptors, memory) = (server.descriptors(), server.memory_bytes());
    let mut clients: Vec<_> = (0..9_900).map(|_| Connection::open(server.address)).collect();
    for client in &mut clients {
        client.send(&get("/healthz"));
    }
    for client in &mut clients {
        assert_eq!(client.answer(false).unwrap().status, 200);
    }
    let each = server.memory_bytes().saturating_sub(memory) / clients.len() as u64;
    assert!(each <= 16 << 10, "{each} bytes an idle connection");
    answers_soon(&server);
    drop(clients);
    back_to(&server, descriptors);
}

#[test]
fn connections_leave_descriptors_to_files_however_few_there_are() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server =
        Server::start_with_descriptors(1024, &data, &["--max-connections-per-address", "20000"]);
    let links: Vec<_> =
        (0..100_u8).map(|n| server.upload(&format!("{n}.bin"), &[n; 20_000])).collect();
    let mut admitted = Vec::new();
    let refused = loop {
        let mut client = Connection::open(server.address);
        client.send(&get("/healthz"));
        match client.answer(false).expect("neither taken in nor refused").status {
            200 => admitted.push(client),
            status => break status,
        }
    };
    assert_eq!(refused, 503);
    assert!((100..=512).contains(&admitted.len()), "{} connections", admitted.len());
    for (n, (client, link)) in admitted.iter_mut().zip(&links).enumerate() {
        client.send(&get(link));
        assert!(client.answer(false).unwrap().body == [n as u8; 20_000], "{link}");
    }
    let count = admitted.len().to_string();
    let warns = |line: &str| ["WARN", "10000", &count].iter().all(|part| line.contains(part));
    until("no word of it", || server.log().lines().any(warns));
}

#[test]
fn a_start_in_too_little_address_space_is_refused_and_says_how_to_limit_memory() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let started = |kibibytes: &str| {
        let limited = format!(
            "ulimit -v {kibibytes}; exec \"$0\" serve --tls-cert /nowhere --tls-key /nowhere --data \"$1\""
        );
        let server = tonearm();
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &limited]).arg(server.get_program()).arg(&data);
        stderr(&shell.output().unwrap())
    };
    let told = started("1048576");
    assert!(
        ["1024 MiB", "LimitAS=", "2048 MiB", "MemoryMax="].iter().all(|w| told.contains(w)),
        "{told}"
    );
    assert!(!data.exists());
    assert!(started("2097152").contains("/nowhere"), "the next thing that is wrong is told");
}

#[test]
fn a_connection_that_rests_too_long_is_closed_without_a_word() {
    let Limited { server, folder: _folder } = limited(&["--idle-timeout-ms", "400"]);
    let mut client = Connection::open(server.address);
    client.send(&get("/healthz"));
    assert_eq!(client.answer(false).unwrap().status, 200);
    assert_eq!(client.rest(), b"");
}

#[test]
fn one_connection_too_many_is_503_and_there_is_room_again_after_another_left() {
    for limit in ["--max-connections", "--max-connections-per-address"] {
        let Limited { server, folder: _folder } = limited(&[limit, "20"]);
        let mut clients: Vec<_> = (0..20).map(|_| Connection::open(server.address)).collect();
        clients.iter_mut().for_each(|client| client.send(&get("/healthz")));
        assert!(clients.iter_mut().all(|client| client.answer(false).unwrap().status == 200));
        let refused = server.get("/healthz");
        assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
        drop(clients.pop());
        until("no room again", || server.get("/healthz").status == 200);
        clients[0].send(&get("/healthz"));
        assert_eq!(clients[0].answer(false).unwrap().status, 200);
    }
}

#[test]
fn a_head_that_is_too_large_or_has_too_many_headers_is_431() {
    let Limited { server, folder: _folder } =
        limited(&["--max-header-bytes", "4KiB", "--max-headers", "20"]);
    let large = server.request("GET", "/healthz").header("X-Large", &"x".repeat(5000)).send();
    assert_eq!(large.status, 431);
    let mut request = server.request("GET", "/healthz");
    for n in 0..30 {
        request = request.header(&format!("X-{n}"), "x");
    }
    assert_eq!(request.send().status, 431);
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn an_upload_that_is_too_large_is_413_and_leaves_nothing() {
    let Limited { server, folder } = limited(&["--upload-bytes", "100000"]);
    server.upload("fits.bin", &[1; 100_000]);
    let announced = server.upload_request("large.bin", &vec![1; 3_000_000]).send();
    assert_eq!(announced.status, 413, "{}", announced.text());
    assert!(announced.text().contains("100000"), "{}", announced.text());
    let path = format!("/core/v2/storage/files?container_sid={}&name=c.bin", server.container());
    let mut chunked = Connection::open(server.address);
    let token = server.token();
    chunked.send(
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        .as_bytes(),
    );
    let chunk = [&b"c350\r\n"[..], &[1; 50_000], b"\r\n"].concat();
    (0..3).for_each(|_| chunked.send(&chunk));
    assert_eq!(chunked.answer(false).unwrap().status, 413);
    let tmp = folder.path().join("data/tmp");
    until("of what was refused something is left", || {
        std::fs::read_dir(&tmp).unwrap().count() == 0
    });
}

#[test]
fn an_upload_that_stands_still_is_408_and_leaves_nothing() {
    let Limited { server, folder } = limited(&["--upload-timeout-ms", "400"]);
    let mut stream = server.upload_request("x.bin", &[1; 5000]).send_part(9000).unwrap();
    let answer = crate::client::read_answer(&mut stream, false).unwrap();
    assert_eq!(answer.status, 408, "{}", answer.text());
    let tmp = folder.path().join("data/tmp");
    until("the torn upload stays", || std::fs::read_dir(&tmp).unwrap().count() == 0);
}

#[test]
fn an_upload_that_dribbles_is_408_and_leaves_nothing() {
    let Limited { server, folder } =
        limited(&["--upload-timeout-ms", "2000", "--upload-rate", "1000000"]);
    let mut stream = server.upload_request("x.bin", &[1; 10]).send_part(90_000).unwrap();
    // A request beside each byte: it comes far more often than the upload may stand still.
    while stream.write_all(b"x").is_ok() && server.metric("tonearm_connections") > 1 {}
    let answer = crate::client::read_answer(&mut stream, false).unwrap();
    assert_eq!(answer.status, 408, "{}", answer.text());
    assert!(answer.text().contains("1000000 bytes a second"), "{}", answer.text());
    let tmp = folder.path().join("data/tmp");
    until("the upload stays", || std::fs::read_dir(&tmp).unwrap().count() == 0);
}

#[test]
fn endless_heads_of_a_forms_parts_cost_little_memory_each() {
    let Limited { server, folder: _folder } = limited(&[]);
    let before = server.most_memory_bytes();
    let head = b"--cut\r\nContent-Disposition: form-data; name=\"";
    let begun = [&head[..], &vec![b'x'; 900_000]].concat();
    let mut clients: Vec<_> = (0..100)
        .map(|_| {
            let request = server.request("POST", "/core/v2/storage/files").token(&server.token());
            let request = request.header("Content-Type", "multipart/form-data; boundary=cut");
            request.body(&begun).send_part(64_000_000).unwrap()
        })
        .collect();
    for client in &mut clients {
        assert_eq!(crate::client::read_answer(client, false).unwrap().status, 400);
    }
    let taken = server.most_memory_bytes().saturating_sub(before);
    assert!(taken < 60_000_000, "{taken} bytes of memory");
}

#[test]
fn as_many_headers_as_of_http_1_are_taken_and_more_are_431() {
    let Limited { server, folder: _folder } = limited(&["--max-headers", "10"]);
    let url = format!("http://{}/healthz", server.address);
    let mut told = Vec::new();
    for count in [5, 20] {
        for version in ["--http1.1", "--http2-prior-knowledge"] {
            let mut curl = std::process::Command::new("curl");
            curl.args(["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"]);
            for n in 0..count {
                curl.args(["--header", &format!("x-{n}: y")]);
            }
            told.push(curl.args([version, &url]).output().unwrap().stdout);
        }
    }
    assert_eq!(told, [b"200", b"200", b"431", b"431"]);
}
