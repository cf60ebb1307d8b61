//! GSM 06.10 full rate (ETSI EN 300 961): 160 samples at 8 kHz ↔ 76 parameters of 260 bits, in the
//! standard's own 16-bit arithmetic, so that every bit is as its test sequences want it.
//!
//! A frame is a filter of the vocal tract (`spectrum`), and for each quarter of it a pitch with its gain
//! (`pitch`) and every third sample of what both leave (`pulses`). Packing into bytes is in `packing`.

mod arithmetic;
mod decoder;
mod encoder;
mod packing;
mod pitch;
mod pulses;
mod spectrum;

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use packing::Packing;

/// Samples per second.
pub const RATE_HZ: u32 = 8000;

/// Samples of a frame.
pub const FRAME: usize = 160;

/// Samples of a quarter of it.
const QUARTER: usize = FRAME / 4;

/// Samples that the pitch reaches back.
const HISTORY: usize = 120;

/// A frame as it is coded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Frame {
    /// The filter's log-area ratios.
    ratios: [u8; 8],
    quarters: [Quarter; 4],
}

/// A quarter of a frame as it is coded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Quarter {
    /// Samples back to the last period.
    lag: u8,
    /// How much of it is in this one.
    gain: u8,
    /// The first of the samples, a third of all, that are coded.
    grid: u8,
    /// The largest of them.
    peak: u8,
    pulses: [u8; 13],
}
