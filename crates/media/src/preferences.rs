//! What a client asks for, its syntax checked already (publish.md §2).

/// The options that decide the bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences {
    /// A row name of [`audio::formats::FORMATS`].
    pub format: Option<&'static str>,
    /// Bit rate in kbit/s.
    pub bitrate_kbps: Option<u32>,
    /// Sample rate in Hz.
    pub rate_hz: Option<u32>,
    /// Channels.
    pub channels: Option<ChannelWish>,
    /// Time span.
    pub clip: Option<ClipWish>,
}

/// The values of `ch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelWish {
    /// `1` or `mix`: mono.
    Mix,
    /// `2`: kept or duplicated.
    Two,
    /// `left`: the first channel alone.
    Left,
    /// `right`: the second channel alone.
    Right,
    /// `swap`: the first two exchanged.
    Swap,
}

/// The value of `t` in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipWish {
    /// Start, included.
    pub start_ms: u64,
    /// End, excluded; `None` is the end of the source.
    pub end_ms: Option<u64>,
}
