//! The book in docs/: what it says is so. Shell is run, tables are asked of a server.

use crate::postgres_cluster::SHARED;
use crate::running::{KEYS, Server, run, stderr, stdout, tonearm};
use crate::s3::S3;
use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

pub fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub fn read(path: &str) -> String {
    fs::read_to_string(at(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The pages of the book, as files below docs/.
fn pages() -> BTreeSet<String> {
    let entries = fs::read_dir(at("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let names = entries.map(|name| name.into_string().unwrap());
    names.filter(|name| name.ends_with(".md") && name != "SUMMARY.md").collect()
}

/// What stands in the shell blocks of a page.
fn shell(page: &str) -> String {
    let (mut script, mut is_shell) = (String::new(), false);
    for line in page.lines() {
        match line {
            "```sh" => is_shell = true,
            "```" => is_shell = false,
            line if is_shell => script += &format!("{line}\n"),
            _ => {}
        }
    }
    script
}

/// `tonearm serve` runs beside what follows, once it is ready.
const PRELUDE: &str = r#"set -euo pipefail
servers=()
trap 'kill "${servers[@]}" 2>/dev/null || true' EXIT
tonearm() {
    if [ "${1:-}" != serve ]; then command tonearm "$@"; return; fi
    command tonearm "$@" >served 2>served.log & servers+=($!)
    until grep -q '^listening on' served; do kill -0 "$!" || { cat served.log >&2; return 1; }; sleep 0.05; done
}
"#;

/// What stands in the place of the book's addresses, databases and buckets.
struct Places {
    taken: Vec<(String, String)>,
    _bucket: S3,
}

impl Places {
    fn new() -> Self {
        // Free when they are asked for; other tests take ports of their own, too.
        let listeners = [8080, 8081, 8082, 8083]
            .map(|shown| (shown, TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()));
        let bucket = S3::start();
        let mut taken: Vec<_> = listeners
            .iter()
            .map(|(shown, free)| (format!("127.0.0.1:{shown}"), free.to_string()))
            .collect();
        for name in ["tonearm?sslmode=verify-full", "empty"] {
            taken.push((format!("postgres://tonearm@db.example.com/{name}"), SHARED.fresh()));
        }
        let endpoint = format!("region=here&endpoint=http://{}", bucket.address);
        for name in ["tonearm?region=us-east-1", "moved"] {
            let folder = name.split('?').next().unwrap();
            let shown = format!("s3://recordings/{name}");
            taken.push((shown, format!("s3://recordings/{folder}?{endpoint}")));
        }
        Self { taken, _bucket: bucket }
    }

    fn in_place(&self, text: &str) -> String {
        self.taken.iter().fold(text.to_owned(), |text, (shown, taken)| text.replace(shown, taken))
    }
}

#[test]
fn every_shell_block_of_the_book_runs() {
    for page in pages() {
        let script = shell(&read(&format!("docs/{page}")));
        if script.is_empty() {
            continue;
        }
        let folder = TempDir::new().unwrap();
        symlink(at("assets"), folder.path().join("assets")).unwrap();
        symlink(tonearm().get_program(), folder.path().join("tonearm")).unwrap();
        let places = Places::new();
        let script = places.in_place(&script);
        let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
        let ran = Command::new("bash")
            .args(["-c", &format!("{PRELUDE}{script}")])
            .env("PATH", path)
            .env("TONEARM_LISTEN", places.in_place("127.0.0.1:8080"))
            .envs(KEYS)
            .current_dir(folder.path())
            .output()
            .expect("bash runs");
        assert!(ran.status.success(), "{page}: {}{}", stdout(&ran), stderr(&ran));
    }
}

#[test]
fn the_summary_names_every_page_once() {
    let summary = read("docs/SUMMARY.md");
    let named: Vec<_> = summary.split("](").skip(1).map(|l| l.split(')').next().unwrap()).collect();
    assert_eq!(named.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(), pages());
    assert_eq!(named.len(), pages().len());
}

#[test]
fn the_links_of_the_book_lead_somewhere() {
    for page in pages() {
        for link in read(&format!("docs/{page}")).split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            assert!(at("docs").join(link).exists(), "{page}: {link}");
        }
    }
}

#[test]
fn the_configuration_of_the_book_is_what_the_program_prints() {
    let printed = stdout(&run(&["config"]));
    assert!(read("docs/tonearm.toml") == printed, "run `tonearm config > docs/tonearm.toml`");
}

/// An answer to what the table of roles asks: whether it is allowed.
fn is_allowed(server: &Server, token: &str, what: &str) -> bool {
    let own = |path: &str| {
        let answer = server.request("GET", path).token(token).send();
        crate::running::text(&answer.json()["items"][0]["container_sid"])
    };
    let containers = "/core/v2/storage/containers";
    let container = format!("{containers}/{}", own(containers));
    let uploaded = server.request("PUT", "/core/v2/storage/upload/a.bin");
    let admin = server.token();
    let file = |by: &str| {
        let path = format!("/core/v2/storage/files?container_sid={}", own(containers));
        let made = server.request("POST", &path).token(by);
        let made = made.header("Content-Type", "application/octet-stream").body(b"x").send();
        format!("/core/v2/storage/files/{}", crate::running::text(&made.json()["file_sid"]))
    };
    let json = |method: &str, path: &str| {
        let asked = server.request(method, path).token(token);
        asked.header("Content-Type", "application/json").body(b"{}").send().status
    };
    let status = match what {
        "list and read containers" => server.request("GET", &container).token(token).send().status,
        "list, read and play files" => {
            let data = format!("{}/data", file(&admin));
            server.request("GET", &data).token(token).send().status
        }
        "upload" => uploaded.token(token).body(b"x").send().status,
        "change a file" => json("PATCH", &file(&admin)),
        "delete a file" => server.request("DELETE", &file(&admin)).token(token).send().status,
        "make a container" => json("POST", containers),
        "change a container" => json("PATCH", &container),
        "delete a container" => {
            let made = server.request("POST", containers).token(&admin);
            let body = format!("{{\"partner_sid\": \"{}\"}}", partner(server, token));
            let made = made.header("Content-Type", "application/json").body(body.as_bytes()).send();
            let sid = crate::running::text(&made.json()["container_sid"]);
            let path = format!("{containers}/{sid}");
            server.request("DELETE", &path).token(token).send().status
        }
        "lend a token" => {
            let path = "/auth/token?UserEmailAddress=ann%40example.org&UserId=u1";
            server.request("GET", path).token(token).send().status
        }
        "reach other partners' files" => {
            let other = server.request("PUT", "/core/v2/storage/upload/b.bin").token(&admin);
            let sid = crate::running::text(&other.body(b"y").send().json()["file_sid"]);
            let path = format!("/core/v2/storage/files/{sid}");
            server.request("GET", &path).token(token).send().status
        }
        other => panic!("nobody knows how to ask for: {other}"),
    };
    assert!(matches!(status, 200..=204 | 403 | 404), "{what}: {status}");
    status < 300
}

/// The partner of a token.
fn partner(server: &Server, token: &str) -> String {
    let asked = server.request("GET", "/core/v2/storage/containers").token(token).send();
    crate::running::text(&asked.json()["items"][0]["partner_sid"])
}

#[test]
fn roles_may_what_the_table_says() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let data = server.data.to_str().unwrap();
    let page = read("docs/security.md");
    let (_, table) = page.split_once("| | read | agent | manager | admin |\n").expect("the table");
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let rows: Vec<Vec<_>> = rows.map(|row| row.split('|').map(str::trim).collect()).collect();
    assert!(rows.len() >= 10);
    for (column, role) in (2..).zip(["read", "agent", "manager", "admin"]) {
        let partner = if role == "admin" { "default" } else { "acme" };
        let made = run(&["token", "create", "--role", role, "--partner", partner, "--data", data]);
        let token = stdout(&made).trim().to_owned();
        for row in &rows {
            let may = is_allowed(&server, &token, row[1]);
            assert_eq!(may, row[column] == "yes", "{role}: {}", row[1]);
        }
    }
}
