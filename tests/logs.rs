//! The log: what a line of a request tells, in each form, and what it never tells.

use crate::client::{Answer, Connection};
use crate::command_line::fails;
use crate::running::{Server, text, until};
use serde_json::Value;
use std::fs::File;
use std::process::Command;
use tempfile::TempDir;

struct Logged {
    server: Server,
    link: String,
    _folder: TempDir,
}

fn logged(args: &[&str]) -> Logged {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), args);
    let link = server.upload("a.bin", &[7; 5000]);
    Logged { server, link, _folder: folder }
}

impl Logged {
    /// The line that has this in it, once it is there.
    fn line(&self, part: &str) -> String {
        let find = || self.server.log().lines().find(|line| line.contains(part)).map(str::to_owned);
        until(part, || find().is_some());
        find().unwrap()
    }

    fn ask(&self, path: &str) -> Answer {
        let request = self.server.request("GET", path).range("bytes=0-99");
        let request = request.header("User-Agent", "phone \"7\"");
        request.header("Referer", "https://a.example/x?token=very-secret").send()
    }
}

#[test]
fn a_log_that_nobody_reads_holds_up_no_answer_and_no_stop() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("data.log");
    assert!(Command::new("mkfifo").arg(&log).status().unwrap().success());
    let _unread = File::options().read(true).write(true).open(&log).unwrap();
    let mut server = Server::start(&folder.path().join("data"), &[]);
    // More than a pipe holds (pipe(7): 64 KiB).
    let long = format!("/{}", "x".repeat(900));
    (0..200).for_each(|_| assert_eq!(server.get(&long).status, 404));
    // Each has a line that is about no request.
    server.signal("HUP");
    assert_eq!(server.get("/healthz").status, 200);
    server.signal("TERM");
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn a_line_tells_what_was_asked_for_by_whom_and_how_it_went() {
    let all = logged(&["--log-format", "json"]);
    all.ask(&format!("{}?f=wav&mark=one", all.link));
    assert_eq!(all.ask(&format!("{}?mark=two", all.link)).status, 206);
    let line: Value = serde_json::from_str(&all.line("mark=two")).expect("JSON");
    for (name, expected) in [
        ("level", Value::from("INFO")),
        ("target", "access".into()),
        ("method", "GET".into()),
        ("path", all.link.as_str().into()),
        ("query", "mark=two".into()),
        ("protocol", "HTTP/1.1".into()),
        ("status", 206.into()),
        ("bytes", 100.into()),
        ("range", "bytes=0-99".into()),
        ("agent", "phone \"7\"".into()),
        ("referrer", "https://a.example/x?token=-".into()),
    ] {
        assert_eq!(line[name], expected, "{name}: {line}");
    }
    assert!(line["duration_ms"].is_number() && text(&line["remote"]).starts_with("127.0.0.1:"));
    // All that is logged is JSON, whoever logs it.
    for line in all.server.log().lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
    let upload: Value = serde_json::from_str(&all.line("\"POST\"")).unwrap();
    let ids = [&upload["partner"], &upload["token"]].map(text);
    assert!(ids.iter().all(|id| id.len() == 36), "{upload}");
}

#[test]
fn the_form_of_a_line_is_chosen() {
    let all = logged(&["--log-format", "common"]);
    all.ask(&format!("{}?mark=one", all.link));
    let line = all.line("mark=one");
    let (begins, rest) = line.split_once(" - - [").expect(&line);
    assert_eq!(begins, "127.0.0.1");
    let expected = format!(
        "+0000] \"GET {}?mark=one HTTP/1.1\" 206 100 \"https://a.example/x?token=-\" \"phone \\\"7\\\"\"",
        all.link
    );
    assert!(rest.ends_with(&expected), "{line}");
    let plain = logged(&[]);
    plain.ask(&format!("{}?mark=one", plain.link));
    let line = plain.line("mark=one");
    for part in [
        " INFO access: remote=127.0.0.1:",
        " query=\"mark=one\"",
        " status=206",
        " range=\"bytes=0-99\"",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(fails(&["serve", "--log-format", "xml"], 2).contains("text, json or common"));
}

#[test]
fn no_token_and_no_signature_gets_into_the_log() {
    for form in ["text", "json", "common"] {
        let all = logged(&["--log-format", form, "--log", "debug"]);
        let token = all.server.token();
        let sid = all.link.trim_start_matches("/f/");
        let sign = format!("/core/v2/storage/files/{sid}/sign");
        let sign = all.server.request("POST", &sign).token(&token);
        let signed =
            sign.header("Content-Type", "application/json").body(br#"{"expires_in":60}"#).send();
        let signed = signed.text();
        let signature = signed.split("sig=").nth(1).expect("a signature");
        let signature = signature
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
            .next()
            .unwrap();
        let end = signed.split("exp=").nth(1).unwrap().split('&').next().unwrap();
        for path in [
            format!("{}?exp={end}&sig={signature}", all.link),
            format!("{}/exp={end}/%73ig={signature}/x.bin", all.link),
            format!("/v1.0/storage_files?token={token}"),
            format!("/v1.0/storage_files?%74oken={token}"),
            format!("/v1.0/storage_files?accesskey={token}"),
            format!("/nothing?mark=last&sig={signature}"),
        ] {
            let request = all.server.request("GET", &path);
            request.header("Referer", &format!("http://x/?sig={signature}&token={token}")).send();
        }
        all.line("mark=last");
        let log = all.server.log();
        assert!(!log.contains(&token), "{form}: a token: {log}");
        assert!(!log.contains(signature), "{form}: a signature: {log}");
    }
}

#[test]
fn requests_that_the_server_failed_at_are_errors_and_all_others_are_not() {
    let all = logged(&["--log", "error"]);
    assert_eq!(all.server.get("/nothing").status, 404);
    std::fs::remove_dir_all(all.server.data.join("blobs")).unwrap();
    assert_eq!(all.server.get(&all.link).status, 500);
    let line = all.line("status=500");
    assert!(line.contains("ERROR access:"), "{line}");
    assert!(!all.server.log().contains("/nothing"));
}

#[test]
fn a_request_keeps_a_sane_name_and_gets_one_where_it_has_none() {
    let all = logged(&[]);
    let named = |name: &str| {
        let answer = all.server.request("GET", &all.link).header("X-Request-Id", name).send();
        answer.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(named("call-7_a/b"), "call-7_a/b");
    assert!(all.line("request_id=\"call-7_a/b\"").contains(&all.link));
    let long = "x".repeat(129);
    let made = ["", "two words", "caf\u{e9}", &long].map(named);
    for (n, name) in made.iter().enumerate() {
        assert!(name.len() > 16 && name.is_ascii() && !name.contains(' '), "{name}");
        assert!(!made[..n].contains(name), "{name} is given twice");
    }
}

#[test]
fn an_unknown_level_is_refused_and_the_levels_are_named() {
    for wrong in ["verbose", "info,media=loud", "", "warning"] {
        let said = fails(&["serve", "--log", wrong], 2);
        assert!(said.contains("error, warn, info, debug"), "{wrong}: {said}");
    }
}

#[test]
fn the_first_line_says_what_runs_on_what() {
    let all = logged(&["--log", "info"]);
    let line = all.line("the server is ready");
    let version = format!("version=\"{}", env!("CARGO_PKG_VERSION"));
    for part in [&version, "data=", "files=0", "bytes=0", &all.server.address.to_string()] {
        assert!(line.contains(part), "{part}: {line}");
    }
}

#[test]
fn a_head_that_is_never_understood_has_a_line_with_the_status_that_was_answered() {
    let all = logged(&["--log-format", "json", "--header-timeout-ms", "500"]);
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n", "a".repeat(20_000));
    for (request, status) in [("GET /a b HTTP/1.1\r\n\r\n", 400), (&long, 431), ("GET /", 408)] {
        let mut client = Connection::open(all.server.address);
        client.send(request.as_bytes());
        let told = String::from_utf8_lossy(&client.rest()).into_owned();
        assert!(told.starts_with(&format!("HTTP/1.1 {status} ")), "{told}");
        let line: Value = serde_json::from_str(&all.line(&format!("\"status\":{status}"))).unwrap();
        assert_eq!((&line["method"], &line["path"]), (&"-".into(), &Value::Null), "{line}");
        assert!(text(&line["remote"]).starts_with("127.0.0.1:"), "{line}");
    }
}
