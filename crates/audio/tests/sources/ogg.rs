//! Ogg sources: Opus and Vorbis.

use crate::bench::{
    Material, agrees, decode, make, probed, seeks_exactly, seeks_nearly, survives_mutilation,
};

const OPUS: [&[&str]; 4] = [
    &["-c:a", "libopus", "-b:a", "24k"],
    &["-c:a", "libopus", "-b:a", "96k"],
    &["-c:a", "libopus", "-b:a", "64k", "-frame_duration", "60"],
    &["-c:a", "libopus", "-b:a", "64k", "-page_duration", "100000"],
];

const VORBIS: [&[&str]; 2] = [&["-c:a", "libvorbis"], &["-c:a", "libvorbis", "-q:a", "7"]];

#[test]
fn opus_counts_and_samples_are_ffmpegs() {
    for arguments in OPUS {
        agrees(&make(Material::Prompt, "opus", arguments), "opus", 40.0);
        agrees(&make(Material::Stereo, "opus", arguments), "opus", 40.0);
    }
}

#[test]
fn opus_of_six_channels_comes_in_wave_order() {
    let tones = "aevalsrc=0.1*sin(500*t)|0.2*sin(900*t)|0.3*sin(1300*t)|0.4*sin(170*t)|\
                 0.5*sin(2100*t)|0.6*sin(2500*t):s=48000:c=5.1:d=3";
    let arguments = ["-f", "lavfi", "-i", tones, "-map", "1", "-c:a", "libopus", "-b:a", "256k"];
    agrees(&make(Material::Prompt, "opus", &arguments), "opus", 35.0);
}

#[test]
fn vorbis_counts_and_samples_are_ffmpegs() {
    for arguments in VORBIS {
        agrees(&make(Material::Prompt, "ogg", arguments), "ogg", 80.0);
        agrees(&make(Material::Stereo, "ogg", arguments), "ogg", 80.0);
    }
}

#[test]
fn a_seek_in_vorbis_gives_the_tail_of_the_whole_bit_for_bit() {
    for material in [Material::Prompt, Material::Stereo] {
        let (source, probed) = probed(&make(material, "ogg", VORBIS[0]), "ogg");
        seeks_exactly(&source, &probed);
    }
}

#[test]
fn a_seek_in_opus_converges_within_its_pre_roll() {
    for arguments in OPUS {
        for material in [Material::Prompt, Material::Stereo] {
            let (source, probed) = probed(&make(material, "opus", arguments), "opus");
            seeks_nearly(&source, &probed, 40.0);
        }
    }
}

#[test]
fn cover_art_of_a_megabyte_in_the_comments_costs_no_sound() {
    let art = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(art.path(), format!(";FFMETADATA1\nart={}\n", "A".repeat(1_200_000))).unwrap();
    let art = art.path().to_str().unwrap();
    for (extension, arguments) in [("opus", OPUS[0]), ("ogg", VORBIS[0])] {
        let plain = make(Material::Stereo, extension, arguments);
        let with_art = ["-i", art, "-map", "0:a", "-map_metadata", "1"];
        let dressed = make(Material::Stereo, extension, &[&with_art[..], arguments].concat());
        assert!(dressed.len() > plain.len() + 1_100_000);
        let (plain, plain_probed) = probed(&plain, extension);
        let (dressed, dressed_probed) = probed(&dressed, extension);
        let (wanted, got) =
            (decode(&plain, &plain_probed, 0), decode(&dressed, &dressed_probed, 0));
        assert!(wanted == got, "{extension}");
    }
}

#[test]
fn a_stream_behind_the_first_is_told() {
    for (extension, arguments) in [("opus", OPUS[0]), ("ogg", VORBIS[0])] {
        let first = make(Material::Prompt, extension, arguments);
        let second = make(Material::Stereo, extension, arguments);
        let (_, alone) = probed(&first, extension);
        let (_, chained) = probed(&[first, second].concat(), extension);
        assert_eq!(alone.facts.repaired, [""; 0]);
        assert_eq!(
            chained.facts.repaired,
            ["another stream follows the first, which alone is played"]
        );
    }
}

#[test]
fn a_stream_cut_short_ends_with_its_last_whole_page() {
    for (extension, arguments) in [("opus", OPUS[0]), ("ogg", VORBIS[0])] {
        let whole = make(Material::Stereo, extension, arguments);
        let (source, probed) = agrees(&whole[..whole.len() * 2 / 3], extension, 40.0);
        assert_eq!(probed.facts.repaired, ["the stream has no last page"]);
        seeks_nearly(&source, &probed, 40.0);
    }
}

#[test]
fn hostile_bytes_do_no_harm() {
    for (extension, arguments) in [("opus", OPUS[1]), ("ogg", VORBIS[0])] {
        let arguments = [arguments, &["-t", "3"]].concat();
        let good = make(Material::Stereo, extension, &arguments);
        survives_mutilation(good, extension, 100);
    }
}
