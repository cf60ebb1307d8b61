//! MP3.

use crate::rig::*;
use audio::EncodeError;
use std::ops::ControlFlow;
use std::process::Command;

const LOW: &[u32] = &[8, 16, 24, 32, 40, 48, 56, 64];
const MIDDLE: &[u32] = &[8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const HIGH: &[u32] = &[32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];

/// All that layer III has.
fn legal() -> impl Iterator<Item = (u32, u32, u16)> {
    let rates = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000];
    let bitrates = |rate| match rate {
        0..=12000 => LOW,
        12001..=24000 => MIDDLE,
        _ => HIGH,
    };
    let pairs = rates.into_iter().flat_map(move |r| bitrates(r).iter().map(move |b| (r, *b)));
    pairs.flat_map(|(rate, bitrate)| [1, 2].map(|channels| (rate, bitrate, channels)))
}

#[test]
fn every_legal_combination_has_the_promised_length() {
    for (index, (rate, bitrate, channels)) in legal().enumerate() {
        let source = wav(rate, channels, &sound(rate, channels, 2501 + 137 * index));
        whole(&transcode(&source, "mp3", Some(rate), Some(bitrate)));
    }
}

#[test]
fn segments_alone_in_any_order_are_the_same_bytes() {
    for (rate, channels, seconds) in [(8000, 1, 86), (11025, 1, 86), (44100, 2, 43), (48000, 1, 43)]
    {
        let source = wav(rate, channels, &sound(rate, channels, rate as usize * seconds + 1234));
        let transcode = transcode(&source, "mp3", None, None);
        assert!(transcode.encoding().segment_count() > 3);
        assert!(whole(&transcode) == scattered(&transcode), "{rate} Hz");
    }
}

#[test]
fn ffmpeg_decodes_exactly_what_went_in_and_nothing_late() {
    let cases = [(8000, 8, 1), (8000, 64, 2), (16000, 32, 1), (22050, 64, 2), (44100, 128, 2)];
    for (rate, bitrate, channels) in cases {
        // Below 48 frames ffmpeg mistakes two trims of one packet.
        for frames in [48, 575, 576, 577, 600, 1153, rate as usize * 11 + 77] {
            let said = sound(rate, channels, frames);
            let bytes = whole(&transcode(&wav(rate, channels, &said), "mp3", None, Some(bitrate)));
            let heard = judge(&bytes, &[]);
            let name = format!("{rate} Hz, {bitrate} kbit/s, {frames} frames");
            assert_eq!(heard.len(), said.len(), "{name}");
            if frames > 10_000 {
                let left = |samples: &[i16]| -> Vec<i16> {
                    samples.iter().step_by(usize::from(channels)).copied().collect()
                };
                assert_eq!(lag(&left(&said), &left(&heard), 700), 0, "{name}");
            }
        }
    }
}

#[test]
fn the_label_is_there_at_bit_rates_whose_packets_it_does_not_fit() {
    for (rate, bitrate) in
        [(11025, 8), (12000, 8), (16000, 8), (22050, 16), (24000, 16), (24000, 8)]
    {
        let said = sound(rate, 1, rate as usize * 2 + 77);
        let heard =
            judge(&whole(&transcode(&wav(rate, 1, &said), "mp3", None, Some(bitrate))), &[]);
        assert_eq!(heard.len(), said.len(), "{rate} Hz, {bitrate} kbit/s");
    }
}

#[test]
fn ffmpeg_opens_the_shortest_recordings() {
    for (rate, channels) in [(8000, 1), (16000, 2), (44100, 2), (48000, 1)] {
        for frames in [1, 20, 46, 47] {
            let said = sound(rate, channels, frames);
            let heard =
                judge(&whole(&transcode(&wav(rate, channels, &said), "mp3", None, None)), &[]);
            let heard = heard.len() / usize::from(channels);
            assert!(
                (frames..frames + 1152).contains(&heard),
                "{rate} Hz, {frames} frames: {heard}"
            );
        }
    }
}

#[test]
fn seams_are_no_worse_than_those_places_encoded_in_one_go() {
    let said = prompts();
    let [low, wide, widest] =
        ["32000", "44100", "48000"].map(|rate| judge(&wav(8000, 1, &said), &["-ar", rate]));
    let cases = [
        (8000, &said, 16, 576, 280, 16),
        (8000, &said, 32, 576, 280, 16),
        (32_000, &low, 64, 1152, 288, 24),
        (44_100, &wide, 64, 1152, 392, 24),
        (48_000, &widest, 64, 1152, 416, 24),
    ];
    for (rate, said, bitrate, packet, segment, preroll) in cases {
        let source = wav(rate, 1, said);
        // A packet's frames lie 1105 before its place: the delays of encoder and decoder.
        let places = (1..).map(|s| (s * segment + preroll) * packet - 1105);
        let seams: Vec<_> = places.take_while(|place| place + 2 * packet < said.len()).collect();
        assert!(seams.len() > 5, "too few seams");
        let ratio = |mp3: &[u8]| {
            let heard = judge(mp3, &[]);
            assert_eq!(heard.len(), said.len());
            seam_ratio(said, &heard, &seams, 2 * packet)
        };
        let ours = ratio(&whole(&transcode(&source, "mp3", None, Some(bitrate))));
        let theirs = ratio(&in_one_go(&source, bitrate, AT_THE_SAME_LEVEL));
        // The first packets of a segment find nothing saved to borrow: it is 1.2 dB of those four at most.
        assert!(ours <= 1.4 * theirs, "{bitrate} kbit/s at {rate} Hz: {ours}, {theirs}");
    }
}

/// Makes up for what LAME lowers every recording by, up to 160 kbit/s.
const AT_THE_SAME_LEVEL: &[&str] = &["-af", "aformat=sample_fmts=fltp,volume=1/0.95"];

/// What ffmpeg makes with the same encoder and settings.
fn in_one_go(source: &[u8], kbps: u32, arguments: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in.wav"), folder.path().join("out.mp3"));
    std::fs::write(&from, source).unwrap();
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i", from.to_str().unwrap()])
        .args(arguments)
        .args(["-c:a", "libmp3lame", "-compression_level", "5", "-b:a", &format!("{kbps}k")])
        .arg(&to)
        .status();
    assert!(status.expect("ffmpeg must be installed").success());
    std::fs::read(to).unwrap()
}

/// The recording at full scale: its loudest sample is 32767.
fn loudest(samples: &[i16]) -> Vec<i16> {
    let peak = samples.iter().map(|s| s.unsigned_abs()).max().unwrap();
    samples.iter().map(|s| (f64::from(*s) * 32767.0 / f64::from(peak)) as i16).collect()
}

#[test]
fn the_level_is_the_sources_at_every_bit_rate_and_no_more_is_clipped_than_by_lame_alone() {
    let said = loudest(&prompts()[..8000 * 8]);
    let energy = |samples: &[i16]| samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
    let clipped =
        |samples: &[i16]| samples.iter().filter(|s| [i16::MIN, i16::MAX].contains(*s)).count();
    for (rate, bitrate, _) in
        legal().filter(|(rate, _, channels)| *channels == 1 && [8000, 44_100].contains(rate))
    {
        let text = rate.to_string();
        let said = judge(&wav(8000, 1, &said), &["-ar", &text]);
        let source = wav(rate, 1, &said);
        let heard = judge(&whole(&transcode(&source, "mp3", None, Some(bitrate))), &[]);
        let level = 10.0 * (energy(&heard) / energy(&said)).log10();
        assert!(level.abs() < 0.1, "{bitrate} kbit/s at {rate} Hz: {level} dB");
        let theirs = clipped(&judge(&in_one_go(&source, bitrate, &[]), &[]));
        let ours = clipped(&heard);
        assert!(ours <= theirs, "{bitrate} kbit/s at {rate} Hz: {ours} clipped, not {theirs}");
    }
}

#[test]
fn packets_borrow_within_a_segment_and_none_of_them_from_the_one_before() {
    let source = wav(44_100, 2, &sound(44_100, 2, 44_100 * 25));
    let transcode = transcode(&source, "mp3", None, Some(128));
    for index in 0..transcode.encoding().segment_count() {
        let bytes = segment(&transcode, index);
        let mut at = 0;
        let mut borrowed = Vec::new();
        while at < bytes.len() {
            // ISO 11172-3, 2.4.1.7: nine bits behind the header say where main data begins.
            borrowed.push(usize::from(bytes[at + 4]) << 1 | usize::from(bytes[at + 5] >> 7));
            at += 417 + usize::from(bytes[at + 2] >> 1 & 1);
        }
        assert_eq!(borrowed[0], 0, "segment {index}");
        assert!(borrowed.iter().any(|b| *b > 0), "segment {index}");
    }
}

#[test]
fn defaults_follow_the_source_and_what_is_asked_is_honoured() {
    let settled = |(source_rate_hz, channels), rate, bitrate| {
        let settled = wanted("mp3", rate, bitrate).settle(source_rate_hz, channels).unwrap();
        (settled.rate_hz, settled.channels, settled.bitrate_bps.unwrap() / 1000)
    };
    assert_eq!(settled((8000, 1), None, None), (8000, 1, 64));
    assert_eq!(settled((8000, 2), None, None), (16000, 2, 128));
    assert_eq!(settled((16000, 2), None, None), (16000, 2, 128));
    assert_eq!(settled((44100, 6), None, None), (44100, 2, 128));
    assert_eq!(settled((96000, 1), None, None), (48000, 1, 64));
    assert_eq!(settled((8000, 1), None, Some(128)), (16000, 1, 128));
    assert_eq!(settled((8000, 1), None, Some(320)), (32000, 1, 320));
    assert_eq!(settled((48000, 1), None, Some(8)), (24000, 1, 8));
    assert_eq!(settled((48000, 1), Some(11025), Some(16)), (11025, 1, 16));
}

#[test]
fn what_layer_iii_has_not_is_refused_with_what_it_has() {
    let refused = |rate, bitrate| {
        let error = wanted("mp3", rate, bitrate).settle(8000, 1).unwrap_err();
        (error.option, error.message)
    };
    let (option, message) = refused(Some(96000), None);
    assert!(option == "rate" && message.contains("48000"), "{message}");
    let (option, message) = refused(Some(8000), Some(128));
    assert!(option == "br" && message.ends_with("48, 64"), "{message}");
    assert_eq!(refused(Some(44100), Some(16)).0, "br");
    assert_eq!(refused(None, Some(33)).0, "br");
}

#[test]
fn packets_come_one_by_one_and_stop_when_nobody_waits() {
    let source = wav(8000, 1, &sound(8000, 1, 80_000));
    let transcode = transcode(&source, "mp3", None, Some(32));
    let mut parts = Vec::new();
    let mut sink = |part: &[u8]| {
        parts.push(part.len());
        if parts.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let result = transcode.encode(0, None, &mut sink);
    assert!(matches!(result, Err(EncodeError::Cancelled)));
    assert_eq!(parts, [288; 3]);
}
