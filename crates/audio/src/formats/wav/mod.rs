//! WAVE in its four envelopes: PCM of every width, G.711, ADPCM, GSM, MPEG audio and G.722 read; 16-bit PCM,
//! G.711 and GSM written.

mod blocks;
mod canonical;
mod chunks;
mod demux;
mod encode;
pub mod fmt;
mod gsm;
mod info;
mod inner;
pub mod outer;
mod tail;

use crate::format::Format;

/// The row of the table.
pub const FORMAT: Format = Format {
    name: "wav",
    aliases: &[],
    extensions: &["wav", "wave", "wav49", "w64", "rf64", "bw64"],
    media_types: &["audio/x-wav", "audio/wav", "audio/wave", "audio/vnd.wave"],
    source: Some(&demux::WavSource),
    target: Some(&encode::WavTarget),
};
