//! Coding FLAC: blocks of samples of 16 or 24 bits → frames, each by itself.
//!
//! A block's channels are made less alike (`stereo`); each is predicted from its own past (`window`,
//! `predictor`) and what the prediction leaves is Rice-coded (`rice`), or it is kept as it is
//! (`subframe`). Not here: the stream around the frames, and decoding (`codecs/symphonia.rs`).

mod bits;
mod crc;
mod frame;
mod lanes;
mod predictor;
mod rice;
mod sample;
mod stereo;
mod subframe;
mod window;

pub use crc::{crc8, crc16};
pub use frame::{FrameEncoder, MOST_HEAD_BYTES};
pub use sample::Sample;
