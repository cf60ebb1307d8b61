//! G.711 and GSM in the WAVs that we write: whole files, judged by what ffmpeg and sox write.

use crate::rig::{PROMPT, bytes_of, coded, ffmpeg, interleaved, loud, probed, synthesise};
use audio::format::Coding;
use std::process::Command;

#[test]
fn g711_in_wav_is_ffmpegs_file() {
    let odd = synthesise("sine=440:r=8000:d=21", &["-af", "atrim=end_sample=160001"], "made.wav");
    let stereo = loud(&["-c:a", "pcm_s16le"], "made.wav");
    for wav in [odd, stereo, std::fs::read(PROMPT).unwrap()] {
        for (coding, codec) in [(Coding::Ulaw, "pcm_mulaw"), (Coding::Alaw, "pcm_alaw")] {
            let judged =
                ffmpeg(&wav, "wav", &["-bitexact"], &["-c:a", codec, "-bitexact"], "out.wav");
            let ours = bytes_of(&coded(&wav, "wav", "wav", coding));
            assert_eq!(ours[..58], judged[..58], "{codec}");
            assert!(ours == judged, "{codec}");
            assert!(probed(&ours, "wav").1.facts.canonical);
        }
    }
}

#[test]
fn pcm_of_24_bits_loses_nothing_of_it() {
    for signal in [crate::rig::LOUD, "sine=440:r=96000:d=3"] {
        let wav = synthesise(signal, &["-c:a", "pcm_s24le"], "made.wav");
        let wanted = ffmpeg(&wav, "wav", &[], &["-c:a", "copy", "-f", "s24le"], "out.raw");
        let ours = bytes_of(&coded(&wav, "wav", "wav", Coding::Pcm24));
        // The tag of plain PCM, 24 bits; ffmpeg writes the extensible one.
        assert_eq!((&ours[20..22], ours[34], &ours[36..40]), (&[1, 0][..], 24, &b"data"[..]));
        assert!(ours[44..44 + wanted.len()] == wanted[..]);
        assert_eq!(ours.len(), (44 + wanted.len()).next_multiple_of(2));
        assert!(probed(&ours, "wav").1.facts.canonical);
    }
}

/// What sox writes as WAV49.
fn sox(wav: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let [from, to] = ["in.wav", "out.wav"].map(|name| folder.path().join(name));
    std::fs::write(&from, wav).unwrap();
    let status = Command::new("sox").arg(&from).args(["-e", "gsm-full-rate"]).arg(&to).status();
    assert!(status.expect("sox must be installed").success());
    std::fs::read(&to).unwrap()
}

#[test]
fn gsm_in_wav_is_soxs_file() {
    let prompt = std::fs::read(PROMPT).unwrap();
    // An odd number of blocks, the last one not full.
    let odd = ffmpeg(&prompt, "wav", &[], &["-af", "atrim=end_sample=9700"], "out.wav");
    for wav in [prompt, odd] {
        let (ours, judged) = (bytes_of(&coded(&wav, "wav", "wav", Coding::Gsm)), sox(&wav));
        assert_eq!(ours[..56], judged[..56]);
        assert!(ours[60..] == judged[60..]);
        assert!(probed(&ours, "wav").1.facts.canonical);
        // It counts the padding among the data, as Asterisk does, and Asterisk whole blocks in `fact`.
        assert!(probed(&judged, "wav").1.facts.canonical);
        let mut recorded = judged;
        let data_bytes = recorded.len() as u32 - 60;
        recorded[48..52].copy_from_slice(&(data_bytes / 65 * 320).to_le_bytes());
        assert!(probed(&recorded, "wav").1.facts.canonical);
        recorded[48] ^= 1;
        assert!(!probed(&recorded, "wav").1.facts.canonical);
    }
}

#[test]
fn gsm_in_wav_keeps_its_pace_over_segments() {
    let tone = synthesise("sine=440:r=8000:d=25", &["-c:a", "pcm_s16le"], "made.wav");
    let transcode = coded(&tone, "wav", "wav", Coding::Gsm);
    assert_eq!(transcode.encoding().segment_count(), 3);
    let bytes = bytes_of(&transcode);
    let (source, probed) = probed(&bytes, "wav");
    let heard = interleaved(&crate::rig::decode(&source, &probed, 0));
    assert_eq!(heard.len(), 25 * 8000);
}
