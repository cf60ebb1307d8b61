//! Speex in Ogg, judged by libspeex.

use crate::rig::{
    Material, decode, judge, make, probed, seeks_nearly, snr_db, survives_mutilation,
};
use audio::{Hint, Source, probe};
use std::sync::Arc;

/// Samples of the encoder's and the decoder's delay, by the rate.
fn delay(rate_hz: u32) -> usize {
    match rate_hz {
        8000 => 40 + 40,
        16_000 => 143 + 80,
        _ => 349 + 160,
    }
}

fn encoded(rate_hz: u32, channels: u32, more: &[&str]) -> Vec<u8> {
    let (rate, channels) = (rate_hz.to_string(), channels.to_string());
    let shape = ["-ar", &rate, "-ac", &channels, "-c:a", "libspeex"];
    make(Material::Prompt, "spx", &[&shape[..], more].concat())
}

/// Asserts that the sound is libspeex's, less the delay, and as long as what was encoded.
fn is_libspeexs(rate_hz: u32, channels: u32, more: &[&str], least_db: f64) {
    let what = format!("{rate_hz} Hz, {channels} channels, {more:?}");
    let file = encoded(rate_hz, channels, more);
    let (source, probed) = probed(&file, "spx");
    let facts = &probed.facts;
    assert_eq!((&*facts.format, &*facts.codec), ("ogg", "speex"));
    assert_eq!((facts.rate_hz, u32::from(facts.channels)), (rate_hz, channels), "{what}");
    assert!(!facts.canonical, "no player of ogg must know it");
    let judged = judge(&file, "spx", "speex", channels as usize);
    let ours = decode(&source, &probed, 0);
    // ffmpeg's count of a last packet of several frames is short of what was encoded.
    let off = (ours.frames() + delay(rate_hz)).abs_diff(judged[0].len());
    let most = if more.contains(&"-frames_per_packet") { rate_hz as usize / 50 } else { 0 };
    assert!(off <= most, "{what}: {off} frames");
    for (wanted, got) in judged.iter().zip(&ours.channels) {
        let snr = snr_db(&wanted[delay(rate_hz)..], got);
        assert!(snr >= least_db, "{what}: {snr:.1} dB");
    }
}

#[test]
fn every_quality_of_every_band_is_libspeexs() {
    for rate_hz in [8000, 16_000, 32_000] {
        for quality in ["1", "2", "4", "6", "8", "9", "10"] {
            is_libspeexs(rate_hz, 1, &["-compression_level", "1", "-cbr_quality", quality], 60.0);
        }
    }
}

#[test]
fn packets_of_several_frames_variable_rates_and_silences_are_libspeexs() {
    for rate_hz in [8000, 16_000] {
        is_libspeexs(rate_hz, 1, &["-frames_per_packet", "4"], 60.0);
        is_libspeexs(rate_hz, 1, &["-vbr", "1", "-q:a", "5", "-vad", "1"], 60.0);
        is_libspeexs(rate_hz, 1, &["-vbr", "1", "-q:a", "3", "-vad", "1", "-dtx", "1"], 60.0);
    }
}

#[test]
fn two_channels_are_spread_as_libspeex_does() {
    is_libspeexs(8000, 2, &[], 60.0);
    is_libspeexs(16_000, 2, &["-frames_per_packet", "2"], 60.0);
}

#[test]
fn a_decode_from_anywhere_is_near_that_from_the_beginning() {
    for rate_hz in [8000, 16_000, 32_000] {
        let (source, probed) = probed(&encoded(rate_hz, 1, &[]), "spx");
        seeks_nearly(&source, &probed, 60.0);
    }
}

#[test]
fn what_makes_no_sense_is_refused_by_its_name() {
    let file = encoded(8000, 1, &[]);
    let at = file.windows(8).position(|w| w == *b"Speex   ").unwrap();
    for (offset, value, named) in [(40, 9, "mode 9"), (48, 6, "6 channels"), (44, 3, "version 3")] {
        let mut other = file.clone();
        other[at + offset] = value;
        let page = &mut other[..at + 80];
        page[22..26].fill(0);
        let sum = crc(page);
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        let source: Source = Arc::new(other);
        let refusal = probe(&source, Hint::default()).unwrap_err().to_string();
        assert!(refusal.contains(named), "{refusal}");
    }
}

/// The checksum of a page (RFC 3533 §6).
fn crc(page: &[u8]) -> u32 {
    page.iter().fold(0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
            crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}

#[test]
fn hostile_bytes_do_no_harm() {
    for rate_hz in [8000, 32_000] {
        survives_mutilation(encoded(rate_hz, 1, &["-t", "3"]), "spx", 60);
    }
}
