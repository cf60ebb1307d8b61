//! What a Matroska file says of itself: its title, its tags, its attached picture (RFC 9559 §5.1.2, §5.1.8, §5.1.6).

use super::blocks::id;
use super::ebml::{Element, child, element, unsigned};
use crate::Source;
use crate::demux::window::Window;
use crate::tags::cover::{Cover, MOST_BYTES};
use crate::tags::{FIELDS, Said, Tags};
use std::io;

const TITLE: u32 = 0x7ba9;
const TAGS: u32 = 0x1254_c367;
const TAG: u32 = 0x7373;
const TARGETS: u32 = 0x63c0;
const TARGET_TYPE_VALUE: u32 = 0x68ca;
const SIMPLE_TAG: u32 = 0x67c8;
const TAG_NAME: u32 = 0x45a3;
const TAG_STRING: u32 = 0x4487;
const ATTACHMENTS: u32 = 0x1941_a469;
const ATTACHED_FILE: u32 = 0x61a7;
const FILE_NAME: u32 = 0x466e;
const FILE_DATA: u32 = 0x465c;

/// What a tag is of, if it says that it is of an album or of more.
const ALBUM: u64 = 50;

/// Elements of a level that are looked at: clusters are many.
const MOST_ELEMENTS: usize = 1 << 16;
/// Tags, and texts of each, that are.
const MOST_TAGS: usize = 64;
/// Attached files that are.
const MOST_FILES: usize = 16;

/// What a file says.
///
/// # Errors
/// What the medium reports.
pub fn read(source: &Source) -> io::Result<Said> {
    let mut window = Window::of_blocks(source, 4096);
    let end = window.length_bytes();
    let mut said = Said::default();
    let mut at = 0;
    for _ in 0..MOST_ELEMENTS {
        let Some(found) = element(&mut window, at, end)? else { break };
        let found = found.within(end);
        at = if found.id == id::SEGMENT { found.start } else { found.end(end) };
        match found.id {
            id::INFO => {
                let title = child(&mut window, &found, TITLE)?.unwrap_or_default();
                said.tags.add_named("title", &String::from_utf8_lossy(&title));
            }
            TAGS => each(&mut window, &found, TAG, MOST_TAGS, |window, tag| {
                texts(window, tag, &mut said.tags)
            })?,
            ATTACHMENTS => each(&mut window, &found, ATTACHED_FILE, MOST_FILES, |window, file| {
                said.show(picture(window, file)?);
                Ok(())
            })?,
            _ => {}
        }
    }
    Ok(said)
}

/// Does something with each child of that id, or with the first so many.
fn each(
    window: &mut Window,
    parent: &Element,
    wanted: u32,
    most: usize,
    mut act: impl FnMut(&mut Window, &Element) -> io::Result<()>,
) -> io::Result<()> {
    let end = parent.end(window.length_bytes());
    let mut at = parent.start;
    for _ in 0..most {
        let Some(found) = element(window, at, end)? else { break };
        at = found.end(end);
        if found.id == wanted {
            act(window, &found.within(end))?;
        }
    }
    Ok(())
}

/// The texts of one tag, whatever it is of: of an album its title is the album's.
fn texts(window: &mut Window, tag: &Element, tags: &mut Tags) -> io::Result<()> {
    let mut is_album = false;
    each(window, tag, TARGETS, MOST_TAGS, |window, targets| {
        let kind = child(window, targets, TARGET_TYPE_VALUE)?;
        is_album = kind.is_some_and(|kind| unsigned(&kind) >= ALBUM);
        Ok(())
    })?;
    each(window, tag, SIMPLE_TAG, MOST_TAGS, |window, simple| {
        let name = child(window, simple, TAG_NAME)?.unwrap_or_default();
        let name = String::from_utf8_lossy(&name).to_ascii_uppercase();
        let text = child(window, simple, TAG_STRING)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        match name.as_str() {
            "TITLE" if is_album => tags.add_named("album", &text),
            "DATE_RELEASED" | "DATE_RECORDED" => tags.add_named("date", &text),
            name => {
                if let Some(field) = FIELDS.iter().find(|field| field.vorbis == name) {
                    tags.add(field, &text);
                }
            }
        }
        Ok(())
    })
}

/// An attached file, if it is a picture; the cover is called that (§21.2).
fn picture(window: &mut Window, file: &Element) -> io::Result<Option<Cover>> {
    let name = child(window, file, FILE_NAME)?.unwrap_or_default().to_ascii_lowercase();
    let bytes = child(window, file, FILE_DATA)?.filter(|bytes| bytes.len() < MOST_BYTES);
    Ok(bytes.and_then(|bytes| Cover::of(&bytes, name.starts_with(b"cover."))))
}
