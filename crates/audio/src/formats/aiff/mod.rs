//! AIFF and AIFC, read only.

mod demux;
mod said;

use crate::format::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "aiff",
    aliases: &["aif"],
    extensions: &["aiff", "aif", "aifc"],
    media_types: &["audio/aiff", "audio/x-aiff"],
    source: Some(&demux::AiffSource),
    target: None,
};
