//! What `tonearm --version` says: the version, and in a release build the commit. A build without git, from an archive,
//! says the version alone, or what TONEARM_COMMIT holds. Debug builds never ask git, because each commit would build
//! them anew.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=TONEARM_COMMIT");
    println!("cargo::rerun-if-changed=crates/app/build.rs");
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let named = match commit() {
        Some(commit) => format!("{version} ({commit})"),
        None => version,
    };
    println!("cargo::rustc-env=TONEARM_VERSION={named}");
}

fn commit() -> Option<String> {
    if let Ok(given) = std::env::var("TONEARM_COMMIT") {
        return Some(given).filter(|commit| !commit.is_empty());
    }
    // Within another repository's folder, git would tell that one's commit.
    if std::env::var("PROFILE").ok()? != "release" || !Path::new(".git").exists() {
        return None;
    }
    // The log of HEAD grows with every commit and checkout, whatever branch they are on.
    for file in ["HEAD", "logs/HEAD"] {
        println!("cargo::rerun-if-changed={}", git(&["rev-parse", "--git-path", file])?);
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok().filter(|o| o.status.success())?;
    String::from_utf8(output.stdout).ok().map(|text| text.trim().to_owned())
}
