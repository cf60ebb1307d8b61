//! Ogg: Opus, Vorbis, FLAC and Speex read; Opus at a hard constant rate written.

mod demux;
mod encode;
mod link;
mod packets;
mod page;
mod pages;
mod paging;

use crate::format::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "ogg",
    aliases: &["opus", "oga"],
    extensions: &["ogg", "opus", "oga"],
    media_types: &["audio/ogg", "audio/opus", "application/ogg"],
    source: Some(&demux::OggSource),
    target: Some(&encode::OggTarget),
};
