//! Codecs that more than one format carries: samples ↔ coded bytes, no framing.

pub mod aac;
pub mod adpcm;
pub mod amr;
mod channel_order;
mod codebooks;
pub mod flac;
pub mod g711;
pub mod g722;
pub mod gsm;
pub mod linear;
pub mod mpeg;
pub mod opus;
pub mod pcm;
pub mod speex;
pub mod stream;
pub mod symphonia;
pub mod syom;
pub mod vorbis;
