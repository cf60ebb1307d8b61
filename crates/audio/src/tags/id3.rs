//! ID3: version 2 in front (id3.org, 2.2 to 2.4) read, 2.4 written; version 1 behind read.

use super::cover::{Cover, FRONT};
use super::{FIELDS, Field, Said, Tags};
use crate::Source;
use crate::demux::bytes::{u16_be, u16_le, u32_be};
use crate::demux::window::Window;
use std::borrow::Cow;
use std::io;

/// Most bytes of a tag that are looked at: long pictures come behind the texts.
const REACH: u64 = 2 << 20;

/// Bytes of version 1.
const V1_BYTES: u64 = 128;

/// The tag in front; none if there is none.
///
/// # Errors
/// What the medium reports.
pub fn read(source: &Source) -> io::Result<Said> {
    let mut window = Window::of_blocks(source, 64 * 1024);
    let [b'I', b'D', b'3', version, _, flags, s3, s2, s1, s0] = *window.peek(0, 10)? else {
        return Ok(Said::default());
    };
    let size = syncsafe([s3, s2, s1, s0]);
    let body = window.peek(10, u64::from(size).min(REACH) as usize)?;
    // Of version 2.4 each frame is unsynchronised by itself.
    let body = if flags & 0x80 != 0 && version < 4 { synchronised(body) } else { body.to_vec() };
    let extended = match (flags & 0x40 != 0, version) {
        (true, 3) => u32_be(&body, 0).map_or(0, |size| size as usize + 4),
        (true, 4) => body.first_chunk().map_or(0, |size| syncsafe(*size) as usize),
        _ => 0,
    };
    Ok(frames(body.get(extended..).unwrap_or(&[]), version))
}

fn frames(mut body: &[u8], version: u8) -> Said {
    let mut said = Said::default();
    let (names, head): (usize, usize) = match version {
        2 => (2, 6),
        3 => (1, 10),
        4 => (0, 10),
        _ => return said,
    };
    let id_bytes = if version == 2 { 3 } else { 4 };
    while let Some(id) = body.get(..id_bytes).filter(|id| id[0] != 0) {
        let (size, flags) = match (version, body) {
            (2, [_, _, _, a, b, c, ..]) => (u32::from_be_bytes([0, *a, *b, *c]), 0),
            (3, [_, _, _, _, a, b, c, d, _, flags, ..]) => {
                (u32::from_be_bytes([*a, *b, *c, *d]), *flags)
            }
            (4, [_, _, _, _, a, b, c, d, _, flags, ..]) => (syncsafe([*a, *b, *c, *d]), *flags),
            _ => break,
        };
        let end = head.saturating_add(size as usize);
        let Some(value) = body.get(head..end) else { break };
        if let Some(value) = plain(value, version, flags) {
            if id == b"APIC" || id == b"PIC" {
                said.show(picture(&value, version));
            } else if let Some((field, text)) = of_frame(id, names, &value) {
                said.tags.add(field, &text);
            }
        }
        body = &body[end..];
    }
    said
}

/// The body of a frame without what its flags (§4.1.2 of 2.4, §3.3.1 of 2.3) put into it; none if it is compressed or
/// encrypted.
fn plain(value: &[u8], version: u8, flags: u8) -> Option<Cow<'_, [u8]>> {
    let (coded, grouped) = if version == 4 { (0x0c, 0x40) } else { (0xc0, 0x20) };
    let is = |bit| flags & bit != 0;
    if is(coded) {
        return None;
    }
    let value = value.get(usize::from(is(grouped))..)?;
    if version < 4 {
        return Some(value.into());
    }
    // A length that is that of the value before it was unsynchronised.
    let value = value.get(if is(0x01) { 4 } else { 0 }..)?;
    Some(if is(0x02) { synchronised(value).into() } else { value.into() })
}

/// A frame's picture: the encoding of its description, its type (in 2.2 three characters), its kind, the
/// description.
fn picture(value: &[u8], version: u8) -> Option<Cover> {
    let (&encoding, rest) = value.split_first()?;
    let rest = if version == 2 { rest.get(3..)? } else { decoded(0, rest).1 };
    let (&kind, rest) = rest.split_first()?;
    Cover::of(decoded(encoding, rest).1, u32::from(kind) == FRONT)
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
pub fn write(said: &Said) -> Vec<u8> {
    let size = |length: usize| [21, 14, 7, 0].map(|shift| (length >> shift) as u8 & 0x7f);
    let frame = |id: &[u8], before: &[u8], value: &[u8]| {
        [id, &size(before.len() + value.len()), &[0, 0], before, value].concat()
    };
    let texts = said.tags.iter().map(|(field, text)| {
        let is_comment = field.id3[0] == b"COMM";
        // UTF-8; of a comment the language, undetermined, and no name.
        let before: &[u8] = if is_comment { b"\x03XXX\0" } else { b"\x03" };
        frame(field.id3[0], before, text.as_bytes())
    });
    let picture = said.cover.iter().map(|cover| {
        let head = [b"\0", cover.image.media_type().as_bytes(), &[0, FRONT as u8, 0]].concat();
        frame(b"APIC", &head, cover.bytes())
    });
    let frames = texts.chain(picture).collect::<Vec<_>>().concat();
    if frames.is_empty() {
        return frames;
    }
    [b"ID3\x04\0\0", &size(frames.len())[..], &frames].concat()
}
