//! Reading.

use crate::rig::{decode, interleaved, judge, loud, probed, starts, survives};

/// Asserts ffmpeg's samples, bit for bit, and exact seeks.
pub fn agrees(bytes: &[u8], extension: &str, codec: &str, judged: &[f32]) {
    let (source, probed) = probed(bytes, extension);
    assert_eq!(probed.facts.codec, codec);
    assert_eq!(probed.facts.repaired, Vec::<String>::new());
    let whole = decode(&source, &probed, 0);
    let ours = interleaved(&whole);
    assert_eq!(ours.len(), judged.len(), "{extension} {codec}: samples");
    let differs = ours.iter().zip(judged).position(|(a, b)| a != b);
    assert_eq!(differs, None, "{extension} {codec}: first sample that differs");
    for start in starts(probed.facts.frame_count) {
        let tail = decode(&source, &probed, start);
        let at = start as usize * usize::from(probed.facts.channels);
        assert!(interleaved(&tail) == ours[at..], "{extension} {codec}: from {start}");
    }
}

#[test]
fn wav_of_every_fixed_width_decodes_to_ffmpegs_samples() {
    for codec in ["u8", "s16le", "s24le", "s32le", "f32le", "f64le", "alaw", "mulaw"] {
        let name = format!("pcm_{codec}");
        for channels in ["1", "2", "6"] {
            let bytes = loud(&["-c:a", &name, "-ac", channels], "made.wav");
            let ours = match codec {
                "alaw" => "alaw",
                "mulaw" => "ulaw",
                _ => &name,
            };
            agrees(&bytes, "wav", ours, &judge(&bytes, "wav", &[]));
        }
    }
}

#[test]
fn adpcm_decodes_to_ffmpegs_samples_even_with_a_short_last_block() {
    for (ours, encoder) in [("ima_adpcm", "adpcm_ima_wav"), ("ms_adpcm", "adpcm_ms")] {
        for channels in ["1", "2"] {
            let arguments = ["-c:a", encoder, "-ac", channels, "-fflags", "+bitexact"];
            let mut bytes = loud(&arguments, "made.wav");
            agrees(&bytes, "wav", ours, &judge(&bytes, "wav", &[]));
            let data = bytes.windows(4).position(|w| w == b"data").unwrap();
            bytes.truncate(bytes.len() - 700);
            let (riff, size) = (bytes.len() as u32 - 8, (bytes.len() - data - 8) as u32);
            bytes[4..8].copy_from_slice(&riff.to_le_bytes());
            bytes[data + 4..data + 8].copy_from_slice(&size.to_le_bytes());
            agrees(&bytes, "wav", ours, &judge(&bytes, "wav", &[]));
        }
    }
}

#[test]
fn raw_g711_decodes_to_ffmpegs_samples() {
    for (format, muxer) in [("ulaw", "mulaw"), ("alaw", "alaw")] {
        let bytes: Vec<u8> = (0..=255).cycle().take(3000).collect();
        let judged = judge(&bytes, format, &["-f", muxer, "-ar", "8000", "-ac", "1"]);
        agrees(&bytes, format, format, &judged);
    }
}

#[test]
fn only_true_16_bit_pcm_is_canonical() {
    let plain = |name| loud(&["-c:a", name, "-fflags", "+bitexact"], "made.wav");
    assert!(probed(&plain("pcm_s16le"), "wav").1.facts.canonical);
    assert!(!probed(&plain("pcm_s24le"), "wav").1.facts.canonical);
    let mut longer = plain("pcm_s16le");
    longer.push(0);
    assert!(!probed(&longer, "wav").1.facts.canonical);
}

#[test]
fn sizes_of_a_pipe_are_measured_and_named() {
    let good = loud(&["-c:a", "pcm_s16le", "-fflags", "+bitexact"], "made.wav");
    let frames = probed(&good, "wav").1.facts.frame_count;
    assert_eq!(&good[36..40], b"data");
    for size in [0, u32::MAX, 0x7fff_f000] {
        let mut bytes = good.clone();
        bytes[4..8].copy_from_slice(&size.to_le_bytes());
        bytes[40..44].copy_from_slice(&size.to_le_bytes());
        let facts = probed(&bytes, "wav").1.facts;
        assert_eq!(facts.frame_count, frames);
        assert_eq!(facts.repaired.len(), 2, "{:?}", facts.repaired);
        assert!(!facts.canonical);
    }
    let cut = probed(&good[..good.len() - 3], "wav").1.facts;
    assert_eq!(cut.frame_count, frames - 1);
}

#[test]
fn au_caf_and_aiff_of_every_kind_decode_to_ffmpegs_samples() {
    let kinds: [(&str, &[&str]); 3] = [
        ("au", &["s8", "s16be", "s24be", "s32be", "f32be", "f64be", "alaw", "mulaw"]),
        (
            "caf",
            &["s8", "s16be", "s16le", "s24be", "s24le", "s32be", "f32be", "f32le", "alaw", "mulaw"],
        ),
        ("aiff", &["s8", "s16be", "s24be", "s32be", "s16le", "f32be", "f64be", "alaw", "mulaw"]),
    ];
    for (extension, codecs) in kinds {
        for codec in codecs {
            let name = format!("pcm_{codec}");
            let bytes = loud(&["-c:a", &name], &format!("made.{extension}"));
            let ours = match *codec {
                "alaw" => "alaw",
                "mulaw" => "ulaw",
                _ => &name,
            };
            let (source, probed) = probed(&bytes, extension);
            assert_eq!(probed.facts.codec, ours);
            let whole = decode(&source, &probed, 0);
            assert!(interleaved(&whole) == judge(&bytes, extension, &[]), "{extension} {codec}");
            let tail = decode(&source, &probed, 12_345);
            assert!(tail.channels[1] == whole.channels[1][12_345..], "{extension} {codec}");
        }
    }
}

#[test]
fn hostile_bytes_are_refused_or_decoded_within_their_length() {
    let makers =
        [("wav", "pcm_s16le"), ("wav", "adpcm_ms"), ("aiff", "pcm_f32be"), ("au", "pcm_mulaw")];
    for (extension, codec) in makers {
        let good = loud(&["-c:a", codec, "-t", "0.05"], &format!("made.{extension}"));
        for at in 0..good.len().min(120) {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = value;
                survives(bytes, extension);
            }
            survives(good[..at].to_vec(), extension);
        }
    }
}
