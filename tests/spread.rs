//! The suites over several equal nodes. `TONEARM_TEST_NODES=3` makes each server of [`Server::start`] three, over a
//! database and a bucket of their own, and sends each request to one of them by chance; a command finds the store by
//! the data folder that it names.
//!
//! Nothing is kept of look-ups, because a suite asks at once for what it has changed through another node.
//!
//! [`Server::start`]: crate::running::Server::start

use crate::postgres_cluster::SHARED;
use crate::running::KEYS;
use crate::s3::S3;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// Where the nodes of a data folder have their store.
struct Home {
    catalog: String,
    bucket: S3,
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

/// Gives the store of a data folder to a server that is to be several nodes, unless it names a store itself.
pub fn settle(command: &mut Command, data: &Path, args: &[&str]) -> bool {
    if nodes() == 1 || args.iter().any(|arg| matches!(*arg, "--catalog" | "--blobs")) {
        return false;
    }
    let mut homes = HOMES.lock().unwrap();
    let home = homes
        .entry(data.to_owned())
        .or_insert_with(|| Home { catalog: SHARED.fresh(), bucket: S3::start() });
    home.tell(command);
    command.env("TONEARM_STALE_LINKS_MS", "0");
    true
}

/// Gives the store to a command that names a data folder of such nodes.
pub fn find(command: &mut Command, args: &[&str]) {
    let data = args.windows(2).find(|pair| pair[0] == "--data").map(|pair| PathBuf::from(pair[1]));
    if let Some(data) = data
        && let Some(home) = HOMES.lock().unwrap().get(&data)
        && !args.contains(&"--catalog")
    {
        home.tell(command);
    }
}

impl Home {
    fn tell(&self, command: &mut Command) {
        command.envs(KEYS).env("TONEARM_CATALOG", &self.catalog);
        command.env("TONEARM_BLOBS", self.bucket.url());
    }
}
