//! The header, as Ogg has it in the first packet.

use crate::demux::bytes::u32_le;

/// How a stream is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpeexHead {
    /// Bands: 4 kHz, 8 kHz, 16 kHz.
    pub bands: u8,
    /// 1 or 2.
    pub channels: u8,
    /// Frames of 20 ms in a packet.
    pub frames: u8,
    /// Packets of headers behind the comments.
    pub extra_headers: u32,
}

/// Most frames in a packet, 1.3 s: senders have up to 10.
const MOST_FRAMES: u32 = 64;

/// Most packets of headers that a stream may have.
const MOST_HEADERS: u32 = 64;

impl SpeexHead {
    /// Reads the header.
    ///
    /// # Errors
    /// What is not supported or makes no sense, in plain words.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let word = |at| u32_le(bytes, at).ok_or("speex: the header is cut short");
        let (mode, version) = (word(40)?, word(44)?);
        let (channels, frames, extra_headers) = (word(48)?, word(64)?, word(68)?);
        if !bytes.starts_with(b"Speex   ") || version != 4 {
            return Err(format!("speex: bits of version {version} (supported: 4)"));
        }
        let frames = frames.max(1);
        if mode > 2 || !(1..=2).contains(&channels) || frames > MOST_FRAMES {
            return Err(format!(
                "speex: mode {mode}, {channels} channels, {frames} frames a packet (supported: mode 0 to 2, 1 or 2 \
                 channels, up to {MOST_FRAMES} frames)"
            ));
        }
        if extra_headers > MOST_HEADERS {
            return Err(format!("speex: {extra_headers} more headers (at most {MOST_HEADERS})"));
        }
        Ok(Self {
            bands: mode as u8 + 1,
            channels: channels as u8,
            frames: frames as u8,
            extra_headers,
        })
    }

    /// The rate that it is decoded at.
    #[must_use]
    pub fn rate_hz(self) -> u32 {
        4000 << self.bands
    }

    /// Samples of each channel that a packet decodes to.
    #[must_use]
    pub fn packet_samples(self) -> usize {
        usize::from(self.frames) * (80 << self.bands)
    }

    /// Samples in front of the first that was encoded: those by which libspeex's encoder looks ahead (its two filters
    /// of a join have 63 between them), and a quarter of a frame by which the decoder is late.
    #[must_use]
    pub fn delay(self) -> u64 {
        let looked_ahead = [40, 143, 349][usize::from(self.bands) - 1];
        looked_ahead + self.lateness()
    }

    /// The decoder's share of that.
    #[must_use]
    pub fn lateness(self) -> u64 {
        20 << self.bands
    }
}
