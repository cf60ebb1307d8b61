//! WAVs as their writers leave them. The samples are known, so they are the judge; where a codec is
//! in between, ffmpeg is.

use crate::rig::{decode, hint, interleaved, judge, loud, probed};
use audio::{Source, probe};
use std::sync::Arc;

/// A sweep, so that no place in it is like another.
fn samples() -> Vec<i16> {
    (0..8000).map(|i| (12_000.0 * (f64::from(i * i) / 90_000.0).sin()) as i16).collect()
}

fn pcm() -> Vec<u8> {
    samples().iter().flat_map(|s| s.to_le_bytes()).collect()
}

fn chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let pad = vec![0; body.len() % 2];
    [&id[..], &(body.len() as u32).to_le_bytes(), body, &pad].concat()
}

/// A `fmt ` chunk: tag, channels, rate, bytes per second, block align, bits.
fn fmt(tag: u16, channels: u16, rate: u32, byte_rate: u32, align: u16, bits: u16) -> Vec<u8> {
    let body = [
        &tag.to_le_bytes()[..],
        &channels.to_le_bytes(),
        &rate.to_le_bytes(),
        &byte_rate.to_le_bytes(),
        &align.to_le_bytes(),
        &bits.to_le_bytes(),
    ];
    chunk(b"fmt ", &body.concat())
}

fn mono() -> Vec<u8> {
    fmt(1, 1, 8000, 16000, 2, 16)
}

fn riff(chunks: &[&[u8]]) -> Vec<u8> {
    let body = chunks.concat();
    [b"RIFF", &(body.len() as u32 + 4).to_le_bytes()[..], b"WAVE", &body].concat()
}

/// A `LIST` chunk with an odd text.
fn list() -> Vec<u8> {
    chunk(b"LIST", b"INFOICMT\x05\0\0\0hello\0")
}

/// Asserts that these samples are heard and no others.
fn is_heard(wav: &[u8], name: &str) {
    let (source, probed) = probed(wav, "wav");
    let ours = interleaved(&decode(&source, &probed, 0));
    let wanted: Vec<f32> = samples().iter().map(|s| f32::from(*s) / 32768.0).collect();
    assert_eq!(ours.len(), wanted.len(), "{name}: {:?}", probed.facts.repaired);
    assert!(ours == wanted, "{name}: other samples");
    let tail = interleaved(&decode(&source, &probed, 4321));
    assert!(tail == wanted[4321..], "{name}: from 4321");
}

#[test]
fn a_wav_is_canonical_if_its_header_is_to_the_last_field_the_one_that_is_written() {
    let data = chunk(b"data", &pcm());
    let with = |fmt: Vec<u8>| riff(&[&fmt, &data]);
    let plain = with(mono());
    assert!(probed(&plain, "wav").1.facts.canonical);
    is_heard(&plain, "plain");
    let mut longer = mono();
    longer[4] = 18;
    longer.extend([0, 0]);
    let odd = [
        ("no block align", with(fmt(1, 1, 8000, 16000, 0, 16))),
        ("a block align of 4", with(fmt(1, 1, 8000, 16000, 4, 16))),
        ("no bytes per second", with(fmt(1, 1, 8000, 0, 2, 16))),
        ("half the bytes per second", with(fmt(1, 1, 8000, 8000, 2, 16))),
        ("9 bits", with(fmt(1, 1, 8000, 16000, 2, 9))),
        ("12 bits", with(fmt(1, 1, 8000, 16000, 2, 12))),
        ("a longer fmt chunk", with(longer)),
        ("JUNK before", riff(&[&chunk(b"JUNK", &[0; 28]), &mono(), &data])),
        ("bext before", riff(&[&chunk(b"bext", &[0; 602]), &mono(), &data])),
        ("LIST before", riff(&[&mono(), &list(), &data])),
        ("LIST behind", riff(&[&mono(), &data, &list()])),
        ("a tag behind", [&plain[..], b"TAG", &[b' '; 125]].concat()),
    ];
    for (name, wav) in odd {
        assert!(!probed(&wav, "wav").1.facts.canonical, "{name}");
        is_heard(&wav, name);
    }
    let half = chunk(b"data", &pcm()[..8000]);
    let two = riff(&[&mono(), &half, &half]);
    let facts = probed(&two, "wav").1.facts;
    // ffmpeg and sox hear the first alone.
    assert_eq!((facts.canonical, facts.frame_count), (false, 4000));
    assert_eq!(facts.repaired, ["the data of a second `data` chunk are left out"]);
}

#[test]
fn samples_in_wider_blocks_are_found_in_them_at_either_end() {
    // The bits of a sample, its bytes, and where they stand in them. Microsoft's rule is that the
    // block align tells the bytes and that the bits are the upper ones; others write the lower ones.
    for (bits, wide, upper) in [
        (24, 4, true),
        (24, 4, false),
        (20, 4, false),
        (20, 3, true),
        (16, 4, true),
        (16, 4, false),
        (16, 3, true),
        (12, 2, true),
    ] {
        let shift = if upper { 8 * wide - bits } else { 0 };
        let clean = |s: i16| if bits < 16 { s >> 4 << 4 } else { s };
        let data: Vec<u8> = samples()
            .iter()
            .flat_map(|&s| {
                let value =
                    i32::from(clean(s)) << (bits.max(16) - 16) >> (16 - bits.min(16)) << shift;
                value.to_le_bytes()[..wide as usize].to_vec()
            })
            .collect();
        let align = wide as u16;
        let head = fmt(1, 1, 8000, 8000 * u32::from(align), align, bits as u16);
        let (source, probed) = probed(&riff(&[&head, &chunk(b"data", &data)]), "wav");
        let ours = interleaved(&decode(&source, &probed, 0));
        let wanted: Vec<f32> = samples().iter().map(|&s| f32::from(clean(s)) / 32768.0).collect();
        assert_eq!(ours.len(), wanted.len(), "{bits} bits in {wide} bytes");
        let differs = ours.iter().zip(&wanted).position(|(a, b)| a != b);
        assert_eq!(differs, None, "{bits} bits in {wide} bytes, upper {upper}");
    }
}

#[test]
fn sizes_that_cannot_be_true_are_measured_up_to_the_chunks_at_the_end() {
    let with = |size: u32, behind: &[u8]| {
        let data = [b"data", &size.to_le_bytes()[..], &pcm()].concat();
        riff(&[&mono(), &data, behind])
    };
    let tags =
        [list(), chunk(b"id3 ", b"ID3\x03\0\0\0\0\0\0"), chunk(b"bext", &[b' '; 602])].concat();
    let id3v1 = [&b"TAG"[..], &[b' '; 125]].concat();
    for size in [0, u32::MAX, 0x7fff_f000, 16_000 + 30, 16_000 + 4, 800] {
        for (name, behind) in [("LIST", list()), ("tags", tags.clone())] {
            is_heard(&with(size, &behind), &format!("{size} before {name}"));
        }
    }
    is_heard(&with(u32::MAX, &id3v1), "an ID3v1 tag");
    is_heard(&with(800, &[]), "a size of the first block alone");
    let facts = probed(&with(800, &[]), "wav").1.facts;
    assert_eq!(facts.repaired, ["the data size was 800, measured: 16000 bytes"]);
    // What is behind true sizes is no sound, chunk or not.
    for behind in [&id3v1[..], b"ID3\x04\0\0\0\0\x0e\0", &[0; 20_000], b"rubbish"] {
        is_heard(&with(16_000, behind), "behind the data");
    }
}

#[test]
fn chunks_without_padding_and_of_untrue_sizes_are_passed() {
    let odd = [b"LIST", &13_u32.to_le_bytes()[..], b"INFOIART\x01\0\0\0x"].concat();
    let data = chunk(b"data", &pcm());
    is_heard(&riff(&[&mono(), &odd, &data]), "no padding before the data");
    let mut long = list();
    long[4..8].copy_from_slice(&9_999_999_u32.to_le_bytes());
    is_heard(&riff(&[&mono(), &long, &data]), "a LIST that is said to be longer than the file");
    is_heard(&riff(&[&data, &mono()]), "the data first");
}

#[test]
fn the_other_envelopes_are_read() {
    let swapped: Vec<u8> = samples().iter().flat_map(|s| s.to_be_bytes()).collect();
    let rifx = [
        b"RIFX",
        &16_036_u32.to_be_bytes()[..],
        b"WAVEfmt ",
        &[0, 0, 0, 16, 0, 1, 0, 1, 0, 0, 0x1f, 0x40, 0, 0, 0x3e, 0x80, 0, 2, 0, 16],
        b"data",
        &16_000_u32.to_be_bytes(),
        &swapped,
    ];
    is_heard(&rifx.concat(), "RIFX");
    let plain = riff(&[&mono(), &chunk(b"data", &pcm())]);
    let made = |arguments: &[&str], name| {
        let arguments = [arguments, &["-c:a", "pcm_s16le"]].concat();
        crate::rig::ffmpeg(&plain, "wav", &[], &arguments, name)
    };
    is_heard(&made(&["-f", "w64"], "made.w64"), "W64");
    let mut rf64 = made(&["-rf64", "always"], "made.wav");
    assert_eq!(&rf64[..4], b"RF64");
    is_heard(&rf64, "RF64");
    rf64[..2].copy_from_slice(b"BW");
    is_heard(&rf64, "BW64");
    // The long size of the data stands behind that of the whole.
    assert_eq!(&rf64[12..16], b"ds64");
    for lie in [0, 2, 800, 16_000 + 5000, 1 << 40, u64::MAX - 40, u64::MAX] {
        rf64[28..36].copy_from_slice(&u64::to_le_bytes(lie));
        is_heard(&rf64, &format!("a ds64 that says {lie} bytes"));
    }
}

#[test]
fn other_formats_in_a_wav_are_read_by_their_own_rows() {
    for (codec, ours, rate) in [("libmp3lame", "mp3", "44100"), ("g722", "g722", "16000")] {
        let wav = loud(&["-c:a", codec, "-ar", rate, "-ac", "1"], "made.wav");
        let (source, probed) = probed(&wav, "wav");
        assert_eq!((&*probed.facts.format, &*probed.facts.codec), ("wav", ours));
        assert!(!probed.facts.canonical);
        let heard = interleaved(&decode(&source, &probed, 0));
        let judged = judge(&wav, "wav", &[]);
        assert_eq!(heard.len(), judged.len(), "{ours}");
        let off = heard.iter().zip(&judged).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 1e-3, "{ours}: off by {off}");
    }
}

#[test]
fn a_codec_that_is_not_read_is_named() {
    for (tag, name) in [(0x45, "G.726"), (0x83, "G.729"), (0x161, "Windows Media"), (0xff, "AAC")] {
        let wav = riff(&[&fmt(tag, 1, 8000, 4000, 1, 0), &chunk(b"data", &pcm())]);
        let source: Source = Arc::new(wav);
        let refusal = probe(&source, hint("wav")).unwrap_err().to_string();
        assert!(refusal.contains(name) && refusal.contains("convert it"), "{refusal}");
    }
}
