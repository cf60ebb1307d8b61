//! The arithmetic of MP3 at a constant bit rate: packets, their lengths, and the label in front.
//!
//! A packet of spf frames is K·kbps/rate bytes long, rounded down; what that loses is made up by a
//! byte of padding here and there. LAME, started afresh, pads by the pattern that [`Packets::end_of`]
//! gives. In the 44.1 kHz family the pattern has a period of 49 packets; elsewhere nothing is lost.

use crate::codecs::mpeg::{HEADER_BYTES, Header};
use crate::format::Shape;

/// Frames by which LAME's output trails its input, as its label states them.
const ENCODER_DELAY: u64 = 576;

/// Frames by which every decoder's output trails its input.
const DECODER_DELAY: u64 = 529;

/// The label's name and numbers (16 bytes) and LAME's extension (36).
const LABEL_BYTES: usize = 52;

/// ffmpeg opens no file of fewer packets behind the label.
const FEWEST_PACKETS: u64 = 2;

/// All that is counted in packets.
#[derive(Debug, Clone, Copy)]
pub struct Packets {
    /// The header of a packet without padding.
    pub header: [u8; HEADER_BYTES],
    /// Frames in a packet.
    pub frames: u64,
    /// Packets of the whole, the label not counted.
    pub count: u64,
    /// Packets in a segment.
    pub segment: u64,
    /// Packets encoded before a segment and dropped.
    pub preroll: u64,
    length_bytes: u64,
    /// What rounding down loses a packet, in bytes / rate.
    lost: u64,
    rate_hz: u64,
}

impl Packets {
    /// The packets of a shape; `None` if layer III has no such rate, bit rate or channel count.
    #[must_use]
    pub fn of(shape: Shape) -> Option<Self> {
        let header = header_of(shape)?;
        let parsed = Header::parse(&header)?;
        let frames = parsed.frames();
        let bits = frames / 8 * u64::from(parsed.bitrate_bps);
        let rate_hz = u64::from(parsed.rate_hz);
        // Just enough for the last frame to come out of the decoder. LAME's own flush makes one more
        // at times, and then players have a whole packet and more to cut, which ffmpeg fails to do.
        let delayed = shape.frame_count.checked_add(ENCODER_DELAY + DECODER_DELAY)?;
        let count = delayed.div_ceil(frames).max(FEWEST_PACKETS);
        let (segment, preroll) = grid(shape.rate_hz);
        Some(Self {
            header,
            frames,
            count,
            segment,
            preroll,
            length_bytes: bits / rate_hz,
            lost: bits % rate_hz,
            rate_hz,
        })
    }

    /// Length in bytes of the first `packets` packets.
    #[must_use]
    pub fn end_of(&self, packets: u64) -> u64 {
        let padding = (packets.saturating_sub(1) * self.lost).div_ceil(self.rate_hz);
        packets * self.length_bytes + padding
    }

    /// Length in bytes of one packet.
    #[must_use]
    pub fn length_of(&self, packet: u64) -> u64 {
        self.end_of(packet + 1) - self.end_of(packet)
    }

    /// Segments of the whole.
    #[must_use]
    pub fn segments(&self) -> u64 {
        self.count.saturating_sub(self.preroll).div_ceil(self.segment).max(1)
    }

    /// The first packet of a segment, and the one after its last. A segment ends where the next one's
    /// encoder has warmed up, not where it starts: so encoders can start on multiples of 49 with a
    /// pre-roll that is as short as it may be.
    #[must_use]
    pub fn of_segment(&self, segment: u32) -> (u64, u64) {
        let first = if segment == 0 { 0 } else { self.start_of(segment) + self.preroll };
        let end = self.start_of(segment) + self.segment + self.preroll;
        (first.min(self.count), end.min(self.count))
    }

    /// The first packet to encode for a segment.
    #[must_use]
    pub fn start_of(&self, segment: u32) -> u64 {
        u64::from(segment) * self.segment
    }

    /// The `Info` packet: how many packets and bytes follow, and how many frames to cut at both ends. Where
    /// it doesn't fit a packet of the stream, its own header has the next higher bit rate that it fits, as
    /// LAME's. Empty where it doesn't fit its 32-bit fields.
    #[must_use]
    pub fn label(&self, shape: Shape) -> Vec<u8> {
        let Some((header, parsed)) = self.label_header() else { return Vec::new() };
        let bytes = u32::try_from(parsed.length_bytes as u64 + self.end_of(self.count));
        let count = u32::try_from(self.count);
        let (Ok(bytes), Ok(count)) = (bytes, count) else { return Vec::new() };
        let padding = self.count * self.frames - ENCODER_DELAY - shape.frame_count;
        let trims = (ENCODER_DELAY as u32) << 12 | padding as u32;
        let kbps = shape.bitrate_bps.unwrap_or(0) / 1000;
        let mut label = header.to_vec();
        label.resize(HEADER_BYTES + parsed.side_bytes(), 0);
        label.extend(b"Info");
        label.extend(3u32.to_be_bytes()); // packets and bytes are given
        label.extend(count.to_be_bytes());
        label.extend(bytes.to_be_bytes());
        label.extend(b"LAME3.100");
        label.extend([0x01, 0]); // revision 0, constant bit rate; low-pass not stated
        label.extend([0; 8]); // peak and gains not stated
        label.extend([0, kbps.min(255) as u8]);
        label.extend(&trims.to_be_bytes()[1..]);
        label.extend([0; 4]); // source, gain and preset not stated
        label.extend(bytes.to_be_bytes());
        label.extend([0; 2]); // checksum of the audio not stated
        label.extend(crc16(&label).to_be_bytes());
        label.resize(parsed.length_bytes, 0);
        label
    }

    /// The stream's own header, or that of a higher bit rate where the label needs it.
    fn label_header(&self) -> Option<([u8; HEADER_BYTES], Header)> {
        let [sync, version, rates, mode] = self.header;
        (rates >> 4..15)
            .filter_map(|bitrate| {
                let header = [sync, version, bitrate << 4 | rates & 0xf, mode];
                Some((header, Header::parse(&header)?))
            })
            .find(|(_, h)| h.length_bytes >= HEADER_BYTES + h.side_bytes() + LABEL_BYTES)
    }
}

/// Packets in a segment and its pre-roll (0.5 to 1.3 s): about 10 s, and 20 s at the low rates, where a pre-roll
/// takes twice the time and an encoder half. In the 44.1 kHz family segments are multiples of 49 long, where
/// a fresh encoder's padding falls into step.
#[must_use]
pub fn grid(rate_hz: u32) -> (u64, u64) {
    match rate_hz {
        0..=8000 => (280, 16),
        8001..=11_025 => (392, 24),
        11_026..=12_000 => (416, 16),
        12_001..=16_000 => (280, 16),
        16_001..=22_050 => (392, 24),
        22_051..=24_000 => (416, 16),
        24_001..=32_000 => (288, 24),
        32_001..=44_100 => (392, 24),
        _ => (416, 24),
    }
}

/// A packet's four bytes: no checksum, no padding, an original.
fn header_of(shape: Shape) -> Option<[u8; HEADER_BYTES]> {
    let mode = if shape.channels == 1 { 0xc4 } else { 0x44 };
    let versions = [0xfbu8, 0xf3, 0xe3].into_iter();
    let mut headers = versions.flat_map(|version| {
        (0u8..3).flat_map(move |rate| {
            (1u8..15).map(move |bitrate| [0xff, version, bitrate << 4 | rate << 2, mode])
        })
    });
    headers.find(|header| {
        Header::parse(header).is_some_and(|h| {
            (h.rate_hz, Some(h.bitrate_bps), h.channels)
                == (shape.rate_hz, shape.bitrate_bps, shape.channels)
        })
    })
}

/// CRC-16 with the polynomial 8005, reflected, from 0: the label's own checksum.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(
            crc ^ u16::from(byte),
            |crc, _| {
                if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 }
            },
        )
    })
}
