//! A store that misbehaves: what passes is asked for again, what does not is told, and a put is there or isn't.
#![allow(clippy::unwrap_used)]

mod s3;

use blob::{Draft, Leftover, Local, ObjectName, Store, StoreError, Stores};
use futures_util::TryStreamExt;
use s3::{Fault, S3};

struct House {
    s3: S3,
    local: Local,
    store: Store,
    _dir: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let (s3, dir) = (S3::start(), tempfile::tempdir().unwrap());
        let local = Local::open(dir.path()).unwrap();
        let store = Stores::remote(local.clone(), s3.remote()).own().clone();
        Self { s3, local, store, _dir: dir }
    }

    fn draft(&self, length: usize) -> Draft {
        let mut draft = self.local.begin().unwrap();
        draft.write(&vec![7; length]).unwrap();
        draft
    }

    async fn put(&self, length: usize) -> Result<(ObjectName, Option<String>), StoreError> {
        let draft = self.draft(length);
        let name = ObjectName::fresh(draft.hash()).unwrap();
        Ok((name, self.store.put(name, draft, async |_| Ok(())).await?))
    }

    async fn read(&self, name: ObjectName, e_tag: Option<String>) -> Result<usize, StoreError> {
        let Store::Remote(remote) = &self.store else { unreachable!() };
        let pieces: Vec<_> =
            remote.read(&name, 0..SMALL as u64, SMALL as u64, e_tag).await?.try_collect().await?;
        Ok(pieces.concat().len())
    }
}

const SMALL: usize = 100_000;

/// More than goes in one request.
const LONG: usize = (16 << 20) + 1;

/// What passes: the fault, and how often.
fn passing() -> Vec<(Fault, usize)> {
    vec![
        (Fault::Status(503, "SlowDown"), 1),
        (Fault::Status(429, "TooManyRequests"), 1),
        (Fault::Status(500, "InternalError"), 2),
        (Fault::Reset, 1),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_is_asked_for_again_where_that_helps() {
    let house = House::new();
    let (name, e_tag) = house.put(SMALL).await.unwrap();
    for (fault, times) in passing().into_iter().chain([(Fault::Cut(10_000), 2)]) {
        house.s3.fails("GET", "", fault.clone(), times);
        let read = house.read(name, e_tag.clone()).await;
        assert!(matches!(read, Ok(SMALL)), "{fault:?}: {read:?}");
    }
    house.s3.fails("GET", "", Fault::Status(503, "SlowDown"), 1000);
    let away = house.read(name, e_tag.clone()).await;
    assert!(matches!(away, Err(StoreError::Unavailable(_))), "{away:?}");
    house.s3.clear_faults();
    for status in [401, 403] {
        house.s3.take_seen();
        house.s3.fails("GET", "", Fault::Status(status, "AccessDenied"), 1);
        let refused = house.read(name, e_tag.clone()).await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
        assert_eq!(house.s3.take_seen().len(), 1, "asked once");
    }
    let changed = house.read(name, Some("\"another\"".into())).await;
    assert!(matches!(changed, Err(StoreError::Changed)), "{changed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_does_not_begin_is_asked_for_a_second_time() {
    let house = House::new();
    let (name, e_tag) = house.put(SMALL).await.unwrap();
    house.s3.take_seen();
    house.s3.fails("GET", "", Fault::Held, 1);
    let read = house.read(name, e_tag.clone()).await;
    assert!(matches!(read, Ok(SMALL)), "{read:?}");
    assert_eq!(house.s3.take_seen().len(), 2);
    // What the first answers for good counts, however late the second is.
    house.s3.remove_all();
    let missing = house.read(name, e_tag).await;
    assert!(matches!(missing, Err(StoreError::Missing)), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_are_recognised_by_their_hash_whatever_their_etag() {
    let house = House::new();
    let (name, _) = house.put(SMALL).await.unwrap();
    let Store::Remote(remote) = &house.store else { unreachable!() };
    let (key, bytes) = house.s3.objects().pop_first().unwrap();
    let e_tag = house.s3.overwrite(&key, &bytes);
    assert_eq!(remote.recognise(&name, SMALL as u64).await.unwrap(), Some(e_tag));
    let length = remote.recognise(&name, SMALL as u64 + 1).await;
    assert!(matches!(length, Err(StoreError::Changed)), "{length:?}");
    house.s3.overwrite(&key, &[8; SMALL]);
    let other = remote.recognise(&name, SMALL as u64).await;
    assert!(matches!(other, Err(StoreError::Changed)), "{other:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_is_sent_again_under_its_name_and_there_once() {
    for (fault, times) in passing().into_iter().chain([(Fault::DoneAndDenied, 1)]) {
        let house = House::new();
        house.s3.fails("PUT", "", fault.clone(), times);
        house.put(SMALL).await.unwrap_or_else(|e| panic!("{fault:?}: {e}"));
        assert_eq!(house.s3.objects().len(), 1, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_sent_again_and_an_upload_that_fails_for_good_leaves_none() {
    for (method, within) in [("POST", "uploads"), ("PUT", "partNumber=2"), ("POST", "uploadId")] {
        let house = House::new();
        house.s3.fails(method, within, Fault::Status(500, "InternalError"), 1);
        house.put(LONG).await.unwrap_or_else(|e| panic!("{method} {within}: {e}"));
        assert_eq!(house.s3.objects().into_values().next().unwrap().len(), LONG);
        house.s3.fails(method, within, Fault::Status(403, "AccessDenied"), 1);
        let refused = house.put(LONG).await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{method} {within}: {refused:?}");
        assert_eq!(
            (house.s3.upload_count(), house.s3.objects().len()),
            (0, 1),
            "{method} {within}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_is_gone_and_what_can_not_be_removed_is_told_by_name() {
    let house = House::new();
    let [(first, _), (second, _)] = [house.put(1).await.unwrap(), house.put(2).await.unwrap()];
    let leftovers = || [first, second].map(|name| Leftover { name, upload: Some("gone".into()) });
    house.s3.fails("DELETE", "", Fault::Status(403, "AccessDenied"), 1);
    let kept = house.store.remove(leftovers().into()).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].1.contains("AccessDenied"), "{kept:?}");
    for _ in 0..2 {
        assert_eq!(house.store.remove(leftovers().into()).await.unwrap(), []);
        assert!(house.s3.objects().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_is_a_wrong_setting_and_a_missing_object_is_lost() {
    let house = House::new();
    let (name, e_tag) = house.put(SMALL).await.unwrap();
    house.s3.fails("PUT", "", Fault::Status(404, "NoSuchBucket"), 1);
    assert!(matches!(house.put(1).await, Err(StoreError::Refused(_))));
    house.s3.fails("GET", "", Fault::Status(404, "NoSuchBucket"), 1);
    assert!(matches!(house.read(name, e_tag.clone()).await, Err(StoreError::Refused(_))));
    house.s3.remove_all();
    assert!(matches!(house.read(name, e_tag).await, Err(StoreError::Missing)));
}
