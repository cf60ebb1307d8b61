//! Running decodes and encodings of samples of a fixed size: a frame's place is arithmetic.

mod decode;
mod encode;

pub use decode::open;
pub use encode::{LinearEncoding, grain};
