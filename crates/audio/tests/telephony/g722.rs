//! G.722: byte for byte with ffmpeg both ways, and chained segments.

use crate::rig::{bytes_of, decode, ffmpeg, interleaved, judge, probed, synthesise, transcode};
use std::path::PathBuf;

fn prompts() -> Vec<PathBuf> {
    let folder = std::fs::read_dir("/usr/share/asterisk/sounds/en")
        .expect("the sample prompts must be installed");
    let mut all: Vec<_> = folder
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "g722"))
        .collect();
    all.sort();
    assert!(all.len() > 100);
    all.into_iter().step_by(40).collect()
}

/// 23 s at 16 kHz: a sweep that clips, noise, silence.
fn loud() -> Vec<u8> {
    let signal =
        "aevalsrc=if(lt(t\\,8)\\,1.4*sin(2*PI*400*t*t)\\,if(lt(t\\,16)\\,2*random(0)-1\\,0))";
    synthesise(&format!("{signal}:s=16000:d=23.00007"), &["-c:a", "pcm_s16le"], "made.wav")
}

fn assert_decodes_alike(bytes: &[u8]) {
    let (source, probed) = probed(bytes, "g722");
    assert_eq!(probed.facts.frame_count, bytes.len() as u64 * 2);
    let ours = interleaved(&decode(&source, &probed, 0));
    assert!(ours == judge(bytes, "g722", &["-f", "g722"]));
}

#[test]
fn prompts_and_noise_decode_to_ffmpegs_samples() {
    for path in prompts() {
        assert_decodes_alike(&std::fs::read(path).unwrap());
    }
    let mut seed = 1u32;
    let noise = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    });
    assert_decodes_alike(&noise.take(200_000).collect::<Vec<_>>());
}

#[test]
fn chained_segments_are_ffmpegs_bytes_and_an_odd_frame_counts() {
    let wav = loud();
    let frames = probed(&wav, "wav").1.facts.frame_count;
    assert_eq!(frames % 2, 1);
    let padded = ["-af", "apad=pad_len=1", "-f", "g722"];
    let judged = ffmpeg(&wav, "wav", &[], &padded, "out.g722");
    let transcode = transcode(&wav, "wav", "g722");
    assert!(transcode.encoding().segment_count() > 2);
    let ours = bytes_of(&transcode);
    assert_eq!(ours.len() as u64, frames.div_ceil(2));
    let differs = ours.iter().zip(&judged).position(|(a, b)| a != b);
    assert_eq!(differs, None, "first byte that differs");
    assert_decodes_alike(&ours);
}

#[test]
fn a_later_segment_without_a_state_is_refused() {
    let transcode = transcode(&loud(), "wav", "g722");
    let mut sink = |_: &[u8]| std::ops::ControlFlow::Continue(());
    for checkpoint in [None, Some(&[0; 7][..])] {
        assert!(transcode.encode(1, checkpoint, &mut sink).is_err());
    }
}

#[test]
fn a_late_start_falls_into_step() {
    let bytes = std::fs::read(&prompts()[1]).unwrap();
    let (source, probed) = probed(&bytes, "g722");
    let whole = decode(&source, &probed, 0);
    for start in [0, 1, 15_999, 16_001, 17_000, probed.facts.frame_count - 1] {
        if start < probed.facts.frame_count {
            let tail = decode(&source, &probed, start);
            assert!(tail.channels[0] == whole.channels[0][start as usize..], "from {start}");
        }
    }
}
