//! Codecs that more than one format carries: samples ↔ coded bytes, no framing.

pub mod adpcm;
pub mod g711;
pub mod g722;
pub mod headerless;
pub mod linear;
pub mod opus;
pub mod pcm;
pub mod symphonia;
pub mod vorbis;
pub mod xiph;
