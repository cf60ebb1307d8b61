//! The behaviour of every bucket on those that `TONEARM_TEST_CLOUDS` names, by URLs with spaces between them and with
//! the clouds' own credentials of the environment: `scripts/test-clouds`. What it puts there it removes.
#![allow(clippy::unwrap_used)]

mod bucket;

use blob::Place;

#[tokio::test(flavor = "multi_thread")]
async fn the_buckets_that_are_named_conform() {
    let urls = std::env::var("TONEARM_TEST_CLOUDS").expect("TONEARM_TEST_CLOUDS names buckets");
    assert!(!urls.trim().is_empty(), "TONEARM_TEST_CLOUDS names buckets");
    for url in urls.split_whitespace() {
        let place: Place = url.parse().unwrap_or_else(|error| panic!("{error}"));
        let Place::Bucket(bucket) = &place else { panic!("{url} is no bucket") };
        let remote = bucket.open().unwrap_or_else(|error| panic!("{place}: {error}"));
        remote.check().await.unwrap_or_else(|error| panic!("{place}: {error}"));
        bucket::conforms(&remote).await;
        println!("{place} conforms");
    }
}
