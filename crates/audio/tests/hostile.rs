//! Sources made to hurt: promises out of all proportion, floods, boxes within boxes. Each is refused
//! with a reason or read in bounded blocks.
#![allow(clippy::unwrap_used)]

use audio::formats::by_name;
use audio::{Hint, Planar, Probed, ReadAt, Source, probe};
use std::io;
use std::sync::Arc;

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
    let mut decode = reader.open(source, &probed.facts, &probed.index, start).unwrap();
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
fn more_than_a_day_of_audio_is_refused_and_a_day_is_not() {
    let day = 24 * 3600 * 8000;
    let of =
        |frames| -> Source { Arc::new(Zeros { head: au(8000, 1), length_bytes: 24 + frames }) };
    assert_eq!(refusal(&of(day + 1)), "au: 86400 s of audio (at most 86400)");
    assert_eq!(refusal(&of(day * 4000)), "au: 345600000 s of audio (at most 86400)");
    let source = of(day);
    let probed = probe(&source, Hint::default()).unwrap();
    assert_eq!(frames_from(&source, &probed, day - 5), 5);
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

/// CRC-8 or CRC-16 of FLAC, by its polynomial.
fn crc(bytes: &[u8], bits: u32, polynomial: u32) -> u32 {
    let top = 1 << (bits - 1);
    let step = |c: u32| if c & top != 0 { c << 1 ^ polynomial } else { c << 1 };
    let sum = |crc, &byte: &u8| (0..8).fold(crc ^ u32::from(byte) << (bits - 8), |c, _| step(c));
    bytes.iter().fold(0, sum) & ((1 << bits) - 1)
}

/// A mono FLAC whose every frame is 65535 zeros in some 15 bytes.
fn silent_flac(rate_hz: u32, frames: u32) -> Vec<u8> {
    let mut flac = b"fLaC\x80\x00\x00\x22\xff\xff\xff\xff\0\0\0\0\0\0".to_vec();
    flac.extend((rate_hz << 12 | 15 << 4).to_be_bytes());
    flac.extend([0; 20]);
    for number in 0..frames {
        let mut frame = vec![0xff, 0xf8, 0x70, 0x08];
        let mut utf8 = [0; 4];
        frame.extend(char::from_u32(number).unwrap().encode_utf8(&mut utf8).bytes());
        frame.extend([0xff, 0xfe]);
        frame.push(crc(&frame, 8, 0x07) as u8);
        frame.extend([0, 0, 0]);
        frame.extend((crc(&frame, 16, 0x8005) as u16).to_be_bytes());
        flac.extend(frame);
    }
    flac
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
fn twenty_kilobytes_of_flac_that_are_more_than_a_day_are_refused() {
    let source: Source = Arc::new(silent_flac(900, 1300));
    assert_eq!(refusal(&source), "flac: 94662 s of audio (at most 86400)");
}

/// A valid ALAC in MP4, and where in it the codec's cookie begins.
fn alac() -> (Vec<u8>, usize) {
    let bytes = include_bytes!("../../../tests/fuzz/seeds/mp4/alac.m4a").to_vec();
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
