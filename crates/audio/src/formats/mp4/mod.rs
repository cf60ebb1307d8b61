//! MP4 and QuickTime: AAC-LC, ALAC, PCM, MPEG audio, FLAC and Opus read, in fragments too; AAC-LC written, index
//! first.

mod aac;
mod boxes;
mod config;
mod demux;
mod edits;
mod encode;
mod fragments;
mod gapless;
mod ladder;
mod material;
mod moov;
mod stretches;
mod table;
mod track;
mod udta;
mod video;

use crate::format::Format;

pub use video::{Tracks, tracks};

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "mp4",
    aliases: &["m4a", "aac"],
    extensions: &["mp4", "m4a"],
    media_types: &["video/mp4", "audio/mp4", "audio/x-m4a"],
    source: Some(&demux::Mp4Source),
    target: Some(&encode::Mp4Target),
};
