//! Nodes behind nginx as `contrib/cluster/nginx.conf` sets it up.

use super::*;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};

/// nginx with the site that is shown, until it is dropped.
pub struct Nginx {
    process: Child,
    pub address: SocketAddr,
}

impl Nginx {
    pub fn start(folder: &Path, nodes: &[Server]) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let shown = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/cluster/nginx.conf");
        let mut site = std::fs::read_to_string(shown).unwrap();
        site = site.replace("listen 8080", &format!("listen {address}"));
        for (n, node) in (1..).zip(nodes) {
            site = site.replace(&format!("node-{n}:8080"), &node.address.to_string());
        }
        let at = |name: &str| folder.join(name).display().to_string();
        let own = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let own = own.map(|name| format!("{name}_temp_path {};\n", at(name))).concat();
        std::fs::write(folder.join("site.conf"), site).unwrap();
        let around = format!(
            "daemon off; pid {}; error_log {};\nevents {{}}\nhttp {{ access_log off;\n{own}include {}; }}\n",
            at("pid"),
            at("nginx.log"),
            at("site.conf")
        );
        std::fs::write(folder.join("nginx.conf"), around).unwrap();
        let process = Command::new("nginx")
            .args(["-c", &at("nginx.conf")])
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx runs (scripts/setup installs it)");
        let nginx = Self { process, address };
        until("nginx does not listen", || TcpStream::connect(address).is_ok());
        nginx
    }

    pub fn get(&self, path: &str) -> Answer {
        Request::new(self.address, "GET", path).send()
    }
}

impl Drop for Nginx {
    /// Its workers end with it, when it is asked to and not when it is killed.
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

#[test]
fn each_recording_is_one_nodes_until_that_one_is_gone() {
    let mut nodes = Nodes::start(3, &SHARED.fresh());
    let folder = TempDir::new().unwrap();
    let nginx = Nginx::start(folder.path(), &nodes.nodes);
    let recording = std::fs::read(sources::speech(folder.path())).unwrap();
    let path = format!("/core/v2/storage/files?container_sid={}&name=speech.wav", nodes.container);
    let upload = Request::new(nginx.address, "POST", &path).token(&nodes.token);
    let upload = upload.header("Content-Type", "application/octet-stream").body(&recording).send();
    assert_eq!(upload.status, 201, "{}", upload.text());
    let link = format!("/f/{}", text(&upload.json()["file_sid"]));
    let first = nginx.get(&format!("{link}?f=mp3"));
    assert_eq!((first.status, first.whole), (200, true));
    for options in ["", "?f=ogg", "?f=ulaw", "?f=mp3"] {
        assert_eq!(nginx.get(&format!("{link}{options}")).status, 200);
    }
    let lines = |n: usize| nodes.nodes[n].log().matches(&link).count();
    until("not all requests are logged", || (0..3).map(lines).sum::<usize>() == 5);
    let asked: Vec<_> = (0..3).filter(|n| lines(*n) > 0).collect();
    assert_eq!(asked.len(), 1, "one node transcodes and caches a recording");
    nodes.nodes.remove(asked[0]).kill();
    let again = nginx.get(&format!("{link}?f=mp3"));
    assert!(again.status == 200 && again.body == first.body, "{}", again.status);
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!(nginx.get("/metrics").status, 403);
    // An upload in several requests is one node's.
    for round in 0..8 {
        let tus = |method: &str, path: &str| {
            let request = Request::new(nginx.address, method, path).token(&nodes.token);
            request.header("Tus-Resumable", "1.0.0")
        };
        let begun = tus("POST", "/core/v2/storage/uploads").header("Upload-Length", "6").send();
        assert_eq!(begun.status, 201, "{}", begun.text());
        let place = begun.header("location").expect("a place");
        let path = &format!("/core/v2/storage/{place}");
        for (offset, part) in [("0", b"abc"), ("3", b"def")] {
            let request = tus("PATCH", path).header("Upload-Offset", offset);
            let request = request.header("Content-Type", "application/offset+octet-stream");
            let gone_on = request.body(part).send();
            assert_eq!(gone_on.status, 204, "{round}: {}", gone_on.text());
        }
    }
}

#[test]
fn all_requests_of_an_upload_come_to_the_node_that_has_it() {
    let nodes = Nodes::start(3, &SHARED.fresh());
    let folder = TempDir::new().unwrap();
    let nginx = Nginx::start(folder.path(), &nodes.nodes);
    let tus = |method: &str, path: &str| {
        let request = Request::new(nginx.address, method, path).token(&nodes.token);
        request.header("Tus-Resumable", "1.0.0")
    };
    for _ in 0..5 {
        let path = "/core/v2/storage/uploads";
        let begun = tus("POST", path).header("Upload-Length", "10").send();
        assert_eq!(begun.status, 201, "{}", begun.text());
        let path = format!("/core/v2/storage/{}", begun.header("location").expect("a place"));
        for (offset, bytes) in [("0", b"01234"), ("5", b"56789")] {
            let request = tus("PATCH", &path).header("Upload-Offset", offset).body(bytes);
            let brought = request.header("Content-Type", "application/offset+octet-stream").send();
            assert_eq!(brought.status, 204, "{}", brought.text());
        }
    }
}

#[test]
fn the_compose_file_names_settings_that_there_are() {
    let shown = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/cluster/compose.yaml");
    let shown = std::fs::read_to_string(shown).unwrap();
    let help = crate::running::stdout(&crate::running::run(&["serve", "--help"]));
    let words = shown.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names: Vec<_> = words.filter(|word| word.starts_with("TONEARM_")).collect();
    assert!(names.len() >= 5);
    for name in names {
        assert!(help.contains(&format!("[env: {name}")), "{name}");
    }
}
