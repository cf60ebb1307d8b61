//! MP4 and QuickTime sources.

use audio::{Hint, Source, probe};
use std::sync::Arc;

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
fn aac_cut_short_has_the_length_that_is_there_and_says_so() {
    let whole = make(Material::Stereo, "m4a", &[AAC, &["-movflags", "+faststart"]].concat());
    let (complete, probed_whole) = probed(&whole, "m4a");
    let (source, torn) = probed(&whole[..whole.len() / 2], "m4a");
    let length = torn.facts.frame_count;
    assert!((100_000..200_000).contains(&length), "{length}");
    assert_eq!((length + 1024) % 1024, 0, "whole packets, less the delay");
    let told = &torn.facts.repaired;
    assert!(told.len() == 1 && told[0].starts_with("the file is cut short"), "{told:?}");
    let (wanted, got) = (decode(&complete, &probed_whole, 0), decode(&source, &torn, 0));
    assert_eq!(wanted.channels[0][..length as usize], got.channels[0]);
    seeks_exactly(&source, &torn);
}

/// The same file with other edits, each by its length in milliseconds and its start in the media.
fn with_edits(mut bytes: Vec<u8>, edits: &[(u32, i32)]) -> Vec<u8> {
    let entry = |(length, start): &(u32, i32)| {
        [length.to_be_bytes(), start.to_be_bytes(), [0, 1, 0, 0]].concat()
    };
    let entries: Vec<u8> = edits.iter().flat_map(entry).collect();
    let count = (edits.len() as u32).to_be_bytes();
    let list = boxed(b"elst", &[&[0; 4][..], &count, &entries].concat());
    let place = |bytes: &[u8], kind: &[u8; 4]| {
        let at = bytes.windows(4).rposition(|window| window == kind).expect("a box") - 4;
        let length: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
        at..at + u32::from_be_bytes(length) as usize
    };
    let own = place(&bytes, b"elst");
    for kind in [b"moov", b"trak", b"edts"] {
        let parent = place(&bytes, kind);
        let length = (parent.len() + list.len() - own.len()) as u32;
        bytes[parent.start..parent.start + 4].copy_from_slice(&length.to_be_bytes());
    }
    bytes.splice(own, list);
    bytes
}

#[test]
fn all_edits_are_played_in_their_order() {
    let pcm = &["-c:a", "pcm_s16le"][..];
    for (codec, extension, delay) in [(ALAC, "m4a", 0), (AAC, "m4a", 1024), (pcm, "mov", 0)] {
        let bytes = make(Material::Stereo, extension, codec);
        let (source, probed_whole) = probed(&bytes, extension);
        let whole = decode(&source, &probed_whole, 0);
        // An empty one, and one behind the end of the media, show nothing.
        let edits = [
            (700, -1),
            (500, 88_200 + delay),
            (500, 22_050 + delay),
            (9, 900_000),
            (1000, 264_600 + delay),
        ];
        let bytes = with_edits(bytes, &edits);
        let (source, edited) = probed(&bytes, extension);
        let got = decode(&source, &edited, 0);
        for (whole, got) in whole.channels.iter().zip(&got.channels) {
            let wanted =
                [&whole[88_200..110_250], &whole[22_050..44_100], &whole[264_600..308_700]]
                    .concat();
            assert_eq!(edited.facts.frame_count, wanted.len() as u64);
            assert!(*got == wanted, "{codec:?}");
        }
        assert_eq!(edited.facts.repaired, [""; 0]);
        seeks_exactly(&source, &edited);
        let judged = judge(
            &with_edits(make(Material::Stereo, extension, codec), &edits[1..3]),
            extension,
            "",
            2,
        );
        assert!(judged[0].len().abs_diff(44_100) <= 2 * 4096, "{} by ffmpeg", judged[0].len());
    }
}

#[test]
fn edits_beyond_those_that_are_played_are_told() {
    let edits: Vec<_> = (0..65).map(|k| (10, k * 441)).collect();
    let bytes = with_edits(make(Material::Stereo, "m4a", ALAC), &edits);
    let (_, probed) = probed(&bytes, "m4a");
    assert_eq!(probed.facts.frame_count, 64 * 441);
    assert_eq!(probed.facts.repaired, ["of 65 edits the first 64 are played"]);
}

/// How ffmpeg writes fragments: behind a `moov` with packets or without, with offsets of each kind.
const FRAGMENTED: [&str; 5] = [
    "+frag_keyframe",
    "+frag_keyframe+empty_moov",
    "+empty_moov+frag_keyframe+default_base_moof",
    "+empty_moov+delay_moov+frag_keyframe",
    "+frag_keyframe+dash",
];

#[test]
fn fragments_are_played_behind_a_moov_with_and_without_packets() {
    for codec in [AAC, ALAC] {
        let (source, whole) = probed(&make(Material::Stereo, "m4a", codec), "m4a");
        let wanted = decode(&source, &whole, 0);
        for flags in FRAGMENTED {
            let fragments = ["-movflags", flags, "-frag_duration", "500000"];
            let bytes = make(Material::Stereo, "mp4", &[codec, &fragments].concat());
            let (source, probed) = probed(&bytes, "mp4");
            // Of AAC, only the file that was written late says how much its encoder put in front.
            let delay = probed.facts.frame_count as usize - 314_124;
            assert!([0, 1024].contains(&delay), "{flags}: {delay}");
            let got = decode(&source, &probed, delay as u64);
            assert_eq!(got.channels[0], wanted.channels[0], "{flags}");
            assert_eq!(probed.facts.repaired, [""; 0]);
            seeks_exactly(&source, &probed);
        }
    }
}

#[test]
fn fragments_cut_short_end_with_their_last_whole_packet() {
    let flags = ["-movflags", "+empty_moov+frag_keyframe", "-frag_duration", "500000"];
    let whole = make(Material::Stereo, "mp4", &[AAC, &flags].concat());
    let (source, torn) = probed(&whole[..whole.len() / 2], "mp4");
    assert!((100_000..200_000).contains(&torn.facts.frame_count));
    assert!(torn.facts.repaired[0].starts_with("the file is cut short"));
    seeks_exactly(&source, &torn);
}

#[test]
fn samples_of_a_fixed_size_come_back_bit_for_bit() {
    for coding in [
        "pcm_s16le",
        "pcm_s16be",
        "pcm_s24le",
        "pcm_s24be",
        "pcm_s32be",
        "pcm_f32le",
        "pcm_f32be",
        "pcm_u8",
        "pcm_s8",
        "pcm_mulaw",
        "pcm_alaw",
    ] {
        let bytes = make(Material::Stereo, "mov", &["-c:a", coding]);
        let (source, probed) = agrees(&bytes, "mov", f64::INFINITY);
        assert_eq!(probed.facts.format, "mp4");
        seeks_exactly(&source, &probed);
    }
}

/// The numbers of QuickTime's second description behind its rate and channels: bits, flags, bytes of a packet.
fn described_as(mut mov: Vec<u8>, numbers: [u32; 3]) -> Vec<u8> {
    let at = mov.windows(4).position(|w| w == b"lpcm").expect("an `lpcm` description") + 4 + 44;
    let numbers = [[0x7f00_0000].as_slice(), &numbers].concat();
    for (place, number) in mov[at..].as_chunks_mut::<4>().0.iter_mut().zip(numbers) {
        *place = number.to_be_bytes();
    }
    mov
}

#[test]
fn lpcm_is_what_its_flags_and_the_bytes_of_its_packets_say() {
    // Above 65535 Hz ffmpeg describes all samples as `lpcm`.
    let lpcm = |coding| make(Material::Stereo, "mov", &["-ar", "96000", "-c:a", coding]);
    for coding in ["pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s24be", "pcm_s32le", "pcm_f32be"] {
        let (source, probed) = agrees(&lpcm(coding), "mov", f64::INFINITY);
        seeks_exactly(&source, &probed);
    }
    let wide = lpcm("pcm_s32le");
    let (source, whole) = probed(&wide, "mov");
    let (high_source, high) = probed(&described_as(wide.clone(), [24, 0x14, 8]), "mov");
    assert_eq!(decode(&high_source, &high, 0), decode(&source, &whole, 0));
    // The lower bits, samples of unsigned 32, floats that lie high, and channels one behind the other.
    for numbers in [[24, 0x04, 8], [32, 0x08, 8], [24, 0x11, 8], [32, 0x2c, 4], [24, 0x14, 4]] {
        let source: Source = Arc::new(described_as(wide.clone(), numbers));
        let refusal = probe(&source, Hint::default()).unwrap_err().to_string();
        assert!(refusal.contains("linear PCM of"), "{numbers:x?}: {refusal}");
    }
}

#[test]
fn samples_without_a_kind_are_offset_binary_if_they_are_bytes() {
    for (coding, kind) in [("pcm_u8", b"raw "), ("pcm_s16be", b"twos")] {
        let mut bytes = make(Material::Prompt, "mov", &["-c:a", coding]);
        let at = bytes.windows(4).rposition(|w| w == kind).unwrap();
        for other in [b"NONE", b"raw "] {
            bytes[at..at + 4].copy_from_slice(other);
            agrees(&bytes, "mov", f64::INFINITY);
        }
    }
}

#[test]
fn flac_opus_and_mpeg_audio_are_decoded() {
    for (arguments, least_db) in [
        (&["-c:a", "flac", "-strict", "-2"][..], f64::INFINITY),
        (&["-c:a", "libmp3lame", "-b:a", "96k"], 80.0),
        (&["-c:a", "mp2"], 80.0),
    ] {
        let bytes = make(Material::Stereo, "mp4", arguments);
        let (source, probed) = probed(&bytes, "mp4");
        let judged = judge(&bytes, "mp4", "", 2);
        let ours = decode(&source, &probed, 0);
        assert!(ours.frames().abs_diff(judged[0].len()) < 1152 * 2, "{arguments:?}");
        for (wanted, got) in judged.iter().zip(&ours.channels) {
            let snr = snr_db(&wanted[..300_000], &got[..300_000]);
            assert!(snr >= least_db, "{arguments:?}: {snr:.1} dB");
        }
        assert!(!probed.facts.canonical);
        seeks_exactly(&source, &probed);
    }
    let bytes = make(Material::Stereo, "mp4", &["-c:a", "libopus", "-b:a", "96k"]);
    let (source, probed) = probed(&bytes, "mp4");
    // 7.123 s; ffmpeg 5.1 does not cut the last packet's padding.
    assert_eq!(probed.facts.frame_count, 341_904);
    let judged = judge(&bytes, "mp4", "opus", 2);
    for (wanted, got) in judged.iter().zip(&decode(&source, &probed, 0).channels) {
        let snr = snr_db(wanted, got);
        assert!(snr > 40.0, "{snr:.1} dB");
    }
    seeks_nearly(&source, &probed, 40.0);
}

#[test]
fn what_is_not_decoded_is_refused_by_its_name() {
    let refused = |bytes: Vec<u8>| {
        let source: Source = Arc::new(bytes);
        probe(&source, Hint::default()).unwrap_err().to_string()
    };
    let ac3 = make(Material::Stereo, "mp4", &["-c:a", "ac3"]);
    assert!(refused(ac3).contains("codec AC-3"));
}

#[test]
fn aac_of_more_than_two_channels_is_heard_in_their_order() {
    for (channels, mask) in [(3, None), (4, Some(0x107)), (5, None), (6, None), (8, None)] {
        let layout = ["3.0", "4.0", "5.0", "5.1", "", "7.1"][channels - 3];
        let tones: Vec<_> =
            (1..=channels).map(|k| format!("0.2*sin(2*PI*{}*t)", 170 * k)).collect();
        let signal = format!("aevalsrc={}:c={layout}:s=48000:d=3", tones.join("|"));
        let bytes = crate::rig::synthesise(
            &signal,
            "m4a",
            &["-c:a", "aac", "-aac_pns", "0", "-b:a", "400k"],
        );
        let (source, probed) = probed(&bytes, "m4a");
        assert_eq!(usize::from(probed.facts.channels), channels);
        // ffmpeg doesn't trim the end.
        assert_eq!(probed.facts.frame_count, 3 * 48_000);
        let ours = decode(&source, &probed, 0);
        for (wanted, got) in judge(&bytes, "m4a", "aac", channels).iter().zip(&ours.channels) {
            let snr = snr_db(wanted, got);
            assert!(snr > 80.0, "{channels} channels: {snr:.1} dB");
        }
        assert_eq!(probed.facts.speakers, mask.map(audio::Speakers::of_mask));
        seeks_exactly(&source, &probed);
    }
}

#[test]
fn he_aac_has_its_upper_half_and_its_stereo_whether_its_description_says_so_or_not() {
    for is_second in [false, true] {
        let adts = crate::rig::high_efficiency(is_second);
        // Remuxed by ffmpeg, whose descriptions name the core alone.
        let m4a = crate::rig::remux(&adts, "aac", "m4a");
        for (bytes, extension) in
            [(&adts, "aac"), (&m4a, "m4a"), (&crate::rig::remux(&adts, "aac", "mka"), "mka")]
        {
            let (source, probed) = probed(bytes, extension);
            assert_eq!((probed.facts.rate_hz, probed.facts.channels), (44_100, 2), "{extension}");
            let wanted = judge(bytes, extension, "aac", 2);
            let ours = decode(&source, &probed, 0);
            let off = ours.frames().abs_diff(wanted[0].len());
            assert!(off <= 2048, "{extension}: {off} frames");
            for (wanted, got) in wanted.iter().zip(&ours.channels) {
                let snr = snr_db(wanted, got);
                assert!(snr > 60.0, "{extension}: {snr:.1} dB");
            }
            // The noise in the upper half goes on by its own count: as loud, with other bits.
            seeks_nearly(&source, &probed, 20.0);
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
    for (arguments, flags) in [(ALAC, "+faststart"), (AAC, "+faststart"), (AAC, FRAGMENTED[2])] {
        let arguments = [arguments, &["-movflags", flags, "-t", "3"]].concat();
        survives_mutilation(make(Material::Stereo, "m4a", &arguments), "m4a", 100);
    }
}

#[test]
fn what_phones_record_and_we_do_not_read_is_refused_by_its_name() {
    let bytes = make(Material::Prompt, "m4a", AAC);
    let at = bytes.windows(8).position(|w| w == *b"mp4a\0\0\0\0").unwrap();
    for (kind, name) in
        [(b"sevc", "codec EVRC"), (b"sawp", "codec AMR-WB+"), (b"ac-3", "codec AC-3")]
    {
        let mut other = bytes.clone();
        other[at..at + 4].copy_from_slice(kind);
        let source: Source = Arc::new(other);
        let refusal = probe(&source, Hint::default()).unwrap_err().to_string();
        assert!(refusal.split([':', ';', ',']).any(|part| part.trim() == name), "{refusal}");
    }
}
