//! What becomes of the others, and of the store, when a node dies, stands still, tells another time or is cut off.

use super::*;
use crate::s3::Fault;
use std::net::TcpStream;
use std::path::Path;

/// Clears what a day leaves: as if it had gone by. What was left over.
fn a_day_later(catalog: &str) -> usize {
    let database: catalog::Database = catalog.parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let catalog = catalog::Catalog::connect(database, std::time::Duration::MAX).await.unwrap();
        let all = catalog::LeftSince { own_ms: i64::MAX, external_ms: i64::MAX };
        catalog.take_leftovers(all, 0, 100).await.unwrap().len()
    })
}

impl Nodes {
    /// An upload through a node that is not waited for.
    fn begin_upload(&self, node: usize, bytes: &[u8], length: usize) -> TcpStream {
        let path = format!("files?container_sid={}&name=torn.bin", self.container);
        let upload = self.call(node, "POST", &path);
        let upload = upload.header("Content-Type", "application/octet-stream").body(bytes);
        upload.send_part(length).unwrap()
    }

    /// Kills the first node, and starts it again once `work` is done.
    fn kill_first(&mut self, catalog: &str, work: impl FnOnce(&Self)) {
        let node = self.nodes.remove(0);
        let data = node.data.clone();
        node.kill();
        work(self);
        let args = ["--catalog", catalog];
        self.nodes.insert(0, Server::start_on_bucket(&self.s3.url(), &data, &args));
    }
}

#[test]
fn a_node_killed_at_any_step_of_an_upload_leaves_the_others_whole_and_nothing_behind() {
    let catalog = SHARED.fresh();
    let mut nodes = Nodes::start(3, &catalog);
    let kept = nodes.upload(1, "kept.bin", b"kept");
    let name = catalog.rsplit('/').next().unwrap().to_owned();
    let torn = vec![7; 3_000_000];
    for step in ["body", "before the put", "in a part", "after the put", "in the transaction"] {
        let mut large = vec![8; 20_000_000];
        let bytes = if step == "in a part" { &mut large[..] } else { &mut torn.clone()[..] };
        nodes.s3.take_seen();
        let mut blocker = SHARED.client(&name);
        let mut held = blocker.transaction().unwrap();
        match step {
            "before the put" => nodes.s3.fails("PUT", "", Fault::Held, 100),
            "in a part" => nodes.s3.fails("PUT", "partNumber", Fault::Held, 100),
            "after the put" => nodes.s3.fails("PUT", "", Fault::DoneAndHeld, 100),
            "in the transaction" => {
                held.batch_execute("SELECT 1 FROM containers FOR UPDATE").unwrap();
            }
            _ => {}
        }
        let length = bytes.len() + if step == "body" { 1_000_000 } else { 0 };
        let upload = nodes.begin_upload(0, bytes, length);
        match step {
            "body" => until("the body does not come", || draft_bytes(&nodes.nodes[0]) > 1_000_000),
            "in the transaction" => until("no commit begins", || SHARED.waiting(&name) > 0),
            _ => nodes.s3.await_seen("PUT", 1),
        }
        if step == "after the put" {
            until("the object is put", || nodes.s3.objects().len() == 2);
        }
        nodes.kill_first(&catalog, |others| {
            others.s3.clear_faults();
            drop(held);
            assert_eq!(others.list(0), [kept.as_str()], "{step}");
            assert_eq!(others.nodes[1].get(&format!("/f/{kept}")).body, b"kept");
        });
        drop(upload);
        assert_eq!(draft_bytes(&nodes.nodes[0]), 0, "{step}");
        assert_eq!(nodes.list(0), [kept.as_str()], "{step}");
        let left = a_day_later(&catalog);
        assert_eq!(left, usize::from(step != "body"), "{step}");
        // Whichever node sweeps next.
        nodes.kill_first(&catalog, |_| ());
        until("the object does not go", || nodes.s3.objects().len() == 1);
        until("the parts do not go", || nodes.s3.upload_count() == 0);
        // The same bytes may come in at once.
        let again = nodes.upload(2, "again.bin", bytes);
        assert!(nodes.nodes[0].get(&format!("/f/{again}")).body == bytes, "{step}");
        assert_eq!(nodes.call(1, "DELETE", &format!("files/{again}")).send().status, 204);
        a_day_later(&catalog);
        nodes.kill_first(&catalog, |_| ());
        until("the object does not go", || nodes.s3.objects().len() == 1);
    }
}

#[test]
fn a_node_killed_between_its_commit_and_its_answer_leaves_a_whole_file() {
    let cluster = Cluster::start("");
    let catalog = cluster.fresh();
    let mut nodes = Nodes::start(2, &catalog);
    let name = catalog.rsplit('/').next().unwrap().to_owned();
    let kept = nodes.upload(1, "kept.bin", b"kept");
    let replicas = |names: &str| {
        let set = format!("ALTER SYSTEM SET synchronous_standby_names = '{names}'");
        for sql in [&*set, "SELECT pg_reload_conf()"] {
            cluster.run("postgres", sql);
        }
    };
    nodes.s3.take_seen();
    nodes.s3.fails("PUT", "", Fault::DoneAndHeld, 1);
    let upload = nodes.begin_upload(0, b"whole", 5);
    nodes.s3.await_seen("PUT", 1);
    // A commit is told only once a replica has it that never comes.
    replicas("nobody");
    nodes.s3.clear_faults();
    let commits = "SELECT count(*) FROM pg_stat_activity JOIN pg_locks USING (pid)
        WHERE wait_event = 'SyncRep' AND relation = 'files'::regclass AND mode = 'RowExclusiveLock'";
    until("the file is not committed", || {
        cluster.client(&name).query_one(commits, &[]).unwrap().get::<_, i64>(0) > 0
    });
    nodes.nodes.remove(0).kill();
    drop(upload);
    replicas("");
    until("what was committed is not there", || nodes.list(0).len() == 2);
    let listed = nodes.list(0);
    assert_eq!(listed[0], kept);
    assert_eq!(nodes.nodes[0].get(&format!("/f/{}", listed[1])).body, b"whole");
    assert_eq!(a_day_later(&catalog), 0, "nothing is left over");
    assert_eq!(nodes.s3.objects().len(), 2);
}

/// Bytes of what is coming in at a node.
fn draft_bytes(node: &Server) -> u64 {
    let drafts = std::fs::read_dir(node.data.join("tmp")).into_iter().flatten().flatten();
    drafts.filter_map(|draft| draft.metadata().ok()).map(|draft| draft.len()).sum()
}

#[test]
fn a_node_that_stood_still_answers_from_nothing_that_changed_meanwhile() {
    let nodes = Nodes::start_with(3, &SHARED.fresh(), &["--stale-links-ms", "200"], |_| tonearm());
    let sid = nodes.upload(0, "a.bin", b"bytes");
    let link = format!("/f/{sid}");
    assert_eq!(nodes.nodes[0].get(&link).body, b"bytes");
    nodes.nodes[0].signal("STOP");
    assert_eq!(nodes.call(1, "DELETE", &format!("files/{sid}")).send().status, 204);
    let other = nodes.upload(2, "b.bin", b"others");
    let stopped = std::time::Instant::now();
    // The others go on for longer than a node may answer from what it knew.
    while stopped.elapsed() < std::time::Duration::from_millis(500) {
        assert_eq!(nodes.nodes[1].get(&link).status, 404);
        assert_eq!(nodes.nodes[2].get(&format!("/f/{other}")).body, b"others");
    }
    nodes.nodes[0].signal("CONT");
    assert_eq!(nodes.nodes[0].get(&link).status, 404);
    assert_eq!(nodes.nodes[0].get(&format!("/f/{other}")).body, b"others");
}

#[test]
fn nodes_whose_sessions_are_cut_off_go_on_and_hear_of_changes() {
    let catalog = SHARED.fresh();
    let nodes = Nodes::start(3, &catalog);
    let sid = nodes.upload(0, "a.bin", b"bytes");
    let link = format!("/f/{sid}");
    let name = catalog.rsplit('/').next().unwrap();
    for _ in 0..3 {
        (0..3).for_each(|n| assert_eq!(nodes.nodes[n].get(&link).body, b"bytes"));
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = '{name}' AND application_name = 'tonearm'"
        );
        SHARED.run("postgres", &sql);
        for n in 0..3 {
            until("its look-ups do not go on", || {
                nodes.call(n, "GET", &format!("files/{sid}")).send().status == 200
            });
        }
    }
    until("the deletion is made", || {
        matches!(nodes.call(1, "DELETE", &format!("files/{sid}")).send().status, 204 | 404)
    });
    until("all nodes hear of it", || (0..3).all(|n| nodes.nodes[n].get(&link).status == 404));
}

#[test]
fn clocks_that_are_minutes_apart_make_no_difference_to_what_is_stored() {
    let catalog = SHARED.fresh();
    let by_clock = |n: usize| {
        let mut command = tonearm();
        let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
        assert!(Path::new(library).exists(), "scripts/setup installs libfaketime");
        command.env("LD_PRELOAD", library);
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        command.env("FAKETIME", ["+0", "+10m", "-10m"][n]);
        command
    };
    let nodes = Nodes::start_with(3, &catalog, &[], by_clock);
    let clock = |n: usize| nodes.nodes[n].get("/healthz").header("date").map(str::to_owned);
    assert_ne!(clock(1), clock(2), "the clocks are apart");
    let recording = std::fs::read(sources::speech(nodes.folder.path())).unwrap();
    for into in 0..3 {
        let sid = nodes.upload(into, &format!("{into}.wav"), &recording);
        let link = format!("/f/{sid}");
        for options in ["", "?f=mp3", "?f=flac"] {
            let url = format!("{link}{options}");
            let [one, two, three] = [0, 1, 2].map(|n: usize| nodes.nodes[n].get(&url));
            assert_eq!((one.status, one.whole), (200, true), "{url}");
            for other in [two, three] {
                assert!(other.body == one.body, "{url}");
                assert_eq!(other.header("etag"), one.header("etag"), "{url}");
            }
        }
        assert_eq!(nodes.list(into).len(), into + 1);
    }
    // A sweep of the fast node takes nothing of what the slow one is about to keep.
    nodes.s3.fails("PUT", "", Fault::DoneAndHeld, 1);
    nodes.s3.take_seen();
    let upload = std::thread::scope(|scope| {
        let upload = scope.spawn(|| nodes.upload(2, "slow.bin", b"of the slow one"));
        nodes.s3.await_seen("PUT", 1);
        let gone = nodes.upload(1, "gone.bin", b"gone");
        assert_eq!(nodes.call(1, "DELETE", &format!("files/{gone}")).send().status, 204);
        nodes.s3.clear_faults();
        upload.join().unwrap()
    });
    (0..3).for_each(|n| {
        assert_eq!(nodes.nodes[n].get(&format!("/f/{upload}")).body, b"of the slow one");
    });
}

#[test]
fn nodes_that_start_at_once_on_an_empty_database_make_one_token() {
    let (folder, s3, catalog) = (TempDir::new().unwrap(), S3::start(), SHARED.fresh());
    let nodes: Vec<_> = std::thread::scope(|scope| {
        let start = |n: usize| {
            let data = folder.path().join(format!("node-{n}"));
            let (url, catalog) = (s3.url(), catalog.clone());
            scope.spawn(move || Server::start_on_bucket(&url, &data, &["--catalog", &catalog]))
        };
        let starting: Vec<_> = (0..4).map(start).collect();
        starting.into_iter().map(|node| node.join().unwrap()).collect()
    });
    let tokens: Vec<_> = nodes.iter().filter(|n| n.data.join("admin.token").exists()).collect();
    assert_eq!(tokens.len(), 1);
    let token = tokens[0].token();
    for node in &nodes {
        let list = node.request("GET", "/core/v2/storage/containers").token(&token).send();
        assert_eq!(list.json()["total"], 1, "{}", list.text());
    }
}
