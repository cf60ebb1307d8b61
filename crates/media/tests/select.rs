//! The decider, by behaviour.
#![allow(clippy::unwrap_used)]

use audio::{ChannelMap, Facts, Speakers};
use media::{ChannelWish, ClipWish, Preferences, Refusal, Representation, Resource, Transcoded};
use std::sync::Arc;

fn select(resource: &Resource, wish: &Preferences) -> Result<Representation, Refusal> {
    media::select(&Arc::new(resource.clone()), wish)
}

fn resource(channels: u16) -> Resource {
    let facts = Facts {
        format: "wav".into(),
        codec: "pcm_s16le".into(),
        rate_hz: 8000,
        channels,
        frame_count: 80_000,
        bitrate_bps: 128_000,
        constant_bitrate: true,
        canonical: true,
        speakers: None,
        repaired: vec![],
        tags: audio::tags::Tags::default(),
        picture: None,
    };
    Resource {
        file_sid: None,
        store: String::new(),
        content_hash: "00".repeat(32),
        length_bytes: 160_044,
        stored_at_ms: 0,
        expires_at_ms: None,
        name: "a.wav".into(),
        mime_type: "audio/x-wav".into(),
        facts: Some(Arc::new(facts)),
        probe_error: Some("a picture".into()),
    }
}

fn option(p: &Preferences, channels: u16) -> &'static str {
    match select(&resource(channels), p) {
        Err(Refusal::BadOption { option, .. }) => option,
        _ => panic!("not refused for an option"),
    }
}

#[test]
fn options_that_change_nothing_send_the_original() {
    let clip = Some(ClipWish { start_ms: 0, end_ms: Some(99_000) });
    let p = Preferences {
        format: Some("wav"),
        rate_hz: Some(8000),
        channels: Some(ChannelWish::Mix),
        clip,
        ..Preferences::default()
    };
    assert!(matches!(select(&resource(1), &p), Ok(Representation::Original(_))));
}

#[test]
fn a_clip_is_exact_to_the_frame_and_has_its_own_etag() {
    let at = |start_ms| {
        let clip = Some(ClipWish { start_ms, end_ms: None });
        select(&resource(1), &Preferences { clip, ..Preferences::default() })
    };
    let (Ok(first), Ok(second)) = (at(1001), at(1002)) else { panic!("no transcode") };
    assert!(first.etag() != second.etag() && first.etag().len() <= 64);
    let Representation::Transcode(Transcoded { target, .. }) = first else {
        panic!("no transcode")
    };
    assert_eq!(target.clip, 8008..80_000);
}

#[test]
fn impossible_options_are_named() {
    let clip = |start_ms, end_ms| Preferences {
        clip: Some(ClipWish { start_ms, end_ms }),
        ..Preferences::default()
    };
    assert_eq!(option(&clip(10_000, None), 1), "t");
    assert_eq!(option(&clip(5, Some(5)), 1), "t");
    let left = Preferences { channels: Some(ChannelWish::Left), ..Preferences::default() };
    assert_eq!(option(&left, 1), "ch");
    assert_eq!(option(&Preferences { bitrate_kbps: Some(64), ..Preferences::default() }, 1), "br");
}

#[test]
fn stereo_to_ulaw_is_mixed() {
    let p = Preferences { format: Some("ulaw"), ..Preferences::default() };
    let Ok(Representation::Transcode(Transcoded { target, .. })) = select(&resource(2), &p) else {
        panic!("no transcode")
    };
    assert_eq!((target.map, target.rate_hz), (ChannelMap::Mix, 8000));
}

#[test]
fn a_mix_by_other_loudspeakers_has_its_own_etag_and_a_channel_alone_has_not() {
    let etags = |channels| {
        [None, Some(Speakers::of_mask(0x107))].map(|speakers| {
            let mut resource = resource(4);
            let facts = Facts { speakers, ..(*resource.facts.unwrap()).clone() };
            resource.facts = Some(Arc::new(facts));
            let p = Preferences { channels: Some(channels), ..Preferences::default() };
            select(&resource, &p).ok().map(|chosen| chosen.etag()).unwrap()
        })
    };
    for channels in [ChannelWish::Mix, ChannelWish::Two] {
        let [usual, other] = etags(channels);
        assert_ne!(usual, other);
    }
    let [usual, other] = etags(ChannelWish::One(4));
    assert_eq!(usual, other);
}

#[test]
fn an_unplayable_source_is_sent_as_it_is_and_refused_otherwise() {
    let r = Resource { facts: None, ..resource(1) };
    assert!(matches!(select(&r, &Preferences::default()), Ok(Representation::Original(_))));
    // Also by the format that its name ends in: a player must not be sent what it can't play.
    for format in ["mp3", "wav"] {
        let p = Preferences { format: Some(format), ..Preferences::default() };
        assert!(
            matches!(select(&r, &p), Err(Refusal::Unplayable { message }) if message.contains("a picture"))
        );
    }
}

#[test]
fn the_stored_format_is_sent_as_it_is_even_if_it_cannot_be_written() {
    let mut r = resource(1);
    if let Some(facts) = r.facts.as_mut().map(Arc::make_mut) {
        facts.format = "aiff".into();
    }
    let p = Preferences { format: Some("aiff"), ..Preferences::default() };
    assert!(matches!(select(&r, &p), Ok(Representation::Original(_))));
}

#[test]
fn what_is_written_by_a_name_of_signed_linear_is_read_at_its_rate_by_it() {
    let row = audio::formats::by_name("sln").unwrap();
    for extension in row.extensions {
        let options = Preferences::of_extension(extension);
        let rate = options.iter().find(|(name, _)| *name == "rate").map(|(_, rate)| *rate);
        let read = audio::formats::sln::rate_of_extension(extension).unwrap_or(8000);
        assert_eq!(options[0], ("f", "sln"), "{extension}");
        assert_eq!(rate.unwrap_or("8000"), read.to_string(), "{extension}");
    }
}

#[test]
fn a_format_of_asterisk_is_played_as_it_is_and_one_that_is_not_written_as_wav() {
    let asked = |format: &str| {
        let options = Preferences::of_asterisk(format);
        options.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    };
    for (format, expected) in [
        ("wav", "f=wav"),
        ("wav16", "f=wav&rate=16000&ch=1"),
        ("wav49", "f=wav&codec=gsm"),
        ("gsm", "f=gsm"),
        ("ulaw", "f=ulaw"),
        ("alaw", "f=alaw"),
        ("g722", "f=g722"),
        ("sln", "f=sln"),
        ("sln16", "f=sln&rate=16000"),
        ("slin", "f=sln"),
        ("slin16", "f=sln&rate=16000"),
        ("ogg", "f=ogg"),
        ("MP3", "f=mp3"),
        ("aiff", "f=wav"),
        ("g729", "f=wav"),
        ("siren14", "f=wav"),
    ] {
        assert_eq!(asked(format), expected, "{format}");
    }
}
