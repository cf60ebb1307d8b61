//! Whether there is something to be seen.

use super::boxes::{descend, find};
use crate::Source;
use crate::demux::window::Window;
use std::io;

/// Whether an MP4 holds a video track (ISO/IEC 14496-12 §8.4.3).
///
/// # Errors
/// What the medium reports.
pub fn holds_video(source: &Source) -> io::Result<bool> {
    let mut window = Window::new(source);
    let whole = 0..window.length_bytes();
    let tracks = descend(&mut window, &whole, &[b"moov"])?;
    let video = find(&mut window, &tracks, |window, track| {
        if &track.kind != b"trak" {
            return Ok(false);
        }
        let handler = descend(window, &track.body, &[b"mdia", b"hdlr"])?;
        Ok(handler.end > handler.start && window.peek(handler.start + 8, 4)? == b"vide")
    })?;
    Ok(video.is_some())
}
