//! The suites over other stores than a data folder, by the environment; each server of [`Server::start`] has one of its
//! own, and a command finds it by the data folder that it names.
//!
//! - `TONEARM_TEST_NODES=3`: each server is three equal nodes, over a database and a bucket, and each request goes to
//!   one of them by chance. Nothing is kept of look-ups, because a suite asks at once for what it has changed through
//!   another node.
//! - `TONEARM_TEST_BLOBS=URL`: files lie in that bucket, each server's below a prefix of its own; keys are those of the
//!   environment.
//!
//! What a test wants to see of a store it asks here, wherever that is.

use crate::postgres_cluster::SHARED;
use crate::running::{KEYS, Server};
use crate::s3::S3;
use catalog::Catalog;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Where a data folder has its store.
struct Home {
    /// Unless it lies in the folder.
    catalog: Option<String>,
    bucket: Bucket,
}

enum Bucket {
    Own(S3),
    Given(String),
}

static HOMES: Mutex<BTreeMap<PathBuf, Home>> = Mutex::new(BTreeMap::new());

/// How many nodes a server is.
pub fn nodes() -> usize {
    std::env::var("TONEARM_TEST_NODES").map_or(1, |count| count.parse().expect("a count of nodes"))
}

/// Any of so many.
pub fn by_chance(count: usize) -> usize {
    RandomState::new().build_hasher().finish() as usize % count
}

/// Gives the store of a data folder to a server that is to have another one, unless it names a store itself. How many
/// nodes the server is.
pub fn settle(command: &mut Command, data: &Path, args: &[&str]) -> usize {
    let (nodes, given) = (nodes(), std::env::var("TONEARM_TEST_BLOBS").ok());
    let is_named = args.iter().any(|arg| matches!(*arg, "--catalog" | "--blobs"));
    if is_named || (nodes == 1 && given.is_none()) {
        return 1;
    }
    let mut homes = HOMES.lock().unwrap();
    let home = homes.entry(data.to_owned()).or_insert_with(|| Home {
        catalog: (nodes > 1).then(|| SHARED.fresh()),
        bucket: given.map_or_else(|| Bucket::Own(S3::start()), |url| Bucket::Given(below(&url))),
    });
    home.tell(command);
    if nodes > 1 {
        command.env("TONEARM_STALE_LINKS_MS", "0");
    }
    nodes
}

/// A new prefix below that of a bucket's URL.
fn below(url: &str) -> String {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let prefix = format!("{:016x}", by_chance(usize::MAX));
    format!("{}/{prefix}?{query}", path.trim_end_matches('/'))
}

/// Gives the store to a command that names a data folder with another one.
pub fn find(command: &mut Command, args: &[&str]) {
    let data = args.windows(2).find(|pair| pair[0] == "--data").map(|pair| PathBuf::from(pair[1]));
    if let Some(data) = data
        && let Some(home) = HOMES.lock().unwrap().get(&data)
        && !args.iter().any(|arg| matches!(*arg, "--catalog" | "--blobs"))
    {
        home.tell(command);
    }
}

impl Home {
    fn tell(&self, command: &mut Command) {
        if let Some(catalog) = &self.catalog {
            command.env("TONEARM_CATALOG", catalog);
        }
        match &self.bucket {
            Bucket::Own(s3) => command.envs(KEYS).env("TONEARM_BLOBS", s3.url()),
            Bucket::Given(url) => command.env("TONEARM_BLOBS", url),
        };
    }
}

/// The database of a data folder, if it has one.
fn database(data: &Path) -> Option<String> {
    HOMES.lock().unwrap().get(data).and_then(|home| home.catalog.clone())
}

/// The catalog of a data folder, beside a server.
pub fn catalog(runtime: &Runtime, data: &Path) -> Catalog {
    let opened = match database(data) {
        Some(url) => runtime.block_on(Catalog::connect(url.parse().unwrap(), Duration::MAX)),
        None => Catalog::join(data.join("catalog.sqlite")),
    };
    opened.expect("a catalog")
}

/// Changes the catalog of a data folder behind everybody's back, by what both databases understand.
pub fn change(data: &Path, sql: &str) {
    if let Some(url) = database(data) {
        return SHARED.run(url.rsplit('/').next().unwrap(), sql);
    }
    let script =
        "import sqlite3, sys\nsqlite3.connect(sys.argv[1]).executescript(sys.stdin.read())";
    let mut python = Command::new("python3");
    python.args(["-c", script]).arg(data.join("catalog.sqlite")).stdin(Stdio::piped());
    let mut python = python.spawn().expect("python3 runs");
    python.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    assert!(python.wait().unwrap().success(), "{sql}");
}

impl Server {
    /// What is coming in at its nodes, or was left of that.
    pub fn drafts(&self) -> usize {
        let drafts = |node: &Self| std::fs::read_dir(node.data.join("tmp")).unwrap().count();
        drafts(self) + self.others.iter().map(drafts).sum::<usize>()
    }

    /// The objects that hold what is stored, each a hash and more: those on the disk; of a bucket, where they go an
    /// hour after the last file, those that the catalog tells of.
    pub fn objects(&self) -> Vec<String> {
        if !HOMES.lock().unwrap().contains_key(&self.data) {
            let names = files_below(&self.data.join("blobs")).into_iter();
            return names.map(|path| path.file_name().unwrap().to_string_lossy().into()).collect();
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let catalog = catalog(&runtime, &self.data);
        let objects = runtime.block_on(catalog.objects_after(String::new(), 1000)).unwrap();
        objects.into_iter().map(|(name, _)| name).collect()
    }
}

/// The files below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
