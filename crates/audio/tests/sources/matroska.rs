//! Matroska and WebM sources: Opus and Vorbis.

use crate::rig::{
    Material, agrees, make, probed, seeks_exactly, seeks_nearly, survives_mutilation,
};

const OPUS: &[&str] = &["-c:a", "libopus", "-b:a", "64k"];
const VORBIS: &[&str] = &["-c:a", "libvorbis"];
/// As a recorder writes that can't go back: no duration, no cues, no sizes.
const LIVE: &[&str] = &["-live", "1"];

#[test]
fn counts_and_samples_are_ffmpegs() {
    for material in [Material::Prompt, Material::Stereo] {
        agrees(&make(material, "webm", OPUS), "webm", 40.0);
        agrees(&make(material, "webm", VORBIS), "webm", 80.0);
        agrees(&make(material, "mka", VORBIS), "mka", 80.0);
    }
}

#[test]
fn a_recording_without_duration_and_sizes_is_measured() {
    for codec in [OPUS, VORBIS] {
        let bytes = make(Material::Stereo, "webm", &[codec, LIVE].concat());
        let (source, probed) = agrees(&bytes, "webm", 40.0);
        assert_eq!(probed.facts.repaired, ["the duration was missing and was measured"]);
        seeks_nearly(&source, &probed, 40.0);
    }
}

#[test]
fn a_seek_gives_the_tail_of_the_whole() {
    for material in [Material::Prompt, Material::Stereo] {
        let (source, vorbis) = probed(&make(material, "webm", VORBIS), "webm");
        seeks_exactly(&source, &vorbis);
        let (source, opus) = probed(&make(material, "webm", OPUS), "webm");
        seeks_nearly(&source, &opus, 40.0);
    }
}

#[test]
fn other_codecs_are_named_in_the_refusal() {
    let bytes = make(Material::Prompt, "mka", &["-c:a", "ac3"]);
    let source: audio::Source = std::sync::Arc::new(bytes);
    let refusal = audio::probe(&source, audio::Hint::default()).unwrap_err().to_string();
    assert!(refusal.contains("A_AC3"), "{refusal}");
}

#[test]
fn hostile_bytes_do_no_harm() {
    for codec in [OPUS, VORBIS] {
        let arguments = [codec, &["-t", "3"]].concat();
        survives_mutilation(make(Material::Stereo, "webm", &arguments), "webm", 100);
    }
}
