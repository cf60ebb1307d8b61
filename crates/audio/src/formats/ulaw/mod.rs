//! Headerless G.711 mu-law, 8 kHz mono.

use super::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "ulaw",
    aliases: &["ul", "mulaw", "pcmu"],
    extensions: &["ulaw", "ul", "pcmu", "mulaw"],
    media_types: &["audio/basic", "audio/pcmu"],
    source: None,
    target: None,
};
