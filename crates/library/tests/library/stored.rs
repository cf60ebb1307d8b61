//! Stored bytes: put, then committed; removed once nothing refers to them.

use crate::fixture::*;
use library::{Beside, Classification, Error, Rest};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

#[tokio::test]
async fn an_unfinished_upload_leaves_nothing() {
    let f = fixture().await;
    let mut upload = f.library.begin_upload(&f.admin).await.unwrap();
    upload.write(&b"half"[..]).await.unwrap();
    drop(upload);
    assert_eq!(fs::read_dir(f.dir.path().join("tmp")).unwrap().count(), 0);
    assert_eq!(f.library.container(&f.admin, f.container).await.unwrap().usage.files, 0);
}

#[tokio::test]
async fn content_that_cannot_be_played_is_kept_and_goes_with_its_last_file() {
    let f = fixture().await;
    let (first, second) =
        (put(&f, "a.pdf", b"%PDF-1").await.unwrap(), put(&f, "b", b"%PDF-1").await.unwrap());
    assert_eq!(first.content_classification, Classification::Document);
    assert_eq!(first.mime_type, "application/pdf");
    assert_eq!(first.file_access_name, format!("{}.pdf", first.file_sid));
    f.library.delete_file(&f.admin, first.file_sid).await.unwrap();
    assert_eq!(stored(&f, &second).await, b"%PDF-1");
    f.library.delete_file(&f.admin, second.file_sid).await.unwrap();
    assert_eq!(objects(&f), [] as [PathBuf; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_file_loses_its_blob_to_racing_deletions() {
    let f = std::sync::Arc::new(fixture().await);
    let racers: Vec<_> = (0..8)
        .map(|_| {
            let f = f.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    let file = put(&f, "same", b"same content").await.unwrap();
                    assert!(f.catalog.object_of("", &file.content_hash).await.unwrap().is_some());
                    f.library.delete_file(&f.admin, file.file_sid).await.unwrap();
                }
            })
        })
        .collect();
    for racer in racers {
        racer.await.unwrap();
    }
    assert_eq!(objects(&f), [] as [PathBuf; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_leaves_in_the_midst_of_a_deletion_leaves_nothing_half_done() {
    let f = fixture().await;
    let mut files = Vec::new();
    for steps in 0..60 {
        let bytes: &'static [u8] =
            Box::leak(format!("content {steps}").into_bytes().into_boxed_slice());
        let file = put(&f, "a", bytes).await.unwrap();
        let mut deletion = Box::pin(f.library.delete_file(&f.admin, file.file_sid));
        for _ in 0..steps {
            tokio::select! {
                biased;
                done = &mut deletion => { done.unwrap(); break }
                () = tokio::time::sleep(Duration::from_micros(50)) => {}
            }
        }
        files.push((file.file_sid, bytes));
    }
    let until = Instant::now() + Duration::from_secs(60);
    for (sid, content) in files {
        while f.library.file(&f.admin, sid).await.is_err() == is_stored(&f, content) {
            assert!(Instant::now() < until, "the file is gone, its content stays");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn an_object_that_cannot_be_removed_holds_up_nothing_and_goes_later() {
    let f = fixture().await;
    let stuck = put(&f, "a", b"stuck").await.unwrap();
    let path = object_with(&f, b"stuck").unwrap();
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    f.library.delete_file(&f.admin, stuck.file_sid).await.unwrap();
    let other = put(&f, "b", b"other").await.unwrap();
    f.library.delete_file(&f.admin, other.file_sid).await.unwrap();
    assert!(!is_stored(&f, b"other") && path.exists());
    sql(&f, "UPDATE leftovers SET due_at = 0");
    fs::remove_dir(&path).unwrap();
    fs::write(&path, "stuck").unwrap();
    f.library.sweep().await.unwrap();
    assert_eq!(objects(&f), [] as [PathBuf; 0]);
    assert!(f.catalog.take_leftovers(LEFT_BY_NOW, 0, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_a_kill_between_a_deletion_and_its_end_left_goes_with_the_next_sweep() {
    let f = fixture().await;
    let file = put(&f, "a", b"deleted").await.unwrap();
    f.catalog.delete_file(file.file_sid).await.unwrap();
    assert!(is_stored(&f, b"deleted"));
    f.library.sweep().await.unwrap();
    assert!(!is_stored(&f, b"deleted"));
}

#[tokio::test]
async fn bytes_that_no_file_has_are_set_aside_and_never_removed_and_nothing_else_is() {
    let f = fixture().await;
    let kept = put(&f, "kept", b"kept").await.unwrap();
    let raw = put(&f, "raw.ulaw", b"raw").await.unwrap();
    assert!(raw.content_hash.contains('.'), "its address is a part of its id: {raw:?}");
    for file in [&b"kept"[..], b"raw"].map(|bytes| object_with(&f, bytes).unwrap()) {
        fs::File::open(file).unwrap().set_modified(SystemTime::now() - TWO_DAYS).unwrap();
    }
    // Uploads that are under way look like these.
    let young = stray(&f, b"just put", Duration::from_secs(23 * 3600)).await;
    let ahead = stray(&f, b"put before the clock went back", Duration::ZERO).await;
    let tomorrow = SystemTime::now() + Duration::from_secs(24 * 3600);
    fs::File::open(&ahead).unwrap().set_modified(tomorrow).unwrap();
    let left = stray(&f, b"left by a kill", TWO_DAYS).await;
    let beside = object_with(&f, b"kept").unwrap().with_file_name("notes.txt");
    fs::write(&beside, "ours").unwrap();
    fs::File::open(&beside).unwrap().set_modified(SystemTime::now() - TWO_DAYS).unwrap();
    assert_eq!(f.library.set_strays_aside().await.unwrap(), 1);
    let place = f.dir.path().join("strays");
    let place = place.join(left.strip_prefix(f.dir.path().join("blobs")).unwrap());
    assert!(!left.exists() && young.exists() && ahead.exists() && beside.exists());
    assert_eq!(fs::read(&place).unwrap(), b"left by a kill");
    assert_eq!((stored(&f, &kept).await, stored(&f, &raw).await), (b"kept".into(), b"raw".into()));
    let years = SystemTime::now() - 400 * TWO_DAYS;
    fs::File::open(&place).unwrap().set_modified(years).unwrap();
    assert_eq!(f.library.set_strays_aside().await.unwrap(), 0);
    assert!(place.exists());
}

#[tokio::test]
async fn beside_a_catalog_that_was_lost_no_bytes_are_removed() {
    let f = fixture().await;
    let left = stray(&f, b"all that is left", TWO_DAYS).await;
    assert_eq!(f.library.set_strays_aside().await.unwrap(), 0);
    assert!(left.exists());
}

/// Makes commits of new and changed files fail, though all of their statements succeed: a promise is found broken.
const COMMITS_FAIL: &str = "CREATE TABLE parents (id INTEGER PRIMARY KEY);
    CREATE TABLE promises (id INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
    CREATE TRIGGER breaks_a_new_file AFTER INSERT ON files BEGIN INSERT INTO promises VALUES (1); END;
    CREATE TRIGGER breaks_a_change AFTER UPDATE ON files BEGIN INSERT INTO promises VALUES (1); END;";

#[tokio::test]
async fn an_upload_whose_commit_fails_leaves_no_bytes_but_those_of_others() {
    let f = fixture().await;
    let old = put(&f, "old", b"known").await.unwrap();
    sql(&f, COMMITS_FAIL);
    for bytes in [&b"new"[..], b"known"] {
        let created = put(&f, "new", bytes).await;
        assert!(matches!(created, Err(Error::Storage(_))), "{created:?}");
        let replaced = replace(&f, old.file_sid, bytes).await;
        assert!(matches!(replaced, Err(Error::Storage(_))), "{replaced:?}");
    }
    f.library.sweep().await.unwrap();
    assert_eq!(objects(&f).len(), 1);
    assert_eq!(stored(&f, &old).await, b"known");
}

#[tokio::test]
async fn a_refused_upload_leaves_nothing_wherever_it_is_refused() {
    let f = fixture().await;
    let old = put(&f, "old", b"old").await.unwrap();
    let limited = said(&[("quota_bytes", json!(5))]);
    f.library.change_container(&f.admin, f.container, limited, Rest::Stays).await.unwrap();
    let upload = async |bytes: &'static [u8]| {
        let mut upload = f.library.begin_upload(&f.admin).await.unwrap();
        let name = json!(old.file_access_name);
        upload.say(said(&[("container_sid", json!(f.container)), ("file_access_name", name)]));
        upload.write(bytes).await.unwrap();
        upload.finish(Beside::Nothing).await
    };
    assert!(matches!(upload(b"too long").await, Err(Error::LimitReached { .. })));
    assert!(matches!(upload(b"n").await, Err(Error::Conflict { .. })));
    let longer = replace(&f, old.file_sid, b"longer than five").await;
    assert!(matches!(longer, Err(Error::LimitReached { .. })));
    assert_eq!((objects(&f).len(), temporary_files(&f).len()), (1, 0));
    assert_eq!(f.library.container(&f.admin, f.container).await.unwrap().usage.files, 1);
}

#[tokio::test]
async fn what_is_refused_is_not_even_put() {
    let f = fixture().await;
    let old = put(&f, "old", b"old").await.unwrap();
    let limited = said(&[("quota_bytes", json!(5))]);
    f.library.change_container(&f.admin, f.container, limited, Rest::Stays).await.unwrap();
    // Nothing can be put any more.
    let store = f.dir.path().join("blobs");
    fs::rename(&store, f.dir.path().join("elsewhere")).unwrap();
    fs::write(&store, "").unwrap();
    for refused in [put(&f, "new", b"new").await, replace(&f, old.file_sid, b"longer").await] {
        assert!(matches!(refused, Err(Error::LimitReached { .. })), "{refused:?}");
    }
    let tried = replace(&f, old.file_sid, b"new").await;
    assert!(matches!(tried, Err(Error::Storage(_))), "{tried:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_of_the_same_bytes_at_once_are_all_kept_in_one_object() {
    let f = std::sync::Arc::new(fixture().await);
    let uploads: Vec<_> = (0..8)
        .map(|_| {
            let f = f.clone();
            tokio::spawn(async move { put(&f, "same", b"the same bytes").await.unwrap() })
        })
        .collect();
    for upload in uploads {
        assert_eq!(stored(&f, &upload.await.unwrap()).await, b"the same bytes");
    }
    assert!(is_stored(&f, b"the same bytes"));
    assert_eq!(objects(&f).len(), 1);
}

#[tokio::test]
async fn bytes_that_were_lost_or_damaged_are_whole_once_they_come_in_again() {
    let f = fixture().await;
    let file = put(&f, "first", b"whole").await.unwrap();
    let damages: [fn(&Path); 3] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::write(path, "whale").unwrap(),
        |path| fs::write(path, "").unwrap(),
    ];
    for damage in damages {
        damage(&object_with(&f, b"whole").unwrap());
        put(&f, "again", b"whole").await.unwrap();
        assert_eq!(stored(&f, &file).await, b"whole");
        assert_eq!(objects(&f).len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_are_in_the_store_before_a_transaction_refers_to_them() {
    let f = std::sync::Arc::new(fixture().await);
    let path = f.dir.path().join("catalog.sqlite");
    let other = rusqlite::Connection::open(path).unwrap();
    // Whoever writes to the catalog now, waits.
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let upload = tokio::spawn({
        let f = f.clone();
        async move { put(&f, "a", b"put first").await }
    });
    let until = Instant::now() + Duration::from_secs(8);
    while !is_stored(&f, b"put first") {
        assert!(Instant::now() < until, "the put waits for the catalog");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!upload.is_finished());
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(stored(&f, &upload.await.unwrap().unwrap()).await, b"put first");
}

#[tokio::test]
async fn the_walk_finds_bytes_that_were_lost_and_whoever_holds_them_looks_again() {
    let f = fixture().await;
    for bytes in [&b"sound"[..], b"spoiled", b"missing"] {
        put(&f, "a", bytes).await.unwrap();
    }
    assert_eq!(f.library.check_objects(u64::MAX).await.unwrap(), 0);
    let before = f.catalog.generation();
    fs::write(object_with(&f, b"spoiled").unwrap(), "sp0iled").unwrap();
    fs::remove_file(object_with(&f, b"missing").unwrap()).unwrap();
    assert_eq!(f.library.check_objects(u64::MAX).await.unwrap(), 2);
    assert_eq!(f.library.lost_count(), 2);
    assert_ne!(f.catalog.generation(), before);
}

#[tokio::test]
async fn what_an_earlier_version_refused_is_probed_again_once_and_plays_then() {
    let f = fixture().await;
    let wav: &'static [u8] = &WAV;
    let plays = put(&f, "a.wav", wav).await.unwrap();
    let raw = put(&f, "b.sln", b"\0\0\x01\0").await.unwrap();
    let letter = put(&f, "c.txt", b"no audio").await.unwrap();
    assert_eq!((plays.content_format.as_str(), raw.content_format.as_str()), ("wav", "sln"));
    assert!(raw.content_hash.contains('.'));
    // As a version kept them that knew neither: both under the hash of their bytes alone.
    sql(
        &f,
        "INSERT INTO contents (content_hash, length_bytes, seek_index, stored_at)
            SELECT substr(content_hash, 1, 64), length_bytes, x'', stored_at FROM contents
            WHERE content_hash LIKE '%.%';
        UPDATE files SET content_hash = substr(content_hash, 1, 64), content_format = 'bin',
            content_duration = NULL, content_classification = 'unknown';
        DELETE FROM contents WHERE content_hash LIKE '%.%';
        UPDATE contents SET facts = NULL, probe_error = 'unknown', probe_revision = 0;",
    );
    let before = f.catalog.generation();
    assert_eq!(f.library.probe_again().await.unwrap(), 2);
    assert_ne!(f.catalog.generation(), before, "links in use would not know");
    for file in [&plays, &raw] {
        let found = f.library.file(&f.admin, file.file_sid).await.unwrap();
        assert_eq!(found.content_duration, file.content_duration);
        assert_eq!(found.content_format, file.content_format);
        assert_eq!(found.content_hash, file.content_hash);
        let resource = f.catalog.resource_by_sid(file.file_sid).await.unwrap().unwrap();
        assert!(resource.facts.is_some() && resource.probe_error.is_none());
        assert_eq!(stored(&f, &found).await, if file == &plays { wav } else { b"\0\0\x01\0" });
    }
    let resource = f.catalog.resource_by_sid(letter.file_sid).await.unwrap().unwrap();
    assert!(resource.probe_error.unwrap().starts_with("no audio format recognised"));
    assert_eq!(f.catalog.refused_before(audio::PROBE_REVISION, 9).await.unwrap(), [""; 0]);
    assert_eq!(f.library.probe_again().await.unwrap(), 0);
}

/// Two frames of 8 kHz mono.
const WAV: [u8; 48] = *b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\
    \x80\x3e\0\0\x02\0\x10\0data\x04\0\0\0\x01\0\x02\0";
