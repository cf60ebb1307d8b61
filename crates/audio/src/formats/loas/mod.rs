//! AAC in LOAS and LATM (ISO 14496-3 §1.7), as broadcasters send it, read only.

mod demux;
mod mux;

use crate::format::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "loas",
    aliases: &["latm"],
    extensions: &["loas", "latm"],
    media_types: &["audio/mp4a-latm"],
    source: Some(&demux::LoasSource),
    target: None,
};
