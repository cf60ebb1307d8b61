//! TLS: what programs that others wrote get over it, which certificate they are shown, and clients that stop halfway.

use crate::client::Connection;
use crate::command_line::{chime, fails};
use crate::matrix::links;
use crate::running::{Server, stderr, stdout, until};
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A certificate for 127.0.0.1 and localhost that vouches for itself, with its key.
const CERTIFICATE: &str = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1,DNS:localhost -keyout \"$1\" -out \"$2\"";

struct Secure {
    server: Server,
    folder: TempDir,
}

/// A server with these files of its own, and the chime.
fn secure(args: &[&str]) -> Secure {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    certificate(&folder, "own");
    let (cert, key, chime) = (at("own.pem"), at("own.key"), chime());
    let all = [&["--tls-cert", &cert, "--tls-key", &key][..], args, &[&chime]].concat();
    let server = Server::start(&folder.path().join("data"), &all);
    Secure { server, folder }
}

fn certificate(folder: &TempDir, name: &str) {
    let at = |ending: &str| folder.path().join(format!("{name}.{ending}"));
    let mut openssl = Command::new("sh");
    openssl.args(["-c", CERTIFICATE, "sh"]).args([at("key"), at("pem")]);
    let made = openssl.output().unwrap();
    assert!(made.status.success(), "{}", stderr(&made));
}

impl Secure {
    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn link(&self) -> String {
        links(&self.server.welcome)["chime-8k.wav"].clone()
    }

    /// What curl gets of a path.
    fn curl(&self, path: &str, args: &[&str]) -> Vec<u8> {
        let url = format!("https://{}{path}", self.server.address);
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--cacert"]).arg(self.at("own.pem")).args(args);
        let got = curl.arg(url).output().unwrap();
        assert!(got.status.success(), "{args:?}: {}", stderr(&got));
        got.stdout
    }

    /// What `openssl s_client` tells of a connection.
    fn client(&self, args: &[&str]) -> String {
        let mut openssl = Command::new("openssl");
        openssl.args(["s_client", "-connect", &self.server.address.to_string()]).args(args);
        let told = openssl.stdin(Stdio::null()).output().unwrap();
        stdout(&told) + &stderr(&told)
    }

    /// The certificate that is shown, in PEM.
    fn shown(&self) -> String {
        let told = self.client(&[]);
        let from = told.find("-----BEGIN").unwrap_or_else(|| panic!("no certificate: {told}"));
        let to = told.find("-----END").unwrap_or(told.len());
        told[from..to].to_owned()
    }

    fn shows(&self, name: &str) -> bool {
        fs::read_to_string(self.at(name)).unwrap().contains(&self.shown())
    }
}

#[test]
fn curl_gets_the_same_bytes_by_both_versions_of_http() {
    let all = secure(&[]);
    let bytes = fs::read(chime()).unwrap();
    let link = all.link();
    assert!(all.server.welcome.iter().any(|line| line.starts_with("https://")), "plain links");
    for (flag, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        assert!(all.curl(&link, &[flag]) == bytes, "{flag}");
        assert!(all.curl(&link, &[flag, "-r", "1000-1999"]) == bytes[1000..2000], "{flag}");
        let told = all.curl(&link, &[flag, "--head", "-w", "%{http_version} %{size_download}"]);
        let told = String::from_utf8(told).unwrap().to_ascii_lowercase();
        assert!(told.contains(&format!("content-length: {}\r\n", bytes.len())), "{told}");
        assert!(told.ends_with(&format!("{version} 0")), "{told}");
        let mp3 =
            [".mp3?f=mp3", "?f=mp3"].map(|query| all.curl(&format!("{link}{query}"), &[flag]));
        assert!(mp3[0] == mp3[1] && mp3[0].len() > 10_000, "{flag}");
    }
}

#[test]
fn tls_of_today_is_spoken_and_sessions_are_resumed() {
    let all = secure(&[]);
    assert!(all.client(&["-tls1_2"]).contains("Protocol  : TLSv1.2"));
    assert!(all.client(&["-tls1_3"]).contains("New, TLSv1.3"));
    assert!(all.client(&["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]).contains("alert"), "TLS 1.1");
    for (offered, chosen) in [("h2,http/1.1", "h2"), ("http/1.1", "http/1.1")] {
        let told = all.client(&["-alpn", offered]);
        assert!(told.contains(&format!("ALPN protocol: {chosen}")), "{told}");
    }
    assert!(all.client(&["-tls1_2", "-reconnect"]).contains("Reused, TLSv1.2"));
}

#[test]
fn a_changed_certificate_is_shown_to_new_clients_and_old_ones_stay_connected() {
    let all = secure(&[]);
    certificate(&all.folder, "next");
    let url = format!("https://{}/healthz", all.server.address);
    let mut kept = Command::new("openssl")
        .args(["s_client", "-quiet", "-ign_eof", "-connect", &all.server.address.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut asks, mut hears) = (kept.stdin.take().unwrap(), kept.stdout.take().unwrap());
    let mut healthy = || {
        asks.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            let mut byte = [0];
            hears.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        answer.starts_with(b"HTTP/1.1 200")
    };
    assert!(healthy());
    for name in ["pem", "key"] {
        fs::rename(all.at(&format!("next.{name}")), all.at(&format!("own.{name}"))).unwrap();
    }
    all.server.signal("HUP");
    until("the certificate before it is shown", || all.shows("own.pem"));
    assert!(healthy(), "an old connection was dropped: {url}");
    certificate(&all.folder, "own");
    until("a change is not seen", || all.shows("own.pem"));
    assert!(healthy());
    kept.kill().unwrap();
    kept.wait().unwrap();
}

#[test]
fn a_broken_pair_keeps_the_one_before_it_and_is_told() {
    let all = secure(&[]);
    let before = all.shown();
    certificate(&all.folder, "other");
    for (name, text, told) in [
        ("own.pem", "no certificate".to_owned(), "BEGIN CERTIFICATE"),
        ("own.pem", fs::read_to_string(all.at("other.pem")).unwrap(), "own.key"),
        ("own.key", String::new(), "BEGIN PRIVATE KEY"),
    ] {
        let lines = all.server.log().lines().count();
        fs::write(all.at(name), text).unwrap();
        all.server.signal("HUP");
        let new = || all.server.log().lines().skip(lines).collect::<Vec<_>>().join("\n");
        until(told, || new().contains(told) && new().contains("stays in use"));
        assert_eq!(all.shown(), before);
    }
}

#[test]
fn certificate_and_key_are_checked_at_the_start() {
    let folder = TempDir::new().unwrap();
    certificate(&folder, "a");
    certificate(&folder, "b");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let [cert, key, other] = ["a.pem", "a.key", "b.key"].map(at);
    assert!(fails(&["serve", "--tls-cert", &cert], 2).contains("--tls-key"));
    assert!(
        fails(&["serve", "--tls-cert", &cert, "--tls-key", "/nowhere"], 1).contains("/nowhere")
    );
    assert!(fails(&["serve", "--tls-cert", &cert, "--tls-key", &other], 1).contains("b.key"));
    assert!(fails(&["serve", "--tls-cert", &key, "--tls-key", &key], 1).contains("a.key"));
    // PKCS #8 (RFC 5958 §3), and what OpenSSL wrote before it.
    for (name, form) in
        [("modern.key", &["-aes256"][..]), ("old.key", &["-aes256", "-traditional"])]
    {
        let mut openssl = Command::new("openssl");
        openssl.args(["pkey", "-in", &key, "-passout", "pass:word", "-out", &at(name)]).args(form);
        assert!(openssl.status().unwrap().success());
        let said = fails(&["serve", "--tls-cert", &cert, "--tls-key", &at(name)], 1);
        assert!(said.contains(name) && said.contains("encrypted"), "{said}");
    }
}

#[test]
fn clients_that_stop_in_the_handshake_are_counted_and_cut_off() {
    let limits = ["--header-timeout-ms", "8000", "--max-connections", "20"];
    let all = secure(&limits);
    let hello = [0x16, 3, 1, 2, 0, 1];
    let clients: Vec<_> = (0..21)
        .map(|n| {
            let mut client = TcpStream::connect(all.server.address).unwrap();
            client.write_all(&hello[..n % hello.len()]).unwrap();
            client
        })
        .collect();
    // Any of them may be the one too many, because the serving threads take connections in without a common order.
    let refused = |client: &&TcpStream| {
        client.set_nonblocking(true).unwrap();
        match client.peek(&mut [0]) {
            Ok(count) => {
                assert_eq!(count, 0, "what is no TLS is told to a client of TLS");
                true
            }
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        }
    };
    until("one too many is let in", || clients.iter().filter(refused).count() == 1);
    for mut client in clients {
        client.set_nonblocking(false).unwrap();
        let _ = client.read_to_end(&mut Vec::new());
    }
    assert!(all.curl("/healthz", &[]).starts_with(b"{\"status\":\"ok\""));
}

#[test]
fn what_is_no_tls_and_readers_that_never_read_are_cut_off() {
    let slow =
        ["--send-timeout-ms", "1000", "--send-rate", "100000", "--header-timeout-ms", "1000"];
    let all = secure(&slow);
    let mut plain = Connection::open(all.server.address);
    plain.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(!plain.rest().starts_with(b"HTTP/1.1 200"), "plain HTTP is answered");
    let token = fs::read_to_string(all.at("data/admin.token")).unwrap();
    fs::write(all.at("long.bin"), vec![7; 24 << 20]).unwrap();
    let (bearer, long) = (format!("Authorization: Bearer {}", token.trim()), all.at("long.bin"));
    let upload = ["-H", &bearer, "-T", long.to_str().unwrap()];
    let file = all.curl("/core/v2/storage/upload/long.bin", &upload);
    let file: serde_json::Value = serde_json::from_slice(&file).unwrap();
    let link = format!("/f/{}", file["file_sid"].as_str().unwrap());
    let open = || {
        let metrics = String::from_utf8(all.curl("/metrics", &[])).unwrap();
        let line = metrics.lines().find_map(|line| line.strip_prefix("tonearm_connections "));
        line.unwrap().parse::<u64>().unwrap()
    };
    let mut reader = Command::new("openssl")
        .args(["s_client", "-quiet", "-ign_eof", "-connect", &all.server.address.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let request = format!("GET {link} HTTP/1.1\r\nHost: x\r\n\r\n");
    reader.stdin.as_mut().unwrap().write_all(request.as_bytes()).unwrap();
    let mut begins = [0; 100];
    reader.stdout.as_mut().unwrap().read_exact(&mut begins).unwrap();
    until("a client that never reads stays", || open() == 1);
    reader.kill().unwrap();
    reader.wait().unwrap();
}
