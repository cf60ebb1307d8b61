//! Headerless G.722 at 64 kbit/s, 16 kHz mono.

use super::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "g722",
    aliases: &[],
    extensions: &["g722"],
    media_types: &["audio/G722"],
    source: None,
    target: None,
};
