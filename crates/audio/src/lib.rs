//! Bytes → samples → bytes: probing, decoding, channel mapping, resampling, encoding and layouts.
//!
//! The pipeline of one segment, in order: demux → decode → channels → resample → encode → frame.
//! Deliberately synchronous: no clock, no network, no file paths, no async, no threads of its own.
//! What a format can do stands in one table, [`formats::FORMATS`]; everything else follows from it.
#![warn(missing_docs)]

pub mod channels;
pub mod codecs;
pub mod decode;
pub mod demux;
mod dither;
mod elementary;
pub mod error;
pub mod facts;
pub mod foreign;
pub mod format;
pub mod formats;
pub mod frames;
pub mod layout;
pub mod peaks;
pub mod planar;
pub mod probe;
pub mod resample;
pub mod source;
pub mod speakers;
pub mod tags;
mod taps;
pub mod transcode;

pub use channels::ChannelMap;
pub use error::{DecodeError, EncodeError, PlanError, ProbeError};
pub use facts::{Facts, Hint, Picture, Probed};
pub use layout::Layout;
pub use planar::Planar;
pub use probe::{PROBE_REVISION, probe};
pub use source::{ReadAt, Source};
pub use speakers::Speakers;
pub use transcode::{Report, Target, Transcode};
