//! GSM 06.10, judged by libgsm through sox: every bit of it, both ways.

use crate::rig::{PROMPT, bytes_of, decode, probed, synthesise, transcode};
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
    let prompt = probed(&std::fs::read(PROMPT).unwrap(), "wav").1.facts.frame_count;
    for (name, coding, extension) in
        [("made.gsm", &[][..], "gsm"), ("made.wav", &["-e", "gsm-full-rate"], "wav")]
    {
        let (bytes, wanted) = judged(name, coding);
        let (source, probed) = probed(&bytes, extension);
        assert_eq!((&*probed.facts.codec, probed.facts.rate_hz), ("gsm", 8000));
        let ours = decode(&source, &probed, 0);
        // In WAV the `fact` chunk leaves out the last block's filling, which sox decodes, too.
        let count = if extension == "wav" { prompt } else { wanted.len() as u64 };
        assert_eq!(ours.frames() as u64, count, "{extension}");
        let differs =
            ours.channels[0].iter().zip(&wanted).position(|(a, b)| *a != f32::from(*b) / 32768.0);
        assert_eq!(differs, None, "{extension}: first sample that differs");
        for start in [1, 8000, 8001, 20_000] {
            let tail = decode(&source, &probed, start);
            assert!(tail.channels[0] == ours.channels[0][start as usize..], "from {start}");
        }
    }
}

#[test]
fn a_fact_that_does_not_end_within_the_last_block_is_not_believed() {
    let (bytes, wanted) = judged("made.wav", &["-e", "gsm-full-rate"]);
    let at = bytes.windows(4).position(|id| id == b"fact").unwrap() + 8;
    let blocks = wanted.len().div_ceil(320);
    let whole = 320 * blocks as u32;
    for said in [0, 1, whole - 320, whole + 1, whole + 5000, u32::MAX, i32::MAX as u32] {
        let mut lying = bytes.clone();
        lying[at..at + 4].copy_from_slice(&said.to_le_bytes());
        let (source, probed) = probed(&lying, "wav");
        assert_eq!(probed.facts.frame_count, u64::from(whole), "{said}");
        assert_eq!(decode(&source, &probed, 0).frames(), whole as usize, "{said}");
    }
    for said in [whole - 319, whole - 1] {
        let mut odd = bytes.clone();
        odd[at..at + 4].copy_from_slice(&said.to_le_bytes());
        let (source, probed) = probed(&odd, "wav");
        assert_eq!(probed.facts.frame_count, u64::from(said));
        assert_eq!(decode(&source, &probed, u64::from(said) - 7).frames(), 7);
    }
}

/// 25 s: a steady tone, of which an encoder that starts late keeps its mistake for ever.
fn tone() -> Vec<u8> {
    synthesise("sine=440:r=8000:d=25", &["-c:a", "pcm_s16le"], "made.wav")
}

#[test]
fn segments_are_libgsms_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let [from, to] = ["in.wav", "out.gsm"].map(|name| folder.path().join(name));
    for wav in [std::fs::read(PROMPT).unwrap(), tone()] {
        std::fs::write(&from, &wav).unwrap();
        let wanted = sox(&[from.to_str().unwrap()], &to);
        let ours = bytes_of(&transcode(&wav, "wav", "gsm"));
        assert_eq!(ours.len(), wanted.len());
        let differs = ours.iter().zip(&wanted).position(|(a, b)| a != b);
        assert_eq!(differs, None, "first byte that differs");
    }
}

#[test]
fn a_late_start_falls_into_step() {
    let bytes = bytes_of(&transcode(&tone(), "wav", "gsm"));
    let (source, probed) = probed(&bytes, "gsm");
    let whole = decode(&source, &probed, 0);
    for start in [80_001, 120_000, 199_999] {
        let tail = decode(&source, &probed, start);
        assert!(tail.channels[0] == whole.channels[0][start as usize..], "from {start}");
    }
}

#[test]
fn a_later_segment_without_a_state_is_refused() {
    let transcode = transcode(&tone(), "wav", "gsm");
    let mut sink = |_: &[u8]| std::ops::ControlFlow::Continue(());
    for checkpoint in [None, Some(&[0; 7][..])] {
        assert!(transcode.encode(1, checkpoint, &mut sink).is_err());
    }
}

#[test]
fn what_has_no_gsm_frames_is_refused() {
    let source: audio::Source = std::sync::Arc::new(vec![0x55; 330]);
    let refusal = audio::probe(&source, crate::rig::hint("gsm")).unwrap_err().to_string();
    assert!(refusal.contains("0xd"), "{refusal}");
}
