//! What a WAV says of itself: the chunks in `LIST`, `INFO`; an ID3v2 tag in a chunk; the broadcast extension (EBU
//! Tech 3285).

use super::outer::Outer;
use crate::Source;
use crate::demux::part::Part;
use crate::demux::window::Window;
use crate::tags::{FIELDS, Said, Tags, id3};
use std::io;
use std::ops::Range;

/// More chunks than this are garbage.
const MOST_CHUNKS: usize = 4096;

/// Most bytes of a list that are read.
const LONGEST: u64 = 64 * 1024;

/// Tags in chunks that are read.
const MOST_TAGS: usize = 4;

/// What a file says.
///
/// # Errors
/// What the medium reports.
pub fn read(source: &Source) -> io::Result<Said> {
    let mut window = Window::of_blocks(source, 64 * 1024);
    let (mut said, mut behind) = (Said::default(), Said::default());
    let outer = Outer::of(window.peek(0, 40)?);
    let Some(outer) = outer.filter(|outer| *outer != Outer::W64) else { return Ok(said) };
    let (mut at, mut tags) = (outer.first_chunk(), 0);
    for _ in 0..MOST_CHUNKS {
        let Some(head) = outer.head(&mut window, at)?.filter(|head| head.is_named()) else { break };
        match &head.id {
            b"LIST" => {
                let list = window.peek(head.body, head.size.min(LONGEST) as usize)?;
                texts(outer, list.strip_prefix(b"INFO").unwrap_or(&[]), &mut said.tags);
            }
            b"id3 " | b"ID3 " | b"ID32" if tags < MOST_TAGS => {
                tags += 1;
                let tag = Part::of(source, head.body..head.body.saturating_add(head.size));
                behind.complete(id3::read(&tag)?);
            }
            b"bext" => broadcast(window.peek(head.body, DATE.end)?, &mut behind.tags),
            _ => {}
        }
        at = outer.after(&head);
    }
    said.complete(behind);
    Ok(said)
}

/// Where the broadcast extension has its description and its date.
const DESCRIPTION: Range<usize> = 0..256;
const DATE: Range<usize> = 320..330;

fn broadcast(body: &[u8], tags: &mut Tags) {
    for (name, place) in [("comment", DESCRIPTION), ("date", DATE)] {
        tags.add_named(name, &text(body.get(place).unwrap_or(&[])));
    }
}

/// A text up to its zero; what is no UTF-8 is of Windows' own set, of which Latin-1 is the greater part.
fn text(bytes: &[u8]) -> String {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or(&[]);
    String::from_utf8(bytes.to_vec())
        .unwrap_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect())
}

fn texts(outer: Outer, mut list: &[u8], tags: &mut Tags) {
    while let (Some(id), Some(size)) = (list.get(..4), outer.u32(list, 4)) {
        let end = 8_usize.saturating_add(size as usize);
        if let Some(field) = FIELDS.iter().find(|field| field.riff == id) {
            tags.add(field, &text(list.get(8..end).unwrap_or(&[])));
        }
        list = list.get(end.next_multiple_of(2)..).unwrap_or(&[]);
    }
}
