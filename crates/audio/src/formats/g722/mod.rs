//! Headerless G.722 at 64 kbit/s, 16 kHz mono.

mod demux;
mod encode;

use crate::format::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "g722",
    aliases: &[],
    extensions: &["g722"],
    media_types: &["audio/G722"],
    source: Some(&demux::G722Source),
    target: Some(&encode::G722Target),
};
