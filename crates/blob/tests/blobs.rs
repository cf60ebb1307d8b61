//! Objects survive what they should and nothing else.
#![allow(clippy::unwrap_used)]

use blob::{DataFolder, GetError, Hash, Local, ObjectName, Reserve};
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

async fn put(blobs: &Local, bytes: &[u8]) -> ObjectName {
    let mut draft = blobs.begin().unwrap();
    draft.write(bytes).unwrap();
    let name = ObjectName::fresh(draft.hash()).unwrap();
    blobs.put(name, draft).await.unwrap();
    name
}

async fn read(blobs: &Local, name: ObjectName) -> Option<String> {
    let mut text = String::new();
    blobs.get(name).await.ok()?.read_to_string(&mut text).unwrap();
    Some(text)
}

fn files_under(folder: &Path) -> usize {
    fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .fold(0, |n, path| n + if path.is_dir() { files_under(&path) } else { 1 })
}

fn place(data: &Path, top: &str, name: &ObjectName) -> PathBuf {
    let name = name.to_string();
    data.join(top).join(&name[..2]).join(&name[2..4]).join(name)
}

#[tokio::test]
async fn each_put_is_an_object_of_its_own_and_goes_alone() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Local::open(dir.path()).unwrap();
    let (first, second) = (put(&blobs, b"ring").await, put(&blobs, b"ring").await);
    assert_ne!(first, second);
    assert_eq!([first.hash(), second.hash()], [&Hash::of(b"ring"); 2]);
    assert!(place(dir.path(), "blobs", &first).is_file());
    assert!(blobs.remove(vec![first]).await.unwrap().is_empty());
    assert_eq!(read(&blobs, first).await, None);
    assert_eq!(read(&blobs, second).await.as_deref(), Some("ring"));
    assert_eq!(files_under(&dir.path().join("tmp")), 0);
}

#[tokio::test]
async fn a_dropped_draft_and_the_leftovers_of_a_crash_go() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Local::open(dir.path()).unwrap();
    let mut draft = blobs.begin().unwrap();
    draft.write(b"half").unwrap();
    assert_eq!(files_under(&dir.path().join("tmp")), 1);
    drop(draft);
    assert_eq!(files_under(&dir.path().join("tmp")), 0);
    fs::write(dir.path().join("tmp/draft-crashed"), b"half").unwrap();
    let kept = put(&blobs, b"whole").await;
    let blobs = Local::open(dir.path()).unwrap();
    assert_eq!(files_under(&dir.path().join("tmp")), 0);
    assert_eq!(read(&blobs, kept).await.as_deref(), Some("whole"));
}

#[tokio::test]
async fn an_open_object_outlives_its_removal() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Local::open(dir.path()).unwrap();
    let name = put(&blobs, b"still here").await;
    let mut open = blobs.get(name).await.unwrap();
    for _ in 0..2 {
        assert!(blobs.remove(vec![name]).await.unwrap().is_empty());
    }
    assert_eq!(read(&blobs, name).await, None);
    let mut back = String::new();
    open.read_to_string(&mut back).unwrap();
    assert_eq!(back, "still here");
}

#[tokio::test]
async fn what_cannot_be_removed_is_named_and_the_others_go() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Local::open(dir.path()).unwrap();
    let mut names = Vec::new();
    for bytes in [b"first", b"stuck", b"last!"] {
        names.push(put(&blobs, bytes).await);
    }
    let stuck = place(dir.path(), "blobs", &names[1]);
    fs::remove_file(&stuck).unwrap();
    fs::create_dir(&stuck).unwrap();
    let left = blobs.remove(names.clone()).await.unwrap();
    assert_eq!(left.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names[1..2]);
    assert_eq!(files_under(&dir.path().join("blobs")), 0);
}

#[tokio::test]
async fn the_names_of_earlier_versions_are_objects_too() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Local::open(dir.path()).unwrap();
    let old: ObjectName = Hash::of(b"old").to_string().parse().unwrap();
    let path = place(dir.path(), "blobs", &old);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "old").unwrap();
    assert_eq!(read(&blobs, old).await.as_deref(), Some("old"));
    let listed = blobs.beginning_with(old.hash().as_bytes()[0]).await.unwrap();
    assert_eq!(listed.iter().map(|f| (f.name, f.length_bytes)).collect::<Vec<_>>(), [(old, 3)]);
    assert!(blobs.remove(vec![old]).await.unwrap().is_empty());
    assert!(!path.exists());
}

#[tokio::test]
async fn what_is_set_aside_lies_in_strays_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Local::open(dir.path()).unwrap();
    let name = put(&blobs, b"nobody's").await;
    blobs.set_aside(name).await.unwrap();
    assert_eq!(read(&blobs, name).await, None);
    Local::open(dir.path()).unwrap();
    assert_eq!(fs::read(place(dir.path(), "strays", &name)).unwrap(), b"nobody's");
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
fn hashes_and_names_are_parsed_from_lower_case_hex_alone() {
    let hash = Hash::of(b"x");
    assert_eq!(hash.to_string().parse(), Ok(hash));
    assert!(hash.to_string().to_uppercase().parse::<Hash>().is_err());
    assert!("../../etc/passwd".parse::<Hash>().is_err());
    let name = ObjectName::fresh(hash).unwrap();
    assert_eq!(name.to_string().parse(), Ok(name));
    for nonce in ["", "0", "0123456789ABCDEF", "+123456789abcdef", "0123456789abcdef0", "..", "ü1"]
    {
        assert!(format!("{hash}.{nonce}").parse::<ObjectName>().is_err(), "{nonce}");
    }
}

fn is_damaged(got: &Result<fs::File, GetError>) -> bool {
    matches!(got, Err(GetError::Damaged(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_a_disk_spoiled_is_not_given_out_after_a_start() {
    let dir = tempfile::tempdir().unwrap();
    let name = put(&Local::open(dir.path()).unwrap(), &[7; 3_000_000]).await;
    let path = place(dir.path(), "blobs", &name);
    let spoil = |at: usize| {
        let mut bytes = fs::read(&path).unwrap();
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
    };
    for at in [0, 1_500_000, 2_999_999] {
        let blobs = Local::open(dir.path()).unwrap();
        spoil(at);
        let asked: Vec<_> = (0..4)
            .map(|_| {
                tokio::spawn({
                    let blobs = blobs.clone();
                    async move { blobs.get(name).await }
                })
            })
            .collect();
        for got in asked {
            assert!(is_damaged(&got.await.unwrap()), "at {at}");
        }
        // Put right by hand, it is given out at once.
        spoil(at);
        blobs.get(name).await.unwrap();
    }
    fs::write(&path, "shorter").unwrap();
    assert!(is_damaged(&Local::open(dir.path()).unwrap().get(name).await));
    fs::remove_file(&path).unwrap();
    let got = Local::open(dir.path()).unwrap().get(name).await;
    assert!(matches!(got, Err(GetError::Missing(_))));
    assert!(got.unwrap_err().to_string().contains(path.to_str().unwrap()));
}

#[tokio::test]
async fn what_was_compared_is_trusted_until_a_check_finds_it_spoiled() {
    let dir = tempfile::tempdir().unwrap();
    let name = put(&Local::open(dir.path()).unwrap(), b"sound").await;
    let blobs = Local::open(dir.path()).unwrap();
    blobs.get(name).await.unwrap();
    blobs.check(name, u64::MAX).await.unwrap();
    let path = place(dir.path(), "blobs", &name);
    fs::write(&path, "Sound").unwrap();
    blobs.get(name).await.unwrap();
    assert!(matches!(blobs.check(name, u64::MAX).await, Err(GetError::Damaged(_))));
    assert!(is_damaged(&blobs.get(name).await));
    fs::remove_file(&path).unwrap();
    assert!(matches!(blobs.check(name, u64::MAX).await, Err(GetError::Missing(_))));
}

#[tokio::test]
async fn an_object_is_lost_only_if_no_other_took_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Local::open(dir.path()).unwrap();
    let (gone, here) = (put(&blobs, b"bytes").await, put(&blobs, b"bytes").await);
    blobs.remove(vec![gone]).await.unwrap();
    let find = async |told: &[Option<ObjectName>]| {
        let mut told = told.iter().copied();
        let object = || std::future::ready(Ok::<_, GetError>(told.next().unwrap()));
        blobs.find(object).await
    };
    assert!(find(&[Some(gone), Some(here)]).await.unwrap().is_some());
    assert!(find(&[Some(gone), None]).await.unwrap().is_none());
    assert_eq!(blobs.lost_count(), 0);
    assert!(matches!(find(&[Some(gone), Some(gone)]).await, Err(GetError::Missing(_))));
    assert_eq!(blobs.lost_count(), 1);
}

#[test]
fn a_reserve_is_kept_once_and_given_up_once() {
    let dir = tempfile::tempdir().unwrap();
    let reserve = Reserve::of(dir.path());
    assert!(!reserve.give_up());
    for _ in 0..2 {
        reserve.keep().unwrap();
        assert_eq!(fs::metadata(dir.path().join("reserve")).unwrap().len(), 4 << 20);
    }
    assert!(reserve.give_up() && !reserve.give_up());
}
