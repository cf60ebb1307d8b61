//! Native FLAC.

mod demux;
mod encode;
mod frames;
mod header;

use crate::format::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "flac",
    aliases: &[],
    extensions: &["flac"],
    media_types: &["audio/flac", "audio/x-flac"],
    source: Some(&demux::FlacSource),
    target: Some(&encode::FlacTarget),
};
