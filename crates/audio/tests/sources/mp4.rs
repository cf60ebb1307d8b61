//! MP4 sources: AAC and ALAC.

use crate::bench::{
    Material, agrees, decode, judge, make, probed, seeks_exactly, seeks_nearly, snr_db,
    survives_mutilation,
};

const ALAC: &[&str] = &["-c:a", "alac"];
const AAC: &[&str] = &["-c:a", "aac", "-aac_pns", "0"];
const AAC_WITH_NOISE: &[&str] = &["-c:a", "aac"];

/// Frames of the material before encoding.
const LENGTHS: [(Material, u64); 2] = [(Material::Prompt, 242_214), (Material::Stereo, 314_124)];

#[test]
fn alac_comes_back_bit_for_bit_from_anywhere() {
    for (material, length) in LENGTHS {
        let (source, probed) = agrees(&make(material, "m4a", ALAC), "m4a", f64::INFINITY);
        assert_eq!(probed.facts.frame_count, length);
        seeks_exactly(&source, &probed);
    }
}

#[test]
fn aac_is_trimmed_to_what_was_encoded_and_agrees_with_ffmpeg() {
    for (material, length) in LENGTHS {
        for extra in [&[][..], &["-movflags", "+faststart"]] {
            let bytes = make(material, "m4a", &[AAC, extra].concat());
            let (source, probed) = probed(&bytes, "m4a");
            assert_eq!(probed.facts.frame_count, length);
            // ffmpeg 5.1 drops the delay but not the padding of the last packet.
            let judged = judge(&bytes, "m4a", "aac", usize::from(probed.facts.channels));
            assert!((length..length + 1024).contains(&(judged[0].len() as u64)));
            for (wanted, got) in judged.iter().zip(&decode(&source, &probed, 0).channels) {
                let snr = snr_db(wanted, got);
                assert!(snr > 80.0, "{snr:.1} dB");
            }
            seeks_exactly(&source, &probed);
        }
    }
}

#[test]
fn aac_with_noise_substitution_is_the_same_every_time() {
    let (source, probed) = probed(&make(Material::Stereo, "m4a", AAC_WITH_NOISE), "m4a");
    assert_eq!(decode(&source, &probed, 123_456), decode(&source, &probed, 123_456));
    // The right channel is half noise, which comes out with the same level but other bits.
    seeks_nearly(&source, &probed, 15.0);
}

#[test]
fn hostile_bytes_do_no_harm() {
    for arguments in [ALAC, AAC] {
        let arguments = [arguments, &["-movflags", "+faststart", "-t", "3"]].concat();
        survives_mutilation(make(Material::Stereo, "m4a", &arguments), "m4a", 100);
    }
}
