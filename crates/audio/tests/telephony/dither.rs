//! What is finer than 16 bits, written in 16 bits.

use crate::rig::{PROMPT, bytes_of, ffmpeg, judge, synthesise, transcode};

const RATE_HZ: f64 = 48_000.0;
const TONE_HZ: f64 = 997.0;
const TONE: &str = "aevalsrc=0.00001*sin(2*PI*997*t):s=48000:d=21";

/// The amplitude of a frequency, in dB of full scale.
fn level_db(samples: &[f32], hz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (at, sample) in samples.iter().enumerate() {
        let (sin, cos) = (std::f64::consts::TAU * hz * at as f64 / RATE_HZ).sin_cos();
        (re, im) = (re + f64::from(*sample) * cos, im + f64::from(*sample) * sin);
    }
    20.0 * (2.0 * re.hypot(im) / samples.len() as f64).log10()
}

#[test]
fn a_tone_under_the_last_bit_survives_without_harmonics_in_every_coding() {
    for (codec, extension) in
        [("pcm_s24le", "wav"), ("pcm_s32le", "wav"), ("pcm_f32le", "wav"), ("flac", "flac")]
    {
        let options = ["-c:a", codec, "-bits_per_raw_sample", "24"];
        let options = if codec == "flac" {
            &[&options[..], &["-sample_fmt", "s32"]].concat()
        } else {
            &options[..2]
        };
        let made = synthesise(TONE, options, &format!("made.{extension}"));
        let heard = judge(&bytes_of(&transcode(&made, extension, "wav")), "wav", &[]);
        let tone = level_db(&heard, TONE_HZ);
        assert!((tone + 100.0).abs() < 0.5, "{codec}: {tone} dB");
        for harmonic in [2.0, 3.0, 5.0] {
            let level = level_db(&heard, harmonic * TONE_HZ);
            assert!(level < -125.0, "{codec}: {level} dB at {harmonic} times the tone");
        }
        assert!(heard.iter().all(|s| s.abs() < 2.5 / 32768.0), "{codec}");
    }
}

#[test]
fn a_segment_has_the_same_dither_alone() {
    let made = synthesise(TONE, &["-c:a", "pcm_s24le", "-ac", "2"], "made.wav");
    let transcode = transcode(&made, "wav", "wav");
    let whole = bytes_of(&transcode);
    let mut alone = Vec::new();
    let mut sink = |part: &[u8]| {
        alone.extend_from_slice(part);
        std::ops::ControlFlow::Continue(())
    };
    transcode.encode(1, None, &mut sink).unwrap();
    let span = transcode.layout().unwrap().span(1);
    assert!(alone == whole[span.start as usize..span.end as usize]);
    let first = transcode.layout().unwrap().span(0);
    assert!(alone[..9600] != whole[first.start as usize..][..9600], "noise must not repeat");
}

#[test]
fn what_16_bits_hold_comes_back_exactly_from_wider_codings() {
    let prompt = std::fs::read(PROMPT).expect("the sample prompts must be installed");
    for codec in ["pcm_s24le", "pcm_s32le", "pcm_f32le"] {
        let wider = ffmpeg(&prompt, "wav", &[], &["-c:a", codec], "wider.wav");
        let ours = bytes_of(&transcode(&wider, "wav", "wav"));
        assert!(judge(&ours, "wav", &[]) == judge(&prompt, "wav", &[]), "{codec}");
    }
}
