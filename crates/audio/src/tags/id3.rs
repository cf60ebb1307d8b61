//! ID3: version 2 in front (id3.org, 2.2 to 2.4) read, 2.4 written; version 1 behind read.

use super::{FIELDS, Field, Tags};
use crate::Source;
use crate::demux::bytes::{u16_be, u16_le, u32_be};
use crate::demux::window::Window;
use std::io;

/// Most bytes of a tag that are looked at: pictures come behind the texts.
const REACH: u64 = 1 << 20;

/// Bytes of version 1.
const V1_BYTES: u64 = 128;

/// The tag in front; none if there is none.
///
/// # Errors
/// What the medium reports.
pub fn read(source: &Source) -> io::Result<Tags> {
    let mut window = Window::of_blocks(source, 64 * 1024);
    let [b'I', b'D', b'3', version, _, flags, s3, s2, s1, s0] = *window.peek(0, 10)? else {
        return Ok(Tags::default());
    };
    let size = syncsafe([s3, s2, s1, s0]);
    let body = window.peek(10, u64::from(size).min(REACH) as usize)?;
    // Of version 2.4 each frame is unsynchronised by itself, and texts need it seldom.
    let body = if flags & 0x80 != 0 && version < 4 { synchronised(body) } else { body.to_vec() };
    let extended = match (flags & 0x40 != 0, version) {
        (true, 3) => u32_be(&body, 0).map_or(0, |size| size as usize + 4),
        (true, 4) => body.first_chunk().map_or(0, |size| syncsafe(*size) as usize),
        _ => 0,
    };
    Ok(frames(body.get(extended..).unwrap_or(&[]), version))
}

fn frames(mut body: &[u8], version: u8) -> Tags {
    let mut tags = Tags::default();
    let (names, head): (usize, usize) = match version {
        2 => (2, 6),
        3 => (1, 10),
        4 => (0, 10),
        _ => return tags,
    };
    let id_bytes = if version == 2 { 3 } else { 4 };
    while let Some(id) = body.get(..id_bytes).filter(|id| id[0] != 0) {
        let size = match (version, body) {
            (2, [_, _, _, a, b, c, ..]) => {
                usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c)
            }
            (3, [_, _, _, _, a, b, c, d, ..]) => u32::from_be_bytes([*a, *b, *c, *d]) as usize,
            (4, [_, _, _, _, a, b, c, d, ..]) => syncsafe([*a, *b, *c, *d]) as usize,
            _ => break,
        };
        let Some(value) = body.get(head..head.saturating_add(size)) else { break };
        if let Some((field, text)) = of_frame(id, names, value) {
            tags.add(field, &text);
        }
        body = &body[head + size..];
    }
    tags
}

/// What a frame says, behind the byte of its encoding: a text, or a text with a name of its own.
fn of_frame(id: &[u8], names: usize, value: &[u8]) -> Option<(&'static Field, String)> {
    let (&encoding, bytes) = value.split_first()?;
    let field = FIELDS.iter().find(|field| field.id3[names] == id);
    if id.starts_with(b"TXX") {
        let (name, rest) = decoded(encoding, bytes);
        let field = FIELDS.iter().find(|field| field.name.eq_ignore_ascii_case(&name))?;
        return Some((field, decoded(encoding, rest).0));
    }
    if !id.starts_with(b"COM") {
        return Some((field?, decoded(encoding, bytes).0));
    }
    // A comment has a language before its name; named ones are programs' own notes.
    let (name, rest) = decoded(encoding, bytes.get(3..)?);
    name.is_empty().then(|| Some((field?, decoded(encoding, rest).0)))?
}

/// A text up to its end, and what is behind it.
fn decoded(encoding: u8, bytes: &[u8]) -> (String, &[u8]) {
    if encoding == 0 || encoding == 3 {
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        let (text, rest) = (&bytes[..end], bytes.get(end + 1..).unwrap_or(&[]));
        let text = match encoding {
            0 => text.iter().map(|b| char::from(*b)).collect(),
            _ => String::from_utf8_lossy(text).into_owned(),
        };
        return (text, rest);
    }
    let is_little = encoding == 1 && bytes.starts_with(&[0xff, 0xfe]);
    let unit = |at| if is_little { u16_le(bytes, at) } else { u16_be(bytes, at) };
    let units = || (0..bytes.len() / 2).filter_map(|at| unit(2 * at));
    let count = units().take_while(|unit| *unit != 0).count();
    let text = char::decode_utf16(units().take(count).filter(|unit| *unit != 0xfeff));
    let text = text.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    (text, bytes.get(2 * count + 2..).unwrap_or(&[]))
}

/// 28 bits in bytes of 7.
fn syncsafe(bytes: [u8; 4]) -> u32 {
    bytes.iter().fold(0, |sum, byte| sum << 7 | u32::from(byte & 0x7f))
}

/// Without the zeros that were put behind every 0xff.
fn synchronised(bytes: &[u8]) -> Vec<u8> {
    let mut before = 0;
    let kept =
        bytes.iter().filter(|byte| std::mem::replace(&mut before, **byte) != 0xff || **byte != 0);
    kept.copied().collect()
}

/// The tag behind everything.
///
/// # Errors
/// What the medium reports.
pub fn read_v1(source: &Source) -> io::Result<Tags> {
    let mut bytes = [0; V1_BYTES as usize];
    let mut tags = Tags::default();
    source.read_full_at(&mut bytes, source.length_bytes().saturating_sub(V1_BYTES))?;
    if bytes.starts_with(b"TAG") {
        let places = [3..33, 33..63, 63..93, 93..97, 97..125];
        for (field, place) in FIELDS.iter().zip(places) {
            tags.set(field, &decoded(0, &bytes[place]).0);
        }
    }
    Ok(tags)
}

/// A tag of version 2.4; nothing for none.
#[must_use]
pub fn write(tags: &Tags) -> Vec<u8> {
    let size = |length: usize| [21, 14, 7, 0].map(|shift| (length >> shift) as u8 & 0x7f);
    let mut frames = Vec::new();
    for (field, text) in tags.iter() {
        let is_comment = field.id3[0] == b"COMM";
        // UTF-8; of a comment the language, undetermined, and no name.
        let before: &[u8] = if is_comment { b"\x03XXX\0" } else { b"\x03" };
        frames.extend(field.id3[0]);
        frames.extend(size(before.len() + text.len()));
        frames.extend([0, 0]);
        frames.extend(before);
        frames.extend(text.as_bytes());
    }
    if frames.is_empty() {
        return frames;
    }
    [b"ID3\x04\0\0", &size(frames.len())[..], &frames].concat()
}
