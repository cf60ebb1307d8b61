//! What `tonearm --version` says: the version, and in a release build the commit. A build without git, from an archive,
//! says the version alone, or what TONEARM_COMMIT holds. Debug builds never ask git, because each commit would build
//! them anew. And how a release build is linked.

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
    if is_release() && links_by_lld() {
        // It keeps one of functions that are the same code; nothing here compares functions by their address.
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    }
}

fn is_release() -> bool {
    std::env::var("PROFILE").is_ok_and(|profile| profile == "release")
}

/// Whether rustc brings a linker of its own, which it uses then; a distribution's may use the system's.
fn links_by_lld() -> bool {
    let asked = ["--print", "target-libdir"];
    std::env::var("TARGET").is_ok_and(|target| target == "x86_64-unknown-linux-gnu")
        && said(&std::env::var("RUSTC").unwrap_or_default(), &asked)
            .is_some_and(|libraries| Path::new(&libraries).join("../bin/gcc-ld/ld.lld").exists())
}

fn commit() -> Option<String> {
    if let Ok(given) = std::env::var("TONEARM_COMMIT") {
        return Some(given).filter(|commit| !commit.is_empty());
    }
    // Within another repository's folder, git would tell that one's commit.
    if !is_release() || !Path::new(".git").exists() {
        return None;
    }
    // The log of HEAD grows with every commit and checkout, whatever branch they are on.
    for file in ["HEAD", "logs/HEAD"] {
        println!("cargo::rerun-if-changed={}", git(&["rev-parse", "--git-path", file])?);
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(args: &[&str]) -> Option<String> {
    said("git", args)
}

/// What a program writes, unless it fails.
fn said(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok().filter(|o| o.status.success())?;
    String::from_utf8(output.stdout).ok().map(|text| text.trim().to_owned())
}
