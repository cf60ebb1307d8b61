//! AIFF and AIFC, read only.

use super::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "aiff",
    aliases: &["aif"],
    extensions: &["aiff", "aif", "aifc"],
    media_types: &["audio/aiff", "audio/x-aiff"],
    source: None,
    target: None,
};
