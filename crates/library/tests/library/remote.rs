//! Stored bytes in a bucket: announced, put, then committed; removed a while after nothing refers to them.

use crate::fixture::*;
use crate::s3::{Fault, S3};
use blob::Stores;
use library::Error;
use serde_json::json;
use std::sync::Arc;

/// A library whose bytes lie in a bucket.
async fn remote() -> (S3, Arc<Fixture>) {
    let s3 = S3::start();
    let stores = |local: &blob::Local| Stores::remote(local.clone(), s3.remote());
    let f = Arc::new(fixture_over("http://x", stores).await);
    (s3, f)
}

/// Has all leftovers be due now, and sweeps.
async fn sweep_an_hour_later(f: &Fixture) {
    sql(f, "UPDATE leftovers SET due_at = 0");
    f.library.sweep().await.unwrap();
}

async fn has_leftovers(f: &Fixture) -> bool {
    !f.catalog.take_leftovers(LEFT_BY_NOW, 0, 10).await.unwrap().is_empty()
}

#[tokio::test]
async fn bytes_go_to_the_bucket_under_a_name_that_tells_their_hash_and_nowhere_else() {
    let (s3, f) = remote().await;
    let file = put(&f, "a", b"remote").await.unwrap();
    let object = f.catalog.object_of("", &file.content_hash).await.unwrap().unwrap();
    let hash = blob::Hash::of(b"remote").to_string();
    let key = format!("/bucket/some/prefix/{}/{}/{}", &hash[..2], &hash[2..4], object.name);
    assert_eq!(s3.objects().into_iter().collect::<Vec<_>>(), [(key, b"remote".to_vec())]);
    assert!(object.name.starts_with(&hash) && object.e_tag.is_some(), "{object:?}");
    assert_eq!((objects(&f).len(), temporary_files(&f).len()), (0, 0));
    assert!(!has_leftovers(&f).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_whose_put_takes_as_long_as_it_likes_holds_up_no_other_upload() {
    let (s3, f) = remote().await;
    s3.fails("PUT", "", Fault::Held, 1);
    let slow = tokio::spawn({
        let f = Arc::clone(&f);
        async move { put(&f, "slow", b"takes long").await }
    });
    tokio::task::block_in_place(|| s3.await_seen("PUT", 1));
    for name in ["first", "second", "third"] {
        put(&f, name, b"others").await.unwrap();
    }
    assert!(!slow.is_finished(), "the others waited for the slow one");
    s3.clear_faults();
    slow.await.unwrap().unwrap();
    assert_eq!(f.library.container(&f.admin, f.container).await.unwrap().usage.files, 4);
}

#[tokio::test]
async fn a_put_that_fails_is_told_and_leaves_nothing() {
    let (s3, f) = remote().await;
    s3.fails("PUT", "", Fault::Status(403, "AccessDenied"), 1);
    let refused = put(&f, "a", b"refused").await;
    assert!(matches!(refused, Err(Error::StoreAway(_))), "{refused:?}");
    sweep_an_hour_later(&f).await;
    assert_eq!(f.library.container(&f.admin, f.container).await.unwrap().usage.files, 0);
    assert!(s3.objects().is_empty() && !has_leftovers(&f).await);
}

#[tokio::test]
async fn a_put_that_was_done_and_denied_is_done_again_under_the_same_name() {
    let (s3, f) = remote().await;
    s3.fails("PUT", "", Fault::DoneAndDenied, 1);
    put(&f, "a", b"once").await.unwrap();
    assert_eq!(s3.objects().len(), 1);
    assert!(!has_leftovers(&f).await);
}

#[tokio::test]
async fn what_is_deleted_goes_from_the_bucket_once_nothing_reads_it_any_more() {
    let (s3, f) = remote().await;
    let file = put(&f, "a", b"deleted").await.unwrap();
    let kept = put(&f, "b", b"kept").await.unwrap();
    f.library.delete_file(&f.admin, file.file_sid).await.unwrap();
    f.library.sweep().await.unwrap();
    assert_eq!(s3.objects().len(), 2, "answers under way read on");
    s3.fails("DELETE", "", Fault::Status(403, "AccessDenied"), 1);
    sweep_an_hour_later(&f).await;
    assert_eq!(s3.objects().len(), 2);
    sweep_an_hour_later(&f).await;
    assert_eq!(s3.objects().into_values().collect::<Vec<_>>(), [b"kept"]);
    assert!(!has_leftovers(&f).await);
    assert!(f.catalog.object_of("", &kept.content_hash).await.unwrap().is_some());
}

#[tokio::test]
async fn the_same_bytes_that_come_in_again_replace_their_object() {
    let (s3, f) = remote().await;
    put(&f, "a", b"same").await.unwrap();
    s3.remove_all();
    let again = put(&f, "b", b"same").await.unwrap();
    let object = f.catalog.object_of("", &again.content_hash).await.unwrap().unwrap();
    let keys: Vec<_> = s3.objects().into_keys().collect();
    assert!(matches!(&*keys, [key] if key.ends_with(&object.name)), "{keys:?}");
}

/// Bytes that go in parts.
fn long() -> &'static [u8] {
    let bytes: Vec<u8> = (0..17 << 20_u32).map(|n: u32| (n / 251) as u8).collect();
    Box::leak(bytes.into_boxed_slice())
}

#[tokio::test]
async fn a_long_object_goes_in_parts_and_is_whole() {
    let (s3, f) = remote().await;
    put(&f, "long", long()).await.unwrap();
    assert_eq!(s3.objects().into_values().collect::<Vec<_>>(), [long()]);
    assert!(s3.take_seen().iter().any(|seen| seen.target.contains("partNumber=3")));
    assert!(s3.upload_count() == 0 && !has_leftovers(&f).await);
}

#[tokio::test]
async fn parts_of_an_upload_that_failed_go_with_its_leftover() {
    let (s3, f) = remote().await;
    s3.fails("PUT", "partNumber=2", Fault::Status(403, "AccessDenied"), 1);
    s3.fails("DELETE", "uploadId", Fault::Status(403, "AccessDenied"), 1);
    let refused = put(&f, "long", long()).await;
    assert!(matches!(refused, Err(Error::StoreAway(_))), "{refused:?}");
    assert_eq!((s3.upload_count(), s3.objects().len()), (1, 0));
    sweep_an_hour_later(&f).await;
    assert_eq!(s3.upload_count(), 0);
    assert!(!has_leftovers(&f).await);
}

#[tokio::test]
async fn nothing_is_set_aside_or_read_through_in_a_bucket() {
    let (s3, f) = remote().await;
    put(&f, "a", b"kept").await.unwrap();
    s3.overwrite("/bucket/some/prefix/ab/cd/strange", b"not ours");
    s3.take_seen();
    assert_eq!(f.library.set_strays_aside().await.unwrap(), 0);
    assert_eq!(f.library.check_objects(u64::MAX).await.unwrap(), 0);
    assert_eq!((s3.take_seen(), s3.objects().len()), (vec![], 2));
}

#[tokio::test]
async fn a_replacement_is_put_before_the_old_bytes_are_left() {
    let (s3, f) = remote().await;
    let file = put(&f, "a", b"old").await.unwrap();
    s3.fails("PUT", "", Fault::Status(403, "AccessDenied"), 1);
    assert!(matches!(replace(&f, file.file_sid, b"new").await, Err(Error::StoreAway(_))));
    sweep_an_hour_later(&f).await;
    assert_eq!(s3.objects().into_values().collect::<Vec<_>>(), [b"old"]);
    let new = replace(&f, file.file_sid, b"new").await.unwrap();
    assert_eq!(json!(new.file_bytes), json!(3));
    sweep_an_hour_later(&f).await;
    assert_eq!(s3.objects().into_values().collect::<Vec<_>>(), [b"new"]);
}
