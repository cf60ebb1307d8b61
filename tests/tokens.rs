//! Access tokens, as an operator makes, lists and revokes them beside a running server.

use crate::command_line::fails;
use crate::running::{Server, run, stderr, stdout, tonearm, until, without_settings};
use std::process::Stdio;
use tempfile::TempDir;

/// A server, and commands on its data folder.
struct Kept {
    server: Server,
    data: String,
    _folder: TempDir,
}

impl Kept {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        let server = Server::start(&data, &[]);
        Self { server, data: data.to_str().unwrap().to_owned(), _folder: folder }
    }

    fn token(&self, args: &[&str]) -> String {
        let output = run(&[&["token"], args, &["--data", &self.data]].concat());
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        stdout(&output).trim().to_owned()
    }

    /// The line of the list that has this text, and the id in it.
    fn line(&self, text: &str) -> (String, String) {
        let listed = self.token(&["list"]);
        let line = listed.lines().find(|line| line.contains(text));
        let line = line.unwrap_or_else(|| panic!("no {text} in {listed}")).to_owned();
        let id = line.split_whitespace().next().unwrap().to_owned();
        (line, id)
    }

    fn refused(&self, args: &[&str], code: i32) -> String {
        fails(&[&["token"], args, &["--data", &self.data]].concat(), code)
    }

    fn containers(&self, token: &str) -> (u16, serde_json::Value) {
        let asked = self.server.request("GET", "/core/v2/storage/containers").token(token).send();
        (asked.status, asked.json())
    }
}

#[test]
fn tokens_are_made_listed_and_revoked_beside_a_running_server() {
    let kept = Kept::start();
    let token = kept.token(&["create", "--role", "read", "--partner", "acme"]);
    assert_eq!(token.lines().count(), 1, "the token alone");
    assert_eq!(kept.containers(&token).0, 200);
    assert!(!kept.token(&["list"]).contains(&token), "a secret is listed");
    let (line, id) = kept.line("acme");
    assert!(line.contains("read"), "{line}");
    assert!(kept.token(&["revoke", &id]).contains(&id));
    assert_eq!(kept.containers(&token).0, 401);
    kept.refused(&["revoke", "nothing-like-it"], 1);
    kept.refused(&["revoke", &id], 1);
    kept.token(&["create", "--expires", "12h"]);
    let listed = kept.token(&["list"]);
    assert_eq!(listed.matches("  until 2").count(), 1, "{listed}");
    kept.refused(&["create", "--expires", "0"], 2);
}

#[test]
fn the_list_tells_a_tokens_name_and_when_it_was_made_used_and_ends() {
    let kept = Kept::start();
    let token = kept.token(&[
        "create",
        "--role",
        "agent",
        "--name",
        "front  desk",
        "--scope",
        "storage.create",
    ]);
    let (line, _) = kept.line("  front desk  ");
    assert!(line.contains("  made 2") && line.contains("  never used  for ever"), "{line}");
    assert!(line.ends_with("  storage.create"), "{line}");
    assert_eq!(kept.containers(&token).0, 403);
    until("its use is not told", || kept.line("front desk").0.contains("  used 2"));
    for name in ["", "a\nb", &"x".repeat(101)] {
        kept.refused(&["create", "--name", name], 2);
    }
    assert!(kept.line("first start").0.contains("admin"));
}

#[test]
fn the_last_token_that_may_do_everything_is_not_revoked_by_mistake() {
    let kept = Kept::start();
    let (_, first) = kept.line("first start");
    // Neither may do everything.
    kept.token(&["create", "--role", "manager"]);
    kept.token(&["create", "--role", "admin", "--scope", "storage.read"]);
    assert!(kept.refused(&["revoke", &first], 1).contains("--force"));
    assert_eq!(kept.containers(&kept.server.token()).0, 200);
    kept.token(&["create", "--name", "other"]);
    kept.token(&["revoke", &first]);
    assert!(!kept.server.data.join("admin.token").exists(), "a void token is kept");
    let (_, other) = kept.line("other");
    kept.refused(&["revoke", &other], 1);
    kept.token(&["revoke", "--force", &other]);
}

#[test]
fn a_token_for_a_partner_is_bound_to_it_unless_it_is_an_administrators() {
    let kept = Kept::start();
    let (acme, admin) = (kept.token(&["create", "--partner", "acme"]), kept.token(&["create"]));
    let (_, own) = kept.containers(&acme);
    assert_eq!(own["total"], 1, "it reaches another partner's container: {own}");
    assert_eq!(own["items"][0]["name"], "default");
    assert_eq!(kept.containers(&admin).1["total"], 2);
    let upload = kept.server.request("PUT", "/core/v2/storage/upload/a.bin").token(&acme);
    assert_eq!(upload.body(b"a").send().status, 201, "a new partner can store nothing");
    kept.token(&["create", "--partner", "acme"]);
    assert_eq!(kept.containers(&acme).1["total"], 1, "its container is made twice");
    let (manager, _) = kept.line("manager");
    assert!(manager.contains("acme"), "{manager}");
    assert!(kept.line("admin").0.contains("all partners"));
    let refused = kept.refused(&["create", "--role", "admin", "--partner", "acme"], 2);
    assert!(refused.contains("--partner"), "{refused}");
}

#[test]
fn a_data_folder_that_is_not_there_is_told_and_not_made() {
    let folder = TempDir::new().unwrap();
    let typo = folder.path().join("typo");
    let there = folder.path().join("there");
    std::fs::create_dir(&there).unwrap();
    let id = "6e930ad8-c3d0-49db-801e-86d64fedd2c2";
    for command in [
        &["token", "list"][..],
        &["token", "revoke", id],
        &["mail", "list"],
        &["secret", "rotate"],
        &["sign", "http://127.0.0.1:8080/f/6e930ad8-c3d0-49db-801e-86d64fedd2c2"],
    ] {
        for data in [&typo, &there] {
            let data = data.to_str().unwrap();
            let said = fails(&[command, &["--data", data]].concat(), 1);
            assert!(said.contains(data) && said.contains("--data"), "{command:?}: {said}");
        }
        assert!(!typo.exists(), "{command:?} makes it");
        assert_eq!(std::fs::read_dir(&there).unwrap().count(), 0, "{command:?} writes there");
    }
}

#[test]
fn at_a_terminal_the_pages_link_with_the_token_is_told_too_and_a_program_gets_the_token_alone() {
    let kept = Kept::start();
    let binary = tonearm().get_program().to_owned();
    let at_terminal = |more: &str| {
        let create =
            format!("exec '{}' token create --data '{}' {more}", binary.display(), kept.data);
        let mut script = without_settings("script");
        let ran = script.args(["-qec", &create, "/dev/null"]).stdin(Stdio::null()).output();
        stdout(&ran.expect("script must be installed (bsdutils)"))
    };
    let told = at_terminal("--public-url https://media.example.com");
    let (token, link) = told.trim().split_once("\r\n").unwrap_or_else(|| panic!("{told:?}"));
    assert_eq!(link, format!("page  https://media.example.com/#token={token}"));
    assert_eq!(kept.containers(token).0, 200);
    let told = at_terminal("--scope storage.create");
    assert!(!told.contains("page"), "it may not read: {told}");
}
