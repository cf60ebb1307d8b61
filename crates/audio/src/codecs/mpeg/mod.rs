//! MPEG audio, layers I to III: packet headers and the decoder. What stands around the packets is the formats'.

mod decoder;
mod header;

pub use decoder::MpegDecoder;
pub use header::{HEADER_BYTES, Header, Layer, is_free_format};
