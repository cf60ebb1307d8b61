//! Headerless G.711 A-law, 8 kHz mono.

use crate::codecs::g711::Law;
use crate::codecs::pcm::Coding;
use crate::format::Format;
use crate::formats::headerless::{G711Source, G711Target};

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "alaw",
    aliases: &["al", "pcma"],
    extensions: &["alaw", "al", "pcma", "alw"],
    // Never `audio/basic`: that is mu-law (RFC 2046 §4.3).
    media_types: &["audio/pcma", "audio/alaw", "audio/x-alaw", "audio/x-alaw-basic"],
    source: Some(&G711Source { format: "alaw", coding: Coding::Alaw }),
    target: Some(&G711Target { format: "alaw", law: Law::A }),
};
