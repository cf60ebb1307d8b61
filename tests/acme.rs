//! Certificates that are ordered, from an authority of the tests (acme/authority.py) that checks signatures and proofs.

use crate::command_line::fails;
use crate::disk::SmallDisk;
use crate::running::{Server, follow, stderr, stdout, tools, until};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use tempfile::TempDir;

const NAMES: [&str; 2] = ["media.example.net", "prompts.example.net"];

/// An authority, and the data folder of a server that orders from it.
struct Authority {
    program: Child,
    directory: String,
    lines: Receiver<String>,
    folder: TempDir,
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

impl Authority {
    fn start(args: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/acme/authority.py");
        let mut program = Command::new(tools().join("moto/bin/python"))
            .arg(script)
            .arg(folder.path().join("root.pem"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("moto's environment, which scripts/setup makes");
        let lines = follow(program.stdout.take().unwrap());
        let directory = lines.recv().expect("a directory");
        Self { program, directory, lines, folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The settings of a server that orders from it.
    fn args(&self) -> [String; 3] {
        let root = self.at("root.pem");
        [
            format!("--acme-directory={}", self.directory),
            format!("--acme-ca={}", root.display()),
            format!("--acme-domain={}", NAMES.join(",")),
        ]
    }

    fn server(&self, args: &[&str]) -> Server {
        let acme = self.args();
        Server::start(&self.at("data"), &[&acme.each_ref().map(String::as_str), args].concat())
    }

    /// Says where the names' HTTP and HTTPS come in.
    fn looks_at(&mut self, http: u16, https: u16) {
        writeln!(self.program.stdin.as_mut().unwrap(), "{http} {https}").unwrap();
    }

    /// What it took, once it took so much.
    fn took(&self, count: usize) -> Vec<String> {
        let mut took: Vec<_> = self.lines.iter().take(count).collect();
        took.sort();
        took
    }

    /// What curl says of a name's `/healthz` to somebody who trusts the authority alone.
    fn curl(&self, server: &Server, name: &str) -> String {
        let port = server.address.port();
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--cacert"]).arg(self.at("root.pem"));
        curl.args(["--resolve", &format!("{name}:{port}:127.0.0.1")]);
        let got = curl.arg(format!("https://{name}:{port}/healthz")).output().unwrap();
        stdout(&got) + &stderr(&got)
    }

    /// Whether the certificate in the data folder is the one that clients see.
    fn shows_what_is_kept(&self, server: &Server) -> bool {
        let mut openssl = Command::new("openssl");
        openssl.args(["s_client", "-connect", &server.address.to_string()]);
        let told = stdout(&openssl.stdin(Stdio::null()).output().unwrap());
        let (_, from) = told.split_once("-----BEGIN").expect("a certificate");
        let (shown, _) = from.split_once("-----END").expect("all of it");
        fs::read_to_string(self.at("data/acme/certificate.pem")).unwrap().contains(shown)
    }

    fn is_trusted(&self, server: &Server, name: &str) -> bool {
        self.curl(server, name).contains("\"ok\"")
    }
}

#[test]
fn a_certificate_is_ordered_over_the_names_own_https_once_and_shown_after_a_restart() {
    let mut authority = Authority::start(&[]);
    let server = authority.server(&["--acme-email", "admin@example.net"]);
    let refused = authority.curl(&server, NAMES[0]);
    assert!(refused.contains("certificate"), "nobody vouches for it yet: {refused}");
    authority.looks_at(0, server.address.port());
    let proof = |name| format!("proof tls-alpn-01 {name}");
    let account = "account mailto:admin@example.net".to_owned();
    assert_eq!(authority.took(3), [account, proof(NAMES[0]), proof(NAMES[1])]);
    for name in NAMES {
        until("the certificate is not shown", || authority.is_trusted(&server, name));
    }
    for name in ["certificate.pem", "account.json"] {
        let mode = fs::metadata(authority.at("data/acme").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    drop(server);
    let server = authority.server(&[]);
    assert!(authority.is_trusted(&server, NAMES[1]), "at once");
    assert_eq!(authority.lines.try_iter().count(), 0, "and nothing is ordered");
}

#[test]
fn plain_http_is_led_to_https_and_shows_the_proof_to_the_authority() {
    let mut authority = Authority::start(&[]);
    let server = authority.server(&["--http-redirect", "127.0.0.1:0"]);
    let line = server.next_line();
    let plain =
        line.strip_prefix("redirecting from 127.0.0.1:").expect("where plain HTTP comes in");
    let plain: u16 = plain.parse().unwrap();
    authority.looks_at(plain, 0);
    let proofs = NAMES.map(|name| format!("proof http-01 {name}"));
    assert_eq!(authority.took(3)[1..], proofs);
    until("the certificate is not shown", || authority.is_trusted(&server, NAMES[0]));

    let port = server.address.port();
    let ask = |args: &[&str], path: &str| {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--output", "/dev/null", "--write-out"]);
        curl.arg("%{http_code} %{redirect_url}").args(args);
        stdout(&curl.arg(format!("http://127.0.0.1:{plain}{path}")).output().unwrap())
    };
    let path = "/f/x.mp3?f=mp3&br=32k";
    let led = format!("308 https://media.example.net:{port}{path}");
    for args in [&[][..], &["--head"], &["--data", "x"], &["--http2-prior-knowledge"]] {
        let host = ["--header", "Host: media.example.net"];
        assert_eq!(ask(&[&host, args].concat(), path), led, "{args:?}");
    }
    let led = format!("308 https://127.0.0.1:{port}//evil.example/%0d%0aX:y");
    assert_eq!(ask(&[], "//evil.example/%0d%0aX:y"), led);
    let led = format!("308 https://127.0.0.1:{port}/");
    assert_eq!(ask(&["--request-target", "*", "--request", "OPTIONS"], ""), led);
    assert_eq!(ask(&[], &format!("/{}", "x".repeat(1000))), "404 ", "no such header line");
    let proof = "/.well-known/acme-challenge/x";
    assert_eq!(ask(&[], proof), format!("308 https://127.0.0.1:{port}{proof}"), "no longer");
}

#[test]
fn plain_http_is_led_to_where_the_links_are() {
    let folder = TempDir::new().unwrap();
    let authority = Authority::start(&[]);
    let args = ["--http-redirect", "127.0.0.1:0", "--public-url", "https://media.example.net"];
    let server = authority.server(&args);
    let line = server.next_line();
    let plain = line.strip_prefix("redirecting from ").unwrap();
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--write-out", "%{redirect_url}"]).current_dir(&folder);
    let got = stdout(&curl.arg(format!("http://{plain}/a")).output().unwrap());
    assert_eq!(got, "https://127.0.0.1/a", "the port of the links, not the one listened at");
}

#[test]
fn a_certificate_in_the_last_third_of_its_life_is_renewed_once_while_the_server_runs() {
    let mut authority = Authority::start(&["brief"]);
    let server = authority.server(&[]);
    authority.looks_at(0, server.address.port());
    let proofs = NAMES.map(|name| format!("proof tls-alpn-01 {name}"));
    let [media, prompts] = proofs;
    let expected = ["account".to_owned(), media.clone(), media, prompts.clone(), prompts];
    assert_eq!(authority.took(5), expected, "one account, and two orders");
    let is_kept = || {
        let mut openssl = Command::new("openssl");
        openssl.args(["x509", "-noout", "-checkend", "86400", "-in"]);
        let certificate = authority.at("data/acme/certificate.pem");
        openssl.arg(certificate).stdout(Stdio::null()).status().unwrap().success()
    };
    until("the one for days is not kept", is_kept);
    until("it is not shown", || authority.shows_what_is_kept(&server));
    assert!(authority.is_trusted(&server, NAMES[1]));
    assert_eq!(authority.lines.try_iter().count(), 0, "and nothing more is ordered");
}

#[test]
fn a_certificate_that_finds_no_room_is_written_once_there_is_and_not_ordered_again() {
    let mut authority = Authority::start(&[]);
    let disk = SmallDisk::mount(40, &authority.at("data"));
    let args = authority.args();
    let server = disk.server_with(&args.each_ref().map(String::as_str));
    assert_eq!(authority.took(1), ["account"]);
    until("the account is not kept", || disk.seen("acme/account.json").exists());
    disk.fill();
    authority.looks_at(0, server.address.port());
    assert_eq!(authority.took(2), NAMES.map(|name| format!("proof tls-alpn-01 {name}")));
    let log = || fs::read_to_string(authority.at("data.log")).unwrap();
    until("it is not told", || log().contains("waits in memory"));
    assert!(log().contains("certificate.pem"), "{}", log());
    disk.empty();
    until("the certificate is not shown", || authority.is_trusted(&server, NAMES[0]));
    assert_eq!(authority.lines.try_iter().count(), 0, "another one was ordered");
}

#[test]
fn what_an_authority_refuses_is_logged_with_its_reason_and_the_server_goes_on() {
    let mut authority = Authority::start(&["refusing"]);
    let server = authority.server(&[]);
    authority.looks_at(0, server.address.port());
    until("nothing is told", || server.log().contains("no proof is taken"));
    let log = server.log();
    let told = log.lines().find(|line| line.contains("no proof is taken")).unwrap();
    assert!(told.contains("ERROR") && told.contains(NAMES[0]) && told.contains("900s"), "{told}");
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--insecure"]).arg(format!("https://{}/healthz", server.address));
    assert!(stdout(&curl.output().unwrap()).contains("\"ok\""));
}

#[test]
fn an_authority_that_is_not_there_is_told_with_what_the_network_said() {
    let authority = Authority::start(&[]);
    let root = authority.at("root.pem").display().to_string();
    let nowhere = "https://localhost:1/directory";
    let args = ["--acme-domain", NAMES[0], "--acme-directory", nowhere, "--acme-ca", &root];
    let server = Server::start(&authority.at("data"), &args);
    until("nothing is told", || server.log().to_lowercase().contains("connection refused"));
}

#[test]
fn settings_of_orders_are_checked_at_the_start() {
    for name in
        ["10.0.0.1", "*.example.net", "localhost", "a..b", "-a.net", "a b.net", "https://a.net"]
    {
        let said = format!("--acme-domain={name}");
        assert!(fails(&["serve", &said], 2).contains("media.example.com"), "{name}");
    }
    let wrong = |args: &[&str]| fails(&[&["serve"], args].concat(), 2);
    let pair = ["--tls-cert", "a.pem", "--tls-key", "a.key", "--acme-domain", "a.net"];
    assert!(wrong(&pair).contains("--acme-domain"));
    assert!(wrong(&["--acme-email", "a@example.net"]).contains("--acme-domain"));
    assert!(wrong(&["--acme-domain", "a.net", "--acme-email", "nobody"]).contains("admin@"));
    assert!(
        wrong(&["--acme-domain", "a.net", "--acme-directory", "http://x"]).contains("https://")
    );
    let folder = TempDir::new().unwrap();
    let data = folder.path().to_str().unwrap();
    let nowhere = ["serve", "--data", data, "--listen", "127.0.0.1:0", "--acme-domain", "a.net"];
    let nowhere = [&nowhere[..], &["--acme-ca", "/nowhere.pem"]].concat();
    assert!(fails(&nowhere, 1).contains("/nowhere.pem"));
    assert!(wrong(&["--http-redirect", ":0"]).contains("--acme-domain"));
}
