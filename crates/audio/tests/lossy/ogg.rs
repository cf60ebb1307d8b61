//! Ogg Opus.

use crate::rig::*;

const RATES: [u32; 5] = [8000, 12000, 16000, 24000, 48000];
const BITRATES: [u32; 16] = [8, 16, 24, 32, 40, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];

#[test]
fn every_legal_combination_has_the_promised_length() {
    for (index, rate) in RATES.into_iter().enumerate() {
        for (step, bitrate) in BITRATES.into_iter().enumerate() {
            for channels in [1, 2].into_iter().filter(|c| bitrate <= 256 || *c == 2) {
                let frames = rate as usize + 137 * (step * 5 + index) + 1;
                let source = wav(rate, channels, &sound(rate, channels, frames));
                whole(&transcode(&source, "ogg", None, Some(bitrate)));
            }
        }
    }
}

#[test]
fn segments_alone_in_any_order_are_the_same_bytes() {
    for (rate, channels) in [(8000, 1), (16000, 2), (44100, 1), (48000, 1)] {
        let source = wav(rate, channels, &sound(rate, channels, rate as usize * 73 + 123));
        let transcode = transcode(&source, "ogg", None, None);
        assert_eq!(transcode.encoding().segment_count(), 4);
        assert!(whole(&transcode) == scattered(&transcode), "{rate} Hz");
    }
}

#[test]
fn ffmpeg_decodes_what_went_in_to_the_packet() {
    for (rate, channels) in [(8000, 1), (16000, 2), (24000, 1), (48000, 2)] {
        for frames in [1, rate as usize / 50, rate as usize * 11 + 77] {
            let said = sound(rate, channels, frames);
            let bytes = whole(&transcode(&wav(rate, channels, &said), "ogg", None, None));
            let heard = judge(&bytes, &[]).len() / usize::from(channels);
            let promised = frames * (48000 / rate as usize);
            assert!(heard.abs_diff(promised) <= 960, "{rate} Hz: {heard}, not {promised}");
        }
    }
}

#[test]
fn ffmpeg_hears_nothing_late() {
    let said = sound(48000, 1, 48000 * 3);
    let heard = judge(&whole(&transcode(&wav(48000, 1, &said), "ogg", None, Some(128))), &[]);
    assert!(lag(&said, &heard, 700).abs() <= 2);
}

#[test]
fn we_read_back_exactly_as_many_frames() {
    let source = wav(8000, 1, &sound(8000, 1, 12345));
    let bytes: audio::Source = std::sync::Arc::new(whole(&transcode(&source, "ogg", None, None)));
    let hint = audio::Hint { extension: Some("ogg"), mime_type: None };
    let facts = audio::probe(&bytes, hint).unwrap().facts;
    assert_eq!((facts.frame_count, facts.channels), (12345 * 6, 1));
}

#[test]
fn seams_are_no_worse_than_the_rest() {
    let said = prompts();
    for bitrate in [24, 32] {
        let bytes = whole(&transcode(&wav(8000, 1, &said), "ogg", None, Some(bitrate)));
        let heard = judge(&bytes, &["-ar", "8000"]);
        // A packet's frames lie 52 before its place: the encoder's delay.
        let seams: Vec<_> = (1..8).map(|s| s * 160_000 - 52).collect();
        let ratio = seam_ratio(&said, &heard, &seams, 2 * 160);
        assert!(ratio <= 1.15, "{bitrate} kbit/s: {ratio}");
    }
}

#[test]
fn defaults_follow_the_source_and_what_opus_has_not_is_refused() {
    let settled = |(source_rate_hz, channels), rate, bitrate| {
        let settled = wanted("ogg", rate, bitrate).settle(source_rate_hz, channels).unwrap();
        (settled.rate_hz, settled.channels, settled.bitrate_bps.unwrap() / 1000)
    };
    assert_eq!(settled((8000, 1), None, None), (8000, 1, 32));
    assert_eq!(settled((11025, 2), None, None), (12000, 2, 64));
    assert_eq!(settled((44100, 6), None, Some(320)), (48000, 2, 320));
    assert_eq!(settled((96000, 1), Some(16000), None), (16000, 1, 32));
    let refused = |rate, bitrate| wanted("ogg", rate, bitrate).settle(8000, 1).unwrap_err();
    let error = refused(Some(44100), None);
    assert!(error.option == "rate" && error.message.contains("24000"), "{error}");
    let error = refused(None, Some(320));
    assert!(error.option == "br" && error.message.ends_with("256"), "{error}");
}
