//! The box of tags as iTunes has it: `udta`, `meta`, `ilst`, and in it an item for each with its text, or the
//! picture, in `data`.

use super::boxes::{descend, find};
use super::moov::{boxed, full};
use crate::Source;
use crate::demux::bytes::u32_be;
use crate::demux::window::Window;
use crate::tags::cover::{Cover, Image, MOST_BYTES};
use crate::tags::{FIELDS, Said};
use std::io;

/// Bytes of `data` before the value: its kind, and a locale.
const BEFORE_VALUE: usize = 8;

/// Bytes of version and flags of `meta`, which QuickTime's has not.
const FULL_BYTES: u64 = 4;

/// The kind of a text in UTF-8.
const UTF8: u32 = 1;

/// Most bytes of a text that are read.
const LONGEST: u64 = 8192;

/// The item of the picture, and the kinds of its value. Which image it is its own header says.
const COVER: [u8; 4] = *b"covr";
const JPEG: u32 = 13;
const PNG: u32 = 14;

/// What a file says.
///
/// # Errors
/// What the medium reports.
pub fn read(source: &Source) -> io::Result<Said> {
    let mut window = Window::of_blocks(source, 64 * 1024);
    let mut said = Said::default();
    let meta = descend(&mut window, &(0..source.length_bytes()), &[b"moov", b"udta", b"meta"])?;
    let mut items = descend(&mut window, &meta, &[b"ilst"])?;
    if items.is_empty() && meta.end - meta.start > FULL_BYTES {
        items = descend(&mut window, &(meta.start + FULL_BYTES..meta.end), &[b"ilst"])?;
    }
    find(&mut window, &items, |window, item| {
        let field = FIELDS.iter().find(|field| field.mp4 == item.kind);
        // Several pictures are several values of one item, the cover first.
        let is_cover = item.kind == COVER && said.cover.is_none();
        if field.is_none() && !is_cover {
            return Ok(false);
        }
        let data = descend(window, &item.body, &[b"data"])?;
        let longest = if is_cover { MOST_BYTES as u64 + BEFORE_VALUE as u64 } else { LONGEST };
        let length = data.end - data.start;
        if is_cover && length > longest {
            return Ok(false);
        }
        let bytes = window.peek(data.start, length.min(longest) as usize)?;
        let value = bytes.get(BEFORE_VALUE..).unwrap_or(&[]);
        match field {
            Some(field) if u32_be(bytes, 0) == Some(UTF8) => {
                said.tags.add(field, &String::from_utf8_lossy(value));
            }
            Some(_) => {}
            None => said.show(Cover::of(value, true)),
        }
        Ok(false)
    })?;
    Ok(said)
}

/// The box; nothing for none.
#[must_use]
pub fn write(said: &Said) -> Vec<u8> {
    if said.is_empty() {
        return Vec::new();
    }
    let hdlr = full(b"hdlr", 0, |b| {
        b.extend([0; 4]);
        b.extend(b"mdirappl");
        b.extend([0; 9]);
    });
    let items = boxed(b"ilst", |b| {
        let mut item = |name: &[u8; 4], kind: u32, value: &[u8]| {
            let data = boxed(b"data", |b| {
                b.extend(kind.to_be_bytes());
                b.extend([0; 4]);
                b.extend(value);
            });
            b.extend(boxed(name, |b| b.extend(data)));
        };
        said.tags.iter().for_each(|(field, text)| item(&field.mp4, UTF8, text.as_bytes()));
        if let Some(cover) = &said.cover {
            let kind = if cover.image == Image::Png { PNG } else { JPEG };
            item(&COVER, kind, cover.bytes());
        }
    });
    let meta = full(b"meta", 0, |b| {
        b.extend(hdlr);
        b.extend(items);
    });
    boxed(b"udta", |b| b.extend(meta))
}
