//! The texts of a WAV: the chunks in `LIST`, `INFO`.

use super::outer::Outer;
use crate::Source;
use crate::demux::window::Window;
use crate::tags::{FIELDS, Tags};
use std::io;

/// More chunks than this are garbage.
const MOST_CHUNKS: usize = 4096;

/// Most bytes of a list that are read.
const LONGEST: u64 = 64 * 1024;

/// The tags of a file.
///
/// # Errors
/// What the medium reports.
pub fn read(source: &Source) -> io::Result<Tags> {
    let mut window = Window::of_blocks(source, 64 * 1024);
    let mut tags = Tags::default();
    let outer = Outer::of(window.peek(0, 40)?);
    let Some(outer) = outer.filter(|outer| *outer != Outer::W64) else { return Ok(tags) };
    let mut at = outer.first_chunk();
    for _ in 0..MOST_CHUNKS {
        let Some(head) = outer.head(&mut window, at)?.filter(|head| head.is_named()) else { break };
        if &head.id == b"LIST" {
            let list = window.peek(head.body, head.size.min(LONGEST) as usize)?;
            if let Some(list) = list.strip_prefix(b"INFO") {
                texts(outer, list, &mut tags);
            }
        }
        at = outer.after(&head);
    }
    Ok(tags)
}

fn texts(outer: Outer, mut list: &[u8], tags: &mut Tags) {
    while let (Some(id), Some(size)) = (list.get(..4), outer.u32(list, 4)) {
        let end = 8_usize.saturating_add(size as usize);
        let text = list.get(8..end).unwrap_or(&[]);
        // Ended by a zero; what is no UTF-8 is of Windows' own set, of which Latin-1 is the greater part.
        let text = text.split(|byte| *byte == 0).next().unwrap_or(&[]);
        let text = String::from_utf8(text.to_vec())
            .unwrap_or_else(|_| text.iter().map(|byte| char::from(*byte)).collect());
        if let Some(field) = FIELDS.iter().find(|field| field.riff == id) {
            tags.add(field, &text);
        }
        list = list.get(end.next_multiple_of(2)..).unwrap_or(&[]);
    }
}
