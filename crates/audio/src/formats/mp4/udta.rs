//! The box of tags as iTunes has it: `udta`, `meta`, `ilst`, and in it an item for each with its text in `data`.

use super::boxes::{descend, find};
use super::moov::{boxed, full};
use crate::Source;
use crate::demux::bytes::u32_be;
use crate::demux::window::Window;
use crate::tags::{FIELDS, Tags};
use std::io;

/// Bytes of `data` before the text: its kind, and a locale.
const BEFORE_TEXT: u64 = 8;

/// Bytes of version and flags of `meta`, which QuickTime's has not.
const FULL_BYTES: u64 = 4;

/// The kind of a text in UTF-8.
const UTF8: u32 = 1;

/// Most bytes of a text that are read.
const LONGEST: u64 = 8192;

/// The tags of a file.
///
/// # Errors
/// What the medium reports.
pub fn read(source: &Source) -> io::Result<Tags> {
    let mut window = Window::of_blocks(source, 64 * 1024);
    let mut tags = Tags::default();
    let meta = descend(&mut window, &(0..source.length_bytes()), &[b"moov", b"udta", b"meta"])?;
    let mut items = descend(&mut window, &meta, &[b"ilst"])?;
    if items.is_empty() && meta.end - meta.start > FULL_BYTES {
        items = descend(&mut window, &(meta.start + FULL_BYTES..meta.end), &[b"ilst"])?;
    }
    find(&mut window, &items, |window, item| {
        let Some(field) = FIELDS.iter().find(|field| field.mp4 == item.kind) else {
            return Ok(false);
        };
        let data = descend(window, &item.body, &[b"data"])?;
        let length = (data.end - data.start).min(LONGEST) as usize;
        let bytes = window.peek(data.start, length)?;
        if u32_be(bytes, 0) == Some(UTF8) {
            let text = bytes.get(BEFORE_TEXT as usize..).unwrap_or(&[]);
            tags.add(field, &String::from_utf8_lossy(text));
        }
        Ok(false)
    })?;
    Ok(tags)
}

/// The box; nothing for none.
#[must_use]
pub fn write(tags: &Tags) -> Vec<u8> {
    if tags.is_empty() {
        return Vec::new();
    }
    let hdlr = full(b"hdlr", 0, |b| {
        b.extend([0; 4]);
        b.extend(b"mdirappl");
        b.extend([0; 9]);
    });
    let items = boxed(b"ilst", |b| {
        for (field, text) in tags.iter() {
            let data = boxed(b"data", |b| {
                b.extend(UTF8.to_be_bytes());
                b.extend([0; 4]);
                b.extend(text.as_bytes());
            });
            b.extend(boxed(&field.mp4, |b| b.extend(data)));
        }
    });
    let meta = full(b"meta", 0, |b| {
        b.extend(hdlr);
        b.extend(items);
    });
    boxed(b"udta", |b| b.extend(meta))
}
