//! Ogg sources: Opus and Vorbis.

use crate::rig::{
    Material, agrees, decode, judge, make, probed, seeks_exactly, seeks_nearly, snr_db,
    survives_mutilation,
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
fn flac_comes_back_bit_for_bit_from_anywhere_and_is_not_what_ogg_asks_for() {
    for material in [Material::Prompt, Material::Stereo] {
        let (source, probed) =
            agrees(&make(material, "oga", &["-c:a", "flac"]), "oga", f64::INFINITY);
        assert_eq!((probed.facts.format.as_str(), probed.facts.codec.as_str()), ("ogg", "flac"));
        assert!(!probed.facts.canonical);
        seeks_exactly(&source, &probed);
    }
}

#[test]
fn vorbis_counts_and_samples_are_ffmpegs() {
    for arguments in VORBIS {
        agrees(&make(Material::Prompt, "ogg", arguments), "ogg", 80.0);
        agrees(&make(Material::Stereo, "ogg", arguments), "ogg", 80.0);
    }
}

#[test]
fn vorbis_of_three_to_eight_channels_is_ffmpegs_in_wave_order() {
    let layouts = [(3, "3.0"), (4, "quad"), (5, "5.0"), (6, "5.1"), (7, "6.1"), (8, "7.1")];
    for (count, layout) in layouts {
        let tones: Vec<_> =
            (0..count).map(|k| format!("0.3*sin(2*PI*{}*t)", 300 + 200 * k)).collect();
        for rate in [48_000, 8000] {
            let all = format!("aevalsrc={}:c={layout}:s={rate}:d=1", tones.join("|"));
            let to = ["-map", "1", "-c:a", "libvorbis", "-q:a", "3"];
            let bytes =
                make(Material::Prompt, "ogg", &[&["-f", "lavfi", "-i", &all], &to[..]].concat());
            let (source, probed) = probed(&bytes, "ogg");
            // As oggdec counts; ffmpeg 5.1 takes the first packet of its own files for a shorter one.
            assert_eq!((probed.facts.channels, probed.facts.frame_count), (count, rate));
            let ours = decode(&source, &probed, 0);
            let judged = judge(&bytes, "ogg", "vorbis", usize::from(count));
            for (wanted, got) in judged.iter().zip(&ours.channels) {
                let snr = snr_db(wanted, got);
                assert!(snr >= 80.0, "{layout} at {rate} Hz: {snr:.1} dB");
            }
            seeks_exactly(&source, &probed);
        }
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
fn all_links_of_a_chained_file_are_heard_from_anywhere() {
    for (extension, arguments) in [("opus", OPUS[1]), ("ogg", VORBIS[0])] {
        let stereo = make(Material::Stereo, extension, arguments);
        let links = [stereo.clone(), stereo.clone(), stereo.clone()].concat();
        let (source, alone) = probed(&stereo, extension);
        let part = decode(&source, &alone, 0);
        let (source, chained) = probed(&links, extension);
        assert_eq!(chained.facts.repaired, [""; 0]);
        let count = alone.facts.frame_count;
        assert_eq!(chained.facts.frame_count, 3 * count);
        let whole = decode(&source, &chained, 0);
        for (whole, part) in whole.channels.iter().zip(&part.channels) {
            assert!(whole.chunks(count as usize).all(|link| link == part), "{extension}");
        }
        // A decode within a link is its own tail; at a border nothing of the link before is heard.
        let (two, one) = (decode(&source, &chained, count), decode(&source, &chained, 2 * count));
        for (two, one) in two.channels.iter().zip(&one.channels) {
            assert!(two.chunks(count as usize).all(|link| link == one), "{extension}");
        }
    }
}

#[test]
fn links_of_other_shapes_are_brought_to_the_firsts() {
    let first = make(Material::Stereo, "ogg", VORBIS[0]);
    let second = make(Material::Prompt, "ogg", VORBIS[0]);
    for links in [[&first, &second], [&second, &first]] {
        let (_, a) = probed(links[0], "ogg");
        let (_, b) = probed(links[1], "ogg");
        let (source, chained) = probed(&links.map(Vec::as_slice).concat(), "ogg");
        assert_eq!(
            (chained.facts.rate_hz, chained.facts.channels),
            (a.facts.rate_hz, a.facts.channels)
        );
        let scaled =
            (b.facts.frame_count * u64::from(a.facts.rate_hz)).div_ceil(b.facts.rate_hz.into());
        assert_eq!(chained.facts.frame_count, a.facts.frame_count + scaled);
        assert!(chained.facts.repaired[0].starts_with("streams of other shapes are played as"));
        seeks_exactly(&source, &chained);
        let heard = decode(&source, &chained, a.facts.frame_count);
        assert!(heard.channels[0].iter().any(|sample| sample.abs() > 0.1));
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
