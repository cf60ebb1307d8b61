//! What a Matroska file says of itself around its clusters: is there a duration, and which track do we play?

use super::acm;
use super::blocks::id;
use super::ebml::{Element, LONGEST_VALUE, child, element, float, inner, unsigned};
use super::encodings::{Encodings, Packing};
use crate::codecs::aac::AacConfig;
use crate::codecs::opus::OpusHead;
use crate::codecs::pcm::Coding;
use crate::codecs::stream::Stream;
use crate::codecs::vorbis::{VorbisHead, unlace};
use crate::demux::window::Window;
use std::io;

const TRACK_ENTRY: u32 = 0xae;
const TRACK_NUMBER: u32 = 0xd7;
const TRACK_TYPE: u32 = 0x83;
const CODEC_ID: u32 = 0x86;
const CODEC_PRIVATE: u32 = 0x63a2;
const CODEC_DELAY: u32 = 0x56aa;
const DURATION: u32 = 0x4489;
const TRACK_AUDIO: u32 = 0xe1;
const SAMPLING_FREQUENCY: u32 = 0xb5;
const CHANNELS: u32 = 0x9f;
const BIT_DEPTH: u32 = 0x6264;
const AUDIO: u64 = 2;

/// Elements looked at before the first cluster, and behind it for tracks that are not there yet.
const MOST_ELEMENTS: usize = 1 << 12;
const MOST_ELEMENTS_BEHIND: usize = 1 << 20;

/// What stands around the clusters.
pub struct Head {
    /// The first audio track that we decode.
    pub track: Track,
    /// Where the first cluster begins.
    pub first_cluster: u64,
    /// Whether a duration is stated.
    pub has_duration: bool,
    /// Whether the file ends before what holds the clusters, or the first of them, should.
    pub is_cut: bool,
}

/// An audio track.
pub struct Track {
    /// Its number in the blocks.
    pub number: u64,
    /// The codec; `None` is MPEG audio, whose packets say the rest.
    pub stream: Option<Stream>,
    /// CodecPrivate.
    pub private: Vec<u8>,
    /// How its packets are packed.
    pub packing: Packing,
    /// CodecDelay in nanoseconds, if stated.
    pub delay_ns: Option<u64>,
}

impl Head {
    /// Reads all up to the first cluster, and behind it until there are tracks.
    ///
    /// # Errors
    /// The outer one is the medium's; the inner one says what was found.
    pub fn read(window: &mut Window) -> io::Result<Result<Self, String>> {
        let end = window.length_bytes();
        let (mut at, mut left) = (0, MOST_ELEMENTS);
        let (mut tracks, mut first_cluster) = (None, None);
        let (mut has_duration, mut is_cut) = (false, false);
        while let Some(found) = element(window, at, end)? {
            at = found.end(end);
            is_cut |= matches!(found.id, id::SEGMENT | id::CLUSTER) && !found.fits(end);
            match found.id {
                id::SEGMENT => at = found.start,
                id::INFO => has_duration = child(window, &found, DURATION)?.is_some(),
                id::TRACKS => tracks = Some(first_track(window, &found)?),
                id::CLUSTER => {
                    left = if first_cluster.is_none() { MOST_ELEMENTS_BEHIND } else { left };
                    first_cluster.get_or_insert(found.start.min(end));
                    // Entered where its length is not told: what it holds is passed over piece by piece.
                    at = found.length.map_or(found.start, |_| at);
                }
                _ => {}
            }
            left -= 1;
            if first_cluster.is_some() && tracks.is_some() || left == 0 {
                break;
            }
        }
        let track = tracks.unwrap_or_else(|| Err("there is no audio track".into()));
        Ok(match (track, first_cluster) {
            (Ok(track), Some(first_cluster)) => {
                Ok(Self { track, first_cluster, has_duration, is_cut })
            }
            (Err(refusal), _) => Err(refusal),
            (_, None) => Err("there are no clusters".into()),
        })
    }
}

fn first_track(window: &mut Window, tracks: &Element) -> io::Result<Result<Track, String>> {
    let end = tracks.end(window.length_bytes());
    let mut at = tracks.start;
    let mut refusal = "there is no audio track".to_owned();
    while let Some(entry) = element(window, at, end)? {
        at = entry.end(end);
        let entry = entry.within(end);
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
    let Encodings { packets: packing, private: packed } = match Encodings::read(window, entry)? {
        Ok(encodings) => encodings,
        Err(message) => return Ok(Err(message)),
    };
    let private = packed.unpack(&private, LONGEST_VALUE as usize);
    let codec = String::from_utf8_lossy(&codec);
    let stream = match codec.trim_end_matches('\0') {
        "A_OPUS" => OpusHead::parse(&private).map(Stream::Opus).map(Some),
        "A_VORBIS" => unlace(&private)
            .ok_or_else(|| "vorbis: the headers make no sense".to_owned())
            .and_then(|(identification, setup)| VorbisHead::parse(identification, setup))
            .map(|head| Some(Stream::Vorbis(head))),
        "A_MPEG/L1" | "A_MPEG/L2" | "A_MPEG/L3" => Ok(None),
        aac if aac.starts_with("A_AAC") => {
            AacConfig::parse(&private).map(|config| Some(Stream::Aac(config)))
        }
        "A_ALAC" => Stream::alac(&private).map(Some),
        // Behind `fLaC`.
        "A_FLAC" => Stream::flac(private.get(4..).unwrap_or(&[])).map(Some),
        "A_MS/ACM" => acm::stream(&private),
        pcm if pcm.starts_with("A_PCM/") => pcm_stream(window, entry, pcm)?.map(Some),
        other => Err(format!(
            "codec `{other}` (supported: A_OPUS, A_VORBIS, A_AAC, A_MPEG, A_FLAC, A_ALAC, A_PCM, A_MS/ACM)"
        )),
    };
    Ok(stream.map(|stream| Track { number, stream, private, packing, delay_ns }))
}

/// Samples of a fixed size: `A_PCM/INT/LIT`, `A_PCM/INT/BIG` or `A_PCM/FLOAT/IEEE`.
fn pcm_stream(
    window: &mut Window,
    entry: &Element,
    codec: &str,
) -> io::Result<Result<Stream, String>> {
    let Some(audio) = inner(window, entry, TRACK_AUDIO)? else {
        return Ok(Err(format!("`{codec}` without a rate")));
    };
    let mut number = |wanted| -> io::Result<u64> {
        Ok(child(window, &audio, wanted)?.map_or(0, |value| unsigned(&value)))
    };
    let (channels, bits) = (number(CHANNELS)?.max(1), number(BIT_DEPTH)?);
    let rate_hz = child(window, &audio, SAMPLING_FREQUENCY)?.map_or(8000.0, |value| float(&value));
    let name = match (codec, bits) {
        ("A_PCM/INT/LIT" | "A_PCM/INT/BIG", 8) => "pcm_u8".into(),
        ("A_PCM/INT/LIT", bits) => format!("pcm_s{bits}le"),
        ("A_PCM/INT/BIG", bits) => format!("pcm_s{bits}be"),
        (_, bits) => format!("pcm_f{bits}le"),
    };
    Ok(match (Coding::by_name(&name), u16::try_from(channels)) {
        (Some(coding), Ok(channels)) => {
            Ok(Stream::Pcm { coding, rate_hz: rate_hz as u32, channels })
        }
        _ => Err(format!("`{codec}` of {bits} bits and {channels} channels")),
    })
}
