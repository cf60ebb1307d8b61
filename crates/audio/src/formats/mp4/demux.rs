//! Reading MP4: AAC-LC and ALAC by the sample table, trimmed by the edit list.

use super::boxes::{BoxAt, descend, find};
use super::config::{Config, Kind};
use super::table::{Table, Walk};
use crate::Source;
use crate::decode::Decode;
use crate::demux::bytes::{u8_at, u32_be, u64_be};
use crate::demux::index::{IndexReader, IndexWriter};
use crate::demux::packets::{Packet, PacketDecode, Packets};
use crate::demux::window::Window;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;
use std::io;
use std::ops::Range;

/// MP4 as a source.
pub struct Mp4Source;

/// Packets decoded ahead: the overlap of one, and one to spare.
const PRE_ROLL: u64 = 2;

/// Longer packets are taken as damaged.
const LONGEST_PACKET: u32 = 1 << 20;

impl SourceFormat for Mp4Source {
    fn recognises(&self, head: &[u8], _named: bool) -> bool {
        let kind = head.get(4..8).unwrap_or(&[]);
        let kinds: [&[u8]; 5] = [b"ftyp", b"moov", b"mdat", b"wide", b"free"];
        kinds.contains(&kind) && u32_be(head, 0).is_some_and(|s| s == 0 || s == 1 || s >= 8)
    }

    fn probe(&self, source: &Source, _: Hint<'_>) -> Result<Probed, ProbeError> {
        let refuse = |m: String| ProbeError::Unsupported(format!("mp4: {m}"));
        let mut window = Window::new(source);
        let track = Track::find(&mut window).map_err(ProbeError::Read)?.map_err(refuse)?;
        let config = &track.config;
        let (rate_hz, channels) =
            config.shape().ok_or_else(|| refuse("an unknown sample rate".into()))?;
        config.decoder().map_err(|e| refuse(format!("{} ({e})", config.name())))?;
        let (delay, frame_count) = track.trimmed(rate_hz);
        let seconds = frame_count.max(1) as f64 / f64::from(rate_hz.max(1));
        let bytes = track.table.bytes(&mut window)?;
        let mut index = IndexWriter::default();
        index.put(u64::from(config.kind == Kind::Alac));
        index.put_bytes(&config.private);
        index.put(delay);
        track.table.write(&mut index);
        let facts = Facts {
            format: "mp4".into(),
            codec: config.name().into(),
            rate_hz,
            channels,
            frame_count,
            bitrate_bps: (bytes as f64 * 8.0 / seconds).round() as u32,
            constant_bitrate: false,
            canonical: true,
            repaired: Vec::new(),
        };
        Ok(Probed { facts, index: index.finish() })
    }

    fn open(
        &self,
        source: &Source,
        facts: &Facts,
        index: &[u8],
        start_frame: u64,
    ) -> Result<Box<dyn Decode>, DecodeError> {
        let broken = || DecodeError::Broken("the seek index is damaged".into());
        let mut index = IndexReader::new(index);
        let kind = if index.take().ok_or_else(broken)? == 1 { Kind::Alac } else { Kind::Aac };
        let private = index.take_bytes().ok_or_else(broken)?.to_vec();
        let config = Config { kind, private };
        let delay = index.take().ok_or_else(broken)?;
        let table = Table::read(&mut index).ok_or_else(broken)?;
        let frames = config.packet_frames();
        let first = ((start_frame + delay) / frames).saturating_sub(PRE_ROLL);
        let packets = Mp4Packets {
            window: Window::new(source),
            walk: Walk::new(table, source, first)?,
            start: (first * frames) as i64 - delay as i64,
            frames,
        };
        let decoder = Box::new(config.decoder()?);
        let span = start_frame..facts.frame_count;
        Ok(Box::new(PacketDecode::new(packets, decoder, facts.channels, span)))
    }
}

/// The first track with audio that we decode.
struct Track {
    config: Config,
    table: Table,
    /// Sum of the durations, and units a second.
    duration: (u64, u32),
    /// Where the edit list begins in the media, in its units.
    edit_start: u64,
    /// How long it is, in units of the movie.
    edit_length: u64,
    movie_scale: u32,
    /// What iTunes noted instead of an edit list.
    gapless: Option<Gapless>,
}

impl Track {
    fn find(window: &mut Window) -> io::Result<Result<Self, String>> {
        let whole = 0..window.length_bytes();
        let moov = descend(window, &whole, &[b"moov"])?;
        if moov.is_empty() {
            return Ok(Err("there is no moov box".into()));
        }
        let mvhd = descend(window, &moov, &[b"mvhd"])?;
        let movie_scale = time_scale(window, &mvhd)?;
        let mut refusal = "there is no audio track".to_owned();
        let mut track = None;
        find(window, &moov, |window, candidate| {
            if &candidate.kind == b"trak" && is_audio(window, candidate)? {
                match Self::read(window, &candidate.body, movie_scale)? {
                    Ok(found) => track = Some(found),
                    Err(message) => refusal = message,
                }
            }
            Ok(track.is_some())
        })?;
        if let Some(track) = &mut track
            && (track.edit_start, track.edit_length) == (0, 0)
        {
            track.gapless = Gapless::find(window, &moov)?;
        }
        let fragmented = !descend(window, &moov, &[b"mvex"])?.is_empty();
        Ok(match track {
            Some(track) if track.table.count == 0 && fragmented => {
                Err("fragmented files are not supported".into())
            }
            Some(track) => Ok(track),
            None => Err(refusal),
        })
    }

    fn read(
        window: &mut Window,
        trak: &Range<u64>,
        movie_scale: u32,
    ) -> io::Result<Result<Self, String>> {
        let stbl = descend(window, trak, &[b"mdia", b"minf", b"stbl"])?;
        let stsd = descend(window, &stbl, &[b"stsd"])?;
        let config = match Config::read(window, &stsd)? {
            Ok(config) => config,
            Err(message) => return Ok(Err(message)),
        };
        let stts = descend(window, &stbl, &[b"stts"])?;
        let mdhd = descend(window, trak, &[b"mdia", b"mdhd"])?;
        let duration = (Table::duration(window, &stts)?, time_scale(window, &mdhd)?);
        let elst = descend(window, trak, &[b"edts", b"elst"])?;
        let (edit_start, edit_length) = edit(window, &elst)?;
        let table = Table::find(window, &stbl)?;
        let gapless = None;
        Ok(Ok(Self { config, table, duration, edit_start, edit_length, movie_scale, gapless }))
    }

    /// Decoded frames to drop in front, and frames that remain.
    fn trimmed(&self, rate_hz: u32) -> (u64, u64) {
        let frames = |units: u64, scale: u32| -> u64 {
            (u128::from(units) * u128::from(rate_hz) / u128::from(scale.max(1))) as u64
        };
        let decoded = self.table.count.saturating_mul(self.config.packet_frames());
        if let Some(Gapless { delay, frames }) = self.gapless
            && delay.checked_add(frames).is_some_and(|end| end <= decoded)
        {
            return (delay, frames);
        }
        let delay = frames(self.edit_start, self.duration.1);
        let media = frames(self.duration.0, self.duration.1).min(decoded).saturating_sub(delay);
        // The list's length is in coarse units, and those of the media are exact: it cuts only if
        // it is shorter by more than its own rounding.
        let edited = frames(self.edit_length.saturating_add(1), self.movie_scale);
        let cut = self.edit_length > 0 && edited < media;
        (delay, if cut { frames(self.edit_length, self.movie_scale) } else { media })
    }
}

/// The comment `iTunSMPB`, which Apple's encoders write: hexadecimal numbers, of which the second is the
/// encoder's delay and the fourth the length, in frames.
#[derive(Debug, Clone, Copy)]
struct Gapless {
    delay: u64,
    frames: u64,
}

impl Gapless {
    fn find(window: &mut Window, moov: &Range<u64>) -> io::Result<Option<Self>> {
        let meta = descend(window, moov, &[b"udta", b"meta"])?;
        // Behind its version and flags.
        let ilst = descend(window, &(meta.start + 4..meta.end), &[b"ilst"])?;
        let mut found = None;
        find(window, &ilst, |window, comment| {
            if &comment.kind != b"----" {
                return Ok(false);
            }
            let name = descend(window, &comment.body, &[b"name"])?;
            if name.is_empty() || window.peek(name.start + 4, 8)? != b"iTunSMPB" {
                return Ok(false);
            }
            let data = descend(window, &comment.body, &[b"data"])?;
            let length = data.end.saturating_sub(data.start + 8).min(256) as usize;
            found = Self::parse(window.peek(data.start + 8, length)?);
            Ok(true)
        })?;
        Ok(found)
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let mut numbers = str::from_utf8(text).ok()?.split_ascii_whitespace().skip(1);
        let mut next = |skipped| u64::from_str_radix(numbers.nth(skipped)?, 16).ok();
        let (delay, frames) = (next(0)?, next(1)?);
        (frames > 0).then_some(Self { delay, frames })
    }
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

/// The first edit that shows media: its start in the media, and its length in the movie. (0, 0) if
/// there is none.
fn edit(window: &mut Window, elst: &Range<u64>) -> io::Result<(u64, u64)> {
    let body = window.peek(elst.start, (elst.end - elst.start).min(4096) as usize)?;
    let wide = u8_at(body, 0) == Some(1);
    let count = u32_be(body, 4).unwrap_or(0).min(64) as usize;
    for entry in 0..count {
        let numbers = if wide {
            let at = 8 + entry * 20;
            u64_be(body, at + 8).map(u64::cast_signed).zip(u64_be(body, at))
        } else {
            let at = 8 + entry * 12;
            let start = u32_be(body, at + 4).map(|s| i64::from(s.cast_signed()));
            start.zip(u32_be(body, at).map(u64::from))
        };
        if let Some((start @ 0.., length)) = numbers {
            return Ok((start as u64, length));
        }
    }
    Ok((0, 0))
}

/// The packets from one on.
struct Mp4Packets {
    window: Window,
    walk: Walk,
    start: i64,
    frames: u64,
}

impl Packets for Mp4Packets {
    fn next(&mut self, packet: &mut Packet) -> Result<bool, DecodeError> {
        let Some(place) = self.walk.next()? else { return Ok(false) };
        packet.data.clear();
        if place.length <= LONGEST_PACKET {
            let bytes = self.window.peek(place.offset, place.length as usize)?;
            packet.data.extend_from_slice(bytes);
        }
        packet.start = self.start;
        packet.frames = self.frames as usize;
        self.start += self.frames as i64;
        Ok(true)
    }
}
