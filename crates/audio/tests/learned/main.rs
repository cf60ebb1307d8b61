//! Formats whose layout is learned, FLAC and MP4, out of WAV; judged by ffmpeg.
#![allow(clippy::unwrap_used)]

mod flac;
#[path = "../making/transcode.rs"]
mod making;
mod mp4;
mod rig;
#[path = "../making/wav.rs"]
mod wav;
