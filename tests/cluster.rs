//! Equal nodes over one PostgreSQL and one bucket: whichever is asked gives the same, what is changed on one counts on
//! all, and none is needed.

mod balanced;
mod composed;
mod failures;
mod frozen;

use crate::client::{Answer, Request};
use crate::postgres_cluster::{Cluster, SHARED};
use crate::running::{KEYS, Server, stderr, text, tonearm, until};
use crate::s3::S3;
use crate::sources;
use std::process::Command;
use tempfile::TempDir;

/// Nodes, and what they share.
struct Nodes {
    nodes: Vec<Server>,
    /// The admin token, which the first of them made.
    token: String,
    container: String,
    s3: S3,
    folder: TempDir,
}

impl Nodes {
    fn start(count: usize, catalog: &str) -> Self {
        Self::start_with(count, catalog, &[], |_| tonearm())
    }

    /// With further arguments, each by a command of its own.
    fn start_with(
        count: usize,
        catalog: &str,
        args: &[&str],
        command: impl Fn(usize) -> Command,
    ) -> Self {
        let (folder, s3) = (TempDir::new().unwrap(), S3::start());
        let url = s3.url();
        let args = [&["--blobs", &url, "--catalog", catalog], args].concat();
        let nodes: Vec<_> = (0..count)
            .map(|n| {
                let data = folder.path().join(format!("node-{n}"));
                let mut command = command(n);
                command.envs(KEYS);
                Server::start_by(command, "127.0.0.1:0", &data, &args)
            })
            .collect();
        let (token, container) = (nodes[0].token(), nodes[0].container());
        Self { nodes, token, container, s3, folder }
    }

    /// A call of the storage API at a node.
    fn call(&self, node: usize, method: &str, path: &str) -> Request {
        let path = format!("/core/v2/storage/{path}");
        self.nodes[node % self.nodes.len()].request(method, &path).token(&self.token)
    }

    /// Uploads a file through a node; its sid.
    fn upload(&self, node: usize, name: &str, bytes: &[u8]) -> String {
        let path = format!("files?container_sid={}&name={name}", self.container);
        let upload = self.call(node, "POST", &path);
        let answer = upload.header("Content-Type", "application/octet-stream").body(bytes).send();
        assert_eq!(answer.status, 201, "{}", answer.text());
        text(&answer.json()["file_sid"])
    }

    /// The files of the container as a node lists them.
    fn list(&self, node: usize) -> Vec<String> {
        let path = format!("files?filter=container_sid%20eq%20{}&limit=100", self.container);
        let answer = self.call(node, "GET", &path).send();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let json = answer.json();
        json["items"].as_array().unwrap().iter().map(|file| text(&file["file_sid"])).collect()
    }
}

/// That an answer tells when it is worth another try.
fn is_later(answer: &Answer) -> bool {
    answer.status == 503 && answer.header("retry-after").is_some()
}

#[test]
fn every_node_gives_the_same_and_what_is_changed_on_one_counts_on_all() {
    let mut nodes = Nodes::start(3, &SHARED.fresh());
    assert!(!nodes.folder.path().join("node-1/admin.token").exists(), "it joined what was there");
    let recording = std::fs::read(sources::speech(nodes.folder.path())).unwrap();
    let sid = nodes.upload(1, "speech.wav", &recording);
    let link = format!("/f/{sid}");
    for options in ["", "?f=mp3", "?f=ogg", "?f=g722", "?f=flac", "/peaks.json"] {
        let url = format!("{link}{options}");
        let [one, two, three] = [0, 1, 2].map(|n: usize| nodes.nodes[n].get(&url));
        assert_eq!((one.status, one.whole), (200, true), "{options}");
        for other in [two, three] {
            assert!(other.body == one.body, "{options}");
            for header in ["etag", "content-length", "content-type", "last-modified"] {
                assert_eq!(other.header(header), one.header(header), "{options}");
            }
        }
    }
    for n in 0..6 {
        nodes.upload(n, &format!("{n}.bin"), format!("bytes {n}").as_bytes());
    }
    assert_eq!(nodes.list(0).len(), 7);
    assert_eq!(nodes.list(0), nodes.list(2));
    let hide = nodes.call(2, "PATCH", &format!("files/{sid}"));
    let hide =
        hide.header("Content-Type", "application/json").body(br#"{"publish":"none"}"#).send();
    assert_eq!(hide.status, 200, "{}", hide.text());
    until("all nodes know that it is published no more", || {
        (0..3).all(|n| nodes.nodes[n].head(&link).status == 404)
    });
    assert_eq!(nodes.call(0, "DELETE", &format!("files/{sid}")).send().status, 204);
    assert_eq!(nodes.call(1, "GET", &format!("files/{sid}")).send().status, 404);
    nodes.nodes.remove(0).kill();
    let again = nodes.upload(0, "again.wav", &recording);
    let bytes = nodes.nodes[1].get(&format!("/f/{again}"));
    assert!(bytes.status == 200 && bytes.body == recording);
}

#[test]
fn without_its_database_a_node_says_later_and_goes_on_once_it_is_back() {
    let mut cluster = Cluster::start("");
    let nodes = Nodes::start(1, &cluster.fresh());
    let sid = nodes.upload(0, "a.bin", b"bytes");
    let (link, other) = (format!("/f/{sid}"), nodes.upload(0, "b.bin", b"others"));
    assert_eq!(nodes.nodes[0].get(&link).body, b"bytes");
    cluster.stop();
    for path in [format!("files/{sid}"), "files".to_owned(), "containers".to_owned()] {
        let answer = nodes.call(0, "GET", &path).send();
        assert!(is_later(&answer), "{path}: {} {}", answer.status, answer.text());
    }
    let unknown = nodes.nodes[0].get(&format!("/f/{other}"));
    assert!(is_later(&unknown), "{} {}", unknown.status, unknown.text());
    let upload = nodes.call(0, "POST", &format!("files?container_sid={}&name=c", nodes.container));
    let upload = upload.header("Content-Type", "application/octet-stream").body(b"c").send();
    assert!(is_later(&upload), "{} {}", upload.status, upload.text());
    assert_eq!(nodes.nodes[0].get("/healthz").status, 200);
    until("what nobody vouches for is not answered", || is_later(&nodes.nodes[0].get(&link)));
    cluster.go_on();
    until("it goes on", || nodes.nodes[0].get(&link).status == 200);
    assert_eq!(nodes.nodes[0].get(&format!("/f/{other}")).body, b"others");
    nodes.upload(0, "c.bin", b"more");
}

#[test]
fn a_database_that_cannot_be_reached_is_named_without_its_password() {
    let folder = TempDir::new().unwrap();
    let start = |catalog: &str| {
        let mut command = tonearm();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path().join("data"));
        command.args(["--catalog", catalog]).output().expect("the server ends")
    };
    let ended = start("postgres://me:s3cret@127.0.0.1:9/db");
    assert_eq!(ended.status.code(), Some(1), "{}", stderr(&ended));
    assert!(stderr(&ended).contains("127.0.0.1:9/db"), "{}", stderr(&ended));
    for wrong in ["postgres://me:s3cret@h/db?sslmode=maybe", "mysql://me:s3cret@h/db"] {
        let refused = start(wrong);
        assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
        assert!(!stderr(&refused).contains("s3cret"), "{}", stderr(&refused));
    }
    assert!(!stderr(&ended).contains("s3cret"));
}

#[test]
fn two_data_folders_are_not_one_store() {
    let (folder, catalog) = (TempDir::new().unwrap(), SHARED.fresh());
    let one = Server::start(&folder.path().join("one"), &["--catalog", &catalog]);
    one.upload("a.bin", b"bytes");
    let mut other = tonearm();
    other.args(["serve", "--listen", "127.0.0.1:0", "--catalog", &catalog, "--data"]);
    let refused = other.arg(folder.path().join("other")).output().expect("the server ends");
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("--blobs"), "{}", stderr(&refused));
    one.stop();
    let again = Server::start(&folder.path().join("one"), &["--catalog", &catalog]);
    assert_eq!(again.get("/healthz").status, 200);
}

#[test]
fn a_connection_is_encrypted_where_that_is_demanded() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (key, certificate) = (path("key.pem"), path("cert.pem"));
    let config = path("openssl.cnf");
    let says = "[req]\ndistinguished_name=d\nx509_extensions=v\n[d]\n[v]\n\
                basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost\n";
    std::fs::write(&config, says).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj"]);
    openssl.args(["/CN=localhost", "-config", &config, "-keyout", &key, "-out", &certificate]);
    assert!(openssl.output().unwrap().status.success());
    let cluster = Cluster::with_certificate(&key, &certificate);
    let base = cluster.fresh().replace("127.0.0.1", "localhost");
    for mode in ["require".to_owned(), format!("verify-full&sslrootcert={certificate}")] {
        let url = format!("{base}?sslmode={mode}");
        let server = Server::start(&folder.path().join("data"), &["--catalog", &url]);
        assert_eq!(cluster.encrypted(), 1, "{mode}");
        server.stop();
    }
    let strangers = format!("{base}?sslmode=verify-full");
    let mut refused = tonearm();
    refused
        .args(["token", "list", "--catalog", &strangers, "--data"])
        .arg(folder.path().join("data"));
    let refused = refused.output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("certificate"), "{}", stderr(&refused));
}
