//! Speex (the Speex Codec Manual, RFC 5574): speech of 8, 16 or 32 kHz, a band of 4 kHz and up to two more on top of
//! it, decoded as libspeex decodes it with floating point, its enhancement included.

mod comb;
mod filters;
mod head;
mod high;
mod innovation;
mod narrow;
mod packet;
mod pitch;
mod shapes;
mod spectra;
mod spectrum;
mod stereo;
mod vocoder;

pub use head::SpeexHead;
pub use packet::Speex;
