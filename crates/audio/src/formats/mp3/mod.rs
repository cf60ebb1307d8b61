//! MPEG audio: layers I to III read, layer III written.

mod demux;
mod encode;
mod lame;
mod layout;
mod level;
mod tag;
mod walker;

use crate::format::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "mp3",
    aliases: &[],
    extensions: &["mp3"],
    media_types: &["audio/mpeg", "audio/mp3", "audio/mpeg3"],
    source: Some(&demux::Mp3Source),
    target: Some(&encode::Mp3Target),
};
