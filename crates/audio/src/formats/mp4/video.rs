//! Whether there is something to be seen.

use super::boxes::{descend, find};
use crate::Source;
use crate::demux::window::Window;
use std::io;

/// What an MP4 holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tracks {
    /// A video track, whatever else.
    Video,
    /// Sound, and nothing to be seen.
    SoundAlone,
    /// Neither, or none that are found.
    Others,
}

/// What tracks an MP4 holds, by their handlers (ISO/IEC 14496-12 §8.4.3).
///
/// # Errors
/// What the medium reports.
pub fn tracks(source: &Source) -> io::Result<Tracks> {
    let mut window = Window::new(source);
    let whole = 0..window.length_bytes();
    let moov = descend(&mut window, &whole, &[b"moov"])?;
    let mut has_sound = false;
    let video = find(&mut window, &moov, |window, track| {
        if &track.kind != b"trak" {
            return Ok(false);
        }
        let handler = descend(window, &track.body, &[b"mdia", b"hdlr"])?;
        let kind = if handler.is_empty() { &[] } else { window.peek(handler.start + 8, 4)? };
        has_sound |= kind == b"soun";
        Ok(kind == b"vide")
    })?;
    Ok(match (video, has_sound) {
        (Some(_), _) => Tracks::Video,
        (None, true) => Tracks::SoundAlone,
        (None, false) => Tracks::Others,
    })
}
