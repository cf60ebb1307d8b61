//! Sample descriptions (stsd): AAC-LC with its AudioSpecificConfig, ALAC with its cookie.

use super::boxes::{descend, find};
use crate::codecs::symphonia::{Codec, Symphonia};
use crate::demux::bytes::{u8_at, u16_be, u32_be};
use crate::demux::window::Window;
use crate::error::DecodeError;
use std::io;
use std::ops::Range;

/// The codec of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// AAC-LC.
    Aac,
    /// Apple Lossless.
    Alac,
}

/// What a decoder must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Which codec.
    pub kind: Kind,
    /// AudioSpecificConfig or magic cookie.
    pub private: Vec<u8>,
}

/// Longest description that is read.
const LONGEST_PRIVATE: usize = 4096;

const AAC_RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

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
        let kind = match &entry.kind {
            b"mp4a" => Kind::Aac,
            b"alac" => Kind::Alac,
            other => return Ok(Err(format!("codec `{}`", String::from_utf8_lossy(other)))),
        };
        // QuickTime's versions 1 and 2 of the description are longer.
        let version = u16_be(window.peek(entry.body.start + 8, 2)?, 0).unwrap_or(0);
        let fixed = match version {
            1 => 28 + 16,
            2 => 28 + 36,
            _ => 28,
        };
        let children = entry.body.start + fixed..entry.body.end;
        let name = if kind == Kind::Aac { b"esds" } else { b"alac" };
        let mut inner = descend(window, &children, &[name])?;
        if inner.is_empty() {
            inner = descend(window, &children, &[b"wave", name])?;
        }
        let length = (inner.end - inner.start).min(LONGEST_PRIVATE as u64) as usize;
        let body = window.peek(inner.start + 4, length.saturating_sub(4))?;
        let private = match kind {
            Kind::Aac => decoder_specific(body).map(<[u8]>::to_vec),
            Kind::Alac => body.get(..24).map(<[u8]>::to_vec),
        };
        Ok(private
            .map(|private| Self { kind, private })
            .ok_or_else(|| "a codec description that makes no sense (AAC or ALAC)".into()))
    }

    /// Frames per second and channels.
    #[must_use]
    pub fn shape(&self) -> Option<(u32, u16)> {
        let bytes = &self.private;
        match self.kind {
            Kind::Alac => Some((u32_be(bytes, 20)?, u8_at(bytes, 9)?.into())),
            Kind::Aac => {
                let head = u32_be(&[&bytes[..], &[0; 4]].concat(), 0)?;
                let code = (head >> 23 & 15) as usize;
                let channels = (head >> 19 & 15) as u16;
                Some((*AAC_RATES.get(code)?, channels))
            }
        }
    }

    /// Frames that each packet but the last decodes to.
    #[must_use]
    pub fn packet_frames(&self) -> u64 {
        match self.kind {
            Kind::Aac => 1024,
            Kind::Alac => u32_be(&self.private, 0).unwrap_or(0).clamp(1, 65536).into(),
        }
    }

    /// The codec's name in the facts.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.kind {
            Kind::Aac => "aac",
            Kind::Alac => "alac",
        }
    }

    /// A fresh decoder.
    ///
    /// # Errors
    /// [`DecodeError::Broken`] if it can't decode such a stream.
    pub fn decoder(&self) -> Result<Symphonia, DecodeError> {
        Symphonia::new(match self.kind {
            Kind::Aac => Codec::Aac(&self.private),
            Kind::Alac => Codec::Alac(&self.private),
        })
    }
}

/// The body of the descriptor 5 within 4 within 3 (ISO 14496-1 §7.2.6).
fn decoder_specific(body: &[u8]) -> Option<&[u8]> {
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
    // 0x40 is MPEG-4 audio, 0x67 is MPEG-2 AAC-LC.
    if tag != 4 || ![0x40, 0x67].contains(&u8_at(decoder, 0)?) {
        return None;
    }
    let (tag, specific) = descriptor(decoder.get(13..)?)?;
    (tag == 5 && specific.len() >= 2).then_some(specific)
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
