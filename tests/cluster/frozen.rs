//! Who stands still in the middle of an upload holds up what it has locked, the uploads of its partner, for a bounded
//! time, and nothing else.

use super::*;
use crate::client::read_answer;
use crate::running::{run, stdout};
use std::net::TcpStream;

/// Three nodes, the first of which is about to write a file, and waits.
struct Waiting {
    nodes: Nodes,
    database: String,
    /// A token of another partner.
    other: String,
    upload: TcpStream,
    held: postgres::Client,
}

impl Waiting {
    fn start() -> Self {
        let catalog = SHARED.fresh();
        let nodes = Nodes::start(3, &catalog);
        let database = catalog.rsplit('/').next().unwrap().to_owned();
        nodes.upload(0, "kept.bin", b"kept");
        let data = nodes.nodes[1].data.to_str().unwrap();
        let store = ["--data", data, "--catalog", &catalog];
        let made = run(&[&["token", "create", "--partner", "other"], &store[..]].concat());
        assert!(made.status.success(), "{}", stderr(&made));
        let other = stdout(&made).trim().to_owned();
        let mut held = SHARED.client(&database);
        held.batch_execute("BEGIN; LOCK TABLE files IN SHARE MODE").unwrap();
        let path = format!("files?container_sid={}&name=frozen.bin", nodes.container);
        let upload =
            nodes.call(0, "POST", &path).header("Content-Type", "application/octet-stream");
        let upload = upload.body(b"frozen").send_part(6).unwrap();
        until("its change does not begin", || SHARED.waiting(&database) > 0);
        Self { nodes, database, other, upload, held }
    }

    /// What it waits for is there.
    fn go_on(&mut self) {
        self.held.batch_execute("COMMIT").unwrap();
    }

    fn upload_by(&self, node: usize, token: &str) -> Answer {
        let path = "/core/v2/storage/upload/more.bin";
        self.nodes.nodes[node].request("PUT", path).token(token).body(b"more").send()
    }

    /// Others go on beside the one that stands still, but for its partner's uploads, who are told to come later.
    fn assert_others_go_on(&self) {
        let kept = &self.nodes.list(1)[0];
        for node in [1, 2] {
            assert_eq!(self.nodes.nodes[node].get(&format!("/f/{kept}")).body, b"kept");
            assert_eq!(self.upload_by(node, &self.other).status, 201);
        }
        let later = self.upload_by(1, &self.nodes.token);
        assert!(is_later(&later), "{} {}", later.status, later.text());
    }

    /// The partner's uploads are taken soon, by the first node, too; all that is listed is there.
    fn assert_whole(&self) {
        self.nodes.upload(0, "again.bin", b"again");
        for sid in self.nodes.list(2) {
            assert_eq!(self.nodes.nodes[2].get(&format!("/f/{sid}")).status, 200);
        }
    }
}

#[test]
fn a_node_that_is_frozen_in_a_change_loses_its_locks_and_goes_on_later() {
    let mut waiting = Waiting::start();
    waiting.nodes.nodes[0].signal("STOP");
    waiting.go_on();
    waiting.assert_others_go_on();
    let is_taken = || waiting.upload_by(2, &waiting.nodes.token).status == 201;
    until("its locks are held for ever", is_taken);
    waiting.nodes.nodes[0].signal("CONT");
    let answer = read_answer(&mut waiting.upload, false).unwrap();
    assert!(is_later(&answer), "{} {}", answer.status, answer.text());
    waiting.assert_whole();
}

#[test]
fn a_session_that_the_database_freezes_is_not_waited_for() {
    let mut waiting = Waiting::start();
    let sql = "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'";
    let row = SHARED.client("postgres").query_one(sql, &[&waiting.database]).unwrap();
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &row.get::<_, i32>(0).to_string()]).status();
        assert!(sent.expect("kill runs").success());
    };
    signal("-STOP");
    waiting.go_on();
    waiting.assert_others_go_on();
    let answer = read_answer(&mut waiting.upload, false).unwrap();
    assert!(is_later(&answer), "{} {}", answer.status, answer.text());
    // Its node has further ones.
    assert_eq!(waiting.upload_by(0, &waiting.other).status, 201);
    signal("-CONT");
    let is_taken = || waiting.upload_by(2, &waiting.nodes.token).status == 201;
    until("its locks are held for ever", is_taken);
    waiting.assert_whole();
}
