//! Headerless G.722 at 64 kbit/s, 16 kHz mono.

mod demux;
mod encode;

use super::Format;

/// Frames per second.
const RATE_HZ: u32 = 16000;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "g722",
    aliases: &[],
    extensions: &["g722"],
    media_types: &["audio/G722"],
    source: Some(&demux::G722Source),
    target: Some(&encode::G722Target),
};
