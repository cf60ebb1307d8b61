//! The comment `iTunSMPB`, by which Apple's encoders say what is to be trimmed.

use super::boxes::{descend, find};
use crate::demux::window::Window;
use std::io;
use std::ops::Range;

/// The comment `iTunSMPB`, which Apple's encoders write: hexadecimal numbers, of which the second is the
/// encoder's delay and the fourth the length, in frames.
#[derive(Debug, Clone, Copy)]
pub struct Gapless {
    /// Decoded frames in front of the first that counts.
    pub delay: u64,
    /// Frames that count.
    pub frames: u64,
}

impl Gapless {
    /// The comment in a `moov` box, if there is one.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn find(window: &mut Window, moov: &Range<u64>) -> io::Result<Option<Self>> {
        let meta = descend(window, moov, &[b"udta", b"meta"])?;
        // Behind its version and flags.
        let ilst = descend(window, &(meta.start + 4..meta.end), &[b"ilst"])?;
        let mut found = None;
        find(window, &ilst, |window, comment| {
            if &comment.kind != b"----" {
                return Ok(false);
            }
            let name = descend(window, &comment.body, &[b"name"])?;
            if name.is_empty() || window.peek(name.start + 4, 8)? != b"iTunSMPB" {
                return Ok(false);
            }
            let data = descend(window, &comment.body, &[b"data"])?;
            let length = data.end.saturating_sub(data.start + 8).min(256) as usize;
            found = Self::parse(window.peek(data.start + 8, length)?);
            Ok(true)
        })?;
        Ok(found)
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let mut numbers = str::from_utf8(text).ok()?.split_ascii_whitespace().skip(1);
        let mut next = |skipped| u64::from_str_radix(numbers.nth(skipped)?, 16).ok();
        let (delay, frames) = (next(0)?, next(1)?);
        (frames > 0).then_some(Self { delay, frames })
    }
}
