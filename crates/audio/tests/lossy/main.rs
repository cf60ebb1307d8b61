//! MP3 and Ogg Opus: lengths known beforehand, segments alone and in any order, exact lengths and
//! inaudible seams in ffmpeg's ears.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../making/transcode.rs"]
mod making;
mod mp3;
mod ogg;
mod rig;
#[path = "../making/wav.rs"]
mod wav;
mod webm;
