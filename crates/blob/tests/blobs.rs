//! Blobs survive what they should and nothing else.
#![allow(clippy::unwrap_used)]

use blob::{Blobs, DataFolder, Hash};
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;

fn put(blobs: &Blobs, bytes: &[u8]) -> Hash {
    let mut draft = blobs.begin().unwrap();
    draft.write(bytes).unwrap();
    draft.commit().unwrap().hash
}

fn files_under(folder: &Path) -> usize {
    fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .fold(0, |n, path| n + if path.is_dir() { files_under(&path) } else { 1 })
}

#[test]
fn identical_content_is_kept_once_under_its_blake3_address() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let (first, second) = (put(&blobs, b"ring"), put(&blobs, b"ring"));
    assert_eq!(first, second);
    assert_eq!(first, Hash::of(b"ring"));
    assert_eq!(files_under(&dir.path().join("blobs")), 1);
    let hex = first.to_string();
    assert!(dir.path().join("blobs").join(&hex[..2]).join(&hex[2..4]).join(&hex).is_file());
    let mut back = String::new();
    blobs.get(&first).unwrap().unwrap().read_to_string(&mut back).unwrap();
    assert_eq!(back, "ring");
}

#[test]
fn a_dropped_draft_and_the_leftovers_of_a_crash_go() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let mut draft = blobs.begin().unwrap();
    draft.write(b"half").unwrap();
    assert_eq!(files_under(&dir.path().join("tmp")), 1);
    drop(draft);
    assert_eq!(files_under(&dir.path().join("tmp")), 0);
    fs::write(dir.path().join("tmp/draft-crashed"), b"half").unwrap();
    let kept = put(&blobs, b"whole");
    let blobs = Blobs::open(dir.path()).unwrap();
    assert_eq!(files_under(&dir.path().join("tmp")), 0);
    assert!(blobs.exists(&kept));
}

#[test]
fn an_open_blob_outlives_its_removal() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let hash = put(&blobs, b"still here");
    let mut open = blobs.get(&hash).unwrap().unwrap();
    blobs.remove(&hash).unwrap();
    blobs.remove(&hash).unwrap();
    assert!(blobs.get(&hash).unwrap().is_none());
    let mut back = String::new();
    open.read_to_string(&mut back).unwrap();
    assert_eq!(back, "still here");
}

#[test]
fn a_data_folder_has_one_owner_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let owner = DataFolder::lock(dir.path()).unwrap();
    let refused = DataFolder::lock(dir.path()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::WouldBlock);
    assert!(refused.to_string().contains("in use"));
    drop(owner);
    DataFolder::lock(dir.path()).unwrap();
}

#[test]
fn a_hash_is_parsed_from_lower_case_hex_alone() {
    let hash = Hash::of(b"x");
    assert_eq!(hash.to_string().parse(), Ok(hash));
    assert!(hash.to_string().to_uppercase().parse::<Hash>().is_err());
    assert!("../../etc/passwd".parse::<Hash>().is_err());
}
