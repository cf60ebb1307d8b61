//! MPEG audio sources: MP3, and layers I and II.

use audio::{Hint, Source, probe};
use std::sync::Arc;

use crate::rig::{Material, agrees, decode, make, probed, seeks_exactly, survives_mutilation};

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
fn sound_of_another_rate_or_layer_in_a_joined_file_is_told_of() {
    let one = make(Material::Prompt, "mp3", UNTAGGED[1]);
    let (plain, plain_probed) = probed(&one, "mp3");
    let once = decode(&plain, &plain_probed, 0).channels.remove(0);
    for arguments in [&["-ar", "22050", "-b:a", "32k"][..], &["-c:a", "mp2", "-f", "mp2"]] {
        let other = make(Material::Prompt, "mp3", arguments);
        let (source, probed) = probed(&[&one[..], &other, &one].concat(), "mp3");
        let told = &probed.facts.repaired;
        let is_told = told.iter().any(|t| t.ends_with("another rate or layer were left out"));
        assert!(is_told, "{told:?}");
        assert_eq!(probed.facts.frame_count, 2 * plain_probed.facts.frame_count, "{arguments:?}");
        assert_eq!(
            decode(&source, &probed, 0).channels[0][..once.len() - 1152],
            once[..once.len() - 1152]
        );
        seeks_exactly(&source, &probed);
    }
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

/// Reads and sets bits of a packet, the highest of each byte first.
fn bits(bytes: &[u8], at: usize, count: usize) -> u32 {
    (at..at + count).fold(0, |sum, k| sum << 1 | u32::from(bytes[k / 8] >> (7 - k % 8) & 1))
}

/// Marks short blocks as mixed ones in a mono MPEG 1 file without a label, where that changes no length: slen1 = 0.
/// Gives how many.
fn mix_blocks(bytes: &mut [u8]) -> usize {
    const KBPS: [usize; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    let (mut at, mut mixed) = (0, 0);
    while at + 40 < bytes.len() && bytes[at] == 0xff {
        let side = 8 * (at + 4);
        // Mono: 9 + 5 + 4 bits, then 59 a granule.
        for granule in [side + 18, side + 18 + 59] {
            let is_short = bits(bytes, granule + 33, 1) == 1 && bits(bytes, granule + 34, 2) == 2;
            if is_short && bits(bytes, granule + 29, 4) < 4 {
                bytes[(granule + 36) / 8] |= 128 >> ((granule + 36) % 8);
                mixed += 1;
            }
        }
        let padding = usize::from(bytes[at + 2] >> 1 & 1);
        at += 144_000 * KBPS[usize::from(bytes[at + 2] >> 4)] / 44_100 + padding;
    }
    mixed
}

#[test]
fn mixed_blocks_are_decoded_as_the_standard_says() {
    let ticks = "aevalsrc='0.8*lt(mod(t,0.1),0.002)*sin(2*PI*3000*t)':s=44100:d=2";
    let to =
        ["-f", "lavfi", "-i", ticks, "-map", "1", "-ac", "1", "-c:a", "libmp3lame", "-b:a", "128k"];
    let bare = ["-write_xing", "0", "-id3v2_version", "0"];
    let mut bytes = make(Material::Stereo, "mp3", &[&to[..], &bare].concat());
    assert!(mix_blocks(&mut bytes) > 0);
    // 76 dB from mpg123, which is as far from ffmpeg.
    agrees(&bytes, "mp3", 60.0);
}

#[test]
fn layer_two_is_decoded_and_is_no_mp3() {
    for arguments in
        [&["-c:a", "mp2", "-b:a", "192k"][..], &["-ar", "24000", "-ac", "1", "-c:a", "mp2"]]
    {
        let bytes = make(Material::Stereo, "mp2", arguments);
        let (source, probed) = agrees(&bytes, "mp2", 80.0);
        assert_eq!((probed.facts.format.as_str(), probed.facts.codec.as_str()), ("mp3", "mp2"));
        assert!(!probed.facts.canonical);
        seeks_exactly(&source, &probed);
    }
}

/// A mono layer I file at 44.1 kHz and 224 kbit/s of noise in four subbands.
fn layer_one(packets: usize) -> Vec<u8> {
    let mut random = 1_u32;
    let mut next = move || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        random >> 24
    };
    let packet = |_| {
        let mut fields = vec![(7_u32, 4_u32); 4]; // eight bits a sample
        fields.extend([(0, 4); 28]);
        fields.extend([(20, 6); 4]); // scale factors
        fields.extend((0..12 * 4).map(|_| (next().min(254), 8)));
        let mut bits: Vec<bool> = Vec::new();
        fields
            .iter()
            .for_each(|(value, count)| bits.extend((0..*count).rev().map(|k| value >> k & 1 == 1)));
        let body =
            bits.chunks(8).map(|byte| byte.iter().fold(0, |sum, &bit| sum << 1 | u8::from(bit)));
        let mut packet = vec![0xff, 0xff, 0x70, 0xc0];
        packet.extend(body);
        packet.resize(12_000 * 224 / 44_100 * 4, 0);
        packet
    };
    (0..packets).flat_map(packet).collect()
}

#[test]
fn layer_one_is_decoded() {
    let (source, probed) = agrees(&layer_one(60), "mp1", 60.0);
    assert_eq!((probed.facts.codec.as_str(), probed.facts.channels), ("mp1", 1));
    seeks_exactly(&source, &probed);
}

#[test]
fn a_file_of_a_few_packets_with_a_tag_behind_is_known_without_its_name() {
    let arguments = [
        "-t",
        "0.2",
        "-c:a",
        "libmp3lame",
        "-b:a",
        "32k",
        "-write_xing",
        "0",
        "-id3v2_version",
        "0",
    ];
    let bare = make(Material::Stereo, "mp3", &arguments);
    for tag in [&[b"TAG".to_vec(), vec![0; 125]].concat(), &b"APETAGEX\xd0\x07".to_vec()] {
        let bytes = [bare.clone(), tag.clone()].concat();
        assert!(bytes.len() < 4096);
        let (_, probed) = probed(&bytes, "bin");
        assert_eq!(probed.facts.codec, "mp3");
    }
}

#[test]
fn junk_in_front_is_passed_over_where_the_name_says_mp3() {
    let bare = make(Material::Prompt, "mp3", UNTAGGED[1]);
    let (_, plain) = probed(&bare, "mp3");
    let (_, dirty) = probed(&[vec![b'j'; 9000], bare].concat(), "mp3");
    assert_eq!(plain.facts.frame_count, dirty.facts.frame_count);
    assert_eq!(dirty.facts.repaired, ["9000 bytes that are no MPEG frames were skipped"]);
}

#[test]
fn free_format_is_refused_by_its_name() {
    let source: Source = Arc::new([[0xff, 0xfb, 0x00, 0xc0].to_vec(), vec![0; 5000]].concat());
    let refused = probe(&source, Hint { extension: Some("mp3"), mime_type: None });
    assert!(refused.unwrap_err().to_string().contains("free format"));
}

#[test]
fn hostile_bytes_do_no_harm() {
    survives_mutilation(make(Material::Prompt, "mp3", TAGGED[1])[..20_000].to_vec(), "mp3", 200);
}
