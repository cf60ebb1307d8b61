//! More than two channels to fewer.

use crate::rig::{decode, ffmpeg, interleaved, probed, synthesise};
use audio::channels::Mixer;
use audio::{ChannelMap, Planar};

/// A tone of its own in each channel.
fn tones(layout: &str, channels: usize) -> String {
    let tones = (0..channels).map(|c| format!("0.4*sin(2*PI*{}*t)", 200 + 170 * c));
    format!("aevalsrc={}:c={layout}:s=8000:d=0.5", tones.collect::<Vec<_>>().join("|"))
}

/// Asserts that stereo of a WAV is what ffmpeg mixes, which knows the loudspeakers by the mask, and that
/// mono is the mean of it (ITU-R BS.775-3, table 2: what mono has of a channel is what both sides have).
fn agrees(layout: &str, channels: usize) {
    let wav = synthesise(&tones(layout, channels), &["-c:a", "pcm_f32le"], "made.wav");
    let (source, probed) = probed(&wav, "wav");
    let facts = &probed.facts;
    assert_eq!(usize::from(facts.channels), channels);
    let whole = decode(&source, &probed, 0);
    let ours = |map| {
        let mut mapped = Planar::default();
        let mixer = Mixer::new(map, facts.channels, facts.channel_mask);
        mixer.apply(&whole, &mut mapped);
        interleaved(&mapped)
    };
    // Whole numbers: ffmpeg weighs down what might clip in them alone.
    let raw =
        ffmpeg(&wav, "wav", &[], &["-ac", "2", "-c:a", "pcm_s32le", "-f", "s32le"], "out.raw");
    let (samples, _) = raw.as_chunks::<4>();
    let stereo: Vec<f32> =
        samples.iter().map(|b| i32::from_le_bytes(*b) as f32 / 2_147_483_648.0).collect();
    let mono: Vec<f32> = stereo.chunks_exact(2).map(|pair| (pair[0] + pair[1]) / 2.0).collect();
    for (map, judged) in [(ChannelMap::Stereo, stereo), (ChannelMap::Mix, mono)] {
        let ours = ours(map);
        assert_eq!(ours.len(), judged.len(), "{layout}, {map:?}");
        let off = ours.iter().zip(&judged).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 1e-4, "{layout}, {map:?}: off by {off}");
    }
}

#[test]
fn wavs_are_mixed_as_ffmpeg_mixes_them_by_their_masks() {
    for (layout, channels) in [
        ("2.1", 3),
        ("3.0", 3),
        ("quad", 4),
        ("4.0", 4),
        ("3.1", 4),
        ("5.0", 5),
        ("5.1", 6),
        ("5.1(side)", 6),
        ("6.1", 7),
        ("7.1", 8),
    ] {
        agrees(layout, channels);
    }
}
