//! GSM 06.10, judged by libgsm through sox: every bit of it, both ways.

use crate::rig::{PROMPT, bytes_of, decode, probed, transcode};
use std::path::Path;
use std::process::Command;

fn sox(arguments: &[&str], to: &Path) -> Vec<u8> {
    let status =
        Command::new("sox").args(arguments).arg(to).status().expect("sox must be installed");
    assert!(status.success(), "sox {arguments:?}");
    std::fs::read(to).unwrap()
}

/// What libgsm makes of the prompt, in a file of that name, and what it decodes of that again.
fn judged(name: &str, coding: &[&str]) -> (Vec<u8>, Vec<i16>) {
    let folder = tempfile::tempdir().unwrap();
    let coded = folder.path().join(name);
    let bytes = sox(&[&[PROMPT], coding].concat(), &coded);
    let raw = folder.path().join("out.raw");
    let raw = sox(&[coded.to_str().unwrap(), "-e", "signed", "-b", "16"], &raw);
    (bytes, raw.as_chunks().0.iter().map(|b| i16::from_le_bytes(*b)).collect())
}

#[test]
fn raw_gsm_and_wav49_decode_to_libgsms_samples() {
    for (name, coding, extension) in
        [("made.gsm", &[][..], "gsm"), ("made.wav", &["-e", "gsm-full-rate"], "wav")]
    {
        let (bytes, wanted) = judged(name, coding);
        let (source, probed) = probed(&bytes, extension);
        assert_eq!((&*probed.facts.codec, probed.facts.rate_hz), ("gsm", 8000));
        let ours = decode(&source, &probed, 0);
        // sox keeps to the `fact` chunk, which leaves out the last block's filling.
        assert!((0..320).contains(&(ours.frames() - wanted.len())), "{extension}: length");
        let differs =
            ours.channels[0].iter().zip(&wanted).position(|(a, b)| *a != f32::from(*b) / 32768.0);
        assert_eq!(differs, None, "{extension}: first sample that differs");
        // A later start falls into step.
        for start in [1, 8000, 8001, 20_000] {
            let tail = decode(&source, &probed, start);
            let whole = &ours.channels[0][start as usize..];
            let off = |a: &[f32], b: &[f32]| -> f32 {
                a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>()
            };
            let quiet = vec![0.0; whole.len()];
            let (error, energy) = (off(&tail.channels[0], whole), off(whole, &quiet));
            assert!(error <= energy * 1e-3, "{extension}: from {start}, {error} of {energy}");
        }
    }
}

#[test]
fn a_segment_of_gsm_is_libgsms_bytes() {
    let (wanted, _) = judged("made.gsm", &[]);
    let prompt = std::fs::read(PROMPT).unwrap();
    let ours = bytes_of(&transcode(&prompt, "wav", "gsm"));
    assert_eq!(ours.len(), wanted.len());
    let segment = 33 * 500;
    let alike = ours.iter().zip(&wanted).take(segment).position(|(a, b)| a != b);
    assert_eq!(alike, None, "first byte that differs");
}

#[test]
fn what_has_no_gsm_frames_is_refused() {
    let source: audio::Source = std::sync::Arc::new(vec![0x55; 330]);
    let refusal = audio::probe(&source, crate::rig::hint("gsm")).unwrap_err().to_string();
    assert!(refusal.contains("0xd"), "{refusal}");
}
