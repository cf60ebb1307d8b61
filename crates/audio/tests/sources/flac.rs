//! FLAC sources: everything bit for bit. The `flac` program decodes all that is here the same, but for
//! streams that begin with something else, where the stream without it is the judge.

use audio::codecs::flac::{crc8, crc16};
use audio::{Hint, Source, probe};
use std::process::{Command, Stdio};
use std::sync::Arc;

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

/// A sweep in whole numbers.
fn sweep(frames: usize) -> Vec<i16> {
    (0..frames).map(|i| (9000.0 * ((i * i) as f64 / 400_000.0).sin()) as i16).collect()
}

/// A frame of 16-bit mono samples as they are, with the code of a rate: 9 is 44.1 kHz, 10 is 48 kHz.
fn frame(samples: &[i16], number: u32, rate_code: u8) -> Vec<u8> {
    let mut frame = vec![0xff, 0xf8, 0x70 | rate_code, 0x08];
    let mut buffer = [0; 4];
    // The numbers here are characters too, and RFC 9639 codes them alike.
    frame.extend(char::from_u32(number).unwrap().encode_utf8(&mut buffer).bytes());
    frame.extend((samples.len() as u16 - 1).to_be_bytes());
    frame.push(crc8(&frame));
    frame.push(0x02);
    frame.extend(samples.iter().flat_map(|s| s.to_be_bytes()));
    frame.extend(crc16(&frame).to_be_bytes());
    frame
}

/// The mark and a STREAMINFO: smallest and largest block, 44.1 kHz mono of 16 bits.
fn head(blocks: (u16, u16), total: u64) -> Vec<u8> {
    let shape = 44100_u64 << 44 | 15 << 36 | total;
    let (least, most) = (blocks.0.to_be_bytes(), blocks.1.to_be_bytes());
    [b"fLaC\x80\0\0\x22", &least[..], &most, &[0; 6], &shape.to_be_bytes(), &[0; 16]].concat()
}

fn is_heard(flac: &[u8], samples: &[i16]) {
    let (source, probed) = probed(flac, "flac");
    let ours = decode(&source, &probed, 0);
    assert_eq!(ours.frames(), samples.len(), "{:?}", probed.facts.repaired);
    let differs =
        ours.channels[0].iter().zip(samples).position(|(a, b)| *a != f32::from(*b) / 32768.0);
    assert_eq!(differs, None, "a sample differs");
    seeks_exactly(&source, &probed);
}

#[test]
fn blocks_of_several_sizes_are_numbered_by_sample_though_no_bit_says_so() {
    let samples = sweep(86_400);
    let (mut flac, mut at) = (head((576, 4608), 86_400), 0);
    for size in [1152, 4608, 576, 2304].into_iter().cycle().take(40) {
        flac.extend(frame(&samples[at..at + size], at as u32, 9));
        at += size;
    }
    is_heard(&flac, &samples);
    // Blocks of one size are numbered by block, also if the header knows two sizes.
    let mut flac = head((16, 1152), 86_400);
    for (number, block) in samples.chunks(1152).enumerate() {
        flac.extend(frame(block, number as u32, 9));
    }
    is_heard(&flac, &samples);
}

#[test]
fn a_change_of_rate_is_said() {
    let samples = sweep(11_520);
    let mut flac = head((1152, 1152), 11_520);
    for (number, block) in samples.chunks(1152).enumerate() {
        flac.extend(frame(block, number as u32, if number < 6 { 9 } else { 10 }));
    }
    is_heard(&flac, &samples[..6 * 1152]);
    let repaired = probed(&flac, "flac").1.facts.repaired;
    assert!(repaired[0].starts_with("after 6912 samples the rate"), "{repaired:?}");
}

#[test]
fn the_frames_are_believed_where_the_header_says_something_else() {
    let good = make(Material::Stereo, "flac", KINDS[0]);
    let (good_source, good_probed) = probed(&good, "flac");
    let wanted = decode(&good_source, &good_probed, 0);
    // Byte 18 has the rate's upper bits, byte 20 its lowest ones and the channels.
    for (at, flipped) in [(18, 0x08), (20, 0x08), (20, 0x02)] {
        let mut bad = good.clone();
        bad[at] ^= flipped;
        let (source, probed) = probed(&bad, "flac");
        assert_eq!((probed.facts.rate_hz, probed.facts.channels), (44100, 2));
        assert!(probed.facts.repaired[0].starts_with("the header says "));
        assert!(decode(&source, &probed, 0).channels == wanted.channels);
    }
}

#[test]
fn a_stream_is_found_behind_a_tag_and_behind_junk_and_without_its_beginning() {
    let good = make(Material::Stereo, "flac", KINDS[0]);
    let (good_source, good_probed) = probed(&good, "flac");
    let wanted = decode(&good_source, &good_probed, 0);
    let tag = |bytes: usize| {
        let size = [bytes >> 21, bytes >> 14, bytes >> 7, bytes].map(|b| b as u8 & 0x7f);
        [b"ID3\x03\0\0", &size[..], &vec![0; bytes]].concat()
    };
    let fronts = [tag(10), tag(300_000), [tag(20), tag(5000)].concat(), vec![0x55; 1000]];
    for front in fronts {
        let (source, probed) = probed(&[&front, &good[..]].concat(), "flac");
        assert_eq!(probed.facts.frame_count, good_probed.facts.frame_count);
        assert!(decode(&source, &probed, 0).channels == wanted.channels);
        seeks_exactly(&source, &probed);
    }
    // Cut in the middle of a frame, it begins with the next one.
    let (source, probed) = probed(&good[good.len() / 3..], "flac");
    let ours = decode(&source, &probed, 0);
    let from = wanted.frames() - ours.frames();
    assert!(ours.frames() > wanted.frames() / 2 && from.is_multiple_of(4608), "{from} are missing");
    assert!(ours.channels[1] == wanted.channels[1][from..]);
    assert_eq!(probed.facts.repaired[0], "the stream's beginning is missing");
}

/// What the `flac` program makes of raw samples.
fn flac(samples: &[i32], channels: usize, bits: usize, more: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (raw, out) = (folder.path().join("in.raw"), folder.path().join("out.flac"));
    let width = bits.div_ceil(8);
    let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()[..width].to_vec()).collect();
    std::fs::write(&raw, bytes).unwrap();
    let status = Command::new("flac")
        .args([
            "--totally-silent",
            "--force-raw-format",
            "--endian=little",
            "--sign=signed",
            "--lax",
        ])
        .args([format!("--channels={channels}"), format!("--bps={bits}")])
        .args(more)
        .arg("-o")
        .args([&out, &raw])
        .stdin(Stdio::null())
        .status()
        .expect("flac must be installed");
    assert!(status.success(), "{more:?}");
    std::fs::read(out).unwrap()
}

#[test]
fn whatever_the_flac_program_writes_comes_back() {
    for (channels, bits, more) in [
        (1, 8, &["--sample-rate=8000", "-0"][..]),
        (2, 8, &["--sample-rate=22050", "-8"]),
        (2, 16, &["--sample-rate=44100", "-8", "-e", "-p", "-r", "0,15"]),
        (2, 16, &["--sample-rate=48000", "-b", "16", "-l", "0"]),
        (2, 16, &["--sample-rate=96000", "-b", "65535"]),
        (3, 16, &["--sample-rate=32001", "-b", "4096"]),
        (4, 24, &["--sample-rate=176400", "-5"]),
        (5, 24, &["--sample-rate=192000", "-5"]),
        (6, 24, &["--sample-rate=65535", "-l", "32", "-b", "4608"]),
        (7, 16, &["--sample-rate=655350", "-b", "192"]),
        (8, 16, &["--sample-rate=12000", "-m", "-5"]),
    ] {
        // Two bits stay zero, noise is in every second channel, and a stretch is constant.
        let most = 1_i32 << (bits - 1);
        let mut noise = 1_u32;
        let samples: Vec<i32> = (0..20_000 * channels)
            .map(|i| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let (at, channel) = (i / channels, i % channels);
                let tone =
                    (f64::from(most - 4) * (at as f64 / (9.0 + channel as f64)).sin()) as i32;
                match (at, channel % 2) {
                    (5000..7000, _) => 4,
                    (_, 0) => tone & !3,
                    _ => (noise >> (33 - bits)) as i32 - most / 2,
                }
            })
            .collect();
        let (source, probed) = probed(&flac(&samples, channels, bits, more), "flac");
        assert_eq!(probed.facts.repaired, Vec::<String>::new(), "{more:?}");
        let ours = decode(&source, &probed, 0);
        for (channel, ours) in ours.channels.iter().enumerate() {
            let wanted = samples.iter().skip(channel).step_by(channels);
            let differs = ours.iter().zip(wanted).position(|(a, b)| *a != *b as f32 / most as f32);
            assert_eq!(differs, None, "{channels} channels, {bits} bits, {more:?}");
            assert_eq!(ours.len(), 20_000, "{more:?}");
        }
    }
}

#[test]
fn what_is_not_read_is_named_also_behind_a_tag_and_under_another_name() {
    let refusal = |bytes: &[u8], extension| {
        let source: Source = Arc::new(bytes.to_vec());
        probe(&source, Hint { extension: Some(extension), mime_type: None })
            .unwrap_err()
            .to_string()
    };
    for (bytes, name) in [
        (&b"#!AMR-WB_MC1.0\n\0\0\0\x02"[..], "multichannel AMR-WB is not read"),
        (b"ID3\x04\0\0\0\0\0\x02\0\0TTA1\x01\0", "True Audio is not read"),
        (b"\x0b\x77\x12\x34\x40", "AC-3 is not read"),
        (b"ID3\x04\0\0\0\0\0\x02\0\0\x0b\x77\x12\x34", "AC-3 is not read"),
        (b"\x02#!SILK_V3\x10\0", "SILK is not read"),
    ] {
        assert!(refusal(bytes, "bin").starts_with(name), "{name}");
    }
    assert!(refusal(b"#!AMR_MC1.0\n\0\0\0\x02", "amr").starts_with("multichannel AMR is not"));
}
