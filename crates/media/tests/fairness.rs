//! Who waits for whom: work that nobody waits for gives way, and no recording takes all there is.
#![allow(clippy::unwrap_used)]

mod house;

use house::{Gate, House, LONG, PATIENCE, SHORT, VERY_LONG, collect, recording, wanted};
use media::{Asker, Config, OpenError, Representation, Resource};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Ten bytes of each of so many segments of µ-law.
async fn ten_bytes_each(
    house: &House,
    resource: &Arc<Resource>,
    segments: u64,
) -> Vec<media::Body> {
    let prepared = house.media.prepare(&wanted(resource, "ulaw", "")).await.unwrap();
    let segment_bytes = prepared.length_bytes() / segments;
    let starts = (0..segments).map(|n| n * segment_bytes + 100);
    starts.filter_map(|start| prepared.open(start..start + 10).ok()).collect()
}

/// A client asks for a whole encode, and hangs up once so many segments are made.
async fn hangs_up(house: &Arc<House>, representation: Representation, segments: u64) {
    let asked = Arc::clone(house);
    let asking = tokio::spawn(async move { drop(asked.media.prepare(&representation).await) });
    while house.encoded() < segments {
        assert!(!asking.is_finished(), "it was refused, or made already");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    asking.abort();
    let _ = asking.await;
}

fn cancelled(house: &House) -> u64 {
    house.media.counters().segments_cancelled.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_ask_for_whole_encodes_and_hang_up_hold_up_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { queue_length: 256, ..House::config(dir.path()) };
    let house = Arc::new(House::with(dir.path(), config, VERY_LONG));
    let other = house.other(LONG);
    let asking: Vec<_> = (1..=280)
        .map(|start| {
            let wanted = wanted(&house.resource, "mp4", &format!("{start}-"));
            let house = Arc::clone(&house);
            tokio::spawn(async move { drop(house.media.prepare(&wanted).await) })
        })
        .collect();
    house.has_begun().await;
    for client in asking {
        client.abort();
        let _ = client.await;
    }
    // What nobody waits for is still queued: more than all the places that there are, if each had some.
    let prepared = house.media.prepare(&wanted(&other, "ogg", "")).await.unwrap();
    let length = prepared.length_bytes();
    assert_eq!(collect(prepared.open(0..length).unwrap()).await.len() as u64, length);
    assert!(house.encoded() < 1000, "it waited for {} segments", house.encoded());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_recording_leaves_others_their_share_of_the_queue() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { threads: 1, queue_length: 8, ..House::config(dir.path()) };
    let house = House::with(dir.path(), config, VERY_LONG);
    let other = house.other(SHORT);
    let others = house.media.prepare(&wanted(&other, "ulaw", "")).await.unwrap();
    let greedy = ten_bytes_each(&house, &house.resource, 120).await;
    let modest = others.open(0..10);
    assert!(greedy.len() < 120, "all were taken");
    assert_eq!(collect(modest.unwrap()).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_leaves_others_their_share_of_the_queue_whatever_it_asks_for() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { threads: 1, queue_length: 64, ..House::config(dir.path()) };
    let house = Arc::new(House::with(dir.path(), config, VERY_LONG));
    let [greedy, modest] = ["2001:db8::1", "192.0.2.1"].map(|ip| Asker::at(ip.parse().unwrap()));
    // Nothing of the queue is made before all have come.
    let source = Gate::new(recording(VERY_LONG), 100_000);
    let uploading = tokio::spawn(upload(Arc::clone(&house), Arc::clone(&source), "ogg"));
    source.is_reached().await;
    let first_ten_bytes = async |frames: u32, asker: Asker| {
        let wanted = wanted(&house.other(frames), "ulaw", "");
        asker.asks(async { house.media.prepare(&wanted).await.unwrap().open(0..10) }).await
    };
    let mut taken = Vec::new();
    for n in 0..300 {
        taken.extend(first_ten_bytes(8000 + n, greedy).await);
    }
    assert_eq!(taken.len(), 64, "the queue is full of what one address asks for");
    let others = first_ten_bytes(SHORT, modest).await.expect("no place for another address");
    source.open(u64::MAX);
    assert_eq!(collect(others).await.len(), 10);
    uploading.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_encode_that_was_left_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let undisturbed = House::with(dir.path(), House::config(dir.path()), VERY_LONG);
    let whole = undisturbed.whole("mp4").await;
    undisturbed.media.close().await;
    let segments = undisturbed.encoded();
    let dir = tempfile::tempdir().unwrap();
    let config = Config { threads: 1, queue_length: 1, ..House::config(dir.path()) };
    let house = Arc::new(House::with(dir.path(), config, VERY_LONG));
    hangs_up(&house, house.wanted("mp4"), 3).await;
    // Who waits has its place.
    let other = house.other(8000);
    for format in ["ulaw", "alaw", "mp3", "ogg", "g722"] {
        let prepared = house.media.prepare(&wanted(&other, format, "")).await.unwrap();
        let length = prepared.length_bytes();
        assert_eq!(collect(prepared.open(0..length).unwrap()).await.len() as u64, length);
    }
    assert!(cancelled(&house) >= 1);
    assert!(house.encoded() < segments, "the whole encode went on all the while");
    assert!(house.whole("mp4").await == whole);
    house.media.close().await;
    assert_eq!(house.encoded(), segments + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_was_told_to_come_back_finds_its_encode_done() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { learn_timeout: Duration::from_millis(1), ..House::config(dir.path()) };
    let house = House::with(dir.path(), config, VERY_LONG);
    let told = house.media.prepare(&house.wanted("mp4")).await.err();
    assert!(matches!(told, Some(OpenError::StillEncoding { .. })), "{told:?}");
    // With nobody there.
    house.has_encoded(119).await;
    house.media.close().await;
    assert!(house.media.prepare(&house.wanted("mp4")).await.is_ok());
}

/// An upload's transcode, read to its end; whether all of it came.
async fn upload(house: Arc<House>, source: Arc<Gate>, format: &'static str) -> bool {
    let Representation::Transcode(chosen) = house.wanted(format) else { panic!("no transcode") };
    let prepared = house.media.prepare_source(&chosen, source, Vec::new()).await.unwrap();
    let length = prepared.length_bytes();
    collect(prepared.open(0..length).unwrap()).await.len() as u64 == length
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transcode_on_upload_lets_all_go_first_that_play() {
    for format in ["ogg", "flac", "g722"] {
        let dir = tempfile::tempdir().unwrap();
        // However little patience there is with clients that play.
        let learn_timeout = Duration::from_millis(1);
        let config = Config { threads: 1, learn_timeout, ..House::config(dir.path()) };
        let house = Arc::new(House::with(dir.path(), config, VERY_LONG));
        let other = house.other(LONG);
        let source = Gate::new(recording(VERY_LONG), 1_000_000);
        let uploading = tokio::spawn(upload(Arc::clone(&house), Arc::clone(&source), format));
        source.is_reached().await;
        let players = ten_bytes_each(&house, &other, 20).await;
        assert_eq!(players.len(), 20);
        // A chain gives its thread back by the clock, after 50 ms.
        tokio::time::sleep(Duration::from_millis(60)).await;
        // Room for the turn that is under way, and no more than a few segments: were the upload to go on before the
        // players, it would stand still again and they would wait for ever.
        source.open(2_000_000);
        for player in players {
            let played = tokio::time::timeout(PATIENCE, collect(player)).await;
            assert_eq!(played.expect("the upload goes first").len(), 10, "{format}");
        }
        source.open(u64::MAX);
        assert!(uploading.await.unwrap(), "{format}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transcode_on_upload_ends_with_its_client_and_holds_no_file_open() {
    for format in ["ogg", "flac", "g722"] {
        let dir = tempfile::tempdir().unwrap();
        let config = Config { threads: 1, ..House::config(dir.path()) };
        let house = Arc::new(House::with(dir.path(), config, VERY_LONG));
        let source = Gate::new(recording(VERY_LONG), 1_000_000);
        let uploading = tokio::spawn(upload(Arc::clone(&house), Arc::clone(&source), format));
        source.is_reached().await;
        uploading.abort();
        let _ = uploading.await;
        source.open(u64::MAX);
        // A job of its own, behind whatever is queued of the upload's.
        let other = house.other(SHORT);
        let prepared = house.media.prepare(&wanted(&other, "alaw", "")).await.unwrap();
        collect(prepared.open(0..10).unwrap()).await;
        house.media.close().await;
        assert_eq!(Arc::strong_count(&source), 1, "{format}: its file is held open");
        assert!(!source.was_read_to_its_end(), "{format} went on");
    }
}
