//! Matroska and WebM audio: Opus, Vorbis, AAC, MPEG audio, FLAC, ALAC, PCM, G.711, ADPCM read; Opus at a hard constant
//! rate written.

mod acm;
mod blocks;
mod demux;
mod ebml;
mod encode;
mod encodings;
mod said;
mod tracks;

use crate::format::Format;

/// The row of WebM, a kind of Matroska: what browsers record and play.
pub const WEBM: Format = Format {
    name: "webm",
    aliases: &[],
    extensions: &["webm", "weba"],
    media_types: &["audio/webm", "video/webm"],
    source: Some(&demux::MatroskaSource { format: "webm" }),
    target: Some(&encode::WebmTarget),
};

/// The row of any other Matroska.
pub const FORMAT: Format = Format {
    name: "matroska",
    aliases: &["mkv", "mka"],
    extensions: &["mka", "mkv"],
    media_types: &["audio/x-matroska", "video/x-matroska"],
    source: Some(&demux::MatroskaSource { format: "matroska" }),
    target: None,
};
