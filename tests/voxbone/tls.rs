//! Mails over TLS to an independent server (aiosmtpd): STARTTLS, TLS from the start, credentials, what is not trusted.

use super::*;
use crate::running::{tonearm, tools, until};
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// An authority of our own, and a certificate for 127.0.0.1 and localhost.
const CERTIFICATES: &str = "cd \"$1\" && \
    openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca \
      -addext basicConstraints=critical,CA:TRUE && \
    openssl req -newkey rsa:2048 -nodes -keyout own.key -out own.csr -subj /CN=localhost && \
    printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\\nbasicConstraints=CA:FALSE\\n' >own.ext && \
    openssl x509 -req -in own.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out own.pem -days 2 -extfile own.ext";

struct Post {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    port: String,
}

impl Post {
    fn open(how: &str, folder: &Path, credentials: &[&str]) -> Self {
        let made =
            Command::new("sh").args(["-c", CERTIFICATES, "sh"]).arg(folder).output().unwrap();
        assert!(made.status.success(), "{}", stderr(&made));
        let mut child = Command::new(tools().join("aiosmtpd/bin/python"))
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/voxbone/smtpd.py"))
            .arg(how)
            .args([folder.join("own.pem"), folder.join("own.key")])
            .args(credentials)
            .stdout(Stdio::piped())
            .spawn()
            .expect("aiosmtpd is installed (scripts/setup)");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap();
        Self { child, lines, port }
    }

    fn mail(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().expect("a mail").unwrap()).unwrap()
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that hands mails over at a URL, and trusts what it is told to.
fn start(folder: TempDir, url: &str, trusted: Option<&Path>) -> Api {
    let mut command = tonearm();
    command.env("TONEARM_SMTP_URL", url).env("TONEARM_MAIL_FROM", "rec@example.com");
    if let Some(trusted) = trusted {
        command.env("SSL_CERT_FILE", trusted);
    }
    let data = folder.path().join("data");
    let server = Server::start_where(command, &data, &data);
    let token = server.token();
    Api { folder, server, token }
}

fn record(api: &Api) {
    let (profile, _) = api.make(PROFILES, &json!({"email": "joe@example.org", "record": true}));
    let (_, path) = api.make(RECORDINGS, &json!({"profileId": profile["id"]}));
    assert_eq!(api.put_data(&path, b"x").status, 200);
}

#[test]
fn a_mail_goes_over_tls_where_the_server_has_it_with_its_credentials() {
    for (how, scheme, user) in [
        ("plain", "smtp", ""),
        ("starttls", "smtp", ""),
        ("starttls", "smtp", "joe:p%40ss@"),
        ("tls", "smtps", ""),
        ("tls", "smtps", "joe:p%40ss@"),
        // To this machine itself credentials may go in the clear.
        ("plain", "smtp", "joe:p%40ss@"),
    ] {
        let folder = TempDir::new().unwrap();
        let credentials: &[&str] = if user.is_empty() { &[] } else { &["joe", "p@ss"] };
        let mut post = Post::open(how, folder.path(), credentials);
        let authority = folder.path().join("ca.pem");
        let url = format!("{scheme}://{user}127.0.0.1:{}", post.port);
        let api = start(folder, &url, Some(&authority));
        record(&api);
        let mail = post.mail();
        assert_eq!(mail["tls"], json!(how != "plain"), "{url}");
        assert_eq!(mail["authenticated"], json!(!user.is_empty()), "{url}");
        assert_eq!(
            (&mail["from"], &mail["to"]),
            (&json!("rec@example.com"), &json!(["joe@example.org"]))
        );
        until("it is noted", || api.mails()[0][1] == "sent");
        let log = std::fs::read_to_string(api.server.data.with_extension("log")).unwrap();
        assert!(!log.contains("p@ss") && !log.contains("p%40ss"), "{log}");
    }
}

#[test]
fn nothing_goes_to_a_server_whose_certificate_is_not_trusted_or_by_a_wrong_password() {
    for (how, scheme, user, is_trusted) in [
        ("starttls", "smtp", "", false),
        ("tls", "smtps", "", false),
        ("tls", "smtps", "joe:wrong@", true),
    ] {
        let folder = TempDir::new().unwrap();
        let credentials: &[&str] = if user.is_empty() { &[] } else { &["joe", "right"] };
        let post = Post::open(how, folder.path(), credentials);
        let authority = folder.path().join("ca.pem");
        let url = format!("{scheme}://{user}127.0.0.1:{}", post.port);
        let api = start(folder, &url, is_trusted.then_some(authority.as_path()));
        record(&api);
        until("the try is noted", || api.mails()[0][3] == "1");
        let mail = &api.mails()[0];
        assert_eq!(mail[1], "waiting", "it can be mended: {mail:?}");
        assert!(!mail[5].contains("wrong"), "{mail:?}");
    }
}
