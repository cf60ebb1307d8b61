//! The engine by behaviour: one flight a segment, the same bytes however they are asked for, a cache
//! that survives and repairs itself.
#![allow(clippy::unwrap_used)]

mod house;

use catalog::Catalog;
use house::{Gate, House, LONG, PATIENCE, SHORT, VERY_LONG, collect, drain, recording, refer_to};
use media::{Chunk, Config, Representation};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn clients_who_come_at_any_moment_of_the_first_encode_cause_no_second_one() {
    // With 8000 frames the encode ends while many still look for what is known of it.
    for (format, frames, segments) in [
        ("ulaw", SHORT, 3),
        ("mp3", SHORT, 2),
        ("g722", SHORT, 13),
        ("ogg", SHORT, 2),
        ("flac", SHORT, 3),
        ("mp4", SHORT, 3),
        ("flac", 8000, 1),
        ("flac", 8000, 1),
        ("mp4", 8000, 1),
        ("mp4", 8000, 1),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let house = Arc::new(House::with(dir.path(), House::config(dir.path()), frames));
        let clients: Vec<_> = (0..200)
            .map(|_| {
                let house = Arc::clone(&house);
                tokio::spawn(async move { house.whole(format).await })
            })
            .collect();
        let mut answers = Vec::new();
        for client in clients {
            answers.push(client.await.unwrap());
        }
        assert!(answers.iter().all(|a| *a == answers[0]), "{format}");
        house.media.close().await;
        assert_eq!(house.encoded(), segments, "{format} of {frames} frames");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_begun_at_the_close_is_kept_and_what_is_queued_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::with(dir.path(), Config { threads: 1, ..House::config(dir.path()) }, LONG);
    let prepared = house.media.prepare(&house.wanted("ogg")).await.unwrap();
    let length = prepared.length_bytes();
    let wanted: Vec<_> = (0..20).map(|n| prepared.open(length * n / 20..length).unwrap()).collect();
    // Behind the header, which needs no encoding.
    let mut first = prepared.open(2000..2010).unwrap();
    assert!(first.next().await.unwrap().is_ok());
    house.media.close().await;
    let made = house.encoded();
    assert!((1..11).contains(&made), "{made}");
    // The answers that waited for more end; none stands still.
    for body in wanted {
        let _ = tokio::time::timeout(PATIENCE, drain(body)).await.unwrap();
    }
    assert_eq!(house.encoded(), made);
    drop((first, prepared));
    let house = house.restarted(House::config(dir.path())).await;
    house.whole("ogg").await;
    house.has_encoded(11 - made).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cold_tail_equals_the_tail_of_the_later_whole() {
    for format in ["ulaw", "alaw"] {
        let dir = tempfile::tempdir().unwrap();
        let house = House::open(dir.path(), House::config(dir.path()));
        let length = house.media.prepare(&house.wanted(format)).await.unwrap().length_bytes();
        let tail = house.range(format, length - 1000..length).await;
        house.has_encoded(1).await;
        assert_eq!(tail, house.whole(format).await[length as usize - 1000..]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cache_survives_a_restart_and_its_loss_changes_no_byte() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), House::config(dir.path()));
    let first = house.whole("ulaw").await;
    house.has_encoded(3).await;
    let warm = house.restarted(House::config(dir.path())).await;
    assert_eq!(warm.whole("ulaw").await, first);
    warm.media.close().await;
    assert_eq!(warm.encoded(), 0);
    std::fs::remove_dir_all(dir.path().join("cache")).unwrap();
    let cold = warm.restarted(Config { threads: 1, ..House::config(dir.path()) }).await;
    assert_eq!(cold.whole("ulaw").await, first);
    cold.has_encoded(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_whose_bytes_changed_on_the_disk_is_made_again_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), House::config(dir.path()));
    let first = house.whole("ulaw").await;
    house.media.close().await;
    for entry in std::fs::read_dir(dir.path().join("cache")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "data") {
            let file = std::fs::File::options().write(true).open(path).unwrap();
            file.write_all_at(b"rot", 90_000).unwrap();
        }
    }
    let house = house.restarted(House::config(dir.path())).await;
    assert_eq!(house.whole("ulaw").await, first);
    house.has_encoded(1).await;
    assert_eq!(house.media.counters().checksum_repairs.load(Ordering::Relaxed), 1);
    house.media.close().await;
    assert_eq!(house.media.cached_bytes(), 202_400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_taken_away_under_the_running_server_costs_only_another_encode() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), House::config(dir.path()));
    let first = house.whole("ulaw").await;
    // Started anew, it holds no file of it open and has checked none.
    let house = house.restarted(House::config(dir.path())).await;
    std::fs::remove_dir_all(dir.path().join("cache")).unwrap();
    assert_eq!(house.whole("ulaw").await, first);
    house.has_encoded(3).await;
    assert_eq!(house.media.cached_bytes(), 0);
    std::fs::create_dir(dir.path().join("cache")).unwrap();
    assert_eq!(house.whole("ulaw").await, first);
    house.has_encoded(6).await;
    assert_eq!(house.whole("ulaw").await, first);
    assert_eq!((house.encoded(), house.media.cached_bytes()), (6, 202_400));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cache_keeps_its_limit_and_an_evicted_output_comes_out_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { cache_bytes: 250_000, ..House::config(dir.path()) };
    let house = House::open(dir.path(), config);
    let ulaw = house.whole("ulaw").await;
    let alaw = house.whole("alaw").await;
    house.has_encoded(6).await;
    assert!(house.media.cached_bytes() <= 250_000);
    assert!(house.media.counters().outputs_evicted.load(Ordering::Relaxed) >= 1);
    assert_eq!(house.whole("ulaw").await, ulaw);
    assert_eq!(house.whole("alaw").await, alaw);
    assert!(house.media.cached_bytes() <= 250_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_an_answer_and_what_is_cached_is_served_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { queue_length: 0, ..House::config(dir.path()) };
    let house = House::open(dir.path(), config);
    for format in ["ulaw", "mp3", "g722"] {
        let prepared = house.media.prepare(&house.wanted(format)).await.unwrap();
        // Nothing is left of a refused one that another would wait for.
        for _ in 0..2 {
            let opened = prepared.open(prepared.length_bytes() - 10..prepared.length_bytes());
            assert!(matches!(opened, Err(media::OpenError::Busy { .. })), "{format}");
        }
        // What was promised with the head of an answer is kept, though.
        assert_eq!(collect(prepared.further(0..10)).await.len(), 10, "{format}");
    }
    let original = Representation::Original(Arc::clone(&house.resource));
    let prepared = house.media.prepare(&original).await.unwrap();
    let bytes = collect(prepared.open(0..4).unwrap()).await;
    assert_eq!(bytes, b"RIFF");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_wants_bytes_gets_an_original_and_a_transcode_block_by_block() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::with(dir.path(), House::config(dir.path()), LONG);
    let original = Representation::Original(Arc::clone(&house.resource));
    let stored = std::fs::read(house.path()).unwrap();
    let transcode = house.whole("wav").await;
    house.has_encoded(21).await;
    for (representation, whole) in [(original, stored), (house.wanted("wav"), transcode)] {
        let prepared = house.media.prepare(&representation).await.unwrap();
        let range = 10..prepared.length_bytes() - 10;
        let mut body = prepared.open(range.clone()).unwrap();
        let mut bytes = Vec::new();
        while let Some(block) = body.bytes().await {
            let block = block.unwrap();
            assert!((1..=256 * 1024).contains(&block.len()), "{} bytes at a time", block.len());
            bytes.extend(block);
        }
        assert!(bytes == whole[range.start as usize..range.end as usize]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_waits_for_any_more_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), Config { threads: 1, ..House::config(dir.path()) });
    let prepared = house.media.prepare(&house.wanted("ulaw")).await.unwrap();
    for _ in 0..20 {
        drop(prepared.open(0..prepared.length_bytes()).unwrap());
    }
    // Queued behind the given-up ones: when it's done they have been passed.
    let whole = house.whole("alaw").await;
    assert_eq!(whole.len(), 202_400);
    let cancelled = house.media.counters().segments_cancelled.load(Ordering::Relaxed);
    assert!(cancelled >= 1, "{cancelled}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_segment_of_one_representation_does_not_wait_for_all_of_another() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { threads: 1, ..House::config(dir.path()) };
    let house = House::with(dir.path(), config, VERY_LONG);
    let greedy = house.media.prepare(&house.wanted("mp3")).await.unwrap();
    let length = greedy.length_bytes();
    // Nearly all of it is wanted at once.
    let waiting: Vec<_> = (1..=50).map(|n| greedy.open(length * n / 51..length).unwrap()).collect();
    let modest = house.range("ulaw", 0..1000).await;
    let before = house.encoded();
    assert_eq!(modest.len(), 1000);
    assert!(before < 40, "{before} segments came first");
    drop(waiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_stops_reading_has_only_the_read_ahead_made() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::with(dir.path(), House::config(dir.path()), LONG);
    let prepared = house.media.prepare(&house.wanted("ulaw")).await.unwrap();
    let mut body = prepared.open(0..prepared.length_bytes()).unwrap();
    let mut length = 0;
    let mut chunk_bytes = |chunk: Chunk| match chunk {
        Chunk::Memory(bytes) => length += bytes.len() as u64,
        Chunk::File { length: more, .. } => length += more,
    };
    chunk_bytes(body.next().await.unwrap().unwrap());
    tokio::time::sleep(Duration::from_secs(1)).await;
    // The one that is read, and two ahead of it.
    house.has_encoded(3).await;
    while let Some(chunk) = body.next().await {
        chunk_bytes(chunk.unwrap());
    }
    assert_eq!(length, u64::from(LONG));
    house.has_encoded(21).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_cancels_what_only_it_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { threads: 1, ..House::config(dir.path()) };
    let house = House::with(dir.path(), config, VERY_LONG);
    let prepared = house.media.prepare(&house.wanted("ogg")).await.unwrap();
    let length = prepared.length_bytes();
    let leaving: Vec<_> =
        (1..=20).map(|n| prepared.open(length * n / 21..length).unwrap()).collect();
    let staying = prepared.open(length - 10..length).unwrap();
    drop(leaving);
    assert_eq!(collect(staying).await.len(), 10);
    assert!(house.encoded() < 10);
    assert!(house.media.counters().segments_cancelled.load(Ordering::Relaxed) > 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_listens_has_its_turns_beside_a_whole_encode_and_a_chain() {
    for busy in ["mp4", "g722"] {
        let dir = tempfile::tempdir().unwrap();
        let config = Config { threads: 1, ..House::config(dir.path()) };
        let house = Arc::new(House::with(dir.path(), config, VERY_LONG));
        let working = Arc::clone(&house);
        let work = tokio::spawn(async move {
            let prepared = working.media.prepare(&working.wanted(busy)).await.unwrap();
            let length = prepared.length_bytes();
            collect(prepared.open(length - 10..length).unwrap()).await
        });
        house.has_begun().await;
        // Five segments, all but the first of them read ahead before they are waited for.
        assert_eq!(house.range("ulaw", 0..390_000).await.len(), 390_000);
        assert!(!work.is_finished(), "it waited for all of the {busy}");
        assert_eq!(work.await.unwrap().len(), 10);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_chain_gives_the_same_bytes_to_clients_who_come_and_go_as_they_like() {
    let dir = tempfile::tempdir().unwrap();
    let whole = House::with(dir.path(), House::config(dir.path()), LONG).whole("g722").await;
    let mut x = 1u32;
    for _ in 0..12 {
        let dir = tempfile::tempdir().unwrap();
        let house = Arc::new(House::with(dir.path(), House::config(dir.path()), LONG));
        let clients: Vec<_> = (0..24)
            .map(|_| {
                x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let start = u64::from(x >> 8) % (whole.len() as u64 / 8);
                let patience = Duration::from_micros(u64::from(x >> 16) % 8000);
                let house = Arc::clone(&house);
                tokio::spawn(async move {
                    let range = start..start + 20_000;
                    match x & 0x100 {
                        0 => Some((start, house.range("g722", range).await)),
                        _ => {
                            let left = tokio::time::timeout(patience, house.range("g722", range));
                            left.await.ok().map(|bytes| (start, bytes))
                        }
                    }
                })
            })
            .collect();
        for client in clients {
            let ended = tokio::time::timeout(PATIENCE, client).await;
            if let Some((start, bytes)) = ended.expect("an end").unwrap() {
                assert!(whole[start as usize..].starts_with(&bytes), "from {start}");
            }
        }
        // What is kept is right, too.
        let house = Arc::into_inner(house).unwrap().restarted(House::config(dir.path())).await;
        assert!(house.whole("g722").await == whole);
        assert_eq!(house.media.counters().checksum_repairs.load(Ordering::Relaxed), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_always_fails_ends_the_answers_that_need_it() {
    for format in ["g722", "ulaw", "flac"] {
        let dir = tempfile::tempdir().unwrap();
        let house = House::with(dir.path(), House::config(dir.path()), LONG);
        // It is whole when it is opened first.
        let original = Representation::Original(Arc::clone(&house.resource));
        house.media.prepare(&original).await.unwrap();
        let blob = house.path();
        // Read-only as it is, its owner may still cut it short by its name.
        std::fs::set_permissions(&blob, std::fs::Permissions::from_mode(0o600)).unwrap();
        let blob = std::fs::File::options().write(true).open(blob).unwrap();
        blob.set_len(u64::from(LONG)).unwrap();
        let ask = async {
            let prepared = house.media.prepare(&house.wanted(format)).await.ok()?;
            let length = prepared.length_bytes();
            Some(drain(prepared.open(length - 10..length).unwrap()).await)
        };
        let answer = tokio::time::timeout(PATIENCE, ask).await.expect("an end");
        assert!(!matches!(answer, Some(Ok(()))), "{format}");
        house.media.close().await;
        let failed = house.media.counters().segments_failed.load(Ordering::Relaxed);
        assert!((1..4).contains(&failed), "{format}: {failed} tries");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_goes_on_from_the_file_once_the_segment_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), House::config(dir.path()));
    let Representation::Transcode(chosen) = house.wanted("ogg") else { panic!("no transcode") };
    // The encoder stands still in the midst of the first segment, of 320 kB.
    let source = Gate::new(recording(SHORT), 200_000);
    let prepared = house.media.prepare_source(&chosen, source.clone(), Vec::new()).await.unwrap();
    let mut body = prepared.open(0..prepared.length_bytes()).unwrap();
    // The header, and the first packets as they come.
    let mut read = 0;
    for _ in 0..2 {
        let Some(Ok(Chunk::Memory(bytes))) = body.next().await else { panic!("not cold") };
        read += bytes.len() as u64;
    }
    source.open(u64::MAX);
    house.media.close().await;
    match body.next().await {
        Some(Ok(Chunk::File { offset, .. })) => assert_eq!(offset, read),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_encoded_again_over_what_is_kept_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), House::config(dir.path()));
    let first = house.whole("flac").await;
    house.media.close().await;
    let kept = house.media.cached_bytes();
    // With another catalog its layout isn't known any more.
    let catalog = Catalog::open(dir.path().join("other.sqlite")).unwrap();
    refer_to(&house.resource.content_hash, &dir.path().join("other.sqlite"));
    let house = House { catalog, ..house }.restarted(House::config(dir.path())).await;
    assert_eq!(house.whole("flac").await, first);
    house.media.close().await;
    assert_eq!((house.encoded(), house.media.cached_bytes()), (3, kept));
}
