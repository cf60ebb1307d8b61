//! Recordings in a bucket: read by blocks, each fetched once; encoded by threads that wait for no network.
#![allow(clippy::unwrap_used)]

mod house;
#[path = "../../blob/tests/s3/mod.rs"]
mod s3;

use blob::{Local, Stores};
use catalog::Catalog;
use house::{House, LONG, SHORT, VERY_LONG, collect, recording, wanted};
use media::{Config, Media, OpenError, Representation, Resource};
use s3::{Fault, S3};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const BLOCK: u64 = 128 << 10;

struct Remote {
    s3: S3,
    dir: tempfile::TempDir,
    catalog: Catalog,
    stores: Stores,
    media: Media,
}

impl Remote {
    fn open() -> Self {
        Self::with(|config| config)
    }

    fn with(set: impl FnOnce(Config) -> Config) -> Self {
        let (s3, dir) = (S3::start(), tempfile::tempdir().unwrap());
        let catalog = Catalog::open(dir.path().join("catalog.sqlite")).unwrap();
        // However busy the machine is, no request is sent twice.
        let remote = s3.remote().patient_for(Duration::from_secs(60));
        let stores = Stores::remote(Local::open(dir.path()).unwrap(), remote);
        let config = set(House::config(dir.path()));
        let media = Media::open(catalog.clone(), stores.clone(), config).unwrap();
        Self { s3, dir, catalog, stores, media }
    }

    /// Nothing is made before it is asked for.
    fn without_read_ahead() -> Self {
        Self::with(|config| Config { read_ahead: 0, ..config })
    }

    /// Keeps a recording in the bucket, which the catalog knows, instead of another object of the same bytes.
    fn store(&self, bytes: &[u8], nonce: u64) -> Arc<Resource> {
        let hash = blob::Hash::of(bytes).to_string();
        let object = format!("{hash}.{nonce:016x}");
        let e_tag = self.s3.overwrite(&key(&object), bytes);
        let sql = "INSERT INTO blobs (object, store, hash, length_bytes, e_tag) VALUES (?1, '', ?2, 0, ?3)
            ON CONFLICT (store, hash) DO UPDATE SET object = ?1, e_tag = ?3";
        let catalog = self.dir.path().join("catalog.sqlite");
        let catalog = rusqlite::Connection::open(catalog).unwrap();
        catalog.execute(sql, [&object, &hash, &e_tag]).unwrap();
        let source: audio::Source = Arc::new(bytes.to_vec());
        let facts = Arc::new(audio::probe(&source, audio::Hint::default()).unwrap().facts);
        Arc::new(Resource::of_content(hash, bytes.len() as u64, Some(facts)))
    }

    async fn read(&self, wanted: &Representation, range: std::ops::Range<u64>) -> Vec<u8> {
        let prepared = self.media.prepare(wanted).await.unwrap();
        collect(prepared.open(range).unwrap()).await
    }

    async fn whole(&self, wanted: &Representation) -> Vec<u8> {
        let length = self.media.prepare(wanted).await.unwrap().length_bytes();
        self.read(wanted, 0..length).await
    }

    /// How an answer with all bytes is refused.
    async fn refused(&self, wanted: &Representation) -> OpenError {
        let prepared = self.media.prepare(wanted).await.unwrap();
        prepared.ready(&(0..prepared.length_bytes())).await.unwrap_err()
    }

    async fn restarted(self) -> Self {
        let Self { s3, dir, catalog, stores, media } = self;
        media.close().await;
        drop(media);
        let config = House::config(dir.path());
        let media = Media::open(catalog.clone(), stores.clone(), config).unwrap();
        Self { s3, dir, catalog, stores, media }
    }
}

fn key(object: &str) -> String {
    format!("/bucket/some/prefix/{}/{}/{object}", &object[..2], &object[2..4])
}

fn original(resource: &Arc<Resource>) -> Representation {
    Representation::Original(Arc::clone(resource))
}

/// Where the blocks are cached.
fn data_files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.join("cache-blobs")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "data")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_range_of_a_remote_original_is_its_bytes_and_comes_from_the_cache_the_second_time() {
    let house = Remote::open();
    let bytes = recording(SHORT);
    let wanted = original(&house.store(&bytes, 1));
    let length = bytes.len() as u64;
    let ranges = [0..1, BLOCK - 1..BLOCK + 1, 100..length - 7, length - 1..length, 0..length];
    for range in ranges.clone() {
        let read = house.read(&wanted, range.clone()).await;
        assert!(read == bytes[range.start as usize..range.end as usize], "{range:?}");
    }
    house.s3.take_seen();
    for range in ranges {
        let prepared = house.media.prepare(&wanted).await.unwrap();
        assert!(prepared.is_cached(&range) && prepared.is_at_hand(|| Some(range.clone())));
        assert_eq!(prepared.slice(&range).unwrap().1, range);
        assert_eq!(house.read(&wanted, range.clone()).await.len() as u64, range.end - range.start);
    }
    assert_eq!(house.s3.take_seen(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn transcodes_of_a_remote_recording_are_those_of_a_local_one() {
    let dir = tempfile::tempdir().unwrap();
    let (local, remote) = (House::open(dir.path(), House::config(dir.path())), Remote::open());
    let resource = remote.store(&recording(SHORT), 1);
    for format in ["wav", "ulaw", "mp3", "ogg", "g722", "flac", "mp4"] {
        let same = remote.whole(&wanted(&resource, format, "")).await == local.whole(format).await;
        assert!(same, "{format}");
    }
    let fetched = remote.media.counters().blocks_fetched.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(fetched, 4, "each block is fetched once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_thing_is_and_how_long_asks_the_store_nothing() {
    let house = Remote::open();
    let resource = house.store(&recording(SHORT), 1);
    for wanted in [original(&resource), wanted(&resource, "mp3", "")] {
        let prepared = house.media.prepare(&wanted).await.unwrap();
        assert!(prepared.length_bytes() > 0 && prepared.is_at_hand(|| None));
        assert!(!prepared.is_at_hand(|| Some(0..prepared.length_bytes())));
    }
    assert_eq!(house.s3.take_seen(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cold_seek_costs_one_round_trip() {
    let house = Remote::without_read_ahead();
    for (n, format) in ["ulaw", "mp3", "ogg"].into_iter().enumerate() {
        // Another recording each, and none in the cache.
        let resource = house.store(&recording(VERY_LONG - n as u32), 1);
        let wanted = wanted(&resource, format, "");
        let length = house.media.prepare(&wanted).await.unwrap().length_bytes();
        house.s3.take_seen();
        // All are asked before the first is answered, however busy the machine is; a client waits for two seconds.
        house.s3.fails("GET", "", Fault::Late(Duration::from_secs(1)), 100);
        house.read(&wanted, length / 2..length / 2 + 1000).await;
        house.s3.clear_faults();
        let seen = house.s3.take_seen();
        let before = seen[0].answered;
        assert!(seen.iter().all(|seen| seen.answered == before), "{format}: {seen:?}");
        assert!(seen.len() <= 6, "{format}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_read_one_cold_range_have_each_block_fetched_once() {
    let house = Arc::new(Remote::open());
    let bytes = recording(SHORT);
    let wanted = original(&house.store(&bytes, 1));
    house.s3.fails("GET", "", Fault::Late(Duration::from_millis(50)), 4);
    let readers: Vec<_> = (0..64)
        .map(|_| {
            let (house, wanted) = (Arc::clone(&house), wanted.clone());
            tokio::spawn(async move { house.whole(&wanted).await })
        })
        .collect();
    for reader in readers {
        assert!(reader.await.unwrap() == bytes);
    }
    let mut starts: Vec<_> =
        house.s3.take_seen().into_iter().map(|seen| seen.range.unwrap().0).collect();
    starts.sort_unstable();
    assert!(starts.windows(2).all(|two| two[0] != two[1]), "{starts:?}");
    assert_eq!(house.media.counters().blocks_fetched.load(std::sync::atomic::Ordering::Relaxed), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_a_long_recording_through_has_a_megabyte_fetched_at_a_time() {
    let house = Remote::open();
    let bytes = recording(VERY_LONG);
    assert!(house.whole(&original(&house.store(&bytes, 1))).await == bytes);
    let requests = house.s3.take_seen().len();
    assert!(requests <= bytes.len() / (1 << 20) + 8, "{requests} requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_that_encodes_waits_for_no_store() {
    let house = Arc::new(Remote::with(|config| Config { threads: 1, ..config }));
    let here = house.store(&recording(SHORT), 1);
    house.whole(&original(&here)).await;
    let away = house.store(&recording(LONG), 1);
    house.s3.take_seen();
    house.s3.fails("GET", "", Fault::Held, 1000);
    let waiting: Vec<_> = ["mp3", "g722", "flac"]
        .into_iter()
        .map(|format| {
            let (house, wanted) = (Arc::clone(&house), wanted(&away, format, ""));
            tokio::spawn(async move { house.whole(&wanted).await.len() })
        })
        .collect();
    tokio::task::block_in_place(|| house.s3.await_seen("GET", 1));
    for format in ["mp3", "g722", "flac"] {
        assert!(!house.whole(&wanted(&here, format, "")).await.is_empty());
    }
    assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
    house.s3.clear_faults();
    for waiting in waiting {
        assert!(waiting.await.unwrap() > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_object_is_told_until_its_bytes_come_in_again() {
    let house = Remote::open();
    let bytes = recording(SHORT);
    let resource = house.store(&bytes, 1);
    house.s3.remove_all();
    for wanted in [original(&resource), wanted(&resource, "mp3", "")] {
        let refused = house.refused(&wanted).await;
        assert!(matches!(refused, OpenError::Failed(_)), "{refused:?}");
    }
    assert!(house.stores.lost_count() >= 1);
    house.store(&bytes, 2);
    assert!(house.whole(&original(&resource)).await == bytes);
    assert!(!house.whole(&wanted(&resource, "mp3", "")).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_was_changed_is_told_and_never_served() {
    let house = Remote::open();
    let bytes = recording(SHORT);
    let resource = house.store(&bytes, 1);
    house.read(&original(&resource), 0..10).await;
    let (object, _) = house.s3.objects().pop_first().unwrap();
    house.s3.overwrite(&object, &vec![7; bytes.len()]);
    let prepared = house.media.prepare(&original(&resource)).await.unwrap();
    let behind = BLOCK..BLOCK + 1;
    assert!(matches!(prepared.ready(&behind).await, Err(OpenError::Failed(_))));
    // A transcode of what was cached begins; what it can't be made of any more breaks it off.
    let transcode = house.media.prepare(&wanted(&resource, "ulaw", "")).await.unwrap();
    let end = transcode.length_bytes() - 1..transcode.length_bytes();
    assert!(matches!(transcode.ready(&end).await, Err(OpenError::Failed(_))));
    let whole = transcode.open(0..transcode.length_bytes()).unwrap();
    assert!(house::drain(whole).await.is_err());
    assert!(house.stores.lost_count() >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_has_another_etag_and_the_same_bytes_is_told_once_and_served_then() {
    let house = Remote::open();
    let bytes = recording(SHORT);
    let resource = house.store(&bytes, 1);
    let (object, _) = house.s3.objects().pop_first().unwrap();
    let e_tag = house.s3.overwrite(&object, &bytes);
    let refused = house.refused(&original(&resource)).await;
    assert!(matches!(refused, OpenError::Failed(_)), "{refused:?}");
    let hash = blob::Hash::of(&bytes).to_string();
    let known = async || house.catalog.object_of("", &hash).await.unwrap().unwrap().e_tag;
    let recognised = async {
        while known().await.as_ref() != Some(&e_tag) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), recognised).await.unwrap();
    assert!(house.whole(&original(&resource)).await == bytes);
    assert!(!house.whole(&wanted(&resource, "mp3", "")).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_is_told_and_nothing_of_it_stays() {
    let house = Remote::open();
    let bytes = recording(SHORT);
    let resource = house.store(&bytes, 1);
    let refused =
        [original(&resource), wanted(&resource, "mp3", ""), wanted(&resource, "g722", "")];
    for wanted in refused {
        house.s3.fails("GET", "", Fault::Status(403, "AccessDenied"), 1000);
        let refused = house.refused(&wanted).await;
        assert!(matches!(refused, OpenError::StoreAway), "{refused:?}");
        house.s3.clear_faults();
    }
    house.s3.fails("GET", "", Fault::Status(403, "AccessDenied"), 1000);
    let learned = house.media.prepare(&wanted(&resource, "flac", "")).await;
    assert!(matches!(learned, Err(OpenError::StoreAway)), "{:?}", learned.err());
    house.s3.clear_faults();
    assert!(house.whole(&original(&resource)).await == bytes);
    for format in ["mp3", "g722", "flac"] {
        assert!(!house.whole(&wanted(&resource, format, "")).await.is_empty());
    }
    assert_eq!(house.stores.lost_count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_is_resumed() {
    let house = Remote::open();
    let bytes = recording(SHORT);
    let wanted = original(&house.store(&bytes, 1));
    house.s3.fails("GET", "", Fault::Cut(1000), 2);
    assert!(house.whole(&wanted).await == bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn cached_blocks_outlive_a_restart_and_damaged_ones_are_fetched_again() {
    let mut house = Remote::open();
    let bytes = recording(SHORT);
    let resource = house.store(&bytes, 1);
    for tries in 0.. {
        house.whole(&original(&resource)).await;
        house = house.restarted().await;
        house.s3.take_seen();
        assert!(house.whole(&original(&resource)).await == bytes);
        // A block is kept beside its answer, and a restart may come in between: what was kept then stays.
        if house.s3.take_seen().is_empty() {
            break;
        }
        assert!(tries < 20, "blocks don't outlive a restart");
    }
    let house = house.restarted().await;
    let [data] = &*data_files(house.dir.path()) else { panic!("one object") };
    let mut damaged = fs::read(data).unwrap();
    damaged[200_000] ^= 1;
    fs::write(data, damaged).unwrap();
    assert!(house.whole(&original(&resource)).await == bytes);
    assert!(!house.whole(&wanted(&resource, "mp3", "")).await.is_empty());
    let fetched: Vec<_> = house.s3.take_seen().into_iter().map(|seen| seen.range).collect();
    assert_eq!(fetched, [Some((BLOCK, 2 * BLOCK - 1))]);
}
