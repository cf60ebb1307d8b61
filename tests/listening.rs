//! Where the server listens: several places at once, socket files, and what the service manager passes on.

use crate::command_line::fails;
use crate::running::{Server, stderr, stdout, tonearm, until};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What a server answers to a request for its health.
fn health(mut stream: impl Read + Write) -> String {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn is_healthy(stream: impl Read + Write) -> bool {
    health(stream).starts_with("HTTP/1.1 200 ")
}

#[test]
fn a_server_listens_at_several_places_and_names_each() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("tonearm.sock");
    let unix = format!("unix:{}", file.display());
    let args =
        ["--listen", &unix, "--listen", ":0", "--listen", "localhost:0", "--socket-mode", "0600"];
    let server = Server::start(&folder.path().join("data"), &args);
    assert!(is_healthy(TcpStream::connect(server.address).unwrap()));
    assert_eq!(server.next_line(), format!("listening on {unix}"));
    assert!(is_healthy(UnixStream::connect(&file).unwrap()));
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for ip in ["127.0.0.1", "127.0.0.1"] {
        let line = server.next_line();
        let address = line.strip_prefix("listening on http://").expect(&line);
        let port = address.parse::<SocketAddr>().unwrap().port();
        assert!(is_healthy(TcpStream::connect((ip, port)).unwrap()), "{line}");
    }
    until("all addresses, and no word of the links", || server.log().contains("--public-url"));
    server.stop();
    assert!(!file.exists(), "the socket file stays");
}

#[test]
fn a_socket_file_of_a_dead_server_is_replaced_and_one_in_use_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("tonearm.sock");
    let unix = format!("unix:{}", file.display());
    drop(UnixListener::bind(&file).unwrap());
    assert!(UnixStream::connect(&file).is_err(), "the file of nobody");
    let data = folder.path().join("data");
    let server = Server::start(&data, &["--listen", &unix]);
    assert!(is_healthy(UnixStream::connect(&file).unwrap()));
    let other = folder.path().join("other");
    let second = ["serve", "--listen", &unix, "--data", other.to_str().unwrap()];
    assert!(fails(&second, 1).contains("another server"));
    assert!(is_healthy(UnixStream::connect(&file).unwrap()), "it was taken away");
    server.kill();
    let server = Server::start(&data, &["--listen", &unix]);
    assert!(is_healthy(UnixStream::connect(&file).unwrap()), "after a kill");
    server.stop();
    std::fs::write(&file, "mine").unwrap();
    assert!(fails(&second, 1).contains("no socket"));
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "parts of sockets stay");
}

#[test]
fn a_wrong_place_is_refused_with_an_example_of_each_form() {
    for wrong in ["x", "localhost", "http://127.0.0.1:80", "1.2.3.4", "unix:", "99999", "::1:80"] {
        let said = fails(&["serve", "--listen", wrong], 2);
        for form in ["8190", ":8190", "localhost:8190", "[::1]:8190", "unix:/run/tonearm.sock"] {
            assert!(said.contains(form), "{wrong}: {said}");
        }
    }
    assert!(fails(&["serve", "--socket-mode", "0999"], 2).contains("0660"));
}

#[test]
fn places_are_a_list_in_the_file_and_in_the_environment() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (one, two) = (at("one.sock"), at("two.sock"));
    let file = at("tonearm.toml");
    let listen = format!("listen = [\"unix:{}\", \"unix:{}\"]\n", one.display(), two.display());
    std::fs::write(&file, listen).unwrap();
    let mut command = tonearm();
    command.args(["serve", "--config"]).arg(&file).arg("--data").arg(at("data"));
    let mut server = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let ready = lines.find(|line| line.as_ref().unwrap().starts_with("listening on")).unwrap();
    assert!(ready.unwrap().ends_with("one.sock"));
    for file in [&one, &two] {
        assert!(is_healthy(UnixStream::connect(file).unwrap()), "{}", file.display());
    }
    server.kill().unwrap();
    server.wait().unwrap();
    let wrong = tonearm().arg("serve").env("TONEARM_LISTEN", "8190,nowhere").output().unwrap();
    assert!(stderr(&wrong).contains("nowhere"), "{}", stderr(&wrong));
}

#[test]
fn clients_of_a_socket_file_get_the_bytes_of_files_too() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("tonearm.sock");
    let unix = format!("unix:{}", file.display());
    let server = Server::start(&folder.path().join("data"), &["--listen", &unix]);
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n ^ (n >> 9)) as u8).collect();
    let link = server.upload("file.bin", &bytes);
    assert!(over(&file, &link) == bytes);
}

#[test]
fn where_a_socket_file_is_the_only_way_in_the_line_to_paste_goes_through_it() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("the only.sock");
    let mut command = tonearm();
    command.args(["serve", "--listen", &format!("unix:{}", file.display()), "--data"]);
    command.arg(folder.path().join("data")).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = command.spawn().unwrap();
    let lines = BufReader::new(server.stdout.take().unwrap()).lines().map(Result::unwrap);
    let told: Vec<_> = lines.take_while(|line| !line.starts_with("listening on")).collect();
    let line = told.iter().find(|line| line.starts_with("curl ")).expect("a line to paste");
    std::fs::write(folder.path().join("recording.wav"), "bytes").unwrap();
    let mut pasted = Command::new("sh");
    pasted.args(["-c", line]).current_dir(&folder);
    let answer = stdout(&pasted.output().unwrap());
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(answer.contains("file_sid"), "{line}: {answer}");
}

fn over(file: &Path, link: &str) -> Vec<u8> {
    let mut stream = UnixStream::connect(file).unwrap();
    let request = format!("GET {link} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("an answer") + 4;
    answer.split_off(head)
}
