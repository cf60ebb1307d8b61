//! Sample descriptions (stsd): which codec, and what its decoder must know.

use super::boxes::{BoxAt, descend, find};
use crate::codecs::aac::AacConfig;
use crate::codecs::amr::Band;
use crate::codecs::opus::OpusHead;
use crate::codecs::pcm::Coding;
use crate::codecs::stream::Stream;
use crate::demux::bytes::{u8_at, u16_be, u32_be, u64_be};
use crate::demux::channel_layout;
use crate::demux::window::Window;
use crate::speakers::Speakers;
use std::io;
use std::ops::Range;

/// What a track's description says.
pub enum Config {
    /// All that there is to know, and the codec's own header where an index keeps that.
    Known(Stream, Vec<u8>),
    /// Samples of a fixed size, and the loudspeakers that QuickTime's `chan` names for them.
    Samples(Stream, Option<Speakers>),
    /// MPEG audio: its packets say the rest.
    Mpeg,
}

/// Codecs that are met and not read, by the kinds of their descriptions (mp4ra.org, 3GPP TS 26.244 §6).
const NAMES: [(&[u8; 4], &str); 7] = [
    (b"sawp", "AMR-WB+"),
    (b"sevc", "EVRC"),
    (b"sqcp", "QCELP"),
    (b"ac-3", "AC-3"),
    (b"ec-3", "E-AC-3"),
    (b"dtsc", "DTS"),
    (b"agsm", "GSM 06.10"),
];

/// Longest description that is read.
const LONGEST_PRIVATE: usize = 4096;

/// Bytes of a description before its boxes (ISO 14496-12 §12.2.3).
const FIXED_BYTES: u64 = 28;

impl Config {
    /// Reads the first sample description.
    ///
    /// # Errors
    /// The outer one is the medium's; the inner one says what was found.
    pub fn read(window: &mut Window, stsd: &Range<u64>) -> io::Result<Result<Self, String>> {
        let entries = stsd.start + 8..stsd.end;
        let Some(entry) = find(window, &entries, |_, _| Ok(true))? else {
            return Ok(Err("no sample description".into()));
        };
        let shape = Shape::read(window, &entry)?;
        if let Some(coding) = pcm(window, &entry, &shape)? {
            let (rate_hz, channels) = (shape.rate_hz, shape.channels);
            let layout = private(window, &shape.boxes, b"chan")?;
            let speakers = channel_layout::speakers(&layout, channels);
            return Ok(Ok(Self::Samples(Stream::Pcm { coding, rate_hz, channels }, speakers)));
        }
        let private = |window: &mut Window, name| private(window, &shape.boxes, name);
        Ok(match &entry.kind {
            b"mp4a" => elementary(&private(window, b"esds")?),
            b"alac" => Stream::alac(&private(window, b"alac")?).map(known),
            b"fLaC" => Stream::flac(&private(window, b"dfLa")?).map(known),
            b"Opus" => opus(&private(window, b"dOps")?),
            b"samr" => Ok(known(Stream::Amr(Band::Narrow))),
            b"sawb" => Ok(known(Stream::Amr(Band::Wide))),
            b".mp3" | b"ms\0U" => Ok(Self::Mpeg),
            b"lpcm" => Err(format!(
                "linear PCM of {} bits whose samples take {} bytes (flags {:#x})",
                shape.sample_bits, shape.sample_bytes, shape.flags
            )),
            other => Err(match NAMES.iter().find(|(kind, _)| *kind == other) {
                Some((_, name)) => format!("codec {name}"),
                None => format!("codec `{}`", String::from_utf8_lossy(other).escape_default()),
            }),
        })
    }
}

fn known(stream: Stream) -> Config {
    Config::Known(stream, Vec::new())
}

/// What stands in the fixed part of a description.
struct Shape {
    rate_hz: u32,
    channels: u16,
    sample_bits: u16,
    /// Bytes that a sample takes, where `lpcm` states them; 0: as many as its bits need.
    sample_bytes: u32,
    /// Those of `lpcm`.
    flags: u32,
    /// The boxes behind it.
    boxes: Range<u64>,
}

/// Flags of `lpcm` (QuickTime File Format, "Sound Sample Description (V2)"; CoreAudioBaseTypes.h): in samples of more
/// bytes than their bits need, those are the upper ones or the lower.
const IS_FLOAT: u32 = 1;
const IS_BIG: u32 = 2;
const IS_SIGNED: u32 = 4;
const IS_HIGH: u32 = 16;
const IS_PLANAR: u32 = 32;

impl Shape {
    fn read(window: &mut Window, entry: &BoxAt) -> io::Result<Self> {
        let bytes = window.peek(entry.body.start, 64)?;
        let half = |at| u16_be(bytes, at).unwrap_or(0);
        let version = half(8);
        // QuickTime's versions 1 and 2 of the description are longer.
        let more = match version {
            1 => 16,
            2 => 36,
            _ => 0,
        };
        let boxes = entry.body.start + FIXED_BYTES + more..entry.body.end;
        if version == 2 {
            let rate = f64::from_bits(u64_be(bytes, 32).unwrap_or(0));
            let channels = u32_be(bytes, 40).and_then(|c| c.try_into().ok()).unwrap_or(0);
            let samples = u32_be(bytes, 60).unwrap_or(1).max(1).saturating_mul(u32::from(channels));
            return Ok(Self {
                rate_hz: rate as u32,
                channels,
                sample_bytes: u32_be(bytes, 56).unwrap_or(0) / samples.max(1),
                sample_bits: u32_be(bytes, 48).and_then(|b| b.try_into().ok()).unwrap_or(0),
                flags: u32_be(bytes, 52).unwrap_or(0),
                boxes,
            });
        }
        let (channels, sample_bits) = (half(16), half(18));
        let (rate_hz, flags) = (half(24).into(), IS_BIG | IS_SIGNED);
        Ok(Self { rate_hz, channels, sample_bits, sample_bytes: 0, flags, boxes })
    }

    /// The coding of `lpcm`, if it is one of ours.
    fn linear(&self) -> Option<Coding> {
        let has = |flag| self.flags & flag != 0;
        let needed = u32::from(self.sample_bits).div_ceil(8);
        let bytes = if self.sample_bytes == 0 { needed } else { self.sample_bytes };
        let bits = u16::try_from(bytes.saturating_mul(8)).ok()?;
        // What lies high in more bytes has zeros below it: as a wider sample it is worth the same.
        let is_high = has(IS_HIGH) && !has(IS_FLOAT) && bits > self.sample_bits;
        if has(IS_PLANAR) && self.channels > 1 || bits != self.sample_bits && !is_high {
            return None;
        }
        match bits {
            8 if !has(IS_SIGNED) => Some(Coding::U8),
            _ if has(IS_SIGNED) || has(IS_FLOAT) => whole(bits, has(IS_FLOAT), has(IS_BIG)),
            _ => None,
        }
    }
}

/// The coding of samples of a fixed size; `None` for all else.
fn pcm(window: &mut Window, entry: &BoxAt, shape: &Shape) -> io::Result<Option<Coding>> {
    let (bits, is_float, is_big) = match &entry.kind {
        b"ulaw" => return Ok(Some(Coding::Ulaw)),
        b"alaw" => return Ok(Some(Coding::Alaw)),
        // Of 8 bits they are offset binary, of more as `twos`.
        b"raw " | b"NONE" if shape.sample_bits <= 8 => return Ok(Some(Coding::U8)),
        b"sowt" => (shape.sample_bits, false, false),
        b"twos" | b"raw " | b"NONE" => (shape.sample_bits, false, true),
        b"in24" | b"in32" | b"fl32" | b"fl64" => {
            let bits = if entry.kind.ends_with(b"24") { 24 } else { 32 };
            let bits = if entry.kind.ends_with(b"64") { 64 } else { bits };
            let order = descend(window, &shape.boxes, &[b"wave", b"enda"])?;
            let is_little = !order.is_empty() && window.peek(order.start, 2)? == [0, 1];
            (bits, entry.kind.starts_with(b"fl"), !is_little)
        }
        b"lpcm" => return Ok(shape.linear()),
        b"ipcm" | b"fpcm" => {
            // ISO 23003-5: version and flags, then 1 where little endian, then bits.
            let found = descend(window, &shape.boxes, &[b"pcmC"])?;
            let body = window.peek(found.start, 6)?;
            let bits = u8_at(body, 5).unwrap_or(0).into();
            (bits, &entry.kind == b"fpcm", u8_at(body, 4) != Some(1))
        }
        _ => return Ok(None),
    };
    Ok(whole(bits, is_float, is_big))
}

/// The coding of floats, or of signed numbers, that fill so many bits.
fn whole(bits: u16, is_float: bool, is_big: bool) -> Option<Coding> {
    let name = match (bits, is_float) {
        (8, false) => return Some(Coding::S8),
        (_, true) => format!("pcm_f{bits}"),
        (_, false) => format!("pcm_s{bits}"),
    };
    Coding::by_name(&format!("{name}{}", if is_big { "be" } else { "le" }))
}

/// The body of a box in a description, or within QuickTime's `wave`, behind its version and flags.
fn private(window: &mut Window, boxes: &Range<u64>, name: &[u8; 4]) -> io::Result<Vec<u8>> {
    let mut inner = descend(window, boxes, &[name])?;
    if inner.is_empty() {
        inner = descend(window, boxes, &[b"wave", name])?;
    }
    // `dOps` has no version and flags of that kind.
    let skipped = if name == b"dOps" { 0 } else { 4 };
    let length = (inner.end - inner.start).min(LONGEST_PRIVATE as u64) as usize;
    Ok(window.peek(inner.start + skipped, length.saturating_sub(skipped as usize))?.to_vec())
}

/// `dOps` as the header that Ogg has of it, which has its numbers in the other order.
fn opus(body: &[u8]) -> Result<Config, String> {
    let [version, channels, s1, s0, r3, r2, r1, r0, g1, g0, ref mapping @ ..] = *body else {
        return Err("Opus whose description is cut short".into());
    };
    let mut header = b"OpusHead".to_vec();
    header.extend([version.saturating_add(1), channels, s0, s1, r0, r1, r2, r3, g0, g1]);
    header.extend(mapping);
    OpusHead::parse(&header).map(|head| Config::Known(Stream::Opus(head), header))
}

/// What is in an `esds` box (ISO 14496-1 §7.2.6), by its object type.
fn elementary(body: &[u8]) -> Result<Config, String> {
    let (object_type, specific) = decoder_config(body).ok_or("no elementary stream descriptor")?;
    match object_type {
        // MPEG-4 audio; MPEG-2 AAC of its three profiles.
        0x40 | 0x66..=0x68 => {
            let specific = specific.ok_or("AAC without a description")?;
            AacConfig::parse(specific).map(Stream::Aac).map(known)
        }
        // MPEG-2 and MPEG-1 audio, layers I to III.
        0x69 | 0x6b => Ok(Config::Mpeg),
        0xa5 => Err("codec AC-3".into()),
        0xa6 => Err("codec E-AC-3".into()),
        0xdd => Err("codec Vorbis".into()),
        other => Err(format!("an elementary stream of object type {other:#x}")),
    }
}

/// The object type of descriptor 4 within 3, and the body of descriptor 5 within it.
fn decoder_config(body: &[u8]) -> Option<(u8, Option<&[u8]>)> {
    let (tag, es) = descriptor(body)?;
    if tag != 3 {
        return None;
    }
    let flags = u8_at(es, 2)?;
    let mut at = 3;
    at += if flags & 0x80 != 0 { 2 } else { 0 };
    at += if flags & 0x40 != 0 { 1 + usize::from(u8_at(es, at)?) } else { 0 };
    at += if flags & 0x20 != 0 { 2 } else { 0 };
    let (tag, decoder) = descriptor(es.get(at..)?)?;
    let object_type = u8_at(decoder, 0).filter(|_| tag == 4)?;
    let specific = decoder.get(13..).and_then(descriptor).filter(|(tag, _)| *tag == 5);
    Some((object_type, specific.map(|(_, body)| body)))
}

/// A descriptor's tag and body.
fn descriptor(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let tag = u8_at(bytes, 0)?;
    let mut length = 0;
    for at in 1..5 {
        let byte = u8_at(bytes, at)?;
        length = length << 7 | usize::from(byte & 0x7f);
        if byte < 0x80 {
            let body = bytes.get(at + 1..)?;
            return Some((tag, &body[..length.min(body.len())]));
        }
    }
    None
}
