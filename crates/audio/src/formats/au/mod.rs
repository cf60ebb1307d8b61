//! Sun/NeXT AU, read only.

mod demux;

use crate::format::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "au",
    aliases: &["snd"],
    extensions: &["au", "snd"],
    media_types: &["audio/x-au"],
    source: Some(&demux::AuSource),
    target: None,
};
