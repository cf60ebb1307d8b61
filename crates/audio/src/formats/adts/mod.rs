//! AAC in ADTS, with what may be on top of it, as radio streams and recorders write it, read only.

mod demux;
mod header;

use crate::format::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "adts",
    aliases: &[],
    extensions: &["aac", "adts"],
    media_types: &["audio/aac", "audio/aacp", "audio/x-aac"],
    source: Some(&demux::AdtsSource),
    target: None,
};
