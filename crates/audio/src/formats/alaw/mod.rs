//! Headerless G.711 A-law, 8 kHz mono.

use super::Format;
use crate::codecs::g711::Law;
use crate::codecs::headerless::{G711Source, G711Target};
use crate::codecs::pcm::Coding;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "alaw",
    aliases: &["al", "pcma"],
    extensions: &["alaw", "al", "pcma"],
    media_types: &["audio/basic", "audio/pcma"],
    source: Some(&G711Source {
        format: "alaw",
        // `audio/basic` is mu-law by definition (RFC 2046 §4.3); here it is only sent.
        media_types: &["audio/pcma"],
        coding: Coding::Alaw,
    }),
    target: Some(&G711Target { format: "alaw", law: Law::A }),
};
