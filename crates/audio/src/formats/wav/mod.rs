//! RIFF/WAVE: PCM of every width, G.711 and ADPCM read; 16-bit PCM written.

mod blocks;
mod chunks;
mod demux;
mod encode;

use crate::format::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "wav",
    aliases: &[],
    extensions: &["wav", "wave"],
    media_types: &["audio/x-wav", "audio/wav", "audio/wave", "audio/vnd.wave"],
    source: Some(&demux::WavSource),
    target: Some(&encode::WavTarget),
};
