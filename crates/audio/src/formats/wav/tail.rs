//! The chunks that a file ends in, found without the sizes before them.

use super::outer::{Outer, is_known};
use crate::Source;
use std::io;

/// Bytes before the end in which they are looked for.
const REACH: u64 = 256 * 1024;

/// Bytes of an ID3v1 tag, which may stand behind all chunks.
const ID3V1_BYTES: u64 = 128;

/// Where the first of them begins; `None` if the file ends in none.
///
/// # Errors
/// What the medium reports.
pub fn begins(source: &Source, outer: Outer) -> io::Result<Option<u64>> {
    let mut length = source.length_bytes();
    let mut tag = [0; 3];
    let tag_at = length.saturating_sub(ID3V1_BYTES);
    source.read_full_at(&mut tag, tag_at)?;
    let has_tag = &tag == b"TAG" && tag_at > 0;
    if has_tag {
        length = tag_at;
    }
    let start = length.saturating_sub(REACH).max(outer.first_chunk());
    let mut bytes = vec![0; usize::try_from(length.saturating_sub(start)).unwrap_or(0)];
    let read = source.read_full_at(&mut bytes, start)?;
    bytes.truncate(read);
    let found = first_of_chain(&bytes, outer).map(|at| start + at as u64);
    Ok(found.or(has_tag.then_some(length)))
}

/// The first place from which sizes lead from chunk to chunk to the end.
fn first_of_chain(bytes: &[u8], outer: Outer) -> Option<usize> {
    let end = bytes.len();
    // Whether a chain begins at a place; from behind, so that each is told by the next alone.
    let mut leads = vec![false; end + 1];
    leads[end] = true;
    let mut first = None;
    for at in (0..end.saturating_sub(7)).rev() {
        if !bytes[at..at + 4].iter().all(|b| (0x20..0x7f).contains(b)) {
            continue;
        }
        let size = outer.u32(bytes, at + 4)? as usize;
        let body_end = (at + 8).saturating_add(size);
        let padded = body_end + (size & 1);
        leads[at] = [body_end, padded].iter().any(|&next| leads.get(next) == Some(&true));
        if leads[at] && is_known(&bytes[at..at + 4]) {
            first = Some(at);
        }
    }
    first
}
