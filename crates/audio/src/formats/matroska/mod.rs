//! Matroska and WebM audio: Opus, Vorbis, AAC, MPEG audio, FLAC, ALAC, PCM read; Opus at a hard constant rate
//! written.

mod blocks;
mod demux;
mod ebml;
mod encode;
mod tracks;

use crate::format::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "matroska",
    aliases: &["webm", "mkv", "mka"],
    extensions: &["webm", "weba", "mka", "mkv"],
    media_types: &["audio/webm", "video/webm", "audio/x-matroska", "video/x-matroska"],
    source: Some(&demux::MatroskaSource),
    target: Some(&encode::WebmTarget),
};
