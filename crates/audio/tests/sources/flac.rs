//! FLAC sources: everything bit for bit.

use crate::rig::{Material, agrees, decode, make, probed, seeks_exactly, survives_mutilation};

const KINDS: [&[&str]; 4] = [
    &["-c:a", "flac"],
    &["-c:a", "flac", "-compression_level", "12"],
    &["-c:a", "flac", "-frame_size", "192"],
    &["-c:a", "flac", "-sample_fmt", "s32"],
];

#[test]
fn counts_and_samples_are_ffmpegs_bit_for_bit() {
    for arguments in KINDS {
        for material in [Material::Prompt, Material::Stereo] {
            let (source, probed) =
                agrees(&make(material, "flac", arguments), "flac", f64::INFINITY);
            assert!(probed.facts.repaired.is_empty(), "{:?}", probed.facts.repaired);
            seeks_exactly(&source, &probed);
        }
    }
}

#[test]
fn a_missing_total_is_measured() {
    let mut bytes = make(Material::Stereo, "flac", KINDS[0]);
    bytes[21] &= 0xf0;
    bytes[22..26].fill(0);
    let (source, probed) = agrees(&bytes, "flac", f64::INFINITY);
    assert_eq!(probed.facts.frame_count, 314_124);
    assert_eq!(probed.facts.repaired.len(), 1);
    seeks_exactly(&source, &probed);
}

#[test]
fn a_file_cut_short_ends_with_its_last_whole_frame() {
    let whole = make(Material::Stereo, "flac", KINDS[0]);
    agrees(&whole[..whole.len() / 2], "flac", f64::INFINITY);
}

#[test]
fn a_damaged_frame_is_silence_of_its_length() {
    let good = make(Material::Stereo, "flac", KINDS[0]);
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle..middle + 20].fill(0x5a);
    let (good_source, good_probed) = probed(&good, "flac");
    let (bad_source, bad_probed) = probed(&bad, "flac");
    assert_eq!(good_probed.facts.frame_count, bad_probed.facts.frame_count);
    let good = decode(&good_source, &good_probed, 0);
    let bad = decode(&bad_source, &bad_probed, 0);
    let differing: Vec<usize> =
        (0..good.frames()).filter(|&f| good.channels[1][f] != bad.channels[1][f]).collect();
    assert!((1000..=4608).contains(&differing.len()), "{} frames differ", differing.len());
    assert!(differing.iter().all(|&f| bad.channels[1][f] == 0.0));
}

#[test]
fn hostile_bytes_do_no_harm() {
    let good = make(Material::Prompt, "flac", &["-c:a", "flac", "-t", "3"]);
    survives_mutilation(good, "flac", 150);
}
