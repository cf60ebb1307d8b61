//! MP3 sources.

use crate::bench::{Material, agrees, decode, make, probed, seeks_exactly, survives_mutilation};

const TAGGED: [&[&str]; 3] = [
    &["-c:a", "libmp3lame", "-b:a", "32k"],
    &["-c:a", "libmp3lame", "-q:a", "4"],
    &["-c:a", "libmp3lame", "-b:a", "64k", "-reservoir", "0"],
];

const UNTAGGED: [&[&str]; 2] = [
    &["-c:a", "libmp3lame", "-b:a", "64k", "-write_xing", "0"],
    &["-c:a", "libmp3lame", "-q:a", "4", "-write_xing", "0", "-id3v2_version", "0"],
];

#[test]
fn counts_and_samples_are_ffmpegs_with_and_without_a_tag() {
    for arguments in TAGGED.iter().chain(&UNTAGGED) {
        agrees(&make(Material::Prompt, "mp3", arguments), "mp3", 80.0);
        agrees(&make(Material::Stereo, "mp3", arguments), "mp3", 80.0);
    }
}

#[test]
fn a_tagged_file_has_the_length_of_what_was_encoded() {
    let (_, prompt) = probed(&make(Material::Prompt, "mp3", TAGGED[1]), "mp3");
    assert_eq!(prompt.facts.frame_count, 242_214);
    let (_, stereo) = probed(&make(Material::Stereo, "mp3", TAGGED[0]), "mp3");
    assert_eq!(stereo.facts.frame_count, 314_124);
}

#[test]
fn constant_and_variable_rates_are_told_apart() {
    let (_, constant) = probed(&make(Material::Stereo, "mp3", UNTAGGED[0]), "mp3");
    assert!(constant.facts.constant_bitrate);
    assert_eq!(constant.facts.bitrate_bps, 64_000);
    let (_, variable) = probed(&make(Material::Stereo, "mp3", TAGGED[1]), "mp3");
    assert!(!variable.facts.constant_bitrate);
    assert!((64_000..256_000).contains(&variable.facts.bitrate_bps));
}

#[test]
fn a_seek_gives_the_tail_of_the_whole_bit_for_bit() {
    for arguments in TAGGED.iter().chain(&UNTAGGED) {
        for material in [Material::Prompt, Material::Stereo] {
            let (source, probed) = probed(&make(material, "mp3", arguments), "mp3");
            seeks_exactly(&source, &probed);
        }
    }
}

#[test]
fn tags_in_front_and_behind_are_no_audio() {
    let bare = make(Material::Prompt, "mp3", UNTAGGED[1]);
    let mut dressed = b"ID3\x03\x00\x00\x00\x00\x02\x00".to_vec();
    dressed.extend([0xff; 256]);
    dressed.extend(&bare);
    dressed.extend(b"TAG");
    dressed.extend([b' '; 125]);
    let (plain, plain_probed) = probed(&bare, "mp3");
    let (tagged, tagged_probed) = probed(&dressed, "mp3");
    assert_eq!(plain_probed.facts, tagged_probed.facts);
    assert_eq!(decode(&plain, &plain_probed, 0), decode(&tagged, &tagged_probed, 0));
}

#[test]
fn damage_costs_only_what_it_hit_and_is_told() {
    let mut bytes = make(Material::Prompt, "mp3", UNTAGGED[0]);
    let middle = bytes.len() / 2;
    bytes.splice(middle..middle + 100, [0x55; 1000]);
    let (source, damaged) = probed(&bytes, "mp3");
    assert!(damaged.facts.frame_count > 242_214 - 3 * 576);
    assert_eq!(damaged.facts.repaired.len(), 1, "{:?}", damaged.facts.repaired);
    seeks_exactly(&source, &damaged);
}

#[test]
fn a_file_cut_short_ends_with_its_last_packet() {
    let whole = make(Material::Stereo, "mp3", TAGGED[0]);
    agrees(&whole[..20_000], "mp3", 40.0);
}

#[test]
fn hostile_bytes_do_no_harm() {
    survives_mutilation(make(Material::Prompt, "mp3", TAGGED[1])[..20_000].to_vec(), "mp3", 200);
}
