//! Writing AAC-LC in MP4: the index first, segments of whole packets behind it.

use super::aac::{DELAY_FRAMES, PACKET_FRAMES, RATES_HZ};
use super::ladder;
use super::material::Material;
use super::moov::{Track, header};
use super::udta;
use crate::Layout;
use crate::error::{EncodeError, PlanError};
use crate::format::{
    Assembly, Carries, Encoding, Segment, Settled, Shape, Sink, TargetFormat, Wish,
};
use crate::frames::Frames;
use crate::tags::Said;
use syom::{EncodeContainer, EncodeOptions};

/// Writing MP4.
pub struct Mp4Target;

/// Packets encoded before a segment's first, so that rate control and overlap have settled.
const PREROLL_PACKETS: u64 = 16;
/// Least duration of a segment in seconds.
const SEGMENT_SECONDS: u64 = 10;
/// Below this rate bits go where they are heard; above it, where music is, that gains nothing for its time.
const UNEVEN_BELOW_HZ: u32 = 32_000;
/// Bits of a sample that is coded, below that rate: of fewer, the highest frequencies get none.
const SAMPLE_BITS: f64 = 3.0;
/// The least share of the band.
const LEAST_SHARE: f64 = 0.5;
/// Most bits of a packet for each channel (ISO/IEC 14496-3 §4.5.3).
const LONGEST_PACKET_BITS: u64 = 6144;
/// Bit rates to choose a default from, in kbit/s.
const DEFAULTS_KBPS: [u32; 12] = [128, 112, 96, 80, 64, 56, 48, 40, 32, 24, 16, 8];

fn highest_bps(rate_hz: u32, channels: u16) -> u32 {
    let bits = LONGEST_PACKET_BITS * u64::from(channels) * u64::from(rate_hz);
    u32::try_from(bits / PACKET_FRAMES).unwrap_or(u32::MAX)
}

impl TargetFormat for Mp4Target {
    fn settle(&self, wish: Wish) -> Result<Settled, PlanError> {
        let channels = wish.channels.clamp(1, 2);
        if let Some(rate_hz) = wish.rate_hz.filter(|rate| !RATES_HZ.contains(rate)) {
            // Two of them have no word in a link.
            let allowed = RATES_HZ.iter().filter(|rate| !matches!(rate, 64_000 | 88_200));
            let allowed = allowed.map(u32::to_string).collect::<Vec<_>>().join(", ");
            let message = format!("`mp4` can't hold {rate_hz} Hz; allowed: {allowed}");
            return Err(PlanError { option: "rate", message });
        }
        let nearest = |source: u32, fits: &dyn Fn(u32) -> bool| {
            let legal = RATES_HZ.into_iter().filter(|rate| fits(*rate));
            legal.min_by_key(|rate| rate.abs_diff(source)).unwrap_or(48000)
        };
        let Some(bitrate_bps) = wish.bitrate_bps else {
            let rate_hz = wish.rate_hz.unwrap_or_else(|| nearest(wish.source_rate_hz, &|_| true));
            let most = highest_bps(rate_hz, channels).min(64_000 * u32::from(channels));
            let bitrate = DEFAULTS_KBPS.into_iter().map(|kbps| kbps * 1000).find(|b| *b <= most);
            return Ok(Settled { rate_hz, channels, bitrate_bps: bitrate });
        };
        let fits = |rate: u32| bitrate_bps <= highest_bps(rate, channels);
        let rate_hz = match wish.rate_hz {
            Some(rate) if !fits(rate) => {
                let message = format!(
                    "`mp4` at {rate} Hz holds at most {} kbit/s",
                    highest_bps(rate, channels) / 1000
                );
                return Err(PlanError { option: "br", message });
            }
            Some(rate) => rate,
            None => nearest(wish.source_rate_hz, &fits),
        };
        Ok(Settled { rate_hz, channels, bitrate_bps: Some(bitrate_bps) })
    }

    fn carries(&self) -> Carries {
        Carries::TagsAndCover
    }

    fn plan(&self, shape: Shape, said: &Said) -> Result<Box<dyn Encoding>, PlanError> {
        // The index counts the padded packets' frames in 32 bits.
        if shape.frame_count > u64::from(u32::MAX) - 2 * PACKET_FRAMES {
            let message = "the recording is too long for an MP4 index".into();
            return Err(PlanError { option: "f", message });
        }
        let segment_packets = (SEGMENT_SECONDS * u64::from(shape.rate_hz)).div_ceil(PACKET_FRAMES);
        let packets = shape.frame_count.div_ceil(PACKET_FRAMES) + DELAY_FRAMES / PACKET_FRAMES;
        Ok(Box::new(Mp4Encoding { shape, packets, segment_packets, udta: udta::write(said) }))
    }

    fn revision(&self) -> String {
        format!(
            "syom 0.9.0, look-ahead, cbr, below {UNEVEN_BELOW_HZ} Hz levels and {SAMPLE_BITS} bits, \
             {PREROLL_PACKETS} packets, {SEGMENT_SECONDS} s, 3"
        )
    }
}

struct Mp4Encoding {
    shape: Shape,
    packets: u64,
    segment_packets: u64,
    /// The box of tags and the picture.
    udta: Vec<u8>,
}

impl Mp4Encoding {
    fn first_packet(&self, segment: u32) -> u64 {
        u64::from(segment) * self.segment_packets
    }

    fn options(&self) -> EncodeOptions {
        let mut options = EncodeOptions::default();
        options.container = EncodeContainer::Raw;
        // Without this the rate control breaks down at the highest rate that a packet holds (8 kHz,
        // 48 kbit/s: 11 dB of signal to noise on speech instead of 29).
        options.cbr = true;
        options.bitrate_bps = self.bitrate_bps();
        // Attacks are known a packet before; speech gains a tenth of a point of PESQ, castanets 3 dB.
        options.lookahead = true;
        options.short_group = true;
        // Music gains half a decibel and more, speech at its own rates loses.
        options.tonality = self.shape.rate_hz >= 44_100;
        options
    }

    fn bitrate_bps(&self) -> u32 {
        self.shape.bitrate_bps.unwrap_or(64_000)
    }

    fn is_uneven(&self) -> bool {
        self.shape.rate_hz < UNEVEN_BELOW_HZ
    }

    /// The share of the band that is coded.
    fn share(&self) -> f64 {
        let samples = f64::from(self.shape.rate_hz) * f64::from(self.shape.channels);
        let share = f64::from(self.bitrate_bps()) / samples / SAMPLE_BITS;
        if self.is_uneven() { share.clamp(LEAST_SHARE, 1.0) } else { 1.0 }
    }

    /// The packets of a segment.
    fn packets(&self, segment: u32, frames: &mut Frames) -> Result<Vec<Vec<u8>>, EncodeError> {
        let first = self.first_packet(segment);
        let end = (first + self.segment_packets).min(self.packets);
        let start = self.first_frame(segment) / PACKET_FRAMES;
        let counts = ((end - start) as usize, (first - start) as usize);
        let material = Material::pull(frames, self.shape.rate_hz, counts, self.share())?;
        let options = self.options();
        if self.is_uneven() {
            let frames = (end - first) * PACKET_FRAMES;
            let bits = frames * u64::from(self.bitrate_bps()) / u64::from(self.shape.rate_hz);
            if let Some(packets) = ladder::packets(&material, &options, (bits / 8) as usize)? {
                return Ok(packets);
            }
        }
        material.coded(&options)
    }
}

impl Encoding for Mp4Encoding {
    fn segment_count(&self) -> u32 {
        self.packets.div_ceil(self.segment_packets) as u32
    }

    fn layout(&self) -> Option<Layout> {
        None
    }

    fn first_frame(&self, segment: u32) -> u64 {
        self.first_packet(segment).saturating_sub(PREROLL_PACKETS) * PACKET_FRAMES
    }

    fn encode(
        &self,
        segment: u32,
        frames: &mut Frames,
        _checkpoint: Option<&[u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<Segment, EncodeError> {
        let mut report = Segment::default();
        for packet in self.packets(segment, frames)? {
            report.notes.extend((packet.len() as u32).to_le_bytes());
            report.length_bytes += packet.len() as u64;
            if sink(&packet).is_break() {
                return Err(EncodeError::Cancelled);
            }
        }
        Ok(report)
    }

    fn longest_segment_bytes(&self) -> u64 {
        // Beside the standard's bound, room for fill elements.
        let packet = LONGEST_PACKET_BITS / 8 * u64::from(self.shape.channels) + 64;
        self.segment_packets * packet
    }

    fn assembly(&self) -> Option<Box<dyn Assembly>> {
        Some(Box::new(Mp4Assembly {
            shape: self.shape,
            segment_packets: self.segment_packets,
            udta: self.udta.clone(),
            lengths: Vec::new(),
            sizes: Vec::new(),
        }))
    }
}

struct Mp4Assembly {
    shape: Shape,
    segment_packets: u64,
    udta: Vec<u8>,
    /// Bytes of each segment.
    lengths: Vec<u64>,
    /// Bytes of each packet.
    sizes: Vec<u32>,
}

impl Assembly for Mp4Assembly {
    fn add(&mut self, segment: Segment) {
        self.lengths.push(segment.length_bytes);
        self.sizes.extend(segment.notes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)));
    }

    fn finish(self: Box<Self>) -> Result<Layout, EncodeError> {
        let track = Track {
            rate_hz: self.shape.rate_hz,
            channels: self.shape.channels,
            bitrate_bps: self.shape.bitrate_bps.unwrap_or(0),
            frame_count: self.shape.frame_count,
            chunk_packets: self.segment_packets as u32,
            packet_sizes: &self.sizes,
            chunk_lengths: &self.lengths,
            udta: &self.udta,
        };
        Ok(Layout::new(header(&track), self.lengths.iter().copied()))
    }
}
