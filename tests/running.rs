//! The binary as it is shipped: servers started on a folder of their own, and single commands.

use crate::client::{Answer, Request};
use crate::spread;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

/// Longest that a server may take to get ready.
const START: Duration = Duration::from_secs(120);

/// Longest that a test waits for what comes soon: only what never comes is to fail, however busy the machine is.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for what is to come true soon.
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Where scripts/setup installs tools, each in a folder of its own.
pub fn tools() -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_tonearm"));
    binary.ancestors().nth(2).expect("the target folder").join("tools")
}

/// The binary under test.
pub fn tonearm() -> Command {
    without_settings(env!("CARGO_BIN_EXE_tonearm"))
}

/// A program that finds no setting of tonearm in its environment; cargo leaves one there.
pub fn without_settings(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars().filter(|(n, _)| n.starts_with("TONEARM_")) {
        command.env_remove(name);
    }
    command
}

/// Runs one command to its end.
pub fn run(args: &[&str]) -> Output {
    let mut command = tonearm();
    spread::find(&mut command, args);
    command.args(args).stdin(Stdio::null()).output().expect("the binary runs")
}

/// Runs one command with this on its stdin.
pub fn run_with_input(args: &[&str], input: &[u8]) -> Output {
    let mut child = tonearm()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin = child.stdin.take().expect("stdin");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("the binary ends");
    let _ = writer.join();
    output
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Keys that the store of the tests believes.
pub const KEYS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret")];

/// A server that runs until it is dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub data: PathBuf,
    /// What it printed before it was ready.
    pub welcome: Vec<String>,
    lines: Mutex<mpsc::Receiver<String>>,
    /// Further nodes over the same store.
    pub others: Vec<Self>,
}

impl Server {
    /// Starts a server on `data`; `args` follow `serve`.
    pub fn start(data: &Path, args: &[&str]) -> Self {
        let mut command = tonearm();
        let nodes = spread::settle(&mut command, data, args);
        let mut first = Self::start_by(command, "127.0.0.1:0", data, args);
        let further = |n: usize| {
            let mut command = tonearm();
            spread::settle(&mut command, data, args);
            // All nodes give the same links.
            command.env("TONEARM_PUBLIC_URL", format!("http://{}", first.address));
            let data = data.with_extension(format!("node-{n}"));
            Self::start_by(command, "127.0.0.1:0", &data, args)
        };
        first.others = (1..nodes).map(further).collect();
        first
    }

    /// As `start`, at a given address.
    pub fn start_at(listen: &str, data: &Path, args: &[&str]) -> Self {
        Self::start_by(tonearm(), listen, data, args)
    }

    /// As `start`, with a cache on a file system of its own of so many KiB.
    pub fn start_with_small_cache(kib: u32, data: &Path, args: &[&str]) -> Self {
        use std::os::unix::fs::MetadataExt;
        let cache = data.join("cache");
        std::fs::create_dir_all(&cache).expect("a cache folder");
        let mut command = Command::new("unshare");
        if std::fs::metadata("/proc/self").expect("/proc").uid() != 0 {
            command.arg("--map-root-user");
        }
        // The mount lives as long as the server, and is seen by it alone.
        let script = format!("mount -t tmpfs -o size={kib}k tonearm \"$0\" && exec \"$@\"");
        command.args(["--mount", "sh", "-c", &script]).arg(&cache);
        command.arg(tonearm().get_program());
        Self::start_by(command, "127.0.0.1:0", data, args)
    }

    /// As `start`, with at most so many descriptors.
    pub fn start_with_descriptors(most: u32, data: &Path, args: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {most} && exec \"$0\" \"$@\"")]);
        command.arg(tonearm().get_program());
        Self::start_by(command, "127.0.0.1:0", data, args)
    }

    /// As `start`, by a command that runs the binary where its data folder is seen at another place.
    pub fn start_where(command: Command, data: &Path, seen: &Path) -> Self {
        let mut server = Self::start_by(command, "127.0.0.1:0", data, &[]);
        server.data = seen.to_owned();
        server
    }

    /// As `start`, with its files in the bucket of a URL.
    pub fn start_on_bucket(url: &str, data: &Path, args: &[&str]) -> Self {
        let mut command = tonearm();
        command.envs(KEYS);
        Self::start_by(command, "127.0.0.1:0", data, &[&["--blobs", url], args].concat())
    }

    /// As `start_at`, by a command that runs the binary.
    pub fn start_by(mut command: Command, listen: &str, data: &Path, args: &[&str]) -> Self {
        std::fs::create_dir_all(data).expect("a data folder");
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(data.with_extension("log"))
            .expect("a log");
        let mut child = command
            .args(["serve", "--listen", listen, "--data"])
            .arg(data)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the server starts");
        let lines = follow(child.stdout.take().expect("stdout"));
        let mut welcome = Vec::new();
        let until = Instant::now() + START;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = lines.recv_timeout(left) else {
                let _ = child.kill();
                let _ = child.wait();
                let log = std::fs::read_to_string(data.with_extension("log")).unwrap_or_default();
                panic!("the server did not get ready; it printed {welcome:?} and logged: {log}");
            };
            let place = line.strip_prefix("listening on http");
            if let Some((_, address)) = place.and_then(|place| place.split_once("://")) {
                let address = address.trim().parse().expect("an address");
                return Self {
                    child,
                    address,
                    data: data.to_owned(),
                    welcome,
                    lines: Mutex::new(lines),
                    others: Vec::new(),
                };
            }
            welcome.push(line);
        }
    }

    /// The next line that it prints once it is ready.
    pub fn next_line(&self) -> String {
        self.lines.lock().unwrap().recv_timeout(PATIENCE).expect("another line")
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data.with_extension("log")).unwrap_or_default()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send()
    }

    pub fn head(&self, path: &str) -> Answer {
        self.request("HEAD", path).send()
    }

    pub fn range(&self, path: &str, range: &str) -> Answer {
        self.request("GET", path).range(range).send()
    }

    pub fn request(&self, method: &str, path: &str) -> Request {
        let asked = match spread::by_chance(1 + self.others.len()) {
            0 => self,
            n => &self.others[n - 1],
        };
        Request::new(self.address, method, path).by(asked.address)
    }

    /// The administrator's token, as kept beside the data.
    pub fn token(&self) -> String {
        let kept = std::fs::read_to_string(self.data.join("admin.token")).expect("admin.token");
        kept.trim().to_owned()
    }

    /// A token made on the command line.
    #[track_caller]
    pub fn new_token(&self, args: &[&str]) -> String {
        let data = self.data.to_str().unwrap();
        let output = run(&[&["token", "create", "--data", data], args].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).trim().to_owned()
    }

    /// The sid of the container that is there from the start.
    pub fn container(&self) -> String {
        let answer = self.request("GET", "/core/v2/storage/containers").token(&self.token()).send();
        assert_eq!(answer.status, 200, "{}", answer.text());
        text(&answer.json()["items"][0]["container_sid"])
    }

    /// An upload of raw bytes under a name, before it is sent.
    pub fn upload_request(&self, name: &str, bytes: &[u8]) -> Request {
        let (container, name) = (self.container(), name.replace(' ', "%20"));
        let path = format!("/core/v2/storage/files?container_sid={container}&name={name}");
        let upload = self.request("POST", &path).token(&self.token());
        upload.header("Content-Type", "application/octet-stream").body(bytes)
    }

    /// Uploads raw bytes under a name; the path of the publish link.
    pub fn upload(&self, name: &str, bytes: &[u8]) -> String {
        let answer = self.upload_request(name, bytes).send();
        assert_eq!(answer.status, 201, "{}", answer.text());
        format!("/f/{}", text(&answer.json()["file_sid"]))
    }

    /// Uploads raw bytes under a name and a declared type; the path of the link.
    pub fn upload_declared(&self, name: &str, bytes: &[u8], declared: &str) -> String {
        let path = format!(
            "/core/v2/storage/files?container_sid={}&name={name}&mime_type={}",
            self.container(),
            declared.replace(' ', "%20").replace(';', "%3B")
        );
        let upload = self.request("POST", &path).token(&self.token());
        let answer = upload.header("Content-Type", "application/octet-stream").body(bytes).send();
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.json()["mime_type"], declared);
        format!("/f/{}", text(&answer.json()["file_sid"]))
    }

    /// Uploads raw bytes, published by a name (percent-encoded, without slashes); the path of the link.
    pub fn upload_named(&self, name: &str, bytes: &[u8]) -> String {
        let container = self.container();
        let path = format!(
            "/core/v2/storage/files?container_sid={container}&name=x&publish=file_access_name\
             &file_access_name={name}"
        );
        let upload = self.request("POST", &path).token(&self.token());
        let answer = upload.header("Content-Type", "application/octet-stream").body(bytes).send();
        assert_eq!(answer.status, 201, "{}", answer.text());
        format!("/c/{container}/{name}")
    }

    /// Sends a signal by its number's name, as `kill -NAME` does.
    pub fn signal(&self, name: &str) {
        self.others.iter().for_each(|node| node.signal(name));
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Descriptors that it has open.
    pub fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.child.id());
        std::fs::read_dir(folder).expect("a running process").count()
    }

    /// A figure of its metrics, by its name with its labels.
    pub fn metric(&self, name: &str) -> u64 {
        let text = self.get("/metrics").text();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().expect("a number")
    }

    /// Processes that it started and that are not reaped.
    pub fn children(&self) -> usize {
        let own = format!("\nPPid:\t{}\n", self.child.id());
        let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
        let statuses =
            processes.filter_map(|p| std::fs::read_to_string(p.path().join("status")).ok());
        statuses.filter(|status| status.contains(&own)).count()
    }

    /// Memory that it holds, in bytes.
    pub fn memory_bytes(&self) -> u64 {
        self.status_bytes("VmRSS:")
    }

    /// The most memory that it ever held, in bytes.
    pub fn most_memory_bytes(&self) -> u64 {
        self.status_bytes("VmHWM:")
    }

    fn status_bytes(&self, field: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("a running process");
        let line = status.lines().find_map(|l| l.strip_prefix(field)).expect("a field");
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib * 1024
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// Waits for it to end by itself; its exit code.
    pub fn wait(&mut self) -> Option<i32> {
        for node in &mut self.others {
            node.wait();
        }
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status.code();
            }
            assert!(Instant::now() < until, "the server does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends it as an administrator would, and waits.
    pub fn stop(mut self) {
        self.others.drain(..).for_each(Self::stop);
        self.signal("TERM");
        assert_eq!(self.wait(), Some(0), "a graceful end");
    }

    /// Ends it as a power failure would.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A JSON string's text.
pub fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// Lines of a pipe as they come; the pipe is read to its end, so that the writer never blocks.
pub fn follow(pipe: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let _ = send.send(line);
        }
    });
    receive
}
