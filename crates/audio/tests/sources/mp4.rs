//! MP4 sources: AAC and ALAC.

use crate::rig::{
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

/// A box of that kind.
fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let length = (8 + body.len() as u32).to_be_bytes();
    [&length[..], kind, body].concat()
}

#[test]
fn aac_without_an_edit_list_is_trimmed_by_what_itunes_noted() {
    let plain =
        [AAC, &["-use_editlist", "0", "-map_metadata", "-1", "-fflags", "+bitexact"]].concat();
    let mut bytes = make(Material::Stereo, "m4a", &plain);
    let (untrimmed, untold) = probed(&bytes, "m4a");
    let delay = 1024;
    let note = format!(" 00000000 {delay:08X} 000001CA {:016X} 00000000", 314_124);
    let name = boxed(b"name", b"\0\0\0\0iTunSMPB");
    let data = boxed(b"data", &[b"\0\0\0\x01\0\0\0\0", note.as_bytes()].concat());
    let comment =
        boxed(b"----", &[boxed(b"mean", b"\0\0\0\0com.apple.iTunes"), name, data].concat());
    let meta = boxed(b"meta", &[&b"\0\0\0\0"[..], &boxed(b"ilst", &comment)].concat());
    let udta = boxed(b"udta", &meta);
    let moov = bytes.windows(4).rposition(|w| w == b"moov").expect("a moov box") - 4;
    // What the encoder says of itself is put out of the way.
    if let Some(own) = bytes[moov..].windows(4).position(|w| w == b"udta") {
        bytes[moov + own..moov + own + 4].copy_from_slice(b"free");
    }
    let length = (bytes.len() - moov + udta.len()) as u32;
    bytes[moov..moov + 4].copy_from_slice(&length.to_be_bytes());
    bytes.extend(udta);
    let (source, told) = probed(&bytes, "m4a");
    assert_eq!(untold.facts.frame_count, 314_124 + delay);
    assert_eq!(told.facts.frame_count, 314_124);
    assert_eq!(
        decode(&untrimmed, &untold, delay).channels[0][..314_124],
        decode(&source, &told, 0).channels[0]
    );
    seeks_exactly(&source, &told);
}

#[test]
fn aac_that_ends_within_its_packets_falls_silent_there() {
    let whole = make(Material::Stereo, "m4a", &[AAC, &["-movflags", "+faststart"]].concat());
    let (complete, _) = probed(&whole, "m4a");
    let (source, torn) = probed(&whole[..whole.len() / 2], "m4a");
    assert_eq!(torn.facts.frame_count, 314_124);
    let (wanted, got) = (decode(&complete, &torn, 0), decode(&source, &torn, 0));
    let loud = |samples: &[f32]| samples.iter().rposition(|s| s.abs() > 1e-4).unwrap_or(0);
    let end = loud(&got.channels[0]);
    assert!((100_000..200_000).contains(&end), "the last sound is at {end}");
    assert_eq!(wanted.channels[0][..end - 2048], got.channels[0][..end - 2048]);
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
