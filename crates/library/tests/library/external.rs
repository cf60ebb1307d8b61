//! Containers whose files lie in buckets of their own.

use crate::fixture::*;
use crate::s3::{Fault, S3};
use blob::{Seal, Stores};
use library::{Beside, Change, Container, Error, File, Rest, masked};
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// A library on the local disk whose containers may lie in buckets on this machine.
async fn house() -> Fixture {
    fixture_over("http://x", |local| {
        let seal = Seal::of_hex(&"1f".repeat(32)).unwrap();
        let endpoints = "http://127.0.0.1:*".parse().unwrap();
        Stores::from(local.clone()).with_external(seal, endpoints)
    })
    .await
}

async fn container(f: &Fixture, attributes: &Map<String, Value>) -> Result<Container, Error> {
    let changes = said(&[("type", json!("aws")), ("external_attributes", json!(attributes))]);
    f.library.create_container(&f.admin, changes).await
}

async fn put_into(f: &Fixture, container: Uuid, bytes: &'static [u8]) -> Result<File, Error> {
    let mut upload = f.library.begin_upload(&f.admin).await?;
    upload.say(said(&[("container_sid", json!(container))]));
    upload.write(bytes).await?;
    upload.finish(Beside::Nothing).await
}

async fn move_to(f: &Fixture, file: &File, container: Uuid) -> Result<File, Error> {
    let change = Change::attributes(said(&[("container_sid", json!(container))]));
    f.library.change_file(&f.admin, file.file_sid, change).await
}

/// The field that a refusal names.
fn field<T: std::fmt::Debug>(refused: Result<T, Error>) -> String {
    match refused {
        Err(Error::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

/// Has all leftovers be due, sweeps, and waits until so many objects are left in the bucket.
async fn sweep_until(f: &Fixture, s3: &S3, objects: usize) {
    sql(f, "UPDATE leftovers SET due_at = 0");
    f.library.sweep().await.unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while s3.objects().len() != objects {
        assert!(Instant::now() < until, "{:?}", s3.objects().keys());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_such_a_container_lie_in_its_bucket_and_go_from_there() {
    let (s3, f) = (S3::start(), house().await);
    let bucket = container(&f, &s3.attributes()).await.unwrap();
    assert!(s3.objects().is_empty(), "the trial leaves nothing");
    let file = put_into(&f, bucket.container_sid, b"theirs").await.unwrap();
    let own = put(&f, "own", b"theirs").await.unwrap();
    assert_eq!(s3.objects().into_values().collect::<Vec<_>>(), [b"theirs"]);
    assert_eq!((objects(&f).len(), temporary_files(&f).len()), (1, 0));
    f.library.delete_file(&f.admin, file.file_sid).await.unwrap();
    sweep_until(&f, &s3, 0).await;
    assert_eq!(stored(&f, &own).await, b"theirs");
    f.library.delete_container(&f.admin, bucket.container_sid).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_moves_to_another_store_takes_its_bytes_along() {
    let (s3, f) = (S3::start(), house().await);
    let bucket = container(&f, &s3.attributes()).await.unwrap();
    let file = put(&f, "a", b"moves").await.unwrap();
    let there = move_to(&f, &file, bucket.container_sid).await.unwrap();
    assert_eq!(s3.objects().into_values().collect::<Vec<_>>(), [b"moves"]);
    assert_eq!(objects(&f).len(), 0);
    assert_eq!((&there.content_hash, there.file_bytes), (&file.content_hash, 5));
    assert_eq!(there.content_stored_at, file.content_stored_at, "it is what it was");
    let back = move_to(&f, &there, f.container).await.unwrap();
    assert_eq!(stored(&f, &back).await, b"moves");
    sweep_until(&f, &s3, 0).await;
}

#[tokio::test]
async fn wrong_settings_are_told_by_name_and_nothing_is_asked_of_a_host_that_is_not_allowed() {
    let (s3, f) = (S3::start(), house().await);
    let with = |key: &str, value: Value| {
        let mut attributes = s3.attributes();
        attributes.insert(key.into(), value);
        attributes
    };
    for (key, value) in [
        ("access_key_id", Value::Null),
        ("secret_access_key", json!("")),
        ("region", json!("here.example.com/")),
        ("bucket", json!("a/b")),
        ("bucket", json!(7)),
        ("endpoint", json!("http://localhost:1")),
        ("endpoint", json!(format!("https://{}", s3.address))),
        ("endpoint", json!("http://169.254.169.254")),
        ("endpoint", json!(format!("http://127.0.0.1:1@{}", s3.address))),
    ] {
        let refused = container(&f, &with(key, value.clone())).await;
        assert_eq!(field(refused), format!("external_attributes.{key}"), "{value}");
    }
    assert_eq!(s3.take_seen(), []);
    s3.fails("PUT", "", Fault::Status(403, "SignatureDoesNotMatch"), 1);
    match container(&f, &s3.attributes()).await {
        Err(Error::Invalid { field, message }) => {
            assert_eq!(field, "external_attributes");
            assert!(message.contains("SignatureDoesNotMatch"), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    let redirect = Fault::Status(307, "Redirect");
    s3.fails("PUT", "", redirect, 100);
    assert!(container(&f, &s3.attributes()).await.is_err());
}

#[tokio::test]
async fn secrets_are_sealed_in_the_catalog_and_masked_ones_stay_what_they_were() {
    let (s3, f) = (S3::start(), house().await);
    let mut given = s3.attributes();
    given.insert("secret_access_key".into(), json!("hush-hush"));
    let made = container(&f, &given).await.unwrap();
    let sid = made.container_sid;
    let shown = masked(&made.external_attributes);
    assert_eq!(shown["secret_access_key"], "********");
    let again = said(&[("external_attributes", json!(shown))]);
    f.library.change_container(&f.admin, sid, again, Rest::Stays).await.unwrap();
    put_into(&f, sid, b"still opens").await.unwrap();
    let kept = f.catalog.container(sid).await.unwrap().unwrap();
    assert!(!json!(kept.external_attributes).to_string().contains("hush-hush"));
    for path in files_under(f.dir.path()) {
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(9).any(|some| some == b"hush-hush"), "{}", path.display());
    }
}

#[tokio::test]
async fn another_bucket_takes_the_place_of_one_that_holds_no_files_alone_and_other_keys_any_time() {
    let (s3, f) = (S3::start(), house().await);
    let sid = container(&f, &s3.attributes()).await.unwrap().container_sid;
    let change = async |key: &str, value: &str| {
        let mut attributes = s3.attributes();
        attributes.insert(key.into(), json!(value));
        let changes = said(&[("external_attributes", json!(attributes))]);
        f.library.change_container(&f.admin, sid, changes, Rest::Stays).await
    };
    change("bucket", "another").await.unwrap();
    change("bucket", "bucket").await.unwrap();
    let file = put_into(&f, sid, b"here").await.unwrap();
    assert_eq!(field(change("bucket", "another").await), "external_attributes");
    assert_eq!(field(change("prefix", "another").await), "external_attributes");
    let internal = said(&[("type", json!("internal"))]);
    let internal = f.library.change_container(&f.admin, sid, internal, Rest::Stays).await;
    assert_eq!(field(internal), "external_attributes");
    change("secret_access_key", "a new one").await.unwrap();
    s3.fails("PUT", "", Fault::Status(403, "AccessDenied"), 1);
    assert_eq!(field(change("secret_access_key", "wrong").await), "external_attributes");
    s3.fails("PUT", "", Fault::Status(403, "AccessDenied"), 1);
    assert_eq!(field(put_into(&f, sid, b"revoked").await), "external_attributes");
    f.library.delete_file(&f.admin, file.file_sid).await.unwrap();
    change("bucket", "another").await.unwrap();
}

#[tokio::test]
async fn what_is_left_in_a_bucket_is_tried_once_more_before_its_container_goes() {
    let (s3, f) = (S3::start(), house().await);
    let sid = container(&f, &s3.attributes()).await.unwrap().container_sid;
    let file = put_into(&f, sid, b"left").await.unwrap();
    f.library.delete_file(&f.admin, file.file_sid).await.unwrap();
    assert_eq!(s3.objects().len(), 1);
    f.library.delete_container(&f.admin, sid).await.unwrap();
    assert!(s3.objects().is_empty());
}
