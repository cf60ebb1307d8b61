//! Headerless GSM 06.10, 8 kHz mono: 33 bytes a 160 frames, as Asterisk's `.gsm`.

mod demux;
mod encode;

use crate::format::Format;

pub use demux::{GsmDecode, frames_of};
pub use encode::GsmEncoding;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "gsm",
    aliases: &[],
    extensions: &["gsm"],
    media_types: &["audio/gsm", "audio/x-gsm"],
    source: Some(&demux::GsmSource),
    target: Some(&encode::GsmTarget),
};
