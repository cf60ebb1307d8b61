//! The server under a service manager, whose part the tests play: what it is told (sd_notify(3)), sockets that are
//! passed on (sd_listen_fds(3)), and signals.

use crate::client::Connection;
use crate::running::{PATIENCE, Server, tonearm, until};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The socket on which the manager listens.
struct Supervisor {
    socket: UnixDatagram,
    folder: TempDir,
}

impl Supervisor {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, folder }
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// A server that knows of the manager.
    fn start(&self, variables: &[(&str, &str)]) -> Server {
        let mut command = tonearm();
        command.env("NOTIFY_SOCKET", self.folder.path().join("notify"));
        command.envs(variables.iter().copied());
        Server::start_by(command, "127.0.0.1:0", &self.data(), &[])
    }

    /// The next message that says this, those of the watchdog left out.
    fn told(&self, begins: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            let count = self.socket.recv(&mut buffer).unwrap_or_else(|e| panic!("{begins}: {e}"));
            let message = String::from_utf8_lossy(&buffer[..count]).into_owned();
            if message.starts_with(begins) {
                return message;
            }
            assert!(message.starts_with("WATCHDOG=1"), "{message}");
        }
    }
}

#[test]
fn the_manager_is_told_of_the_start_of_reloads_and_of_the_stop() {
    let manager = Supervisor::new();
    let server = manager.start(&[]);
    let ready = manager.told("READY=1\n");
    assert!(ready.contains(&format!("STATUS=listening on http://{}", server.address)), "{ready}");
    for _ in 0..3 {
        server.signal("HUP");
        let reloading = manager.told("RELOADING=1\n");
        let time = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC="));
        assert!(time.unwrap().parse::<u64>().unwrap() > 0, "{reloading}");
        manager.told("READY=1\n");
        assert_eq!(server.get("/healthz").status, 200);
    }
    let stopping = std::thread::spawn(move || server.stop());
    manager.told("STOPPING=1\n");
    stopping.join().unwrap();
}

#[test]
fn the_watchdog_is_fed_and_only_if_there_is_one() {
    let manager = Supervisor::new();
    let server = manager.start(&[("WATCHDOG_USEC", "200000")]);
    let mut buffer = [0; 4096];
    manager.told("READY=1\n");
    for _ in 0..5 {
        let count = manager.socket.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..count], b"WATCHDOG=1\n");
    }
    server.stop();
}

/// A data folder, and a socket that the manager holds for its server.
struct Held {
    folder: TempDir,
    socket: TcpListener,
    address: SocketAddr,
}

impl Held {
    fn new() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        Self { folder: TempDir::new().unwrap(), socket, address }
    }

    /// Starts a server that the socket is passed on to.
    fn start(&self, args: &[&str]) -> Child {
        self.start_with(self.socket.try_clone().unwrap(), 1, args)
    }

    /// Starts a server with a socket passed on as the manager does: as descriptor 3, and for that process alone; it is
    /// told of so many.
    fn start_with(&self, socket: impl Into<OwnedFd>, told: usize, args: &[&str]) -> Child {
        let pass_on =
            format!("exec 3<&0 0</dev/null; export LISTEN_FDS={told} LISTEN_PID=$$; exec \"$@\"");
        let data = self.folder.path().join("data");
        let mut command = Command::new("bash");
        command.args(["-c", &pass_on, "bash"]).arg(tonearm().get_program());
        command.arg("serve").arg("--data").arg(&data).args(args);
        let log = File::options().create(true).append(true).open(data.with_extension("log"));
        command.stdin(Stdio::from(socket.into())).stdout(Stdio::piped()).stderr(log.unwrap());
        command.spawn().unwrap()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("data.log")).unwrap()
    }
}

/// The lines that tell where it listens.
fn ready(server: &mut Child, count: usize) -> Vec<String> {
    let lines = BufReader::new(server.stdout.take().unwrap()).lines().map_while(Result::ok);
    lines.filter(|line| line.starts_with("listening on")).take(count).collect()
}

fn end(server: &mut Child, signal: &str) -> Option<i32> {
    let id = server.id().to_string();
    assert!(Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap().success());
    server.wait().unwrap().code()
}

#[test]
fn a_socket_that_is_passed_on_takes_the_place_of_the_default_and_explicit_ones_are_added() {
    let held = Held::new();
    let passed = format!("listening on http://{}", held.address);
    let mut server = held.start(&[]);
    assert_eq!(ready(&mut server, 1), [passed.as_str()]);
    assert_eq!(end(&mut server, "TERM"), Some(0));
    let file = held.folder.path().join("tonearm.sock");
    let unix = format!("unix:{}", file.display());
    let mut server = held.start(&["--listen", &unix]);
    assert_eq!(ready(&mut server, 2), [passed, format!("listening on {unix}")]);
    assert_eq!(end(&mut server, "TERM"), Some(0));
}

#[test]
fn who_has_connected_before_a_stop_is_answered_though_the_request_comes_after_it() {
    const GET: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let mut rests = Connection::open(server.address);
    rests.send(GET);
    assert_eq!(rests.answer(false).unwrap().status, 200);
    let mut fresh = Connection::open(server.address);
    until("it was not taken in", || server.metric("tonearm_connections") == 3);
    let stopping = std::thread::spawn(move || server.stop());
    // The one that rests is ended by the stop.
    assert_eq!(rests.rest(), b"");
    fresh.send(GET);
    assert_eq!(fresh.answer(false).unwrap().status, 503);
    assert_eq!(fresh.rest(), b"", "it is ended after that answer");
    stopping.join().unwrap();
}

#[test]
fn a_restart_behind_a_passed_socket_refuses_no_connection() {
    let held = Held::new();
    let address = held.address;
    let mut server = held.start(&[]);
    ready(&mut server, 1);
    let asked = std::thread::spawn(move || {
        (0..200)
            .map(|_| {
                let mut client = Connection::open(address);
                client.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
                client.answer(false).expect("an answer").status
            })
            .filter(|status| *status != 200)
            .count()
    });
    for _ in 0..3 {
        assert_eq!(end(&mut server, "TERM"), Some(0));
        server = held.start(&[]);
        ready(&mut server, 1);
    }
    assert_eq!(asked.join().unwrap(), 0);
    assert_eq!(end(&mut server, "QUIT"), Some(0));
}

#[test]
fn what_is_passed_on_and_does_not_listen_is_refused() {
    let held = Held::new();
    let connected = TcpStream::connect(held.address).unwrap();
    let mut server = held.start_with(connected, 1, &[]);
    assert_eq!(server.wait().unwrap().code(), Some(1));
    assert!(held.log().contains("listening sockets"), "{}", held.log());
}

#[test]
fn more_sockets_told_of_than_passed_on_are_refused_and_the_number_is_said() {
    let held = Held::new();
    for told in [2, 5, 5000] {
        let mut server = held.start_with(held.socket.try_clone().unwrap(), told, &[]);
        assert_eq!(server.wait().unwrap().code(), Some(1), "{told}: {}", held.log());
    }
    let log = held.log();
    assert_eq!(log.matches("LISTEN_FDS tells of").count(), 3, "{log}");
}

#[test]
fn sigquit_and_sigint_finish_the_answers_under_way() {
    for signal in ["QUIT", "INT"] {
        let folder = TempDir::new().unwrap();
        let mut server = Server::start(&folder.path().join("data"), &[]);
        let bytes = vec![7; 24 << 20];
        let link = server.upload("long.bin", &bytes);
        let mut client = TcpStream::connect(server.address).unwrap();
        let request = format!("GET {link} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        std::io::Write::write_all(&mut client, request.as_bytes()).unwrap();
        let mut begins = [0; 1000];
        client.read_exact(&mut begins).unwrap();
        server.signal(signal);
        until("it still listens", || TcpStream::connect(server.address).is_err());
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).unwrap();
        assert!(rest.ends_with(&bytes[..23 << 20]), "{signal}: the answer is torn");
        assert_eq!(server.wait(), Some(0), "{signal}");
    }
}

#[test]
fn sighup_has_the_level_of_the_log_read_again() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("tonearm.toml");
    std::fs::write(&file, "log = \"warn\"\n").unwrap();
    let data = folder.path().join("data");
    let mut server = Server::start(&data, &["--config", file.to_str().unwrap()]);
    server.get("/healthz");
    std::fs::write(&file, "log = \"info\"\n").unwrap();
    server.signal("HUP");
    until("it is not read again", || server.log().contains("read again"));
    assert!(!server.log().contains("/healthz"), "{}", server.log());
    server.get("/healthz?now");
    until("a request is not logged", || server.log().contains("/healthz"));
    std::fs::write(&file, "log = \"verbose\"\n").unwrap();
    server.signal("HUP");
    until("what is wrong is not told", || server.log().contains("`verbose` is no level"));
    assert!(server.is_running());
}
