//! AMR and AMR-WB: bit by bit as the standards' own programs decode them, in files of their own and in 3GP.

use crate::rig::{PROMPT, decode, judge, probed, seeks_exactly, seeks_nearly, survives_mutilation};
use audio::{Hint, Planar, Source, probe};
use codec_core::codecs::amr::AmrCodec;
use codec_core::{CodecConfig, FrameKind, VariableRateCodec};
use md5::{Digest, Md5};
use std::process::Command;
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq)]
enum Band {
    Narrow,
    Wide,
}

/// The prompt, of which AMR-WB's has a sample between each two.
fn speech(band: Band) -> Vec<i16> {
    let bytes = std::fs::read(PROMPT).unwrap();
    let samples = bytes[44..].as_chunks().0.iter().map(|b| i16::from_le_bytes(*b));
    let samples: Vec<i16> = samples.collect();
    if band == Band::Narrow {
        return samples;
    }
    samples
        .windows(2)
        .flat_map(|w| [w[0], ((i32::from(w[0]) + i32::from(w[1])) >> 1) as i16])
        .collect()
}

/// A file in which every mode has its turn for seven frames; of silence, if `dtx`, only a description is sent.
fn made(band: Band, dtx: bool) -> Vec<u8> {
    let (mut file, config, samples, modes, noise) = match band {
        Band::Narrow => (b"#!AMR\n".to_vec(), CodecConfig::amr_nb(), 160, 8, 8),
        Band::Wide => (b"#!AMR-WB\n".to_vec(), CodecConfig::amr_wb(), 320, 9, 9),
    };
    let mut encoder = AmrCodec::new(&config.with_amr_dtx(dtx)).unwrap();
    for (at, frame) in speech(band).chunks_exact(samples).enumerate() {
        encoder.set_mode((at / 7 % modes) as u8).unwrap();
        let coded = encoder.encode_frame(frame).unwrap();
        let kind = match coded.kind {
            FrameKind::Speech => coded.mode,
            FrameKind::ComfortNoise => noise,
            FrameKind::NoData | FrameKind::Lost => 15,
        };
        file.push(kind << 3 | 4);
        file.extend(coded.data);
    }
    file
}

/// The hash of what is decoded, as samples of 16 bits, low byte first.
fn sum(decoded: &Planar) -> String {
    let mut hash = Md5::new();
    for sample in &decoded.channels[0] {
        hash.update(((sample * 32768.0) as i16).to_le_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The correlation of two signals.
fn likeness(a: &[f32], b: &[f32]) -> f64 {
    let product = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

#[test]
fn every_mode_and_silence_decode_to_the_bits_of_the_standard() {
    // Of opencore-amr 0.1.6, which is the standards' own C, for these very files.
    for (band, dtx, extension, wanted) in [
        (Band::Narrow, false, "amr", "019704968769e53ef03201aaed475100"),
        (Band::Narrow, true, "amr", "cfa8f265bc403c37edb9f8cf417303a8"),
        (Band::Wide, false, "awb", "cd1dd2d664545729a0dd147fb6d64b5d"),
    ] {
        let file = made(band, dtx);
        let (source, probed) = probed(&file, extension);
        assert_eq!(sum(&decode(&source, &probed, 0)), wanted, "{extension}, {dtx}");
    }
}

#[test]
fn it_is_what_another_decoder_hears_from_any_frame_on() {
    for (band, extension, codec, hz) in
        [(Band::Narrow, "amr", "amr", 8000), (Band::Wide, "awb", "amr_wb", 16_000)]
    {
        let file = made(band, false);
        let (source, probed) = probed(&file, extension);
        let facts = &probed.facts;
        assert_eq!((&*facts.format, &*facts.codec), (extension, codec));
        assert_eq!((facts.rate_hz, facts.channels), (hz, 1));
        let judged = judge(&file, extension, codec, 1);
        assert_eq!(facts.frame_count, judged[0].len() as u64);
        let ours = decode(&source, &probed, 0);
        let alike = likeness(&judged[0], &ours.channels[0]);
        // ffmpeg counts with floating point, and makes other noise above 6.4 kHz.
        assert!(alike > 0.997, "{extension}: {alike}");
        match band {
            Band::Narrow => seeks_exactly(&source, &probed),
            // The noise above 6.4 kHz goes on by its own count: as loud, with other bits.
            Band::Wide => seeks_nearly(&source, &probed, 25.0),
        }
    }
}

#[test]
fn it_is_known_by_its_bytes_alone() {
    let (_, probed) = probed(&made(Band::Wide, true), "mp3");
    assert_eq!(probed.facts.format, "awb");
}

#[test]
fn a_3gp_of_it_sounds_as_the_file_of_its_own() {
    for (band, extension) in [(Band::Narrow, "amr"), (Band::Wide, "awb")] {
        let file = made(band, false);
        let (own, of_own) = probed(&file, extension);
        for container in ["3gp", "mov"] {
            let folder = tempfile::tempdir().unwrap();
            let path = |name: &str| folder.path().join(name);
            std::fs::write(path(extension), &file).unwrap();
            let boxed = path(&format!("it.{container}"));
            let copied = Command::new("ffmpeg")
                .args(["-v", "error", "-i"])
                .arg(path(extension))
                .args(["-c", "copy"])
                .arg(&boxed)
                .status();
            assert!(copied.unwrap().success());
            let (source, probed) = probed(&std::fs::read(boxed).unwrap(), container);
            assert_eq!((&*probed.facts.format, &probed.facts.codec), ("mp4", &of_own.facts.codec));
            assert_eq!(decode(&source, &probed, 0), decode(&own, &of_own, 0), "{container}");
        }
    }
}

#[test]
fn damage_costs_only_what_it_hit_and_is_told() {
    for (band, extension) in [(Band::Narrow, "amr"), (Band::Wide, "awb")] {
        let whole = made(band, false);
        let (source, good) = probed(&whole, extension);
        let mut bytes = whole.clone();
        let middle = bytes.len() / 2;
        bytes.splice(middle..middle + 100, [0xff; 1000]);
        bytes.truncate(bytes.len() - 3);
        let (torn, damaged) = probed(&bytes, extension);
        let lost = good.facts.frame_count.abs_diff(damaged.facts.frame_count);
        assert!(lost <= u64::from(good.facts.rate_hz) / 5, "{extension}: {lost}");
        assert_eq!(damaged.facts.repaired.len(), 1, "{:?}", damaged.facts.repaired);
        let (wanted, got) = (decode(&source, &good, 0), decode(&torn, &damaged, 0));
        assert_eq!(wanted.channels[0][..100_000], got.channels[0][..100_000]);
    }
}

#[test]
fn frames_that_are_lost_or_not_vouched_for_are_bridged() {
    for (band, extension) in [(Band::Narrow, "amr"), (Band::Wide, "awb")] {
        let mut bytes = made(band, false);
        let at = if band == Band::Narrow { 6 } else { 9 };
        // The first is lost, the second comes without its sender's word.
        bytes.insert(at, 15 << 3 | 4);
        bytes[at + 1] &= !4;
        let (source, probed) = probed(&bytes, extension);
        let heard = decode(&source, &probed, 0);
        assert!(heard.channels[0].iter().any(|sample| *sample != 0.0));
        assert_eq!(heard.frames() as u64, probed.facts.frame_count);
    }
}

#[test]
fn a_file_of_nothing_but_its_mark_is_refused() {
    for bytes in [&b"#!AMR\n"[..], b"#!AMR-WB\n\x04\0\0"] {
        let source: Source = Arc::new(bytes.to_vec());
        let refusal = probe(&source, Hint::default()).unwrap_err().to_string();
        assert!(refusal.contains("no whole frame"), "{refusal}");
    }
}

#[test]
fn hostile_bytes_do_no_harm() {
    for (band, extension) in [(Band::Narrow, "amr"), (Band::Wide, "awb")] {
        survives_mutilation(made(band, true)[..3000].to_vec(), extension, 100);
    }
}
