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
fn mono_and_stereo_joined_in_either_order_are_heard_from_anywhere() {
    let bare = |channels| {
        let to = ["-ar", "44100", "-ac", channels, "-c:a", "libmp3lame", "-b:a", "64k"];
        let label = ["-write_xing", "0", "-id3v2_version", "0"];
        make(Material::Stereo, "mp3", &[&to[..], &label].concat())
    };
    let parts = [bare("1"), bare("2")];
    for [first, second] in [[0, 1], [1, 0]] {
        let bytes = [parts[first].clone(), parts[second].clone()].concat();
        let (source, joined) = probed(&bytes, "mp3");
        assert_eq!(usize::from(joined.facts.channels), first + 1);
        seeks_exactly(&source, &joined);
        let heard = decode(&source, &joined, 0);
        for (index, part) in [first, second].into_iter().enumerate() {
            let (alone, alone_probed) = probed(&parts[part], "mp3");
            let alone = decode(&alone, &alone_probed, 0);
            let count = alone.frames();
            // In the middle of each part, where no decoder warms up.
            let range = count / 4..count * 3 / 4;
            let mix = |n: usize| -> f32 {
                alone.channels.iter().map(|c| c[n]).sum::<f32>() / alone.channels.len() as f32
            };
            let start = if index == 0 { 0 } else { heard.frames() - count };
            for n in range {
                let wanted = if joined.facts.channels == 1 { mix(n) } else { alone.channels[0][n] };
                assert!(
                    (heard.channels[0][start + n] - wanted).abs() < 1e-6,
                    "frame {n} of {part}"
                );
            }
        }
    }
}

#[test]
fn what_is_of_another_rate_is_told() {
    let at =
        |rate| make(Material::Stereo, "mp3", &["-ar", rate, "-c:a", "libmp3lame", "-b:a", "64k"]);
    let (_, joined) = probed(&[at("44100"), at("48000")].concat(), "mp3");
    assert!(
        joined.facts.repaired.iter().any(|r| r.contains("no MPEG frames were skipped")),
        "{:?}",
        joined.facts.repaired
    );
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
