//! Formats whose layout is learned, FLAC and MP4, out of WAV; judged by ffmpeg.
#![allow(clippy::unwrap_used)]

mod bench;
mod flac;
mod mp4;
