//! Where links begin, and whom a request comes from: what it says itself, and what proxies tell that are trusted.

use crate::client::Answer;
use crate::running::{Server, text, until};
use tempfile::TempDir;

struct Proxied {
    server: Server,
    token: String,
    sid: String,
    _folder: TempDir,
}

/// A server with one file.
fn proxied(args: &[&str]) -> Proxied {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), args);
    let link = server.upload("a.bin", b"bytes");
    let sid = link.rsplit('/').next().unwrap().to_owned();
    Proxied { token: server.token(), server, sid, _folder: folder }
}

impl Proxied {
    /// What the file's link begins with in an answer to a request with these headers beside a Host.
    fn base(&self, host: &str, headers: &[(&str, &str)]) -> String {
        let answer = self.ask(host, headers);
        let link = text(&answer.json()["publish_uri"]);
        link.strip_suffix(&format!("/f/{}", self.sid)).expect(&link).to_owned()
    }

    fn ask(&self, host: &str, headers: &[(&str, &str)]) -> Answer {
        let path = format!("/core/v2/storage/files/{}", self.sid);
        let mut request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n",
            self.token
        );
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        let mut client = crate::client::Connection::open(self.server.address);
        client.send((request + "\r\n").as_bytes());
        client.answer(false).unwrap()
    }

    fn own(&self) -> String {
        format!("http://{}", self.server.address)
    }
}

const TRUSTED: [&str; 2] = ["--trust-proxy", "127.0.0.0/8"];

#[test]
fn links_begin_at_the_host_that_a_request_names() {
    let all = proxied(&[]);
    for host in ["media.example.com", "localhost:8190", "[::1]:80"] {
        assert_eq!(all.base(host, &[]), format!("http://{host}"));
    }
    let long = "x".repeat(256);
    for hostile in ["", "a%2f", "a,b", "a;b", "'x'", "a&b", "a=b", "$(x)", "a*", "(x)", &long] {
        let answer = all.ask(hostile, &[]);
        let shown = answer.text();
        assert!(answer.status == 400 || shown.contains(&all.own()), "{hostile}: {shown}");
    }
}

#[test]
fn a_public_url_is_what_links_begin_with_whoever_asks() {
    let set =
        proxied(&["--public-url", "https://media.example.com/a", "--trust-proxy", "127.0.0.1"]);
    let told = [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Prefix", "/b")];
    assert_eq!(set.base("other.example", &told), "https://media.example.com/a");
}

#[test]
fn a_trusted_proxy_tells_scheme_host_and_prefix() {
    let all = proxied(&TRUSTED);
    let x = [
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "media.example.com"),
        ("X-Forwarded-Prefix", "/audio/"),
    ];
    assert_eq!(all.base("inner:80", &x), "https://media.example.com/audio");
    assert_eq!(all.base("media.example.com", &x[..1]), "https://media.example.com");
    let forwarded = [("Forwarded", "for=203.0.113.9;proto=https;host=\"media.example.com:8443\"")];
    assert_eq!(all.base("inner", &forwarded), "https://media.example.com:8443");
}

#[test]
fn what_others_than_trusted_proxies_tell_is_ignored() {
    let told = [
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Prefix", "/evil"),
        ("Forwarded", "proto=https;host=evil.example"),
    ];
    for args in [&[][..], &["--trust-proxy", "10.0.0.0/8", "--trust-proxy", "::1"]] {
        assert_eq!(proxied(args).base("own.example", &told), "http://own.example", "{args:?}");
    }
}

#[test]
fn hostile_values_of_a_trusted_proxy_get_into_no_link() {
    let all = proxied(&TRUSTED);
    let long = format!("/{}", "x".repeat(300));
    for hostile in
        ["//evil", "evil host", "user@evil", "a\tb", "<x>", "\"", "a/../b", "%0d%0a", &long]
    {
        for name in ["X-Forwarded-Host", "X-Forwarded-Prefix", "X-Forwarded-Proto"] {
            let base = all.base("own.example", &[(name, hostile)]);
            assert_eq!(base, "http://own.example", "{name}: {hostile}");
        }
    }
}

#[test]
fn logins_are_slowed_by_the_client_and_not_by_its_proxy() {
    let all = proxied(&TRUSTED);
    let login = |client: &str| {
        let request = all.server.request("POST", "/auth/login");
        let request = request.header("X-Forwarded-For", client);
        let request = request.header("Content-Type", "application/json");
        request.body(br#"{"username":"x","password":"wrong"}"#).send().status
    };
    let slowed = |client: &str| (0..12).map(|_| login(client)).any(|status| status == 429);
    assert!(slowed("203.0.113.9"), "one client guesses on and on");
    assert_ne!(login("203.0.113.10"), 429, "another one pays for it");
    assert_eq!(login("198.51.100.1, 203.0.113.9"), 429, "a made-up hop before it helps");
}

#[test]
fn a_proxy_that_lets_made_up_headers_through_is_no_way_to_another_address_or_host() {
    let all = proxied(&TRUSTED);
    // As nginx, Caddy and HAProxy pass on what their clients send, beside what they write themselves.
    let made_up = "for=203.0.113.7;host=evil.example;proto=https";
    let told = [("X-Forwarded-For", "203.0.113.7"), ("Forwarded", made_up)];
    assert_eq!(all.base("own.example", &told), "http://own.example");
    let login = |n: u32| {
        let request = all.server.request("POST", "/auth/login");
        let request = request.header("X-Forwarded-For", "203.0.113.9");
        let request = request.header("Forwarded", &format!("for=6.6.6.{n}"));
        let request = request.header("Content-Type", "application/json");
        request.body(br#"{"username":"x","password":"wrong"}"#).send().status
    };
    assert!((0..12).any(|n| login(n) == 429), "each guess comes from another address");
}

#[test]
fn the_log_names_the_client() {
    let all = proxied(&TRUSTED);
    let endless = vec!["10.1.2.3"; 1500].join(",");
    for (told, expected) in [
        ("203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 2001:db8::7", "2001:db8::7"),
        (&endless, "10.1.2.3"),
    ] {
        all.server.request("GET", "/healthz").header("X-Forwarded-For", told).send();
        let line = format!("remote={expected} ");
        until(expected, || all.server.log().contains(&line));
    }
    let plain = proxied(&[]);
    plain.server.request("GET", "/healthz").header("X-Forwarded-For", "203.0.113.9").send();
    until("a line", || plain.server.log().contains("path=\"/healthz\""));
    assert!(!plain.server.log().contains("203.0.113.9"));
}

#[test]
fn where_headers_disagree_about_the_client_the_log_has_both() {
    let all = proxied(&TRUSTED);
    let told = [("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=6.6.6.6")];
    assert_eq!(all.ask("x", &told).status, 200);
    until("it is not logged", || all.server.log().contains("remote=6.6.6.6|203.0.113.9 "));
}
