//! Compressed sources, judged by ffmpeg: exact counts, aligned samples, seeks, and hostile bytes.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod adts;
mod amr;
mod flac;
mod matroska;
mod mp3;
mod mp4;
mod ogg;
mod rig;
mod speex;
