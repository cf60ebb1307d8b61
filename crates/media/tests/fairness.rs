//! Who waits for whom: work that nobody waits for gives way, and no recording takes all there is.
#![allow(clippy::unwrap_used)]

mod house;

use house::{House, LONG, SHORT, VERY_LONG, collect, wanted};
use media::{Config, OpenError, Representation, Resource};
use std::fs::File;
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
    while house.encoded() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
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
async fn a_whole_encode_that_was_left_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let undisturbed = House::with(dir.path(), House::config(dir.path()), VERY_LONG);
    let whole = undisturbed.whole("flac").await;
    undisturbed.media.close().await;
    let segments = undisturbed.encoded();
    let dir = tempfile::tempdir().unwrap();
    let config = Config { threads: 1, queue_length: 1, ..House::config(dir.path()) };
    let house = Arc::new(House::with(dir.path(), config, VERY_LONG));
    hangs_up(&house, house.wanted("flac"), 3).await;
    // Who waits has its place.
    let other = house.other(8000);
    for format in ["ulaw", "alaw", "mp3", "ogg", "g722"] {
        let prepared = house.media.prepare(&wanted(&other, format, "")).await.unwrap();
        let length = prepared.length_bytes();
        assert_eq!(collect(prepared.open(0..length).unwrap()).await.len() as u64, length);
    }
    assert!(cancelled(&house) >= 1);
    assert!(house.encoded() < segments, "the whole encode went on all the while");
    assert!(house.whole("flac").await == whole);
    house.media.close().await;
    assert_eq!(house.encoded(), segments + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_was_told_to_come_back_finds_its_encode_done() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { learn_timeout: Duration::from_millis(1), ..House::config(dir.path()) };
    let house = House::with(dir.path(), config, LONG);
    let told = house.media.prepare(&house.wanted("flac")).await.err();
    assert!(matches!(told, Some(OpenError::StillEncoding { .. })), "{told:?}");
    // With nobody there.
    house.has_encoded(21).await;
    house.media.close().await;
    assert!(house.media.prepare(&house.wanted("flac")).await.is_ok());
}

/// The transcode of an upload: what is stored of it is of no interest here.
async fn uploaded(house: &House, format: &'static str) -> Result<media::Prepared, OpenError> {
    let Representation::Transcode(chosen) = house.wanted(format) else { panic!("no transcode") };
    let source = Arc::new(File::open(house.path()).unwrap());
    house.media.prepare_source(&chosen, source, Vec::new()).await
}

/// Segments of an upload's transcode that were made while twenty clients came to play another recording.
async fn made_beside_players(format: &'static str) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    // However little patience there is with who plays.
    let learn_timeout = Duration::from_millis(1);
    let config = Config { threads: 1, learn_timeout, ..House::config(dir.path()) };
    let house = Arc::new(House::with(dir.path(), config, VERY_LONG));
    let other = house.other(LONG);
    let uploading = Arc::clone(&house);
    let upload = tokio::spawn(async move {
        let prepared = uploaded(&uploading, format).await.unwrap();
        let length = prepared.length_bytes();
        collect(prepared.open(0..length).unwrap()).await.len() as u64 == length
    });
    while house.encoded() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let before = house.encoded();
    let players = ten_bytes_each(&house, &other, 20).await;
    for player in players {
        assert_eq!(collect(player).await.len(), 10);
    }
    let beside = house.encoded() - before - 20;
    assert!(upload.await.unwrap());
    beside
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transcode_on_upload_lets_all_go_first_that_play() {
    for format in ["ogg", "flac", "g722"] {
        // The turn that was under way, and the one after the last of the twenty.
        let a_turn = if format == "g722" { 60 } else { 2 };
        let mut fewest = u64::MAX;
        // An encoder that is idle between two clients rightly takes the upload's next segment: the fewest of some tries
        // are what the order of turns lets through.
        for _ in 0..5 {
            fewest = fewest.min(made_beside_players(format).await);
            if fewest <= a_turn {
                break;
            }
        }
        assert!(fewest <= a_turn, "{fewest} segments of the {format} upload came first");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transcode_on_upload_ends_with_its_client_and_holds_no_file_open() {
    for format in ["ogg", "flac", "g722"] {
        let dir = tempfile::tempdir().unwrap();
        let config = Config { threads: 1, ..House::config(dir.path()) };
        let house = Arc::new(House::with(dir.path(), config, VERY_LONG));
        let Representation::Transcode(chosen) = house.wanted(format) else { panic!() };
        let held = Arc::new(File::open(house.path()).unwrap());
        let (uploading, source) = (Arc::clone(&house), Arc::clone(&held));
        let upload = tokio::spawn(async move {
            let prepared =
                uploading.media.prepare_source(&chosen, source, Vec::new()).await.unwrap();
            collect(prepared.open(0..prepared.length_bytes()).unwrap()).await
        });
        while house.encoded() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        upload.abort();
        let _ = upload.await;
        // A job of its own, behind whatever is queued of the upload's.
        let other = house.other(SHORT);
        let prepared = house.media.prepare(&wanted(&other, "alaw", "")).await.unwrap();
        collect(prepared.open(0..10).unwrap()).await;
        house.media.close().await;
        assert_eq!(Arc::strong_count(&held), 1, "{format}: its file is held open");
        assert!(upload_is_unfinished(&house, format).await, "{format} went on");
    }
}

/// Whether fewer segments were made than all of the upload.
async fn upload_is_unfinished(house: &House, format: &'static str) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let whole = House::with(dir.path(), House::config(dir.path()), VERY_LONG);
    whole.whole(format).await;
    whole.media.close().await;
    house.encoded() < whole.encoded()
}
