//! Apple's Core Audio Format: PCM and G.711, read only.

mod demux;

use crate::format::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "caf",
    aliases: &[],
    extensions: &["caf"],
    media_types: &["audio/x-caf"],
    source: Some(&demux::CafSource),
    target: None,
};
