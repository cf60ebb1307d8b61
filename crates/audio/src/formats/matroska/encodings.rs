//! What was done to a track's packets before they were put into blocks (RFC 9559 §5.1.4.1.31), and how it is undone.

use super::ebml::{Element, child, element, inner, unsigned};
use crate::demux::index::{IndexReader, IndexWriter};
use crate::demux::window::Window;
use flate2::bufread::ZlibDecoder;
use std::io::{self, Read};

const CONTENT_ENCODINGS: u32 = 0x6d80;
const CONTENT_ENCODING: u32 = 0x6240;
const CONTENT_ENCODING_SCOPE: u32 = 0x5032;
const CONTENT_COMPRESSION: u32 = 0x5034;
const CONTENT_COMP_ALGO: u32 = 0x4254;
const CONTENT_COMP_SETTINGS: u32 = 0x4255;

/// Bits of the scope: the packets; CodecPrivate.
const PACKETS: u64 = 1;
const PRIVATE: u64 = 2;

/// Values of the algorithm that are undone.
const ZLIB: u64 = 0;
const HEADER_STRIPPING: u64 = 3;

/// Longest beginning that packets may have lost: it is put in front of each again.
const LONGEST_PREFIX: usize = 256;

/// How bytes are packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packing {
    /// They lack these, which stood in front; most often none.
    Stripped(Vec<u8>),
    /// They are a stream of zlib (RFC 1950).
    Zlib,
}

impl Packing {
    /// The bytes as they were; none if they are damaged, or would be more than `most`.
    #[must_use]
    pub fn unpack(&self, bytes: &[u8], most: usize) -> Vec<u8> {
        match self {
            Self::Stripped(prefix) => [prefix, bytes].concat(),
            Self::Zlib => {
                let mut unpacked = Vec::new();
                let limit = most as u64 + 1;
                let read = ZlibDecoder::new(bytes).take(limit).read_to_end(&mut unpacked);
                if read.is_ok_and(|length| length <= most) { unpacked } else { Vec::new() }
            }
        }
    }

    /// Appends it to a seek index.
    pub fn write(&self, index: &mut IndexWriter) {
        match self {
            Self::Stripped(prefix) => {
                index.put(HEADER_STRIPPING);
                index.put_bytes(prefix);
            }
            Self::Zlib => index.put(ZLIB),
        }
    }

    /// Reads what [`Packing::write`] wrote.
    #[must_use]
    pub fn read(index: &mut IndexReader<'_>) -> Option<Self> {
        match index.take()? {
            ZLIB => Some(Self::Zlib),
            _ => index.take_bytes().map(|prefix| Self::Stripped(prefix.to_vec())),
        }
    }
}

/// How a track is packed.
pub struct Encodings {
    /// Its packets.
    pub packets: Packing,
    /// Its CodecPrivate.
    pub private: Packing,
}

impl Encodings {
    /// Reads those of a track.
    ///
    /// # Errors
    /// The outer one is the medium's; the inner one says what was found.
    pub fn read(window: &mut Window, entry: &Element) -> io::Result<Result<Self, String>> {
        let plain = || Packing::Stripped(Vec::new());
        let none = Self { packets: plain(), private: plain() };
        let Some(encodings) = inner(window, entry, CONTENT_ENCODINGS)? else { return Ok(Ok(none)) };
        let Some(encoding) = inner(window, &encodings, CONTENT_ENCODING)? else {
            return Ok(Ok(none));
        };
        let end = encodings.end(window.length_bytes());
        let next = element(window, encoding.end(end), end)?;
        if next.is_some_and(|next| next.id == CONTENT_ENCODING) {
            return Ok(Err("a track that is encoded more than once".into()));
        }
        let scope = child(window, &encoding, CONTENT_ENCODING_SCOPE)?;
        let scope = scope.map_or(PACKETS, |scope| unsigned(&scope));
        Ok(packing(window, &encoding)?.map(|packing| {
            let within = |part| if scope & part != 0 { packing.clone() } else { plain() };
            Self { packets: within(PACKETS), private: within(PRIVATE) }
        }))
    }
}

fn packing(window: &mut Window, encoding: &Element) -> io::Result<Result<Packing, String>> {
    let Some(compression) = inner(window, encoding, CONTENT_COMPRESSION)? else {
        return Ok(Err("an encrypted track".into()));
    };
    let algorithm = child(window, &compression, CONTENT_COMP_ALGO)?.map_or(ZLIB, |v| unsigned(&v));
    if algorithm == ZLIB {
        return Ok(Ok(Packing::Zlib));
    }
    if algorithm != HEADER_STRIPPING {
        let name = ["zlib", "bzlib", "lzo1x"].get(algorithm as usize).unwrap_or(&"unknown");
        return Ok(Err(format!(
            "a track with {name} compression (supported: zlib, header stripping, none)"
        )));
    }
    let prefix = child(window, &compression, CONTENT_COMP_SETTINGS)?.unwrap_or_default();
    if prefix.len() > LONGEST_PREFIX {
        return Ok(Err(format!(
            "a track whose packets are stripped of {} bytes each (supported: up to {LONGEST_PREFIX})",
            prefix.len()
        )));
    }
    Ok(Ok(Packing::Stripped(prefix)))
}
