//! More than two channels to fewer.

use crate::rig::{decode, ffmpeg, interleaved, probed, synthesise};
use audio::channels::Mixer;
use audio::{ChannelMap, Facts, Planar, Speakers};

/// A tone of its own in each channel.
fn tones(layout: &str, channels: usize) -> String {
    let tones = (0..channels).map(|c| format!("0.4*sin(2*PI*{}*t)", 200 + 170 * c));
    format!("aevalsrc={}:c={layout}:s=8000:d=0.5", tones.collect::<Vec<_>>().join("|"))
}

/// A WAV of the tones, whose mask tells ffmpeg the loudspeakers.
fn wav(layout: &str, channels: usize) -> Vec<u8> {
    synthesise(&tones(layout, channels), &["-c:a", "pcm_f32le"], "made.wav")
}

/// Asserts that stereo of a file is what ffmpeg mixes of a WAV with the same sound, and that mono is the mean of it
/// (ITU-R BS.775-3, table 2: what mono has of a channel is what both sides have).
fn agrees(bytes: &[u8], extension: &str, wav: &[u8], what: &str) {
    let (source, probed) = probed(bytes, extension);
    let facts = &probed.facts;
    let whole = decode(&source, &probed, 0);
    let ours = |map| {
        let mut mapped = Planar::default();
        let mixer = Mixer::new(map, facts.channels, facts.speakers.as_ref());
        mixer.apply(&whole, &mut mapped);
        interleaved(&mapped)
    };
    // Whole numbers: ffmpeg weighs down what might clip in them alone.
    let raw = ffmpeg(wav, "wav", &[], &["-ac", "2", "-c:a", "pcm_s32le", "-f", "s32le"], "out.raw");
    let (samples, _) = raw.as_chunks::<4>();
    let stereo: Vec<f32> =
        samples.iter().map(|b| i32::from_le_bytes(*b) as f32 / 2_147_483_648.0).collect();
    let mono: Vec<f32> = stereo.chunks_exact(2).map(|pair| (pair[0] + pair[1]) / 2.0).collect();
    for (map, judged) in [(ChannelMap::Stereo, stereo), (ChannelMap::Mix, mono)] {
        let ours = ours(map);
        assert_eq!(ours.len(), judged.len(), "{what} in {extension}, {map:?}");
        let off = ours.iter().zip(&judged).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 1e-4, "{what} in {extension}, {map:?}: off by {off}");
    }
}

/// Layouts by ffmpeg's names, with their channels.
const LAYOUTS: [(&str, usize); 10] = [
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
];

#[test]
fn wavs_are_mixed_as_ffmpeg_mixes_them_by_their_masks() {
    for (layout, channels) in LAYOUTS {
        let wav = wav(layout, channels);
        agrees(&wav, "wav", &wav, layout);
    }
}

#[test]
fn quicktime_caf_aiff_and_flac_in_all_containers_tell_their_loudspeakers() {
    for (layout, channels) in LAYOUTS {
        let wav = wav(layout, channels);
        for (coding, extension) in [
            ("pcm_s16le", "mov"),
            ("pcm_s24be", "mov"),
            ("pcm_s16be", "caf"),
            ("pcm_s16be", "aiff"),
            ("flac", "flac"),
            ("flac", "mka"),
        ] {
            // The tag that ffmpeg 5.1 writes there (MPEG 6.1 A) names another order than it writes.
            if (layout, extension) == ("6.1", "mov") {
                continue;
            }
            let made = format!("made.{extension}");
            let bytes = synthesise(&tones(layout, channels), &["-c:a", coding], &made);
            agrees(&bytes, extension, &wav, layout);
        }
        // In Ogg ffmpeg leaves it out.
        let (_, probed) = probed(&wav, "wav");
        let speakers = probed.facts.speakers.expect("a mask");
        let mask = speakers.bits().iter().fold(0, |mask, bit| mask | 1 << bit);
        let named = format!("WAVEFORMATEXTENSIBLE_CHANNEL_MASK={mask:#x}");
        let arguments = ["-c:a", "flac", "-metadata", &named];
        let bytes = synthesise(&tones(layout, channels), &arguments, "made.oga");
        agrees(&bytes, "oga", &wav, layout);
    }
}

#[test]
fn alac_of_each_number_of_channels_is_for_the_loudspeakers_of_its_definition() {
    for (layout, channels) in
        [("3.0", 3), ("4.0", 4), ("5.0", 5), ("5.1", 6), ("6.1(back)", 7), ("7.1(wide)", 8)]
    {
        // What ffmpeg takes for its ALAC, whatever is near to it.
        let (signal, wav) = (tones(layout, channels), wav(layout, channels));
        for extension in ["m4a", "mov", "mka"] {
            let bytes = synthesise(&signal, &["-c:a", "alac"], &format!("made.{extension}"));
            agrees(&bytes, extension, &wav, layout);
        }
    }
}

/// A CAF of the WAV's sound: its channels in that order, behind a layout.
fn caf(wav: &[u8], order: &[usize], layout: &[u8]) -> Vec<u8> {
    let (source, probed) = probed(wav, "wav");
    let whole = decode(&source, &probed, 0);
    let count = order.len() as u32;
    let chunk =
        |id: &[u8; 4], body: &[u8]| [&id[..], &(body.len() as u64).to_be_bytes(), body].concat();
    let rate = f64::from(probed.facts.rate_hz).to_be_bytes();
    let numbers = [1, 4 * count, 1, count, 32].map(u32::to_be_bytes).concat();
    let described = [&rate[..], b"lpcm", &numbers].concat();
    let samples = (0..whole.frames()).flat_map(|at| order.iter().map(move |&from| (at, from)));
    let samples = samples.flat_map(|(at, from)| whole.channels[from][at].to_be_bytes());
    let data: Vec<u8> = [0; 4].into_iter().chain(samples).collect();
    let chunks = [chunk(b"desc", &described), chunk(b"data", &data), chunk(b"chan", layout)];
    [&b"caff\0\x01\0\0"[..], &chunks.concat()].concat()
}

#[test]
fn channels_that_core_audio_orders_otherwise_are_each_for_their_own_loudspeaker() {
    let by_tag = |tag: u32, count: usize| [tag << 16 | count as u32, 0, 0].map(u32::to_be_bytes);
    // Tags of CoreAudioBaseTypes.h, and which channel of the layout in WAVE's order each of their channels is.
    let orders: [(u32, &str, &[usize]); 16] = [
        (108, "quad", &[0, 1, 2, 3]),
        (114, "3.0", &[2, 0, 1]),
        (116, "4.0", &[2, 0, 1, 3]),
        (118, "5.0", &[0, 1, 3, 4, 2]),
        (119, "5.0", &[0, 2, 1, 3, 4]),
        (120, "5.0", &[2, 0, 1, 3, 4]),
        (121, "5.1", &[0, 1, 2, 3, 4, 5]),
        (122, "5.1", &[0, 1, 4, 5, 2, 3]),
        (123, "5.1", &[0, 2, 1, 4, 5, 3]),
        (124, "5.1", &[2, 0, 1, 4, 5, 3]),
        (125, "6.1", &[0, 1, 2, 3, 5, 6, 4]),
        (133, "2.1", &[0, 1, 2]),
        (142, "6.1", &[2, 0, 1, 5, 6, 4, 3]),
        (127, "7.1(wide)", &[2, 6, 7, 0, 1, 4, 5, 3]),
        (128, "7.1", &[0, 1, 2, 3, 6, 7, 4, 5]),
        (183, "7.1", &[2, 0, 1, 6, 7, 4, 5, 3]),
    ];
    for (tag, layout, order) in orders {
        let wav = wav(layout, order.len());
        let bytes = caf(&wav, order, by_tag(tag, order.len()).as_flattened());
        agrees(&bytes, "caf", &wav, &format!("{layout} by tag {tag}"));
    }
    // Labels: centre, left, right, the surround ones, low frequency; and with two more behind.
    let described: [(&str, &[u32], &[usize]); 2] = [
        ("5.1", &[3, 1, 2, 5, 6, 4], &[2, 0, 1, 4, 5, 3]),
        ("7.1", &[1, 2, 3, 4, 5, 6, 33, 34], &[0, 1, 2, 3, 6, 7, 4, 5]),
    ];
    for (layout, labels, order) in described {
        let wav = wav(layout, order.len());
        let head = [0, 0, labels.len() as u32];
        let descriptions = labels.iter().flat_map(|label| [*label, 0, 0, 0, 0]);
        let numbers = head.into_iter().chain(descriptions).map(u32::to_be_bytes);
        let bytes = caf(&wav, order, numbers.collect::<Vec<_>>().as_flattened());
        agrees(&bytes, "caf", &wav, &format!("{layout} by labels"));
    }
}

#[test]
fn a_layout_that_makes_no_sense_leaves_the_usual_loudspeakers() {
    let wav = wav("5.1", 6);
    let order = [0, 1, 2, 3, 4, 5];
    for numbers in [
        &[115 << 16 | 4, 0, 0][..],
        &[0, 0, 6, 3, 0],
        &[0, 0, u32::MAX],
        &[1 << 16, u32::MAX, 0],
        &[147 << 16 | 6, 0, 0],
        &[u32::MAX],
        &[],
    ] {
        let layout: Vec<_> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        let bytes = caf(&wav, &order, &layout);
        assert_eq!(probed(&bytes, "caf").1.facts.speakers, None, "{numbers:?}");
        agrees(&bytes, "caf", &wav, "5.1");
    }
}

#[test]
fn loudspeakers_that_were_kept_as_a_mask_are_still_known() {
    let (_, mut probed) = probed(&wav("4.0", 4), "wav");
    let kept = serde_json::to_string(&probed.facts).unwrap();
    assert!(kept.contains("\"speakers\":263"), "{kept}");
    let earlier = kept.replace("\"speakers\"", "\"channel_mask\"");
    assert_eq!(serde_json::from_str::<Facts>(&earlier).unwrap(), probed.facts);
    probed.facts.speakers = Some(Speakers::in_order(&[2, 0, 1, 8]));
    let kept = serde_json::to_string(&probed.facts).unwrap();
    assert_eq!(serde_json::from_str::<Facts>(&kept).unwrap(), probed.facts);
}
