//! What an AIFF says of itself: its text chunks (Audio Interchange File Format 1.3, §12), and an ID3v2 tag in a chunk.

use crate::Source;
use crate::demux::bytes::u32_be;
use crate::demux::part::Part;
use crate::demux::window::Window;
use crate::tags::{Said, id3};
use std::io;

/// More chunks than this are taken for garbage.
const MOST_CHUNKS: usize = 4096;

/// Most bytes of a text that are read.
const LONGEST: u32 = 8192;

/// Tags in chunks that are read.
const MOST_TAGS: usize = 4;

/// Texts by their chunks.
const TEXTS: [(&[u8; 4], &str); 3] =
    [(b"NAME", "title"), (b"AUTH", "artist"), (b"ANNO", "comment")];

/// What a file says.
///
/// # Errors
/// What the medium reports.
pub fn read(source: &Source) -> io::Result<Said> {
    let mut window = Window::of_blocks(source, 4096);
    let (mut said, mut behind) = (Said::default(), Said::default());
    let (mut at, mut tags) = (12_u64, 0);
    for _ in 0..MOST_CHUNKS {
        let head = window.peek(at, 8)?;
        let (Some(id), Some(size)) = (head.first_chunk::<4>().copied(), u32_be(head, 4)) else {
            break;
        };
        let body = at + 8;
        if let Some((_, name)) = TEXTS.iter().find(|(chunk, _)| **chunk == id) {
            let text = window.peek(body, size.min(LONGEST) as usize)?;
            said.tags.add_named(name, &String::from_utf8_lossy(text));
        } else if matches!(&id, b"ID3 " | b"id3 ") && tags < MOST_TAGS {
            tags += 1;
            behind.complete(id3::read(&Part::of(source, body..body + u64::from(size)))?);
        }
        at = body + u64::from(size) + u64::from(size & 1);
    }
    said.complete(behind);
    Ok(said)
}
