//! Matroska and WebM audio, read only: Opus, Vorbis, AAC-LC, MPEG audio, FLAC, ALAC, PCM.

mod blocks;
mod demux;
mod ebml;
mod tracks;

use crate::format::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "matroska",
    aliases: &["webm", "mkv", "mka"],
    extensions: &["webm", "mka", "mkv"],
    media_types: &["audio/webm", "video/webm", "audio/x-matroska", "video/x-matroska"],
    source: Some(&demux::MatroskaSource),
    target: None,
};
