//! Headerless G.711 A-law, 8 kHz mono.

use super::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "alaw",
    aliases: &["al", "pcma"],
    extensions: &["alaw", "al", "pcma"],
    media_types: &["audio/basic", "audio/pcma"],
    source: None,
    target: None,
};
