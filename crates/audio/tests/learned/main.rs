//! Formats whose layout is learned, FLAC and MP4, out of WAV; judged by ffmpeg.
#![allow(clippy::unwrap_used)]

mod flac;
mod mp4;
mod rig;
