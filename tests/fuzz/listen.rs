//! What every target does with its bytes: probe, open at several frames, read; or lay out and encode; or read tags.
//! The promises checked are those of `audio`: no panic, the same answer twice, blocks of bounded
//! length, never more frames than the facts promise, segments as long as the layout says.

mod sums;

use audio::format::{Coding, Wish};
use audio::formats::{FORMATS, by_name};
use audio::probe::payload;
use audio::tags::{Said, Tags, id3, vorbis};
use audio::transcode::Input;
use audio::{ChannelMap, Facts, Hint, Planar, Probed, Source, Target, Transcode, probe};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Frames read from each place; a header may promise hours of silence.
const FRAMES: u64 = 10_000;
/// The longest block that a decode may give.
const LONGEST_BLOCK: usize = 65_536;

/// To be called once, before the first bytes. The decoders that we use, not ours, may panic on damage:
/// that is caught and counts as a damaged packet, so only a panic that leaves the target is a finding.
pub fn prepare() {
    std::panic::set_hook(Box::new(|panic| {
        if panic.location().is_some_and(|place| !place.file().contains("/registry/")) {
            eprintln!("{panic}");
        }
    }));
}

/// What the target of that name does: reads a format, or transcodes any.
pub fn run(target: &str, bytes: &[u8]) {
    match target {
        "whole" => transcode(bytes),
        "tags" => tags(bytes),
        "flac" => read(target, &sums::flac(bytes)),
        "ogg" => read(target, &sums::ogg(bytes)),
        format => read(format, bytes),
    }
}

/// Probes bytes that `format` recognises, then reads from the first, the middle and the last frame,
/// each twice.
fn read(format: &str, bytes: &[u8]) {
    let hint = Hint { extension: Some(format), mime_type: None };
    let head = &bytes[..bytes.len().min(4096)];
    let reader = by_name(format).and_then(|row| row.source).expect("a format that is read");
    if head.is_empty() || !reader.recognises(head, true) {
        return;
    }
    let source: Source = Arc::new(bytes.to_vec());
    let Some(probed) = probed(&source, hint) else { return };
    let last = probed.facts.frame_count - 1;
    for start in [0, last / 2, last] {
        let first = frames_from(&source, &probed, start);
        let second = frames_from(&source, &probed, start);
        assert!(first == second, "{format}: another answer from frame {start}");
    }
}

/// Reads bytes as an ID3v2 tag, and as Vorbis comments; what they say is read again where we write it.
fn tags(bytes: &[u8]) {
    let tag = |bytes: Vec<u8>| id3::read(&(Arc::new(bytes) as Source)).expect("bytes in memory");
    for found in [tag(bytes.to_vec()), vorbis::read(bytes)] {
        // We write every picture as the front cover.
        let cover = found.cover.map(|mut cover| {
            cover.is_front = true;
            cover
        });
        let said = Said { cover, ..found };
        assert_eq!(tag(id3::write(&said)), said);
        assert_eq!(vorbis::read(&vorbis::write("tonearm", &said)), said);
    }
}

/// Probes bytes with the hint that their first byte names, lays out µ-law and encodes its first,
/// middle and last segment.
fn transcode(bytes: &[u8]) {
    let Some((&hint, bytes)) = bytes.split_first() else { return };
    let extension = FORMATS.get(usize::from(hint)).map(|row| row.name);
    let bytes = match bytes.first_chunk() {
        Some(b"OggS") => sums::ogg(bytes),
        Some(b"fLaC") => sums::flac(bytes),
        _ => bytes.to_vec(),
    };
    let source: Source = Arc::new(bytes);
    let Some(probed) = probed(&source, Hint { extension, mime_type: None }) else { return };
    let transcode = laid_out(source, probed);
    let layout = transcode.layout().expect("known before encoding");
    let last = layout.segment_count() - 1;
    for segment in [0, last / 2, last] {
        let span = layout.span(segment);
        let mut length = 0;
        let encoded = transcode.encode(segment, None, &mut |bytes| {
            length += bytes.len() as u64;
            ControlFlow::Continue(())
        });
        if encoded.is_ok() {
            assert_eq!(length, span.end - span.start, "segment {segment}");
        }
    }
}

/// What the probe says, the same both times; `None` where it refuses.
fn probed(source: &Source, hint: Hint<'_>) -> Option<Probed> {
    let probed = probe(source, hint).ok();
    assert!(probed == probe(source, hint).ok(), "the probe's second answer is another");
    probed
}

/// The bits of up to [`FRAMES`] frames from a place on; `None` where the decode fails.
fn frames_from(source: &Source, probed: &Probed, start: u64) -> Option<Vec<Vec<u32>>> {
    let Facts { format, channels, frame_count, .. } = &probed.facts;
    let reader = by_name(format)?.source?;
    let source = payload(source, format).ok()?;
    let (index, _) = probed.facts.parts(&probed.index);
    let mut decode = reader.open(&source, &probed.facts, index, start).ok()?;
    let mut heard = vec![Vec::new(); usize::from(*channels)];
    let mut block = Planar::new(heard.len());
    let mut count = 0;
    while count < FRAMES {
        block.clear();
        let frames = decode.read(&mut block).ok()?;
        assert!(frames <= LONGEST_BLOCK, "{format}: a block of {frames} frames");
        assert_eq!(block.channels.len(), heard.len(), "{format}: channels");
        for (heard, samples) in heard.iter_mut().zip(&block.channels) {
            assert_eq!(samples.len(), frames, "{format}: a channel of another length");
            heard.extend(samples.iter().map(|s| s.to_bits()));
        }
        count += frames as u64;
        assert!(start + count <= *frame_count, "{format}: more than {frame_count} frames");
        if frames == 0 {
            break;
        }
    }
    Some(heard)
}

/// A transcode to 8 kHz mono µ-law, the cheapest there is.
fn laid_out(source: Source, probed: Probed) -> Transcode {
    let row = by_name("ulaw").expect("a row");
    let writer = row.target.expect("ulaw is written");
    let facts = probed.facts;
    let wish = Wish {
        source_rate_hz: facts.rate_hz,
        channels: 1,
        rate_hz: Some(8000),
        bitrate_bps: None,
        coding: Coding::default(),
    };
    let settled = writer.settle(wish).expect("8 kHz mono");
    let target = Target {
        format: "ulaw",
        rate_hz: settled.rate_hz,
        map: ChannelMap::Mix,
        bitrate_bps: None,
        coding: Coding::default(),
        tags: Tags::default(),
        cover: false,
        clip: 0..facts.frame_count,
    };
    let input = Input { source, facts: Arc::new(facts), index: Arc::new(probed.index) };
    Transcode::new(input, row, target, 0).expect("a layout")
}
