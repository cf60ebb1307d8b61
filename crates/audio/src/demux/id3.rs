//! ID3v2 tags, which writers put in front of every format.

use super::window::Window;
use std::io;

/// Where the tags at the beginning end (there may be several).
///
/// # Errors
/// What the medium reports.
pub fn after_tags(window: &mut Window) -> io::Result<u64> {
    let mut position = 0_u64;
    for _ in 0..16 {
        let head = window.peek(position, 10)?;
        let [b'I', b'D', b'3', _, _, flags, s3, s2, s1, s0] = *head else { break };
        let size =
            [s3, s2, s1, s0].iter().fold(0_u64, |sum, &byte| sum << 7 | u64::from(byte & 0x7f));
        let footer = if flags & 0x10 != 0 { 10 } else { 0 };
        position += 10 + size + footer;
    }
    Ok(position.min(window.length_bytes()))
}
