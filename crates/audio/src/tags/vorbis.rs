//! Vorbis comments (xiph.org, "Ogg Vorbis I format specification: comment field"), as FLAC and Opus have them, too.

use super::{FIELDS, Tags};
use crate::demux::bytes::u32_le;

/// More comments than this are garbage.
const MOST: u32 = 1 << 12;

/// Those in a block: a vendor, a count, and `NAME=text` each behind its length.
#[must_use]
pub fn read(block: &[u8]) -> Tags {
    let mut tags = Tags::default();
    let Some((_, rest)) = behind_length(block) else { return tags };
    let count = u32_le(rest, 0).unwrap_or(0).min(MOST);
    let mut rest = rest.get(4..).unwrap_or(&[]);
    for _ in 0..count {
        let Some((comment, behind)) = behind_length(rest) else { break };
        rest = behind;
        let comment = String::from_utf8_lossy(comment);
        let Some((name, text)) = comment.split_once('=') else { continue };
        // The specification knows descriptions alone, and writers know either.
        let is_description = name.eq_ignore_ascii_case("DESCRIPTION");
        let name = if is_description { "COMMENT" } else { name };
        let field = FIELDS.iter().find(|field| field.vorbis.eq_ignore_ascii_case(name));
        if let Some(field) = field {
            tags.add(field, text);
        }
    }
    tags
}

/// What a length in front tells of, and what is behind it.
fn behind_length(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    bytes.get(4..)?.split_at_checked(u32_le(bytes, 0)? as usize)
}

/// A block of them.
#[must_use]
pub fn write(vendor: &str, tags: &Tags) -> Vec<u8> {
    let with_length = |text: &str| [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    let comments = tags.iter().map(|(field, text)| format!("{}={text}", field.vorbis));
    let comments: Vec<_> = comments.map(|comment| with_length(&comment)).collect();
    let count = (comments.len() as u32).to_le_bytes();
    [with_length(vendor), count.to_vec(), comments.concat()].concat()
}
