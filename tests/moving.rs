//! `tonearm move`: everything goes from a data folder to PostgreSQL and a bucket and back, however often it is broken
//! off, and nothing that would lose something is done.

use crate::one_store::{APIS, Office, all_there_is};
use crate::postgres_cluster::SHARED;
use crate::running::{KEYS, Server, stderr, stdout, text, tonearm, until};
use crate::s3::{Fault, S3};
use crate::sources;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Output, Stdio};
use tempfile::TempDir;

const FORMS: [&str; 6] = ["", "?f=mp3", "?f=ogg", "?f=flac", "?f=g722", "/peaks.json"];

/// `tonearm move` from or to a data folder.
fn moving(data: &Path, args: &[&str]) -> std::process::Command {
    let mut command = tonearm();
    command.envs(KEYS).args(["move", "--data"]).arg(data).args(args);
    command
}

fn moved(data: &Path, args: &[&str]) -> String {
    let done = moving(data, args).output().unwrap();
    assert!(done.status.success(), "{args:?}: {}", stderr(&done));
    stdout(&done)
}

fn refused(data: &Path, args: &[&str], code: i32) -> String {
    let done: Output = moving(data, args).output().unwrap();
    assert_eq!(done.status.code(), Some(code), "{args:?}: {} {}", stdout(&done), stderr(&done));
    stderr(&done)
}

/// A server's start that fails: what it says.
fn no_start(data: &Path, args: &[&str]) -> String {
    let mut command = tonearm();
    command.envs(KEYS).args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(args);
    let ended = command.output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{}", stderr(&ended));
    stderr(&ended)
}

/// What links give: bytes, ETag, date.
fn played(server: &Server, links: &[String]) -> Vec<(Vec<u8>, Option<String>, Option<String>)> {
    let urls = links.iter().flat_map(|link| FORMS.map(|form| format!("{link}{form}")));
    let answer = |url: String| {
        let answer = server.get(&url);
        assert_eq!((answer.status, answer.whole), (200, true), "{url}");
        let header = |name| answer.header(name).map(str::to_owned);
        (answer.body.clone(), header("etag"), header("last-modified"))
    };
    urls.map(answer).collect()
}

/// What the APIs show, but for where the server listens.
fn shown(office: &Office) -> String {
    let address = office.server.address.to_string();
    Value::Array(all_there_is(office)).to_string().replace(&address, "here")
}

/// A store that has something of each API, and links of it.
fn office() -> (Office, Vec<String>) {
    let office = Office::open_with(&[]);
    for (n, api) in APIS.into_iter().enumerate() {
        office.upload(api, &format!("{api}.wav"), &crate::one_store::sound(n as u8));
    }
    let raw = "application/octet-stream";
    let path = "/files?FileName=said&Transcription=Stra%C3%9Fe%5C%09tab%0Aline&CustomerId=7";
    let said = office.send(&office.owner, "POST", path, raw, b"said");
    assert_eq!(said.status, 200, "{}", said.text());
    let profile = json!({"remoteSipUri": "sip:a@example.com", "email": "o@example.com"});
    let body = profile.to_string();
    let made = office.send(&office.owner, "PUT", "/profiles", "application/json", body.as_bytes());
    assert_eq!(made.status, 201, "{}", made.text());
    let recording = std::fs::read(sources::speech(office.folder.path())).unwrap();
    let links = vec![
        office.server.upload("speech.wav", &recording),
        office.server.upload("chime.wav", &crate::one_store::sound(200)),
    ];
    let gone = office.server.upload("gone.bin", b"gone");
    let path = format!("/core/v2/storage/files/{}", gone.trim_start_matches("/f/"));
    let gone = office.server.request("DELETE", &path).token(&office.server.token()).send();
    assert_eq!(gone.status, 204);
    (office, links)
}

impl Office {
    /// Ends the server, and lets another one take its place once `work` is done.
    fn moves(self, work: impl FnOnce(&Path) -> Server) -> Self {
        let Self { folder, server, owner, stranger } = self;
        server.stop();
        let server = work(folder.path());
        Self { folder, server, owner, stranger }
    }

    /// The files whose transcription has a part.
    fn found(&self, part: &str) -> usize {
        let list = self.get(&format!("/files?TranscriptionContains={part}")).json();
        list["items"].as_array().unwrap().len()
    }
}

#[test]
fn a_store_goes_to_postgresql_and_a_bucket_and_back_and_nothing_differs() {
    let ((office, links), s3, catalog) = (office(), S3::start(), SHARED.fresh());
    let (before, bytes) = (shown(&office), played(&office.server, &links));
    let token = office.server.token();
    let url = s3.url();
    let there = ["--catalog", &catalog, "--blobs", &url];
    let office = office.moves(|folder| {
        let data = folder.join("data");
        let told = moved(&data, &there);
        assert!(told.starts_with("files 7, bytes "), "{told}");
        let again = moved(&data, &there);
        assert!(again.contains("was there already"), "{again}");
        assert_eq!(s3.objects().len(), 7);
        Server::start_on_bucket(&s3.url(), &folder.join("node"), &["--catalog", &catalog])
    });
    assert_eq!(shown(&office), before);
    assert!(played(&office.server, &links) == bytes);
    assert_eq!(
        (office.found("STRASSE"), office.found("stra%C3%9Fe"), office.found("zz")),
        (0, 1, 0)
    );
    let data = office.folder.path().join("data");
    let running = refused(&data, &there, 1);
    assert!(running.contains("stop it first"), "{running}");
    // What comes in there comes along.
    let more = office.upload("voipbin", "more.wav", &crate::one_store::sound(201));
    let (before, bytes) = (shown(&office), played(&office.server, &links));
    let office = office.moves(|folder| {
        let old = refused(&data, &there, 1);
        assert!(old.contains("was used since") && old.contains("files"), "{old}");
        let home = folder.join("home");
        let told = moved(&home, &[&["--back"], &there[..]].concat());
        assert!(told.starts_with("files 8, "), "{told}");
        Server::start(&home, &[])
    });
    assert_eq!(shown(&office), before);
    assert!(played(&office.server, &links) == bytes);
    assert_eq!(
        (office.found("STRASSE"), office.found("stra%C3%9Fe"), office.found("zz")),
        (0, 1, 0)
    );
    assert!(office.listed("voipbin").contains(&more.file));
    let tokens = office.server.request("GET", "/core/v2/storage/containers").token(&token).send();
    assert_eq!(tokens.status, 200, "the first token is good wherever the store is");
    let home = office.server.data.to_str().unwrap();
    assert!(crate::running::run(&["check", "--deep", "--data", home]).status.success());
}

#[test]
fn the_catalog_moves_without_the_bytes_and_the_bytes_without_the_catalog() {
    let ((office, links), s3, catalog) = (office(), S3::start(), SHARED.fresh());
    let (before, bytes) = (shown(&office), played(&office.server, &links));
    let same = |office: &Office| {
        assert_eq!(shown(office), before);
        assert!(played(&office.server, &links) == bytes);
    };
    let office = office.moves(|folder| {
        let data = folder.join("data");
        moved(&data, &["--catalog", &catalog]);
        Server::start(&data, &["--catalog", &catalog])
    });
    same(&office);
    let more = office.server.upload("more.bin", b"more");
    let office = office.moves(|folder| {
        let data = folder.join("data");
        let held = refused(&data, &["--back", "--catalog", &catalog], 1);
        assert!(held.contains("was used since"), "{held}");
        std::fs::remove_file(data.join("catalog.sqlite")).unwrap();
        moved(&data, &["--back", "--catalog", &catalog]);
        Server::start(&data, &[])
    });
    let path = format!("/core/v2/storage/files/{}", more.trim_start_matches("/f/"));
    let gone = office.server.request("DELETE", &path).token(&office.server.token()).send();
    assert_eq!(gone.status, 204);
    same(&office);
    let office = office.moves(|folder| {
        let data = folder.join("data");
        moved(&data, &["--blobs", &s3.url()]);
        assert_eq!(s3.objects().len(), 7);
        std::fs::remove_dir_all(data.join("blobs")).unwrap();
        Server::start_on_bucket(&s3.url(), &data, &[])
    });
    same(&office);
    let office = office.moves(|folder| {
        let data = folder.join("data");
        moved(&data, &["--back", "--blobs", &s3.url()]);
        s3.remove_all();
        Server::start(&data, &[])
    });
    same(&office);
}

/// A move under way.
struct UnderWay(Child);

impl UnderWay {
    fn begin(s3: &S3, data: &Path, args: &[&str]) -> Self {
        s3.take_seen();
        Self(moving(data, args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn kill(mut self) {
        assert!(self.0.try_wait().unwrap().is_none(), "it ended before it was killed");
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Whether the store has been asked for an object so.
fn is_asked(s3: &S3, method: &str, within: &str) -> bool {
    s3.take_seen().iter().any(|seen| seen.method == method && seen.target.contains(within))
}

#[test]
fn a_move_that_was_killed_anywhere_is_run_again_and_goes_on() {
    let ((office, mut links), s3, catalog) = (office(), S3::start(), SHARED.fresh());
    let large: Vec<u8> = (0..20_000_000_u32).map(|n| (n % 251) as u8).collect();
    let link = office.server.upload("large.bin", &large);
    let (before, bytes) = (shown(&office), played(&office.server, &links));
    let url = s3.url();
    let there = ["--catalog", &catalog, "--blobs", &url];
    let data = office.server.data.clone();
    let office = office.moves(|folder| {
        // An object's name has a dot, that of a try of the bucket has none.
        for (method, within, fault) in [
            ("PUT", "partNumber", Fault::Held),
            ("PUT", ".", Fault::Held),
            ("PUT", ".", Fault::DoneAndHeld),
            ("GET", ".", Fault::Held),
        ] {
            s3.fails(method, within, fault, 1000);
            let under_way = UnderWay::begin(&s3, &data, &there);
            until("it does not come so far", || is_asked(&s3, method, within));
            under_way.kill();
            s3.clear_faults();
            let half = no_start(&folder.join("node"), &there);
            assert!(half.contains("run `tonearm move` again"), "{half}");
        }
        let name = catalog.rsplit('/').next().unwrap();
        let mut other = SHARED.client(name);
        let mut held = other.transaction().unwrap();
        held.batch_execute("LOCK TABLE mails").unwrap();
        let under_way = UnderWay::begin(&s3, &data, &there);
        until("it does not come to the tables", || SHARED.waiting(name) > 0);
        under_way.kill();
        drop(held);
        no_start(&folder.join("node"), &there);
        moved(&data, &there);
        assert_eq!(s3.upload_count(), 0, "parts stay in the bucket");
        Server::start_on_bucket(&s3.url(), &folder.join("node"), &["--catalog", &catalog])
    });
    assert_eq!(shown(&office), before);
    assert!(played(&office.server, &links) == bytes);
    assert!(office.server.get(&link).body == large);
    assert_eq!(s3.objects().len(), 8, "an object for each content, and no other");
    links.push(link);
    let office = office.moves(|folder| {
        let home = folder.join("home");
        let back = [&["--back"], &there[..]].concat();
        s3.fails("GET", ".", Fault::Held, 1000);
        let under_way = UnderWay::begin(&s3, &home, &back);
        until("it does not come so far", || is_asked(&s3, "GET", "."));
        under_way.kill();
        s3.clear_faults();
        let half = no_start(&home, &[]);
        assert!(half.contains("run `tonearm move` again"), "{half}");
        let half = refused(&home, &there, 1);
        assert!(half.contains("broken off"), "{half}");
        moved(&home, &back);
        Server::start(&home, &[])
    });
    assert_eq!(shown(&office), before);
    assert!(office.server.get(&links[2]).body == large);
}

#[test]
fn what_would_lose_something_is_refused() {
    let (folder, s3, catalog) = (TempDir::new().unwrap(), S3::start(), SHARED.fresh());
    let [data, other] = ["data", "other"].map(|name| folder.path().join(name));
    let url = s3.url();
    let there = ["--catalog", &catalog, "--blobs", &url];
    let running = Server::start(&data, &[]);
    let lost = running.upload("lost.bin", b"lost");
    let kept = running.upload("kept.bin", b"kept");
    assert!(refused(&data, &there, 1).contains("in use"));
    running.stop();
    assert!(refused(&data, &[], 2).contains("--catalog postgres://"));
    assert!(refused(&folder.path().join("nowhere"), &there, 1).contains("there is no data folder"));
    assert!(!folder.path().join("nowhere").exists());
    Server::start(&other, &[]).stop();
    moved(&other, &there);
    let another = refused(&data, &there, 1);
    assert!(another.contains("another store"), "{another}");
    let full = refused(&data, &[&["--back"], &there[..]].concat(), 1);
    assert!(full.contains("another store"), "{full}");
    let home = folder.path().join("home");
    std::fs::create_dir(&home).unwrap();
    std::fs::write(home.join("letter.txt"), "dear").unwrap();
    let full = refused(&home, &[&["--back"], &there[..]].concat(), 1);
    assert!(full.contains("letter.txt"), "{full}");
    let elsewhere = refused(&home, &["--back", "--catalog", &catalog], 2);
    assert!(elsewhere.contains("s3://bucket"), "{elsewhere}");
    // What is lost already is told, and all else goes.
    let blobs = data.join("blobs");
    let hash = blake3::hash(b"lost").to_hex().to_string();
    let place = blobs.join(&hash[..2]).join(&hash[2..4]);
    let object = std::fs::read_dir(&place).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&object, b"rots").unwrap();
    let fresh = SHARED.fresh();
    let there = ["--catalog", &fresh, "--blobs", &url];
    let told = refused(&data, &there, 1);
    assert!(told.contains(&format!("lost: {hash}")), "{told}");
    let node = Server::start_on_bucket(&s3.url(), &folder.path().join("node"), &there[..2]);
    assert_eq!(node.get(&kept).body, b"kept");
    assert_eq!(node.get(&lost).status, 500);
}

#[test]
fn secrets_of_containers_are_read_by_the_key_that_sealed_them() {
    let (folder, s3, catalog) = (TempDir::new().unwrap(), S3::start(), SHARED.fresh());
    let data = folder.path().join("data");
    let endpoints = ["--external-endpoints", "http://127.0.0.1:*"];
    let server = Server::start(&data, &endpoints);
    let made = json!({"name": "own", "type": "aws", "external_attributes": s3.attributes()});
    let request = server.request("POST", "/core/v2/storage/containers").token(&server.token());
    let made = request.header("Content-Type", "application/json").body(made.to_string().as_bytes());
    let made = made.send();
    assert_eq!(made.status, 200, "{}", made.text());
    let sid = text(&made.json()["container_sid"]);
    let path = format!("/core/v2/storage/files?container_sid={sid}&name=a");
    let upload = server.request("POST", &path).token(&server.token());
    let upload = upload.header("Content-Type", "application/octet-stream").body(b"its own").send();
    let link = format!("/f/{}", text(&upload.json()["file_sid"]));
    server.stop();
    let key = std::fs::read_to_string(data.join("secret.key")).unwrap();
    let wrong = refused(&data, &["--catalog", &catalog, "--secret-key", &"0f".repeat(32)], 1);
    assert!(wrong.contains("--secret-key") && !wrong.contains(&key), "{wrong}");
    moved(&data, &["--catalog", &catalog]);
    let node = Server::start(&data, &[&["--catalog", &catalog], &endpoints[..]].concat());
    assert_eq!(node.get(&link).body, b"its own");
}
