//! What a client asks for, checked for syntax only.

/// The options of a publish link that decide the representation; `None` is "not asked".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Preferences {
    /// `f`: a row name of [`audio::formats::FORMATS`], perhaps one that can't be written.
    pub format: Option<&'static str>,
    /// `br` in kbit/s.
    pub bitrate_kbps: Option<u32>,
    /// `rate` in Hz.
    pub rate_hz: Option<u32>,
    /// `ch`.
    pub channels: Option<ChannelWish>,
    /// `t`.
    pub clip: Option<ClipWish>,
}

/// The values of `ch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelWish {
    /// `1`, `mix`: all mixed to one.
    Mix,
    /// `2`: kept if two, doubled if one, mixed down if more.
    Two,
    /// `left`: the first alone.
    Left,
    /// `right`: the second alone.
    Right,
    /// `swap`: the first two exchanged.
    Swap,
}

/// The values of `t`, in milliseconds; an end that is left out is the recording's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipWish {
    /// Where the clip begins.
    pub start_ms: u64,
    /// Where it ends; past the recording's end means its end.
    pub end_ms: Option<u64>,
}
