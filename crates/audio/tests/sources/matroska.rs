//! Matroska and WebM sources.

use crate::rig::{
    Material, agrees, decode, judge, make, probed, seeks_exactly, seeks_nearly, snr_db,
    survives_mutilation,
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
fn other_codecs_are_decoded_as_ffmpeg_does() {
    for (arguments, least_db) in [
        (&["-c:a", "flac"][..], f64::INFINITY),
        (&["-c:a", "pcm_s16le"], f64::INFINITY),
        (&["-c:a", "pcm_s24le"], f64::INFINITY),
        (&["-c:a", "pcm_f32le"], f64::INFINITY),
        (&["-c:a", "alac"], f64::INFINITY),
        (&["-c:a", "libmp3lame", "-b:a", "96k"], 80.0),
        (&["-c:a", "mp2"], 80.0),
        (&["-c:a", "aac", "-aac_pns", "0"], 80.0),
    ] {
        let bytes = make(Material::Stereo, "mka", arguments);
        let (source, probed) = probed(&bytes, "mka");
        let judged = judge(&bytes, "mka", "", 2);
        let ours = decode(&source, &probed, 0);
        assert!(ours.frames().abs_diff(judged[0].len()) < 2400, "{arguments:?}");
        for (wanted, got) in judged.iter().zip(&ours.channels) {
            let snr = snr_db(&wanted[..300_000], &got[..300_000]);
            assert!(snr >= least_db, "{arguments:?}: {snr:.1} dB");
        }
        seeks_exactly(&source, &probed);
    }
}

/// An element with a size of eight bytes.
fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
    let size = (1_u64 << 56 | body.len() as u64).to_be_bytes();
    [id, &size, body].concat()
}

/// The blocks of a file of 16-bit samples: 80 each.
fn blocks() -> Vec<Vec<u8>> {
    (0..50).map(|k: u8| (0..160_u8).map(|n| n ^ k).collect()).collect()
}

/// A file of 16-bit samples, packed by that algorithm; of stripped ones every block's first bytes stand in its track's
/// description alone. `lacing` are the bits of it.
fn packed(
    (algorithm, prefix): (u8, &[u8]),
    blocks: &[Vec<u8>],
    lacing: u8,
    tracks_last: bool,
) -> Vec<u8> {
    let compression = element(
        &[0x50, 0x34],
        &[element(&[0x42, 0x54], &[algorithm]), element(&[0x42, 0x55], prefix)].concat(),
    );
    let encodings = element(&[0x6d, 0x80], &element(&[0x62, 0x40], &compression));
    let audio = [
        element(&[0xb5], &8000_f32.to_be_bytes()),
        element(&[0x9f], &[1]),
        element(&[0x62, 0x64], &[16]),
    ];
    let entry = [
        element(&[0xd7], &[1]),
        element(&[0x83], &[2]),
        element(&[0x86], b"A_PCM/INT/LIT"),
        element(&[0xe1], &audio.concat()),
        encodings,
    ];
    let tracks = element(&[0x16, 0x54, 0xae, 0x6b], &element(&[0xae], &entry.concat()));
    let block =
        |bytes: &Vec<u8>| element(&[0xa3], &[&[0x81, 0, 0, 0x80 | lacing][..], bytes].concat());
    let blocks: Vec<u8> = blocks.iter().flat_map(block).collect();
    let cluster = element(&[0x1f, 0x43, 0xb6, 0x75], &[element(&[0xe7], &[0]), blocks].concat());
    let parts = if tracks_last { [cluster, tracks] } else { [tracks, cluster] };
    let ebml = element(&[0x1a, 0x45, 0xdf, 0xa3], &element(&[0x42, 0x82], b"matroska"));
    [ebml, element(&[0x18, 0x53, 0x80, 0x67], &parts.concat())].concat()
}

#[test]
fn stripped_headers_are_put_back_wherever_the_tracks_stand() {
    for tracks_last in [false, true] {
        let (source, probed) =
            probed(&packed((3, &[0x34, 0x12]), &blocks(), 0, tracks_last), "mka");
        assert_eq!(probed.facts.frame_count, 50 * 81);
        let samples = decode(&source, &probed, 0).channels.remove(0);
        assert!(samples.iter().step_by(81).all(|&x| x == f32::from(0x1234_i16) / 32768.0));
        assert_eq!(samples[82], f32::from(i16::from_le_bytes([1, 0])) / 32768.0);
        seeks_exactly(&source, &probed);
    }
}

#[test]
fn compressed_tracks_are_refused_by_name() {
    let source: audio::Source = std::sync::Arc::new(packed((1, &[]), &blocks(), 0, false));
    let refusal = audio::probe(&source, audio::Hint::default()).unwrap_err().to_string();
    assert!(refusal.contains("bzlib compression"), "{refusal}");
}

/// A stream of zlib.
fn deflated(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = flate2::read::ZlibEncoder::new(bytes.as_ref(), flate2::Compression::fast());
    let mut all = Vec::new();
    std::io::Read::read_to_end(&mut encoder, &mut all).unwrap();
    all
}

#[test]
fn packets_of_zlib_are_inflated_and_none_without_end() {
    let good: Vec<_> = blocks().iter().map(deflated).collect();
    let (source, plain) = agrees(&packed((0, &[]), &good, 0, false), "mka", f64::INFINITY);
    assert_eq!(plain.facts.frame_count, 50 * 80);
    seeks_exactly(&source, &plain);
    // What inflates to more than a block may have, alone or together in one, and what is none.
    let bomb = deflated(vec![0; 3 << 20]);
    let half = deflated(vec![0; 700_000]);
    let laced = [&[1][..], &half, &half].concat();
    for (lacing, bad, more) in [(0, bomb, 0), (0, vec![0x55; 90], 0), (4, laced, 350_000)] {
        let mut all = good.clone();
        if lacing != 0 {
            all.iter_mut().for_each(|block| block.insert(0, 0));
        }
        all.insert(10, bad);
        let (source, probed) = probed(&packed((0, &[]), &all, lacing, false), "mka");
        assert_eq!(probed.facts.frame_count, 50 * 80 + more);
        seeks_exactly(&source, &probed);
    }
}

#[test]
fn what_wav_has_too_is_read_by_its_header() {
    for (coding, codec) in [
        ("pcm_alaw", "alaw"),
        ("pcm_mulaw", "ulaw"),
        ("adpcm_ms", "ms_adpcm"),
        ("adpcm_ima_wav", "ima_adpcm"),
    ] {
        for material in [Material::Prompt, Material::Stereo] {
            let bytes = make(material, "mka", &["-c:a", coding]);
            let (source, probed) = agrees(&bytes, "mka", f64::INFINITY);
            assert_eq!(probed.facts.codec, codec);
            seeks_exactly(&source, &probed);
        }
    }
    let other = make(Material::Prompt, "mka", &["-c:a", "adpcm_yamaha"]);
    let source: audio::Source = std::sync::Arc::new(other);
    let refusal = audio::probe(&source, audio::Hint::default()).unwrap_err().to_string();
    assert!(refusal.contains("format tag 0x0020"), "{refusal}");
}

#[test]
fn a_file_cut_within_a_block_ends_with_its_last_whole_one_and_says_so() {
    for arguments in
        [&["-c:a", "flac"][..], &["-c:a", "flac", "-live", "1"], &["-c:a", "pcm_s16le"]]
    {
        let whole = make(Material::Stereo, "mka", arguments);
        for part in [3, 5, 7] {
            let torn = &whole[..whole.len() * part / 8];
            let (source, probed) = agrees(torn, "mka", f64::INFINITY);
            let told = &probed.facts.repaired;
            assert!(told.iter().any(|t| t.starts_with("the file is cut short")), "{told:?}");
            seeks_exactly(&source, &probed);
        }
    }
    let lace = |block: &Vec<u8>| [&[7][..], &block.repeat(8)].concat();
    let laced: Vec<_> = blocks().iter().map(lace).collect();
    let whole = packed((3, &[]), &laced, 4, false);
    let (source, probed) = agrees(&whole[..whole.len() - 500], "mka", f64::INFINITY);
    assert_eq!(probed.facts.frame_count, 49 * 8 * 80);
    seeks_exactly(&source, &probed);
}

#[test]
fn hostile_bytes_do_no_harm() {
    for codec in [OPUS, VORBIS] {
        let arguments = [codec, &["-t", "3"]].concat();
        survives_mutilation(make(Material::Stereo, "webm", &arguments), "webm", 100);
    }
}
