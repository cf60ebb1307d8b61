//! The head of a Matroska file: is there a duration, and which track do we play?

use super::blocks::id;
use super::ebml::{Element, element, unsigned};
use crate::codecs::opus::OpusHead;
use crate::codecs::vorbis::{VorbisHead, unlace};
use crate::codecs::xiph::Stream;
use crate::demux::window::Window;
use std::io;

const TRACK_ENTRY: u32 = 0xae;
const TRACK_NUMBER: u32 = 0xd7;
const TRACK_TYPE: u32 = 0x83;
const CODEC_ID: u32 = 0x86;
const CODEC_PRIVATE: u32 = 0x63a2;
const CODEC_DELAY: u32 = 0x56aa;
const DURATION: u32 = 0x4489;
const AUDIO: u64 = 2;

/// Longest value that is read.
const LONGEST_VALUE: u64 = 1 << 20;

/// Elements looked at before the first cluster.
const MOST_ELEMENTS: usize = 1 << 12;

/// What stands before the first cluster.
pub struct Head {
    /// The first audio track that we decode.
    pub track: Track,
    /// Where the first cluster begins.
    pub first_cluster: u64,
    /// Whether a duration is stated.
    pub has_duration: bool,
}

/// An audio track.
pub struct Track {
    /// Its number in the blocks.
    pub number: u64,
    /// The codec.
    pub stream: Stream,
    /// CodecPrivate.
    pub private: Vec<u8>,
    /// CodecDelay in nanoseconds, if stated.
    pub delay_ns: Option<u64>,
}

impl Head {
    /// Reads all up to the first cluster.
    ///
    /// # Errors
    /// The outer one is the medium's; the inner one says what was found.
    pub fn read(window: &mut Window) -> io::Result<Result<Self, String>> {
        let end = window.length_bytes();
        let mut at = 0;
        let (mut track, mut has_duration) = (Err("there is no audio track".to_owned()), false);
        for _ in 0..MOST_ELEMENTS {
            let Some(found) = element(window, at, end)? else { break };
            at = found.end(end);
            match found.id {
                id::SEGMENT => at = found.start,
                id::INFO => {
                    has_duration = child(window, &found, DURATION)?.is_some();
                }
                id::TRACKS => track = first_track(window, &found)?,
                id::CLUSTER => {
                    let first_cluster = found.start.min(end);
                    return Ok(track.map(|track| Self { track, first_cluster, has_duration }));
                }
                _ => {}
            }
        }
        Ok(Err(track.err().unwrap_or_else(|| "there are no clusters".into())))
    }
}

/// The value of the first child with that id.
fn child(window: &mut Window, parent: &Element, wanted: u32) -> io::Result<Option<Vec<u8>>> {
    let end = parent.end(window.length_bytes());
    let mut at = parent.start;
    while let Some(found) = element(window, at, end)? {
        if found.id == wanted {
            let length = found.end(end).saturating_sub(found.start).min(LONGEST_VALUE);
            return Ok(Some(window.peek(found.start, length as usize)?.to_vec()));
        }
        at = found.end(end);
    }
    Ok(None)
}

fn first_track(window: &mut Window, tracks: &Element) -> io::Result<Result<Track, String>> {
    let end = tracks.end(window.length_bytes());
    let mut at = tracks.start;
    let mut refusal = "there is no audio track".to_owned();
    while let Some(entry) = element(window, at, end)? {
        at = entry.end(end);
        let kind = child(window, &entry, TRACK_TYPE)?.map(|v| unsigned(&v));
        if entry.id != TRACK_ENTRY || kind != Some(AUDIO) {
            continue;
        }
        match read_track(window, &entry)? {
            Ok(track) => return Ok(Ok(track)),
            Err(message) => refusal = message,
        }
    }
    Ok(Err(refusal))
}

fn read_track(window: &mut Window, entry: &Element) -> io::Result<Result<Track, String>> {
    let number = child(window, entry, TRACK_NUMBER)?.map_or(0, |v| unsigned(&v));
    let codec = child(window, entry, CODEC_ID)?.unwrap_or_default();
    let private = child(window, entry, CODEC_PRIVATE)?.unwrap_or_default();
    let delay_ns = child(window, entry, CODEC_DELAY)?.map(|v| unsigned(&v));
    let codec = String::from_utf8_lossy(&codec);
    let stream = match codec.trim_end_matches('\0') {
        "A_OPUS" => OpusHead::parse(&private).map(Stream::Opus),
        "A_VORBIS" => unlace(&private)
            .ok_or_else(|| "vorbis: the headers make no sense".to_owned())
            .and_then(|(identification, setup)| VorbisHead::parse(identification, setup))
            .map(Stream::Vorbis),
        other => Err(format!("codec `{other}` (supported: A_OPUS, A_VORBIS)")),
    };
    Ok(stream.map(|stream| Track { number, stream, private, delay_ns }))
}
