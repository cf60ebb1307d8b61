//! The first track with audio that we decode, and where its sound begins and ends.

use super::boxes::{BoxAt, descend, find};
use super::config::Config;
use super::edits::{self, Edit};
use super::fragments::Fragments;
use super::gapless::Gapless;
use super::table::{Table, Walk};
use crate::Source;
use crate::codecs::aac::AacConfig;
use crate::codecs::mpeg::{HEADER_BYTES, Header};
use crate::codecs::stream::Stream;
use crate::codecs::syom::heard;
use crate::demux::bytes::{u8_at, u16_be, u32_be};
use crate::demux::window::Window;
use crate::speakers::Speakers;
use std::io;
use std::iter;
use std::ops::Range;

/// The track.
pub struct Track {
    pub stream: Stream,
    /// The codec's own header, where an index keeps it.
    pub private: Vec<u8>,
    /// The loudspeakers that the container names.
    pub speakers: Option<Speakers>,
    /// Frames of each packet but the last.
    pub packet_frames: u64,
    /// The packets that `moov` lists.
    pub table: Table,
    /// The packets behind it.
    pub fragments: Fragments,
    /// Bytes of all packets.
    pub bytes: u64,
    /// What was wrong and is measured, in plain words.
    pub repaired: Vec<String>,
    timing: Timing,
}

/// Longest packet of AAC that is listened to: as many bits as 8 channels may have (ISO 14496-3 §4.5.3).
const MOST_AAC_BYTES: u32 = 8 * 6144 / 8;

/// Tracks with sound that are looked at: each may take a walk over all fragments.
const MOST_TRACKS: usize = 16;

/// When the packets sound.
struct Timing {
    /// Sum of the durations, and units a second.
    duration: (u64, u32),
    edits: Vec<Edit>,
    movie_scale: u32,
    /// What iTunes noted instead of an edit list.
    gapless: Option<Gapless>,
}

impl Track {
    /// Finds the track.
    ///
    /// # Errors
    /// The outer one is the medium's; the inner one says what was found.
    pub fn find(source: &Source) -> io::Result<Result<Self, String>> {
        let window = &mut Window::new(source);
        let whole = 0..window.length_bytes();
        let moov = descend(window, &whole, &[b"moov"])?;
        if moov.is_empty() {
            return Ok(Err("there is no moov box".into()));
        }
        let mut refusal = "there is no audio track".to_owned();
        let (mut track, mut looked_at) = (None, 0);
        find(window, &moov, |window, candidate| {
            if &candidate.kind == b"trak" && is_audio(window, candidate)? {
                looked_at += 1;
                match Self::read(window, source, &moov, &candidate.body)? {
                    Ok(found) => track = Some(found),
                    Err(message) => refusal = message,
                }
            }
            Ok(track.is_some() || looked_at == MOST_TRACKS)
        })?;
        Ok(track.ok_or(refusal))
    }

    fn read(
        window: &mut Window,
        source: &Source,
        moov: &Range<u64>,
        trak: &Range<u64>,
    ) -> io::Result<Result<Self, String>> {
        let stbl = descend(window, trak, &[b"mdia", b"minf", b"stbl"])?;
        let stsd = descend(window, &stbl, &[b"stsd"])?;
        let config = match Config::read(window, &stsd)? {
            Ok(config) => config,
            Err(message) => return Ok(Err(message)),
        };
        let mut table = Table::find(window, &stbl)?;
        if let Config::Samples(Stream::Pcm { coding, channels, .. }, _) = &config {
            table.set_size(coding.width() as u32 * u32::from(*channels));
        }
        let mut repaired = Vec::new();
        let mut timing = Timing::read(window, moov, trak, &stbl, &mut repaired)?;
        let stated = table.count;
        let mut bytes = table.keep_what_is_there(source)?;
        let mut is_cut = table.count < stated;
        let mut fragments = Fragments::default();
        if !is_cut && Fragments::announced(window, moov)? {
            let track = track_id(window, trak)?;
            let (found, measured) = Fragments::find(window, moov, track)?;
            fragments = found;
            bytes += measured.bytes;
            timing.duration.0 = timing.duration.0.saturating_add(measured.duration);
            is_cut = measured.is_cut;
        }
        if is_cut {
            let count = table.count + fragments.count;
            repaired.push(format!("the file is cut short: it holds the first {count} packets"));
        }
        let (stream, private, speakers) = match config {
            Config::Known(Stream::Aac(config), private) => {
                let config = completed(config, source, &table, &fragments)?;
                (Stream::Aac(config), private, None)
            }
            Config::Known(stream, private) => (stream, private, None),
            Config::Samples(stream, speakers) => (stream, Vec::new(), speakers),
            Config::Mpeg => match first_header(source, &table, &fragments)? {
                Some(header) => (Stream::Mpeg(header), Vec::new(), None),
                None => return Ok(Err("no MPEG audio where its first packet should be".into())),
            },
        };
        let packet_frames = packet_frames(source, &stream, &table, &fragments)?;
        Ok(Ok(Self {
            stream,
            private,
            speakers,
            packet_frames,
            table,
            fragments,
            bytes,
            repaired,
            timing,
        }))
    }

    /// The decoded frames that are heard, in order.
    #[must_use]
    pub fn stretches(&self) -> Vec<Range<u64>> {
        let Timing { duration, edits, movie_scale, gapless } = &self.timing;
        let rate_hz = self.stream.rate_hz();
        let frames = |units: u64, scale: u32| -> u64 {
            (u128::from(units) * u128::from(rate_hz) / u128::from(scale.max(1))) as u64
        };
        let count = self.table.count.saturating_add(self.fragments.count);
        let decoded = count.saturating_mul(self.packet_frames);
        if let Some(Gapless { delay, frames }) = *gapless
            && let Some(end) = delay.checked_add(frames).filter(|end| *end <= decoded)
        {
            return iter::once(delay..end).collect();
        }
        let end = frames(duration.0, duration.1).min(decoded);
        let start = |edit: &Edit| match frames(edit.start, duration.1) {
            0 => self.stream.delay(),
            start => start,
        };
        if edits.len() > 1 {
            let stretch = |edit: &Edit| {
                let start = start(edit).min(end);
                let length = match edit.length {
                    0 => end,
                    length => frames(length, *movie_scale),
                };
                start..start.saturating_add(length).min(end)
            };
            return edits.iter().map(stretch).filter(|stretch| !stretch.is_empty()).collect();
        }
        let edit = edits.first().copied().unwrap_or_default();
        let delay = start(&edit);
        let media = end.saturating_sub(delay);
        // The list's length is in coarse units, and those of the media are exact: it cuts only if
        // it is shorter by more than its own rounding.
        let edited = frames(edit.length.saturating_add(1), *movie_scale);
        let cut = edit.length > 0 && edited < media;
        let length = if cut { frames(edit.length, *movie_scale) } else { media };
        iter::once(delay..delay.saturating_add(length)).collect()
    }
}

impl Timing {
    fn read(
        window: &mut Window,
        moov: &Range<u64>,
        trak: &Range<u64>,
        stbl: &Range<u64>,
        repaired: &mut Vec<String>,
    ) -> io::Result<Self> {
        let mvhd = descend(window, moov, &[b"mvhd"])?;
        let movie_scale = time_scale(window, &mvhd)?;
        let stts = descend(window, stbl, &[b"stts"])?;
        let mdhd = descend(window, trak, &[b"mdia", b"mdhd"])?;
        let duration = (Table::duration(window, &stts)?, time_scale(window, &mdhd)?);
        let (edits, listed) = edits::read(window, trak)?;
        if listed > edits::MOST {
            repaired.push(format!("of {listed} edits the first {} are played", edits::MOST));
        }
        let gapless = match edits[..] {
            [] | [Edit { start: 0, length: 0 }] => Gapless::find(window, moov)?,
            _ => None,
        };
        Ok(Self { duration, edits, movie_scale, gapless })
    }
}

/// AAC's description, completed by the first packets.
fn completed(
    config: AacConfig,
    source: &Source,
    table: &Table,
    fragments: &Fragments,
) -> io::Result<AacConfig> {
    let mut walk = Walk::new(table.clone(), source, 0)?;
    let mut first = fragments.first(source)?;
    heard(config, || {
        let Some(place) = walk.next()?.or_else(|| first.take()) else { return Ok(None) };
        let mut packet = vec![0; place.length.min(MOST_AAC_BYTES) as usize];
        let read = source.read_full_at(&mut packet, place.offset)?;
        packet.truncate(read);
        Ok(Some(packet))
    })
}

/// The first bytes of the first packet.
fn first_bytes(
    source: &Source,
    table: &Table,
    fragments: &Fragments,
    bytes: &mut [u8],
) -> io::Result<usize> {
    let first = match Walk::new(table.clone(), source, 0)?.next()? {
        Some(place) => Some(place),
        None => fragments.first(source)?,
    };
    let Some(place) = first else { return Ok(0) };
    let wanted = bytes.len().min(place.length as usize);
    source.read_full_at(&mut bytes[..wanted], place.offset)
}

fn first_header(
    source: &Source,
    table: &Table,
    fragments: &Fragments,
) -> io::Result<Option<Header>> {
    let mut bytes = [0; HEADER_BYTES];
    let read = first_bytes(source, table, fragments, &mut bytes)?;
    Ok(Header::parse(&bytes[..read]))
}

/// Frames of every packet but the last.
fn packet_frames(
    source: &Source,
    stream: &Stream,
    table: &Table,
    fragments: &Fragments,
) -> io::Result<u64> {
    Ok(match stream {
        Stream::Pcm { .. } => 1,
        Stream::Alac(cookie) => u32_be(cookie, 0).unwrap_or(0).clamp(1, 65_536).into(),
        Stream::Flac { info, .. } => u16_be(info, 2).unwrap_or(0).max(1).into(),
        _ => {
            // As long as a packet of as many frames of AMR as there can be.
            let mut bytes = [0; 1024];
            let read = first_bytes(source, table, fragments, &mut bytes)?;
            (stream.first_frames(&bytes[..read]) as u64).max(1)
        }
    })
}

fn track_id(window: &mut Window, trak: &Range<u64>) -> io::Result<u32> {
    let tkhd = descend(window, trak, &[b"tkhd"])?;
    let bytes = window.peek(tkhd.start, 24)?;
    let at = if u8_at(bytes, 0) == Some(1) { 20 } else { 12 };
    Ok(u32_be(bytes, at).unwrap_or(0))
}

fn is_audio(window: &mut Window, trak: &BoxAt) -> io::Result<bool> {
    let hdlr = descend(window, &trak.body, &[b"mdia", b"hdlr"])?;
    Ok(!hdlr.is_empty() && window.peek(hdlr.start + 8, 4)? == b"soun")
}

/// Units a second of an mvhd or mdhd box.
fn time_scale(window: &mut Window, header: &Range<u64>) -> io::Result<u32> {
    let bytes = window.peek(header.start, 24)?;
    let at = if u8_at(bytes, 0) == Some(1) { 20 } else { 12 };
    Ok(u32_be(bytes, at).unwrap_or(0).max(1))
}
