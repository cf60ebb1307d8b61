//! Rows come back as they went in, and what races is decided once.
#![allow(clippy::unwrap_used)]

#[path = "../cluster/mod.rs"]
mod cluster;
mod cursors;
mod house;
mod leftovers;
mod moving;
mod outputs;
mod races;

use catalog::{
    Admission, Beside, Catalog, Classification, Condition, ContainerRow, ContentRow, Error,
    FileRow, Keys, Left, LeftSince, Leftover, Lifecycle, LifecycleAction, Limits, List, Listing,
    NewContent, OUTPUTS_BYTES, Object, Operator, Order, Start, StoredLayout, Threshold, Usage,
};
use house::{House, on_both};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use uuid::Uuid;

async fn insert(catalog: &Catalog, file: FileRow, row: ContentRow) -> Result<Left, Error> {
    let content = new_content(&file, row);
    catalog.insert_file(file, Beside::Nothing, content, |_| Ok(Admission::default())).await
}

/// Bytes that lie in an object of the file's own.
fn new_content(file: &FileRow, row: ContentRow) -> NewContent {
    content_in(row, format!("{}, {}", file.file_access_name, file.file_sid))
}

fn left_over(object: &str) -> Leftover {
    Leftover { store: String::new(), object: object.into(), upload: None }
}

/// What was left until then.
fn left(until_ms: i64) -> LeftSince {
    LeftSince { own_ms: until_ms, external_ms: until_ms }
}

fn content_in(row: ContentRow, name: String) -> NewContent {
    let object = Object { store: String::new(), name, e_tag: None };
    NewContent { row, object, is_announced: false }
}

async fn container(catalog: &Catalog, quota_files: Option<u64>) -> ContainerRow {
    let partner_sid = catalog.partner("default", 1).await.unwrap();
    let keys = Keys {
        integers: [Some(-7), None],
        strings: [Some("ключ".into()), None, None, None],
        ..Keys::default()
    };
    let row = ContainerRow {
        name: "prompts".into(),
        allowed_classifications: vec![Classification::Media],
        quota: Limits { bytes: None, files: quota_files },
        keys,
        date_modified: 2,
        ..ContainerRow::new(partner_sid, 1)
    };
    catalog.insert_container(row.clone()).await.unwrap();
    row
}

fn file(container: &ContainerRow, name: &str, hash: &str) -> FileRow {
    FileRow {
        content_hash: hash.into(),
        content_stored_at: 7,
        content_classification: Classification::Media,
        content_duration: Some(1.5),
        content_format: "wav".into(),
        file_access_name: name.into(),
        file_bytes: 4,
        lifecycle: Lifecycle { action: LifecycleAction::Delete, ttl: 60 },
        mime_type: "audio/x-wav".into(),
        ..FileRow::new(container, name, 10_000)
    }
}

fn content(hash: &str, facts: Option<&str>) -> ContentRow {
    ContentRow {
        content_hash: hash.into(),
        length_bytes: 4,
        facts: facts.map(Into::into),
        probe_error: None,
        seek_index: vec![1, 2],
        probe_revision: 0,
        stored_at_ms: 5,
    }
}

/// Keeps a file with this content.
async fn stored(catalog: &Catalog, container: &ContainerRow, id: &str) {
    insert(catalog, file(container, id, id), content(id, None)).await.unwrap();
}

/// A page of at most so many.
fn page(order: Order, start: Start, limit: u64) -> List {
    List { conditions: vec![], order, start, limit }
}

/// The cursor of a list's last item.
fn end<T>(listing: Listing<T>) -> String {
    listing.ends.unwrap().1
}

/// A layout with a header of so many bytes.
fn header(length: usize) -> StoredLayout {
    StoredLayout { header: vec![9; length], offsets: vec![length as u64] }
}

async fn rows_come_back_as_they_went_in_after_reopening(house: House) {
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    let row = file(&container, "a.wav", "aa");
    insert(&catalog, row.clone(), content("aa", Some("{}"))).await.unwrap();
    drop(catalog);
    let catalog = house.open().await;
    let usage = Usage { bytes: 4, files: 1 };
    let counted = ContainerRow {
        threshold: Threshold { usage, ..Threshold::default() },
        usage,
        ..container.clone()
    };
    assert_eq!(catalog.container(container.container_sid).await.unwrap(), Some(counted));
    assert_eq!(catalog.usage().await.unwrap(), usage);
    assert_eq!(catalog.file(row.file_sid).await.unwrap(), Some(row.clone()));
    let resource = catalog.resource_by_sid(row.file_sid).await.unwrap().unwrap();
    assert_eq!(resource.expires_at_ms, Some(70_000));
    assert_eq!((resource.length_bytes, resource.stored_at_ms), (4, 7));
    assert_eq!(resource.facts.as_deref(), Some("{}"));
    let by_name = catalog.resource_by_name(container.container_sid, "a.wav").await.unwrap();
    assert_eq!(by_name, Some(resource));
    assert_eq!(catalog.seek_index("aa").await.unwrap(), [1, 2]);
}

async fn what_is_admitted_by_the_count_of_files_holds_however_many_come_at_once(house: House) {
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    let uploads: Vec<_> = (0..20)
        .map(|n| {
            let (catalog, row) = (catalog.clone(), file(&container, &format!("{n}.wav"), "aa"));
            tokio::spawn(async move {
                let content = new_content(&row, content("aa", None));
                let admit = |container: &ContainerRow| match container.usage.files {
                    0..5 => Ok(Admission::default()),
                    _ => Err(Error::NoPartner),
                };
                catalog.insert_file(row, Beside::Nothing, content, admit).await.is_ok()
            })
        })
        .collect();
    let mut kept = 0;
    for upload in uploads {
        kept += usize::from(upload.await.unwrap());
    }
    assert_eq!(kept, 5);
    let wanted = page(Order::Arrival, Start::Offset(0), 2);
    let listing = catalog.files(None, wanted).await.unwrap();
    assert_eq!((listing.items.len(), listing.total, listing.has_more), (2, 5, true));
}

/// The leftovers by the names of their files; they are none afterwards.
async fn take_leftovers(catalog: &Catalog) -> Vec<String> {
    let taken = catalog.take_leftovers(left(i64::MAX), 0, 100).await.unwrap();
    let mut leftovers: Vec<_> = taken.into_iter().map(|taken| taken.object).collect();
    leftovers.sort();
    catalog.settle_leftovers(leftovers.clone(), Vec::new(), 0).await.unwrap();
    leftovers.iter().map(|object| name_of(object)).collect()
}

fn name_of(object: &str) -> String {
    object.split(',').next().unwrap().to_owned()
}

async fn bytes_go_with_the_last_file_that_has_them_however_they_are_read(house: House) {
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    // Others whose addresses come just before and after.
    let ids = ["a9.ulaw", "aa", "aa", "aa.alaw", "aa.ulaw", "ab"];
    let mut files = Vec::new();
    for (n, id) in ids.iter().enumerate() {
        let row = file(&container, &n.to_string(), id);
        insert(&catalog, row.clone(), content(id, None)).await.unwrap();
        files.push(row.file_sid);
    }
    let object =
        async |id: &str| catalog.object_of("", id).await.unwrap().map(|o| name_of(&o.name));
    // The same bytes came four times; the object that came last holds them.
    assert_eq!(object("aa.alaw").await.as_deref(), Some("4"));
    let replaced = ["1", "2", "3"];
    assert_eq!(take_leftovers(&catalog).await, replaced);
    for sid in &files[1..4] {
        assert!(catalog.delete_file(*sid).await.unwrap().is_some());
        assert_eq!(take_leftovers(&catalog).await, [""; 0]);
        assert!(object("aa").await.is_some());
    }
    assert!(catalog.delete_file(files[4]).await.unwrap().is_some());
    assert!(catalog.delete_file(files[4]).await.unwrap().is_none());
    assert_eq!(object("aa").await, None);
    assert_eq!(take_leftovers(&catalog).await, ["4"]);
    assert!(catalog.delete_file(files[0]).await.unwrap().is_some());
    assert_eq!(take_leftovers(&catalog).await, ["0"]);
    assert!(object("ab").await.is_some());
}

async fn whatever_ends_a_file_leaves_its_object_behind(house: House) {
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    let [expired, replaced, displaced, last] =
        ["expired", "replaced", "displaced", "last"].map(|name| file(&container, name, name));
    for row in [&expired, &replaced] {
        insert(&catalog, row.clone(), content(&row.name, None)).await.unwrap();
    }
    assert_eq!(catalog.delete_expired(69_999, 1).await.unwrap(), 0);
    assert_eq!(catalog.delete_expired(70_000, 1).await.unwrap(), 1);
    assert_eq!(take_leftovers(&catalog).await, ["expired"]);
    let becomes = content("other", None);
    let becomes = content_in(becomes, "other object".into());
    let edit = |row: &mut FileRow| {
        row.content_hash = "other".into();
        Ok::<_, Error>(())
    };
    let admit = |_: &ContainerRow, _: &FileRow, _: &FileRow| Ok(Admission::default());
    catalog
        .change_file(replaced.file_sid, Beside::Nothing, Some(becomes), edit, admit)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(take_leftovers(&catalog).await, ["replaced"]);
    insert(&catalog, displaced.clone(), content("displaced", None)).await.unwrap();
    let room = |_: &ContainerRow| {
        Ok::<_, Error>(Admission { shrink_to: Some((1 << 40, 1)), ..Admission::default() })
    };
    let content = new_content(&last, content("last", None));
    catalog.insert_file(last, Beside::Nothing, content, room).await.unwrap();
    assert_eq!(take_leftovers(&catalog).await, ["displaced", "other object"]);
}

async fn a_look_refuses_what_the_decision_would_and_writes_nothing(house: House) {
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    let old = file(&container, "a", "aa");
    insert(&catalog, old.clone(), content("aa", None)).await.unwrap();
    let refused = |_: &ContainerRow| Err::<Admission, _>(Error::NoPartner);
    let admitted = |_: &ContainerRow| {
        Ok::<_, Error>(Admission { shrink_to: Some((0, 0)), ..Admission::default() })
    };
    let new = || file(&container, "b", "bb");
    assert!(matches!(
        catalog.check_insert(new(), Beside::Nothing, refused).await,
        Err(Error::NoPartner)
    ));
    let taken = catalog.check_insert(file(&container, "a", "bb"), Beside::Nothing, admitted).await;
    assert!(matches!(taken, Err(Error::NameTaken { .. })));
    catalog.check_insert(new(), Beside::Nothing, admitted).await.unwrap();
    let edit = |row: &mut FileRow| {
        row.name = "other".into();
        Ok::<_, Error>(())
    };
    let admit = |_: &ContainerRow, _: &FileRow, _: &FileRow| Ok(Admission::default());
    catalog.check_change(old.file_sid, Beside::Nothing, edit, admit).await.unwrap();
    assert_eq!(catalog.file(old.file_sid).await.unwrap(), Some(old));
}

async fn what_was_found_counts_until_something_changes_or_goes(house: House) {
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    let names = ["a", "b", "c"].map(|name| file(&container, name, "aa"));
    let before = catalog.generation();
    for row in &names[..2] {
        insert(&catalog, row.clone(), content("aa", None)).await.unwrap();
    }
    assert_eq!(catalog.generation(), before, "new files hide nothing");
    // The same bytes under a name that tells what they are: the others can be played from now on, too.
    let told = file(&container, "told.mp3", "aa");
    insert(&catalog, told, content("aa", Some("{}"))).await.unwrap();
    assert_ne!(catalog.generation(), before);
    let other = catalog.resource_by_sid(names[0].file_sid).await.unwrap().unwrap();
    assert_eq!(other.facts.as_deref(), Some("{}"));
    let before = catalog.generation();
    let again = file(&container, "again.mp3", "aa");
    insert(&catalog, again, content("aa", Some("{}"))).await.unwrap();
    assert_eq!(catalog.generation(), before, "nothing new was learned");
    let making_room = |_: &ContainerRow| {
        Ok::<_, Error>(Admission { shrink_to: Some((1 << 40, 1)), ..Admission::default() })
    };
    let content = new_content(&names[2], content("aa", None));
    catalog.insert_file(names[2].clone(), Beside::Nothing, content, making_room).await.unwrap();
    assert!(catalog.file(names[0].file_sid).await.unwrap().is_none(), "it made no room");
    let between = catalog.generation();
    assert_ne!(between, before);
    assert!(catalog.delete_file(names[2].file_sid).await.unwrap().is_some());
    assert_ne!(catalog.generation(), between);
}

async fn accesses_are_noted_once_within_their_resolution_and_disturb_nothing(house: House) {
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    let (first, second) = (file(&container, "a", "aa"), file(&container, "b", "aa"));
    for row in [&first, &second] {
        insert(&catalog, row.clone(), content("aa", None)).await.unwrap();
    }
    let generation = catalog.generation();
    let last = async |sid| catalog.file(sid).await.unwrap().unwrap().date_last_accessed;
    for (at_ms, noted) in [
        (1000, 1000),
        (1000, 1000),
        (60_999, 1000),
        (500, 1000),
        (61_000, 61_000),
        (1001, 61_000),
        (1000, 1000),
    ] {
        catalog.touch_files(vec![(first.file_sid, at_ms)], 60_000).await.unwrap();
        assert_eq!(last(first.file_sid).await, Some(noted), "at {at_ms}");
    }
    assert_eq!(last(second.file_sid).await, None);
    let both = vec![(first.file_sid, 200_000), (Uuid::nil(), 200_000), (second.file_sid, 200_000)];
    catalog.touch_files(both, 60_000).await.unwrap();
    assert_eq!(last(first.file_sid).await, Some(200_000));
    assert_eq!(last(second.file_sid).await, Some(200_000));
    assert_eq!(catalog.generation(), generation, "what others keep of the catalog is lost");
}

#[tokio::test]
async fn the_catalog_is_its_owners_alone_however_it_was_made() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.sqlite");
    let modes = || {
        let modes = ["", "-wal", "-shm"].map(|end| {
            let file = dir.path().join(format!("catalog.sqlite{end}"));
            std::fs::metadata(file).unwrap().permissions().mode() & 0o777
        });
        assert_eq!(modes, [0o600; 3]);
    };
    let catalog = Catalog::open(&path).unwrap();
    modes();
    for end in ["", "-wal", "-shm"] {
        let file = dir.path().join(format!("catalog.sqlite{end}"));
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    let _again = Catalog::open(&path).unwrap();
    modes();
    drop(catalog);
}
async fn a_deletion_that_nobody_waits_for_ends_what_was_found_all_the_same(house: House) {
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    let row = file(&container, "a", "aa");
    insert(&catalog, row.clone(), content("aa", None)).await.unwrap();
    let before = catalog.generation();
    let _ = tokio::time::timeout(Duration::ZERO, catalog.delete_file(row.file_sid)).await;
    while catalog.file(row.file_sid).await.unwrap().is_some() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // The row is gone a moment before the generation is.
    let until = Instant::now() + Duration::from_secs(60);
    while catalog.generation() == before {
        assert!(Instant::now() < until, "a deleted file would be served on");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn who_changes_what_is_true_of_the_whole_sees_the_change_before(house: House) {
    let catalog = house.open().await;
    assert_eq!(catalog.meta("count").await.unwrap(), None);
    let more = |text: Option<String>| format!("{}x", text.unwrap_or_default());
    let changes: Vec<_> = (0..8)
        .map(|_| {
            let catalog = catalog.clone();
            tokio::spawn(async move { catalog.change_meta("count", more).await })
        })
        .collect();
    for change in changes {
        change.await.unwrap().unwrap();
    }
    assert_eq!(catalog.meta("count").await.unwrap().as_deref(), Some("xxxxxxxx"));
    assert_eq!(catalog.meta("other").await.unwrap(), None);
}

on_both! {
    rows_come_back_as_they_went_in_after_reopening,
    what_is_admitted_by_the_count_of_files_holds_however_many_come_at_once,
    bytes_go_with_the_last_file_that_has_them_however_they_are_read,
    whatever_ends_a_file_leaves_its_object_behind,
    a_look_refuses_what_the_decision_would_and_writes_nothing,
    what_was_found_counts_until_something_changes_or_goes,
    accesses_are_noted_once_within_their_resolution_and_disturb_nothing,
    a_deletion_that_nobody_waits_for_ends_what_was_found_all_the_same,
    who_changes_what_is_true_of_the_whole_sees_the_change_before,
}
