//! The library through its public operations.
#![allow(clippy::unwrap_used)]

use blob::{Blobs, Hash, ObjectName};
use catalog::Catalog;
use library::{
    Classification, Config, ContainerChanges, Error, File, FileChanges, Library, List, Order,
    Principal, Role, Start, masked,
};
use serde_json::{Map, Value, json};
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use uuid::Uuid;

struct Fixture {
    dir: tempfile::TempDir,
    library: Library,
    catalog: Catalog,
    blobs: Blobs,
    admin: Principal,
    container: Uuid,
}

async fn fixture() -> Fixture {
    fixture_at("http://x").await
}

async fn fixture_at(public_url: &str) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(dir.path().join("catalog.sqlite")).unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let config = Config {
        public_url: public_url.into(),
        data_dir: dir.path().into(),
        link_secrets: Vec::new(),
    };
    let library = Library::open(catalog.clone(), blobs.clone(), config);
    let welcome = library.bootstrap().await.unwrap().unwrap();
    let admin = library.authenticate(&welcome.token).await.unwrap();
    Fixture { dir, library, catalog, blobs, admin, container: welcome.container_sid }
}

async fn put(f: &Fixture, name: &str, bytes: &'static [u8]) -> Result<File, Error> {
    let mut upload = f.library.begin_upload(&f.admin).await?;
    upload.changes.container_sid = Some(f.container);
    upload.changes.name = Some(name.into());
    upload.write(bytes).await?;
    upload.finish().await
}

/// Gives a file other bytes.
async fn replace(f: &Fixture, sid: Uuid, bytes: &'static [u8]) -> Result<File, Error> {
    let mut upload = f.library.begin_replacement(&f.admin).await?;
    upload.write(bytes).await?;
    f.library.change_file(&f.admin, sid, FileChanges::default(), Some(upload), false).await
}

#[tokio::test]
async fn the_first_start_makes_a_private_admin_token_once() {
    let f = fixture().await;
    let path = f.dir.path().join("admin.token");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let token = fs::read_to_string(path).unwrap();
    assert_eq!(f.library.authenticate(token.trim()).await.unwrap(), f.admin);
    assert!(f.library.bootstrap().await.unwrap().is_none());
    assert_eq!(f.library.container(&f.admin, f.container).await.unwrap().quota_bytes, None);
}

#[tokio::test]
async fn an_unfinished_upload_leaves_nothing() {
    let f = fixture().await;
    let mut upload = f.library.begin_upload(&f.admin).await.unwrap();
    upload.write(&b"half"[..]).await.unwrap();
    drop(upload);
    assert_eq!(fs::read_dir(f.dir.path().join("tmp")).unwrap().count(), 0);
    assert_eq!(f.library.container(&f.admin, f.container).await.unwrap().total_files, 0);
}

#[tokio::test]
async fn content_that_cannot_be_played_is_kept_and_goes_with_its_last_file() {
    let f = fixture().await;
    let (first, second) =
        (put(&f, "a.pdf", b"%PDF-1").await.unwrap(), put(&f, "b", b"%PDF-1").await.unwrap());
    assert_eq!(first.content_classification, Classification::Document);
    assert_eq!(first.mime_type, "application/octet-stream");
    assert_eq!(first.file_access_name, format!("{}.pdf", first.file_sid));
    f.library.delete_file(&f.admin, first.file_sid).await.unwrap();
    assert_eq!(f.library.open_content(&second).await.unwrap().1, 6);
    f.library.delete_file(&f.admin, second.file_sid).await.unwrap();
    assert_eq!(objects(&f), [] as [PathBuf; 0]);
}

#[tokio::test]
async fn partners_and_roles_are_kept_apart() {
    let f = fixture().await;
    let file = put(&f, "a", b"x").await.unwrap();
    let token = f.library.create_token(Role::Manager, &[], "other").await.unwrap();
    let other = f.library.authenticate(&token.secret).await.unwrap();
    assert!(matches!(f.library.file(&other, file.file_sid).await, Err(Error::NotFound)));
    assert!(matches!(f.library.delete_file(&other, file.file_sid).await, Err(Error::NotFound)));
    let wanted =
        List { conditions: vec![], order: Order::Arrival, start: Start::Offset(0), limit: 10 };
    assert_eq!(f.library.list_files(&other, wanted).await.unwrap().total, 0);
    let reader = Principal { role: Role::Read, ..f.admin };
    let made = f.library.create_container(&reader, ContainerChanges::default()).await;
    assert!(matches!(made, Err(Error::Forbidden)));
    f.library.revoke_token(token.token_id).await.unwrap();
    assert!(matches!(f.library.authenticate(&token.secret).await, Err(Error::Unauthenticated)));
}

#[tokio::test]
async fn an_unchanged_file_is_not_imported_twice() {
    let f = fixture().await;
    let path = f.dir.path().join("prompt.txt");
    fs::write(&path, "one").unwrap();
    let first = f.library.import_path(&f.admin, &path, f.container).await.unwrap();
    let again = f.library.import_path(&f.admin, &path, f.container).await.unwrap();
    assert!(!first.already_there && again.already_there);
    assert_eq!(first.file.file_sid, again.file.file_sid);
    fs::write(&path, "two").unwrap();
    assert!(!f.library.import_path(&f.admin, &path, f.container).await.unwrap().already_there);
    // Raw audio is what its name says.
    for name in ["prompt.ulaw", "prompt.alaw"] {
        let path = f.dir.path().join(name);
        fs::write(&path, "one").unwrap();
        for already_there in [false, true] {
            let import = f.library.import_path(&f.admin, &path, f.container).await.unwrap();
            assert_eq!(import.already_there, already_there, "{name}");
            assert_eq!(f.library.open_content(&import.file).await.unwrap().1, 3);
        }
    }
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
                    f.library.open_content(&file).await.unwrap();
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
    let until = Instant::now() + Duration::from_secs(10);
    for (sid, content) in files {
        while f.library.file(&f.admin, sid).await.is_err() == is_stored(&f, content) {
            assert!(Instant::now() < until, "the file is gone, its content stays");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn the_date_of_a_link_goes_by_its_file_alone_and_never_back() {
    let f = fixture().await;
    let stored_at = async |file: &File| {
        let resource = f.catalog.resource_by_sid(file.file_sid).await.unwrap().unwrap();
        assert_eq!(resource.stored_at_ms, file.content_stored_at);
        file.content_stored_at
    };
    let first = stored_at(&put(&f, "first", b"one").await.unwrap()).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    // Nobody learns when somebody else stored the same.
    let other = put(&f, "other", b"one").await.unwrap();
    let mut last = stored_at(&other).await;
    assert!(last > first);
    put(&f, "third", b"two").await.unwrap();
    // Back and forth between what is stored already, all within a second.
    for bytes in [&b"two"[..], b"one", b"two"] {
        let replaced = replace(&f, other.file_sid, bytes).await.unwrap();
        let date = stored_at(&replaced).await;
        assert!(date / 1000 > last / 1000, "{date} after {last}");
        last = date;
    }
    let same = replace(&f, other.file_sid, b"two").await.unwrap();
    assert_eq!(stored_at(&same).await, last, "it has what it had");
}

#[tokio::test]
async fn what_is_kept_of_a_masked_secret_is_the_secret() {
    let f = fixture().await;
    let given = json!({"s3": {"bucket": "b", "secret": "hush"}, "token": ["hush"], "password": null,
        "several": [{"bucket": "b", "password": "hush"}, [{"token": "hush"}], "********"]});
    let given = given.as_object().unwrap();
    let changes = |attributes: &Map<String, Value>| ContainerChanges {
        external_attributes: Some(attributes.clone()),
        ..ContainerChanges::default()
    };
    let made = f.library.create_container(&f.admin, changes(given)).await.unwrap();
    let shown = masked(&made.external_attributes);
    assert!(!json!(shown).to_string().contains("hush"), "{shown:?}");
    for anew in [false, true] {
        let sid = made.container_sid;
        f.library.change_container(&f.admin, sid, changes(&shown), anew).await.unwrap();
        let kept = f.catalog.container(sid).await.unwrap().unwrap();
        assert_eq!(&kept.external_attributes, given);
    }
}

#[tokio::test]
async fn a_container_that_is_sent_back_as_it_was_shown_keeps_no_origin_of_its_own() {
    for public_url in ["https://media.example.com", "http://media_1:8080/audio"] {
        let f = fixture_at(public_url).await;
        let domain = |domain: &str| ContainerChanges {
            publish_domain: Some(Some(domain.into())),
            ..ContainerChanges::default()
        };
        let made = f.library.create_container(&f.admin, domain(public_url)).await.unwrap();
        assert_eq!(made.publish_domain, None);
        let change =
            |changes, anew| f.library.change_container(&f.admin, made.container_sid, changes, anew);
        for anew in [false, true] {
            let shown = change(domain(public_url), anew).await.unwrap();
            assert_eq!(shown.publish_domain, None);
        }
        // Its own stays, and goes by the server's again once that is sent.
        for other in ["https://cdn.example.com"; 2] {
            let own = change(domain(other), true).await.unwrap();
            assert_eq!(own.publish_domain.as_deref(), Some(other));
        }
        for wrong in ["http://other_host", "http://host/path", "javascript:alert(1)"] {
            let refused = change(domain(wrong), false).await;
            assert!(matches!(refused, Err(Error::Invalid { .. })), "{wrong}");
        }
        assert_eq!(change(domain(public_url), false).await.unwrap().publish_domain, None);
    }
}

/// What lies in a folder and below it.
fn files_under(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect()
}

/// Where the stored objects lie.
fn objects(f: &Fixture) -> Vec<PathBuf> {
    files_under(&f.dir.path().join("blobs"))
}

/// Where the object with these bytes lies, if there is one.
fn object_with(f: &Fixture, bytes: &[u8]) -> Option<PathBuf> {
    let hash = Hash::of(bytes).to_string();
    let is_it = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(&hash);
    let mut found: Vec<_> = objects(f).into_iter().filter(is_it).collect();
    assert!(found.len() <= 1, "one object for the same bytes: {found:?}");
    found.pop()
}

fn is_stored(f: &Fixture, bytes: &[u8]) -> bool {
    object_with(f, bytes).is_some()
}

fn temporary_files(f: &Fixture) -> Vec<PathBuf> {
    files_under(&f.dir.path().join("tmp"))
}

/// The stored bytes of a file.
async fn stored(f: &Fixture, file: &File) -> Vec<u8> {
    let mut bytes = Vec::new();
    f.library.open_content(file).await.unwrap().0.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Bytes in the store of which the catalog knows nothing, so old.
async fn stray(f: &Fixture, bytes: &[u8], age: Duration) -> PathBuf {
    let mut draft = f.blobs.begin().unwrap();
    draft.write(bytes).unwrap();
    let name = ObjectName::fresh(draft.hash()).unwrap();
    f.blobs.put(name, draft).await.unwrap();
    let path = object_with(f, bytes).unwrap();
    fs::File::open(&path).unwrap().set_modified(SystemTime::now() - age).unwrap();
    path
}

const TWO_DAYS: Duration = Duration::from_secs(2 * 24 * 3600);

fn sql(f: &Fixture, sql: &str) {
    let path = f.dir.path().join("catalog.sqlite");
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
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
    assert!(f.catalog.leftovers(i64::MAX, 10).await.unwrap().is_empty());
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
    let limited = ContainerChanges { quota_bytes: Some(Some(5)), ..ContainerChanges::default() };
    f.library.change_container(&f.admin, f.container, limited, false).await.unwrap();
    let upload = async |bytes: &'static [u8]| {
        let mut upload = f.library.begin_upload(&f.admin).await.unwrap();
        upload.changes.container_sid = Some(f.container);
        upload.changes.file_access_name = Some(old.file_access_name.clone());
        upload.write(bytes).await.unwrap();
        upload.finish().await
    };
    assert!(matches!(upload(b"too long").await, Err(Error::LimitReached { .. })));
    assert!(matches!(upload(b"n").await, Err(Error::Conflict { .. })));
    let longer = replace(&f, old.file_sid, b"longer than five").await;
    assert!(matches!(longer, Err(Error::LimitReached { .. })));
    assert_eq!((objects(&f).len(), temporary_files(&f).len()), (1, 0));
    assert_eq!(f.library.container(&f.admin, f.container).await.unwrap().total_files, 1);
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
