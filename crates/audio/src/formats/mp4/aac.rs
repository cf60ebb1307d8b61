//! The packets of AAC-LC: how long they are, how late they sound, and at which rates.

/// Frames in an AAC packet.
pub const PACKET_FRAMES: u64 = 1024;

/// Frames of encoder delay: a packet is decoded one packet late.
pub const DELAY_FRAMES: u64 = 1024;

/// Sampling rates of AAC, ISO/IEC 14496-3 table 1.18.
pub const RATES_HZ: [u32; 12] =
    [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000];
