//! A PostgreSQL of the tests' own, as Debian installs it: one for all tests of a process, in a folder that goes with
//! it.
#![allow(dead_code, clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// Makes the cluster unless it is there, starts it, says so, and stops it when nobody holds its input any more; its
/// folder goes with it, unless anything was written there.
const SCRIPT: &str = r#"
    export PATH="$1:$PATH"; cd "$2"
    [ -d data ] || initdb -D data -U tonearm --auth=trust --encoding=UTF8 --locale=C --no-sync >initdb.log
    pg_ctl -D data -w -t 60 -l log -o "-p $3 -k $2 -c listen_addresses=127.0.0.1 -c max_connections=300 \
        -c fsync=off -c full_page_writes=off -c shared_buffers=32MB $4" start >start.log
    echo started
    told=$(cat)
    pg_ctl -D data -m immediate stop >stop.log
    if [ -z "$told" ]; then cd /; rm -rf "$2"; fi
    echo stopped
"#;

/// A cluster; it ends with its value, or with the process.
pub struct Cluster {
    dir: TempDir,
    port: u16,
    options: String,
    running: Option<(Child, ChildStdin, BufReader<std::process::ChildStdout>)>,
}

impl Cluster {
    pub fn start(options: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
        if is_root() {
            // PostgreSQL refuses to run as root.
            assert!(
                Command::new("chown").arg("postgres").arg(dir.path()).status().unwrap().success()
            );
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut cluster = Self { dir, port, options: options.to_owned(), running: None };
        cluster.go_on();
        cluster
    }

    /// One that speaks TLS by this key and certificate, files of PEM.
    pub fn with_certificate(key: &str, certificate: &str) -> Self {
        let mut cluster = Self::start("");
        cluster.stop();
        for (file, name) in [(key, "key.pem"), (certificate, "cert.pem")] {
            let path = cluster.dir.path().join(name);
            std::fs::copy(file, &path).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            if is_root() {
                assert!(
                    Command::new("chown").arg("postgres").arg(&path).status().unwrap().success()
                );
            }
        }
        let path = |name: &str| cluster.dir.path().join(name).display().to_string();
        cluster.options = format!(
            "-c ssl=on -c ssl_key_file={} -c ssl_cert_file={}",
            path("key.pem"),
            path("cert.pem")
        );
        cluster.go_on();
        cluster
    }

    /// 1 if all connections of others are encrypted, and there are such; 0 if not.
    pub fn encrypted(&self) -> i64 {
        let mut db = self.client("postgres");
        let sql = "SELECT CAST(coalesce(bool_and(ssl), false) AS INTEGER)::BIGINT FROM pg_stat_ssl
            JOIN pg_stat_activity USING (pid) WHERE application_name = 'tonearm'";
        db.query_one(sql, &[]).unwrap().get(0)
    }

    /// Starts it again.
    pub fn go_on(&mut self) {
        let folder = self.dir.path().to_str().unwrap();
        let program = if is_root() { "runuser" } else { "sh" };
        let mut command = Command::new(program);
        if is_root() {
            command.args(["-u", "postgres", "--", "sh"]);
        }
        command.args([
            "-ec",
            SCRIPT,
            "sh",
            PROGRAMS,
            folder,
            &self.port.to_string(),
            &self.options,
        ]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        told.read_line(&mut line).unwrap();
        let log = || std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
        assert_eq!(line, "started\n", "scripts/setup installs postgresql-15\n{}", log());
        self.running = Some((child, input, told));
    }

    /// Ends it at once, as a crash does.
    pub fn stop(&mut self) {
        if let Some((mut child, mut input, mut told)) = self.running.take() {
            input.write_all(b"to go on").unwrap();
            drop(input);
            let mut line = String::new();
            let _ = told.read_line(&mut line);
            let _ = child.wait();
        }
    }

    /// The URL of a database.
    pub fn url(&self, name: &str) -> String {
        format!("postgres://tonearm@127.0.0.1:{}/{name}", self.port)
    }

    /// A connection to a database.
    pub fn client(&self, name: &str) -> postgres::Client {
        postgres::Client::connect(&self.url(name), postgres::NoTls).unwrap()
    }

    /// Sessions with a database that wait for a lock.
    pub fn waiting(&self, name: &str) -> i64 {
        let sql = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = $1 AND wait_event_type = 'Lock'";
        self.client("postgres").query_one(sql, &[&name]).unwrap().get(0)
    }

    /// Runs statements in a database.
    pub fn run(&self, name: &str, sql: &str) {
        self.client(name).batch_execute(sql).unwrap();
    }

    /// The URL of a new database.
    pub fn fresh(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.run("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The one that tests share.
pub static SHARED: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(""));

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}
