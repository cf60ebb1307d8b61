//! Floods: a few bytes each that stand for millions of packets, for a walk over the whole, or for a copy of another
//! part of the file. The numbers that come out show that no more was done than the bytes are worth.

use super::{Counted, refusal};
use audio::{Hint, Probed, Source, probe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

fn probed(bytes: Vec<u8>) -> Probed {
    probe(&(Arc::new(bytes) as Source), Hint::default()).unwrap()
}

/// A box of MP4.
fn boxed(kind: &[u8; 4], body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    [&(8 + body.len() as u32).to_be_bytes(), &kind[..], &body].concat()
}

/// Words of 32 bits.
fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// A track with sound: so many packets of MPEG audio, 100 bytes each, in so many chunks of one; four have a place.
fn track(packets: u32, chunks: u32) -> Vec<u8> {
    let handler = boxed(b"hdlr", &[&[0; 8], b"soun", &[0; 12]]);
    let entry = boxed(b".mp3", &[&[0; 28]]);
    let tables = [
        boxed(b"stsd", &[&words(&[0, 1]), &entry]),
        boxed(b"stts", &[&words(&[0, 1, packets, 1152])]),
        boxed(b"stsc", &[&words(&[0, 1, 1, 1, 1])]),
        boxed(b"stsz", &[&words(&[0, 100, packets])]),
        boxed(b"stco", &[&words(&[0, chunks, 0, 0, 0, 0])]),
    ];
    let table = boxed(b"minf", &[&boxed(b"stbl", &[&tables.concat()])]);
    boxed(b"trak", &[&boxed(b"mdia", &[&handler, &table])])
}

#[test]
fn chunks_that_have_no_place_in_the_table_are_none() {
    let good = include_bytes!("../../../../tests/fuzz/seeds/mp3/cbr.mp3");
    let head = boxed(b"ftyp", &[b"isom\0\0\0\0"]);
    let moov = boxed(b"moov", &[&track(u32::MAX, u32::MAX)]);
    let mut bytes = [&head[..], &moov, good, &[0; 100_000]].concat();
    // The chunks that have a place lie where MPEG audio begins.
    let tag = 10 + usize::from(good[9]);
    let at = (head.len() + moov.len() + tag) as u32;
    let places = bytes.windows(4).position(|kind| kind == b"stco").unwrap() + 12;
    bytes[places..places + 16].copy_from_slice(&words(&[at; 4]));
    assert!(bytes[at as usize] == 0xff, "the seed begins with a packet");
    let facts = probed(bytes).facts;
    assert_eq!(facts.frame_count % 4, 0);
    assert!(facts.frame_count <= 4 * 1152, "{} frames", facts.frame_count);
    assert!(facts.repaired[0].contains("the first 4 packets"), "{:?}", facts.repaired);
}

#[test]
fn tracks_by_the_thousand_do_not_each_take_a_walk_over_the_file() {
    let head = boxed(b"ftyp", &[b"isom\0\0\0\0"]);
    let fragments = boxed(b"mvex", &[]);
    let moov = boxed(b"moov", &[&track(4, 4).repeat(2000), &fragments]);
    let others = boxed(b"free", &[&[0; 250]]).repeat(4000);
    let bytes = [head, moov, others].concat();
    let length = bytes.len() as u64;
    let source = Arc::new(Counted { bytes, read: AtomicU64::new(0) });
    let refusal = refusal(&(source.clone() as Source));
    assert!(refusal.starts_with("mp4: no MPEG audio"), "{refusal}");
    let read = source.read.load(Ordering::Relaxed);
    assert!(read < 100 * length, "{read} bytes of {length}");
}

#[test]
fn packets_of_fragments_that_take_no_bytes_are_no_more_than_the_bytes_of_the_file() {
    let good = include_bytes!("../../../../tests/fuzz/seeds/mp4/fragments.mp4");
    let facts = probed(good.to_vec()).facts;
    // A run of a million packets of no length and no description each: first of our track, then of another.
    for track in [1, 2] {
        let run = boxed(b"trun", &[&words(&[0, 1 << 20])]);
        let head = boxed(b"tfhd", &[&words(&[0x2_0010, track, 0])]);
        let moof = boxed(b"moof", &[&boxed(b"traf", &[&head, &run])]);
        let flood = [&good[..], &moof.repeat(50)].concat();
        let most = flood.len() as u64 * 1024;
        let flooded = probed(flood).facts;
        assert!(flooded.frame_count >= facts.frame_count);
        assert!(flooded.frame_count <= most, "track {track}: {} frames", flooded.frame_count);
        let is_told = flooded.repaired.iter().any(|text| text.contains("cut short"));
        assert!(is_told, "track {track}: {:?}", flooded.repaired);
    }
}

#[test]
fn a_beginning_of_a_megabyte_that_every_packet_has_lost_is_refused() {
    let stripped = |length: usize| {
        // Sizes of four bytes.
        let element = |id: &[u8], body: &[u8]| {
            [id, &(0x1000_0000 | body.len() as u32).to_be_bytes(), body].concat()
        };
        let settings = element(&[0x42, 0x55], &vec![0; length]);
        let compression = element(&[0x50, 0x34], &[&[0x42, 0x54, 0x81, 3][..], &settings].concat());
        let encodings = element(&[0x6d, 0x80], &element(&[0x62, 0x40], &compression));
        // Number 1, sound, MPEG audio.
        let track = [&[0xd7, 0x81, 1, 0x83, 0x81, 2][..], b"\x86\x89A_MPEG/L3", &encodings];
        let entry = element(&[0xae], &track.concat());
        let tracks = element(&[0x16, 0x54, 0xae, 0x6b], &entry);
        let cluster = element(&[0x1f, 0x43, 0xb6, 0x75], &[0xa3, 0x85, 0x81, 0, 0, 0, 0]);
        let head = [0x1a, 0x45, 0xdf, 0xa3, 0x80];
        let segment = element(&[0x18, 0x53, 0x80, 0x67], &[tracks, cluster].concat());
        refusal(&(Arc::new([&head[..], &segment].concat()) as Source))
    };
    let wanted =
        "matroska: a track whose packets are stripped of 1048576 bytes each (supported: up to 256)";
    assert_eq!(stripped(1 << 20), wanted);
    // As long as it may be: the packet is what's wrong.
    assert_eq!(stripped(256), "matroska: no MPEG audio where its first packet should be");
}

#[test]
fn behind_a_flood_of_false_loas_elements_nothing_is_looked_for() {
    let good = include_bytes!("../../../../tests/fuzz/seeds/loas/aac.latm");
    let packets = |bytes: Vec<u8>| probed(bytes).facts.frame_count / 1024;
    let once = packets(good.to_vec());
    // Each says as before, and that its packet is longer than it is.
    let mut element = vec![0x56, 0xe0, 100];
    element.extend([0xff; 100]);
    let around = |count| packets([&good[..], &element.repeat(count), good].concat());
    assert_eq!(around(100), 2 * once);
    assert_eq!(around(10_000), once);
}

#[test]
fn the_links_of_a_chained_ogg_share_the_patience_with_false_pages() {
    let good = include_bytes!("../../../../tests/fuzz/seeds/ogg/opus.ogg");
    let mut header = [0xff; 27];
    header[..5].copy_from_slice(b"OggS\0");
    let chained = |count| {
        let link = [&good[..], &header.repeat(count)].concat();
        probed([&link.repeat(3), &good[..]].concat()).facts.frame_count
    };
    let once = probed(good.to_vec()).facts.frame_count;
    assert_eq!(chained(10), 4 * once);
    assert_eq!(chained(2500), 2 * once);
}
