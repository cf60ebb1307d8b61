//! The four envelopes of WAVE: what a chunk's head looks like in each, and where the next one is.

use crate::demux::bytes::{u16_be, u16_le, u32_be, u32_le, u64_le};
use crate::demux::window::Window;
use std::io;

/// An envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outer {
    /// RIFF: sizes of 32 bits, little endian.
    Riff,
    /// RIFX: the same, and the samples, big endian.
    Rifx,
    /// RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088): RIFF whose long sizes stand in a chunk `ds64`.
    Rf64,
    /// Sony's Wave64: chunks named by GUIDs, with sizes of 64 bits that count their own heads.
    W64,
}

/// Wave64's GUIDs of the outermost chunk and of its form; those of other chunks end like the form's.
const W64_RIFF: [u8; 16] = *b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00";
const W64_WAVE: [u8; 16] = *b"wave\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a";

/// Bytes of a chunk's head in Wave64: the GUID and the size.
const W64_HEAD: u64 = 24;

/// Chunks that WAVs have: no sound is taken for one of these names, once its size leads to another
/// chunk, or to the file's end.
const NAMES: &[&[u8; 4]] = &[
    b"fmt ", b"data", b"ds64", b"LIST", b"list", b"INFO", b"bext", b"iXML", b"aXML", b"axml",
    b"chna", b"id3 ", b"ID3 ", b"ID32", b"cue ", b"plst", b"smpl", b"inst", b"fact", b"PEAK",
    b"JUNK", b"junk", b"FLLR", b"PAD ", b"_PMX", b"DISP", b"acid", b"strc", b"afsp", b"cart",
    b"umid", b"minf", b"elm1", b"regn", b"levl", b"SAUR", b"ResU", b"LGWV", b"DGDA", b"note",
    b"labl", b"slnt", b"wavl",
];

/// Whether a chunk of that name is known.
#[must_use]
pub fn is_known(id: &[u8]) -> bool {
    NAMES.iter().any(|name| &name[..] == id)
}

/// A chunk's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its name.
    pub id: [u8; 4],
    /// Where its body begins.
    pub body: u64,
    /// Bytes of the body, as claimed.
    pub size: u64,
}

impl Head {
    /// Whether its name is a known chunk's.
    #[must_use]
    pub fn is_known(&self) -> bool {
        is_known(&self.id)
    }

    /// Whether a chunk can be called that.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.id.iter().all(|b| (0x20..0x7f).contains(b))
    }
}

impl Outer {
    /// The envelope that the first bytes open.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        if head.starts_with(&W64_RIFF) && head.get(24..40) == Some(&W64_WAVE) {
            return Some(Self::W64);
        }
        let outer = match head.first_chunk()? {
            b"RIFF" => Self::Riff,
            b"RIFX" => Self::Rifx,
            b"RF64" | b"BW64" => Self::Rf64,
            _ => return None,
        };
        (head.get(8..12) == Some(b"WAVE")).then_some(outer)
    }

    /// Where the first chunk is.
    #[must_use]
    pub fn first_chunk(self) -> u64 {
        if self == Self::W64 { 40 } else { 12 }
    }

    /// 16 bits in its order.
    #[must_use]
    pub fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        if self == Self::Rifx { u16_be(bytes, at) } else { u16_le(bytes, at) }
    }

    /// 32 bits in its order.
    #[must_use]
    pub fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        if self == Self::Rifx { u32_be(bytes, at) } else { u32_le(bytes, at) }
    }

    /// The head at an offset; `None` at the end, or where no size can stand.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn head(self, window: &mut Window, at: u64) -> io::Result<Option<Head>> {
        let bytes = window.peek(at, W64_HEAD as usize)?;
        let head = || {
            let id = *bytes.first_chunk()?;
            if self != Self::W64 {
                return Some(Head { id, body: at + 8, size: self.u32(bytes, 4)?.into() });
            }
            let size = u64_le(bytes, 16)?.checked_sub(W64_HEAD)?;
            Some(Head { id, body: at + W64_HEAD, size })
        };
        Ok(head())
    }

    /// Where the next chunk is, if the padding is as it should be.
    #[must_use]
    pub fn after(self, head: &Head) -> u64 {
        let end = head.body.saturating_add(head.size);
        match self {
            Self::W64 => end.checked_next_multiple_of(8).unwrap_or(end),
            _ => end.saturating_add(head.size & 1),
        }
    }
}
