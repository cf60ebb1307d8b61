//! Headerless G.711 mu-law, 8 kHz mono.

use crate::codecs::g711::Law;
use crate::codecs::pcm::Coding;
use crate::format::Format;
use crate::formats::headerless::{G711Source, G711Target};

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "ulaw",
    aliases: &["ul", "mulaw", "pcmu"],
    // `pcm` is what Asterisk calls mu-law too.
    extensions: &["ulaw", "ul", "pcmu", "mulaw", "mu", "ulw", "pcm"],
    media_types: &[
        "audio/basic",
        "audio/pcmu",
        "audio/ulaw",
        "audio/x-ulaw",
        "audio/mulaw",
        "audio/x-mulaw",
    ],
    source: Some(&G711Source { format: "ulaw", coding: Coding::Ulaw }),
    target: Some(&G711Target { format: "ulaw", law: Law::Mu }),
};
