//! Sources made to hurt: promises out of all proportion, floods, boxes within boxes. Each is refused
//! with a reason or read in bounded blocks.
#![allow(clippy::unwrap_used)]

mod floods;
#[path = "../../../../tests/fuzz/listen.rs"]
mod listen;
mod silent_flac;

use audio::format::Coding;
use audio::formats::by_name;
use audio::probe::payload;
use audio::tags::Tags;
use audio::transcode::Input;
use audio::{ChannelMap, Hint, Planar, Probed, ReadAt, Source, Target, Transcode, probe};
use silent_flac::silent_flac;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A head followed by zeros, up to any length.
struct Zeros {
    head: Vec<u8>,
    length_bytes: u64,
}

impl ReadAt for Zeros {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = usize::try_from(self.length_bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = buffer.len().min(left);
        let buffer = &mut buffer[..length];
        buffer.fill(0);
        self.head.read_at(buffer, offset)?;
        Ok(length)
    }

    fn length_bytes(&self) -> u64 {
        self.length_bytes
    }
}

fn refusal(source: &Source) -> String {
    probe(source, Hint::default()).unwrap_err().to_string()
}

/// Frames of a decode from a place to the end; no block may be longer than promised.
fn frames_from(source: &Source, probed: &Probed, start: u64) -> u64 {
    let reader = by_name(&probed.facts.format).unwrap().source.unwrap();
    let source = payload(source, &probed.facts.format).unwrap();
    let mut decode = reader.open(&source, &probed.facts, &probed.index, start).unwrap();
    let mut block = Planar::new(usize::from(probed.facts.channels));
    let mut count = 0;
    loop {
        block.clear();
        let frames = decode.read(&mut block).unwrap();
        assert!(frames <= 65_536 && block.frames() == frames);
        if frames == 0 {
            return count;
        }
        count += frames as u64;
    }
}

/// An AU header (24 bytes) of 8-bit samples.
fn au(rate_hz: u32, channels: u32) -> Vec<u8> {
    let words = [24, u32::MAX, 2, rate_hz, channels].map(u32::to_be_bytes);
    [&b".snd"[..], words.as_flattened()].concat()
}

#[test]
fn more_than_a_year_of_audio_is_refused_and_a_year_is_not() {
    let year = 366 * 24 * 3600;
    let of = |frames| -> Source { Arc::new(Zeros { head: au(1, 1), length_bytes: 24 + frames }) };
    assert_eq!(refusal(&of(year + 1)), "au: 31622401 s of audio (at most 31622400)");
    assert_eq!(refusal(&of(year * 4000)), "au: 126489600000 s of audio (at most 31622400)");
    let source = of(year);
    let probed = probe(&source, Hint::default()).unwrap();
    assert_eq!(frames_from(&source, &probed, year - 5), 5);
}

#[test]
fn rates_and_channel_counts_that_nobody_has_are_refused() {
    let of =
        |rate_hz, channels| -> Source { Arc::new([au(rate_hz, channels), vec![0; 4096]].concat()) };
    for rate_hz in [0, 1_000_001, u32::MAX] {
        let text = format!("au: a sample rate of {rate_hz} Hz (allowed: 1 to 1000000)");
        assert_eq!(refusal(&of(rate_hz, 1)), text);
    }
    for channels in [65, 255, 65_535] {
        let text = format!("au: {channels} channels (allowed: 1 to 64)");
        assert_eq!(refusal(&of(8000, channels)), text);
    }
    let source = of(1_000_000, 64);
    let probed = probe(&source, Hint::default()).unwrap();
    assert_eq!(frames_from(&source, &probed, 1), 63);
}

#[test]
fn twenty_kilobytes_of_flac_that_are_hours_of_silence_are_read_block_by_block() {
    let bytes = silent_flac(8000, 1300);
    assert!(bytes.len() < 20_480, "{}", bytes.len());
    let source: Source = Arc::new(bytes);
    let probed = probe(&source, Hint::default()).unwrap();
    assert_eq!(probed.facts.frame_count, 1300 * 65_535);
    let last = probed.facts.frame_count - 1;
    assert_eq!(frames_from(&source, &probed, last - 100_000), 100_001);
}

#[test]
fn twenty_kilobytes_of_flac_that_are_years_are_refused() {
    let source: Source = Arc::new(silent_flac(1, 1300));
    assert_eq!(refusal(&source), "flac: 85195500 s of audio (at most 31622400)");
}

/// A valid ALAC in MP4, and where in it the codec's cookie begins.
fn alac() -> (Vec<u8>, usize) {
    let bytes = include_bytes!("../../../../tests/fuzz/seeds/mp4/alac.m4a").to_vec();
    let outer = bytes.windows(4).position(|w| w == b"alac").unwrap() + 4;
    let inner = outer + bytes[outer..].windows(4).position(|w| w == b"alac").unwrap();
    (bytes, inner + 8)
}

#[test]
fn an_alac_packet_length_out_of_all_proportion_is_refused() {
    let (mut bytes, cookie) = alac();
    probe(&(Arc::new(bytes.clone()) as Source), Hint::default()).unwrap();
    for frames in [65_537, u32::MAX] {
        bytes[cookie..cookie + 4].copy_from_slice(&frames.to_be_bytes());
        let source: Source = Arc::new(bytes.clone());
        let refusal = refusal(&source);
        assert!(refusal.starts_with("mp4: alac ("), "{refusal}");
    }
}

#[test]
fn boxes_within_boxes_and_boxes_of_no_length_come_to_an_end() {
    let nested = (1..=5000_u32).rev().flat_map(|depth| {
        let kind = if depth % 2 == 0 { b"moov" } else { b"trak" };
        [(depth * 8).to_be_bytes(), *kind].concat()
    });
    let nested: Source = Arc::new([&b"\0\0\0\x08ftyp"[..], &nested.collect::<Vec<_>>()].concat());
    assert!(refusal(&nested).starts_with("mp4: "));
    // Sizes 0 and 1 (to the end, and 64 bits of nothing).
    for size in [0_u32, 1] {
        let empty = [&size.to_be_bytes()[..], b"moov\0\0\0\0\0\0\0\0"].concat();
        let source: Source = Arc::new([&b"\0\0\0\x08ftyp"[..], &empty.repeat(2000)].concat());
        assert!(refusal(&source).starts_with("mp4: "), "size {size}");
    }
}

#[test]
fn segments_within_segments_come_to_an_end() {
    let head = [0x1a, 0x45, 0xdf, 0xa3, 0x80];
    let nested = [0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let source: Source = Arc::new([&head[..], &nested.repeat(20_000)].concat());
    assert_eq!(refusal(&source), "matroska: there is no audio track");
}

/// A source that counts what is read of it.
struct Counted {
    bytes: Vec<u8>,
    read: AtomicU64,
}

impl ReadAt for Counted {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let read = self.bytes.read_at(buffer, offset)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }

    fn length_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }
}

#[test]
fn small_elements_that_each_claim_the_rest_of_a_file_are_not_each_searched_to_its_end() {
    let good = include_bytes!("../../../../tests/fuzz/seeds/matroska/opus.webm");
    // Tags that hold a tag with a text, or tracks that hold one, as long as 128 TiB, and room behind them.
    let endless = [0x01, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xec, 0x80];
    let tags: [&[u8]; 2] =
        [&[0x12, 0x54, 0xc3, 0x67, 0x8f, 0x73, 0x73, 0x8c, 0x67, 0xc8], &endless];
    let tracks: [&[u8]; 2] = [&[0x16, 0x54, 0xae, 0x6b, 0x8b, 0xae], &endless];
    let room = [&[0xec, 0x42, 0x58][..], &[0; 600]].concat();
    let begin = good.windows(4).position(|id| id == [0x15, 0x49, 0xa9, 0x66]).unwrap();
    for flood in [tags, tracks] {
        let flood = [flood.concat(), room.clone()].concat().repeat(2000);
        for (before, behind) in [(&good[..], &[][..]), (&good[..begin], &good[begin..])] {
            let bytes = [before, &flood, behind].concat();
            let length = bytes.len() as u64;
            let source = Arc::new(Counted { bytes, read: AtomicU64::new(0) });
            let _ = probe(&(source.clone() as Source), Hint::default());
            let read = source.read.load(Ordering::Relaxed);
            assert!(read < 100 * length, "{read} bytes of {length}");
        }
    }
}

#[test]
fn a_table_whose_chunks_hold_no_packets_holds_no_audio() {
    let mut bytes = include_bytes!("../../../../tests/fuzz/seeds/mp4/aac.m4a").to_vec();
    let runs = bytes.windows(4).position(|w| w == b"stsc").unwrap() + 4;
    // Version and flags, the number of runs, the first chunk; then packets in each chunk.
    bytes[runs + 12..runs + 16].fill(0);
    assert_eq!(refusal(&(Arc::new(bytes) as Source)), "mp4: it holds no audio");
}

#[test]
fn behind_a_flood_of_false_ogg_pages_nothing_is_looked_for() {
    let good = include_bytes!("../../../../tests/fuzz/seeds/ogg/opus.ogg");
    // Each claims 255 segments, whose lengths are the bytes of those that follow.
    let mut header = [0xff; 27];
    header[..5].copy_from_slice(b"OggS\0");
    let behind = |count| -> Source { Arc::new([&header.repeat(count)[..], good].concat()) };
    assert!(probe(&behind(100), Hint::default()).is_ok());
    let refusal = refusal(&behind(20_000));
    assert_eq!(refusal, "ogg: no Opus, Vorbis, FLAC or Speex stream (found: no stream at all)");
}

/// Segment 0 of a source as 8 kHz mono µ-law; no write may be longer than the segment.
fn first_segment(source: Source, probed: Probed) -> usize {
    let facts = Arc::new(probed.facts);
    let clip = 0..facts.frame_count;
    let map = ChannelMap::Mix;
    let target = Target {
        format: "ulaw",
        rate_hz: 8000,
        map,
        bitrate_bps: None,
        coding: Coding::default(),
        tags: Tags::default(),
        cover: false,
        clip,
    };
    let input = Input { source, facts, index: Arc::new(probed.index) };
    let transcode = Transcode::new(input, by_name("ulaw").unwrap(), target, 0).unwrap();
    let mut length = 0;
    let mut sink = |bytes: &[u8]| {
        length += bytes.len();
        ControlFlow::Continue(())
    };
    transcode.encode(0, None, &mut sink).unwrap();
    length
}

#[test]
fn the_lowest_and_the_highest_rates_become_segments_of_usual_size() {
    for rate_hz in [1, 999_983] {
        let seconds = if rate_hz == 1 { 80_000 } else { 20 };
        let length_bytes = 24 + u64::from(rate_hz) * seconds;
        let source: Source = Arc::new(Zeros { head: au(rate_hz, 1), length_bytes });
        let probed = probe(&source, Hint::default()).unwrap();
        assert_eq!(first_segment(source, probed), 80_000, "{rate_hz} Hz");
    }
}

#[test]
fn every_seed_of_the_fuzz_targets_is_read_as_promised() {
    listen::prepare();
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/seeds");
    let mut count = 0;
    for target in seeds.read_dir().unwrap().map(Result::unwrap) {
        for seed in target.path().read_dir().unwrap().map(Result::unwrap) {
            let bytes = std::fs::read(seed.path()).unwrap();
            listen::run(target.file_name().to_str().unwrap(), &bytes);
            count += 1;
        }
    }
    assert!(count >= 20, "{count} seeds");
}
