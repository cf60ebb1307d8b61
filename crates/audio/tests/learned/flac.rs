//! FLAC: every sample comes back, of whatever kind, and takes no more room than it must.

use crate::rig::{backwards, coded, decoded, samples, tool, transcode, wav};
use audio::format::Coding;
use audio::{Hint, Planar, Source, formats};
use md5::Digest;
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;

#[test]
fn flac_is_bit_equal_whatever_the_length_and_its_sum_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.flac");
    for (rate, channels, frames) in [
        (8000, 1, 1),
        (8000, 1, 4095),
        (8000, 2, 4096),
        (16000, 1, 4097),
        (44100, 2, 44100 * 23 + 5),
        (11025, 1, 11025 * 12),
        (96000, 1, 100_001),
    ] {
        let input = samples(rate, channels, frames);
        let (_, whole) = backwards(&transcode(wav(rate, channels, &input), "flac"));
        std::fs::write(&path, &whole).unwrap();
        let got = decoded(&path);
        let differs = got.iter().zip(&input).position(|(a, b)| a != b);
        let lengths = (got.len(), differs);
        assert_eq!(lengths, (input.len(), None), "{rate} Hz, {channels} channels, {frames} frames");
        let raw: Vec<u8> = input.iter().flat_map(|s| s.to_le_bytes()).collect();
        assert_eq!(whole[26..42], md5::Md5::digest(&raw)[..], "{frames} frames");
    }
}

#[test]
fn flac_of_another_source_than_itself_has_a_seek_point_each_segment() {
    let input = samples(8000, 1, 8000 * 35);
    let (layout, whole) = backwards(&transcode(wav(8000, 1, &input), "flac"));
    let points = (layout.header.len() - 46) / 18;
    assert_eq!(points, layout.segment_count() as usize);
    for segment in 0..layout.segment_count() {
        let at = layout.span(segment).start as usize;
        assert_eq!(whole[at..at + 2], [0xff, 0xf8], "a frame begins at each segment");
    }
}

#[test]
fn flac_of_24_bits_is_bit_equal_up_to_the_extremes() {
    let dir = tempfile::tempdir().unwrap();
    let [coded_path, raw_path] = ["a.flac", "a.raw"].map(|name| dir.path().join(name));
    let mut seed = 1_u32;
    let mut noise = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8).cast_signed() - (1 << 23)
    };
    let extremes = [-(1 << 23), (1 << 23) - 1];
    for channels in [1, 2] {
        let tone = |at: usize| (6_000_000.0 * (at as f64 * 0.05).sin()) as i32;
        let samples: Vec<i32> = (0..30_000 * channels)
            .map(|at| match at / (6000 * channels) {
                0 => noise(),
                1 => extremes[at % 2],
                2 => extremes[at / 2 % 2],
                3 => tone(at) + (noise() >> 14),
                _ => 0,
            })
            .collect();
        let raw: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()[..3].to_vec()).collect();
        let mut source = wav(48_000, channels as u16, &[]);
        source[4..8].copy_from_slice(&(36 + raw.len() as u32).to_le_bytes());
        source[28..32].copy_from_slice(&(48_000 * 3 * channels as u32).to_le_bytes());
        source[32..36].copy_from_slice(&[3 * channels as u8, 0, 24, 0]);
        source[40..44].copy_from_slice(&(raw.len() as u32).to_le_bytes());
        source.extend(&raw);
        let (_, whole) = backwards(&coded(source, "flac", Coding::Pcm24));
        std::fs::write(&coded_path, &whole).unwrap();
        let to = raw_path.to_str().unwrap();
        let how = ["-s", "-d", "-f", "--force-raw-format", "--endian=little", "--sign=signed"];
        tool("flac", &[&how[..], &["-o", to, coded_path.to_str().unwrap()]].concat());
        assert!(std::fs::read(&raw_path).unwrap() == raw, "{channels} channels");
        assert_eq!(whole[26..42], md5::Md5::digest(&raw)[..]);
    }
}

/// A channel that an encoder may trip over.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Silence,
    Lowest,
    Square,
    Noise,
    Hiss,
    Click,
    Ramp,
    Coarse,
    Tone,
}

const KINDS: [Kind; 9] = [
    Kind::Silence,
    Kind::Lowest,
    Kind::Square,
    Kind::Noise,
    Kind::Hiss,
    Kind::Click,
    Kind::Ramp,
    Kind::Coarse,
    Kind::Tone,
];

impl Kind {
    fn sample(self, n: usize) -> i16 {
        let random =
            (n as u32).wrapping_mul(2_654_435_761).rotate_left(15).wrapping_mul(0x85eb_ca6b);
        let random = (random >> 16) as i16;
        match self {
            Self::Silence => 0,
            Self::Lowest => i16::MIN,
            Self::Square if (n / 37).is_multiple_of(2) => i16::MIN,
            Self::Square => i16::MAX,
            Self::Noise => random,
            Self::Hiss => random >> 13,
            Self::Click => i16::MAX * i16::from(n % 3001 == 17),
            Self::Ramp => (n % 65_536) as i16,
            Self::Coarse => (random >> 3) & !63,
            Self::Tone => ((n as f64 * 0.05).sin() * 32_000.0) as i16,
        }
    }

    fn channel(self, frames: usize) -> Vec<i16> {
        (0..frames).map(|n| self.sample(n)).collect()
    }
}

fn interleaved(left: &[i16], right: &[i16]) -> Vec<i16> {
    left.iter().zip(right).flat_map(|(&l, &r)| [l, r]).collect()
}

#[test]
fn ffmpeg_gets_every_sample_back_of_material_that_is_hard_to_predict() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.flac");
    // Two blocks and a short one.
    let frames = 2 * 512 + 99;
    let all = |of: fn(Kind) -> Vec<i16>| KINDS.into_iter().flat_map(of).collect::<Vec<_>>();
    let mono = all(|kind| kind.channel(2 * 512 + 99));
    std::fs::write(&path, backwards(&transcode(wav(8000, 1, &mono), "flac")).1).unwrap();
    assert!(decoded(&path) == mono, "mono");
    for kind in KINDS {
        let channel = kind.channel(frames);
        let inverted: Vec<i16> = channel.iter().map(|x| x.saturating_neg()).collect();
        let others = KINDS.map(|other| other.channel(frames));
        let input: Vec<i16> =
            others.iter().chain([&inverted]).flat_map(|o| interleaved(&channel, o)).collect();
        std::fs::write(&path, backwards(&transcode(wav(8000, 2, &input), "flac")).1).unwrap();
        assert!(decoded(&path) == input, "{kind:?} left");
    }
}

/// All samples of a file by our own reader, interleaved.
fn read_back(flac: Vec<u8>) -> Vec<i16> {
    let source: Source = Arc::new(flac);
    let probed = audio::probe(&source, Hint::default()).unwrap();
    assert!(probed.facts.repaired.is_empty(), "{:?}", probed.facts.repaired);
    let reader = formats::by_name("flac").unwrap().source.unwrap();
    let mut decoder = reader.open(&source, &probed.facts, &probed.index, 0).unwrap();
    let mut all = Planar::new(usize::from(probed.facts.channels));
    while decoder.read(&mut all).unwrap() > 0 {}
    let frame = |n| all.channels.iter().map(move |c| (c[n] * 32768.0) as i16);
    (0..all.frames()).flat_map(frame).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_sample_comes_back(
        stretches in vec((0..KINDS.len(), 0..KINDS.len(), 1..700_usize, 0..16_u32), 1..5),
        channels in 1..=2_u16,
    ) {
        let input: Vec<i16> = stretches
            .into_iter()
            .flat_map(|(left, right, frames, fainter)| {
                let both = [left, right].map(|kind| KINDS[kind].channel(frames));
                let input = if channels == 1 { both[0].clone() } else { interleaved(&both[0], &both[1]) };
                input.into_iter().map(move |x| x >> fainter)
            })
            .collect();
        let (_, whole) = backwards(&transcode(wav(8000, channels, &input), "flac"));
        prop_assert_eq!(read_back(whole), input);
    }
}

#[test]
fn speech_and_music_take_no_more_room_than_ffmpegs_by_half_a_percent() {
    let melody = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/melody.flac");
    let dir = tempfile::tempdir().unwrap();
    for source in ["/usr/share/asterisk/sounds/en/demo-instruct.wav", melody] {
        let made = |format, file: &str| -> Vec<u8> {
            let path = dir.path().join(file);
            let path = path.to_str().unwrap();
            tool("ffmpeg", &["-v", "error", "-y", "-i", source, "-c:a", format, path]);
            std::fs::read(path).unwrap()
        };
        let theirs = made("flac", "a.flac").len();
        let (_, ours) = backwards(&transcode(made("pcm_s16le", "a.wav"), "flac"));
        // Their header has this much to spare, for tags; ours a seek table.
        let theirs = theirs - 8192;
        assert!(
            ours.len() * 200 <= theirs * 201,
            "{source}: {} bytes, ffmpeg has {theirs}",
            ours.len()
        );
    }
}
