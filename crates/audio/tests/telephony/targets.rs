//! Writing.

use crate::rig::{PROMPT, bytes_of, ffmpeg, loud, transcode};
use audio::format::{Coding, Shape, Wish};
use audio::formats;

/// A WAV with every 16-bit value once.
fn all_samples() -> Vec<u8> {
    let raw: Vec<u8> = (i16::MIN..=i16::MAX).flat_map(i16::to_le_bytes).collect();
    ffmpeg(&raw, "raw", &["-f", "s16le", "-ar", "8000", "-ac", "1"], &["-c:a", "copy"], "made.wav")
}

#[test]
fn g711_of_every_sample_is_ffmpegs_byte() {
    let wav = all_samples();
    for (format, codec) in [("ulaw", "mulaw"), ("alaw", "alaw")] {
        let name = format!("pcm_{codec}");
        let judged = ffmpeg(&wav, "wav", &[], &["-c:a", &name, "-f", codec], "out.raw");
        let ours = bytes_of(&transcode(&wav, "wav", format));
        assert_eq!(ours.len(), judged.len());
        let differs = ours.iter().zip(&judged).position(|(a, b)| a != b);
        assert_eq!(differs, None, "{format}: first sample that differs");
    }
}

#[test]
fn wav_of_16_bit_material_is_ffmpegs_file() {
    let prompt = std::fs::read(PROMPT).expect("the sample prompts must be installed");
    let stereo = loud(&["-c:a", "pcm_s16le", "-t", "25"], "made.wav");
    for bytes in [prompt, stereo] {
        let judged = ffmpeg(&bytes, "wav", &["-bitexact"], &["-bitexact"], "out.wav");
        let ours = bytes_of(&transcode(&bytes, "wav", "wav"));
        assert!(ours == judged);
    }
}

#[test]
fn what_a_format_cannot_do_is_refused_by_the_options_name() {
    let wish = Wish {
        source_rate_hz: 44100,
        channels: 2,
        rate_hz: None,
        bitrate_bps: None,
        coding: Coding::default(),
    };
    let settle = |format, wish| formats::by_name(format).unwrap().target.unwrap().settle(wish);
    for format in ["ulaw", "alaw"] {
        let other = Wish { rate_hz: Some(16000), ..wish };
        assert_eq!(settle(format, other).unwrap_err().option, "rate");
        let same = settle(format, Wish { rate_hz: Some(8000), ..wish }).unwrap();
        assert_eq!((same.rate_hz, same.channels), (8000, 1));
    }
    let with_bitrate = Wish { bitrate_bps: Some(64000), ..wish };
    assert_eq!(settle("wav", with_bitrate).unwrap_err().option, "br");
    let shape = Shape {
        rate_hz: 8000,
        channels: 2,
        bitrate_bps: None,
        frame_count: 1 << 30,
        serial: 0,
        coding: Coding::default(),
    };
    let planned =
        formats::by_name("wav").unwrap().target.unwrap().plan(shape, &audio::tags::Said::default());
    assert_eq!(planned.err().unwrap().option, "f");
}
