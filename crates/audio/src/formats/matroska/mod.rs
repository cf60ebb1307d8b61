//! Matroska and WebM audio (Opus, Vorbis), read only.

use super::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "matroska",
    aliases: &["webm", "mkv", "mka"],
    extensions: &["webm", "mka", "mkv"],
    media_types: &["audio/webm", "video/webm", "audio/x-matroska", "video/x-matroska"],
    source: None,
    target: None,
};
