//! Writing Ogg Opus (RFC 7845) at a hard constant bit rate: every packet has the same length, so every
//! length is known beforehand. Segments are whole pages.

use super::page::{PageHeader, lacing_values, page};
use super::pages::HEADER_BYTES;
use super::paging::{self, Paging};
use crate::codecs::opus::libopus::{Encoder, Setting};
use crate::error::{EncodeError, PlanError};
use crate::format::{Encoding, Segment, Settled, Shape, Sink, TargetFormat, Wish};
use crate::frames::Frames;
use crate::planar::interleave;
use crate::{Layout, Planar};
use std::fmt::Display;

/// Writing Ogg Opus.
pub struct OggTarget;

/// Rates that Opus takes.
const RATES: [u32; 5] = [8000, 12_000, 16_000, 24_000, 48_000];

/// Bit rates in kbit/s; the last for stereo alone. Each makes whole bytes of a packet.
const BITRATES: [u32; 16] = [8, 16, 24, 32, 40, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];

/// The positions of an Ogg Opus stream count at this rate, whatever went in.
const CLOCK_HZ: u64 = 48_000;

/// A packet, 20 ms, at the clock's rate.
const PACKET_TICKS: u64 = 960;

const PACKETS_A_SECOND: u32 = 50;

/// The encoder's delay at the clock's rate, to be cut from the beginning.
const PRE_SKIP: u64 = 312;

/// Packets in a segment: 20 s, so that the pre-roll is a small part of the work.
const SEGMENT_PACKETS: u64 = 2 * paging::SEGMENT_PACKETS;

/// Packets encoded before a segment and dropped, of one length each: 1 s, after which CELT has fallen into
/// step.
const PREROLL_PACKETS: u64 = 50;

/// Packets encoded before those where a bit rate leaves it to the encoder whether it is speech: 2 s, since
/// it goes by what it heard before. Only its mind is wanted, so they may differ in length, which takes a
/// third of the time.
const LISTENING_PACKETS: u64 = 100;

/// From this level on, the encoder looks whether it hears speech. Higher ones take half as long again for a
/// fiftieth of a point of PESQ.
const COMPLEXITY: i32 = 7;

/// Longest packet (RFC 6716 §3.2.1, one frame).
const MAX_PACKET_BYTES: usize = 1275;

const ENCODER: &str = "libopus 1.3.1";

fn bitrates(channels: u16) -> &'static [u32] {
    if channels == 1 { &BITRATES[..15] } else { &BITRATES }
}

fn listed(values: &[u32]) -> String {
    values.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

fn check(rate_hz: u32, channels: u16, bitrate_bps: u32) -> Result<(), PlanError> {
    if !RATES.contains(&rate_hz) {
        let allowed = listed(&RATES);
        let message = format!("`ogg` (Opus) takes no {rate_hz} Hz; allowed are {allowed}");
        return Err(PlanError { option: "rate", message });
    }
    let whole = bitrate_bps.is_multiple_of(1000);
    if !whole || !bitrates(channels).contains(&(bitrate_bps / 1000)) {
        let asked = f64::from(bitrate_bps) / 1000.0;
        let kind = if channels == 1 { "mono" } else { "stereo" };
        let allowed = listed(bitrates(channels));
        let message = format!("`ogg` has no {asked} kbit/s in {kind}; allowed are {allowed}");
        return Err(PlanError { option: "br", message });
    }
    Ok(())
}

impl TargetFormat for OggTarget {
    fn settle(&self, wish: Wish) -> Result<Settled, PlanError> {
        let channels = wish.channels.clamp(1, 2);
        let enough = RATES.into_iter().find(|&rate| rate >= wish.source_rate_hz);
        let rate_hz = wish.rate_hz.or(enough).unwrap_or(48_000);
        let bitrate_bps = wish.bitrate_bps.unwrap_or(32_000 * u32::from(channels));
        check(rate_hz, channels, bitrate_bps)?;
        Ok(Settled { rate_hz, channels, bitrate_bps: Some(bitrate_bps) })
    }

    fn plan(&self, shape: Shape) -> Result<Box<dyn Encoding>, PlanError> {
        let bitrate_bps = shape.bitrate_bps.unwrap_or(0);
        check(shape.rate_hz, shape.channels, bitrate_bps)?;
        let too_long =
            || PlanError { option: "f", message: "this is too long for `ogg`".to_owned() };
        let ticks = shape.frame_count.checked_mul(CLOCK_HZ / u64::from(shape.rate_hz));
        let end = ticks.and_then(|t| t.checked_add(PRE_SKIP)).ok_or_else(too_long)?;
        let packets = end.div_ceil(PACKET_TICKS);
        let packet_bytes = (bitrate_bps / 8 / PACKETS_A_SECOND) as usize;
        let paging = Paging::new(packets, packet_bytes);
        // Pages are numbered in 32 bits, the two of the header too.
        u32::try_from(paging.pages_before(packets) + 2).map_err(|_| too_long())?;
        Ok(Box::new(OggEncoding { shape, end, packets, packet_bytes, paging }))
    }

    fn revision(&self) -> String {
        format!(
            "ogg 3, {ENCODER}, audio, complexity {COMPLEXITY}, cbr, \
             {SEGMENT_PACKETS}/{PREROLL_PACKETS}+{LISTENING_PACKETS}"
        )
    }
}

/// One representation.
struct OggEncoding {
    shape: Shape,
    /// The last page's position.
    end: u64,
    /// Packets of the whole.
    packets: u64,
    packet_bytes: usize,
    paging: Paging,
}

impl OggEncoding {
    /// The first packet of a segment, and the one after its last.
    fn packets_of(&self, segment: u32) -> (u64, u64) {
        let first = (u64::from(segment) * SEGMENT_PACKETS).min(self.packets);
        (first, (first + SEGMENT_PACKETS).min(self.packets))
    }

    /// The first packet of the pre-roll, and the first of those that have their final length.
    fn preroll_of(&self, segment: u32) -> (u64, u64) {
        let speech_bps = if self.shape.channels == 1 { 64_000 } else { 48_000 };
        let may_be_speech = self.shape.bitrate_bps.is_some_and(|bps| bps <= speech_bps);
        let fixed = self.packets_of(segment).0.saturating_sub(PREROLL_PACKETS);
        (fixed.saturating_sub(if may_be_speech { LISTENING_PACKETS } else { 0 }), fixed)
    }

    fn segment_bytes(&self, segment: u32) -> u64 {
        let (first, end) = self.packets_of(segment);
        let pages = self.paging.pages_before(end) - self.paging.pages_before(first);
        let packet = self.packet_bytes + lacing_values(self.packet_bytes);
        pages * HEADER_BYTES as u64 + (end - first) * packet as u64
    }

    /// The two pages in front: what the stream is, and who made it.
    fn header(&self) -> Vec<u8> {
        let mut head = b"OpusHead\x01".to_vec();
        head.push(self.shape.channels as u8);
        head.extend((PRE_SKIP as u16).to_le_bytes());
        head.extend(self.shape.rate_hz.to_le_bytes());
        head.extend([0; 3]); // no gain, mono or stereo
        let mut tags = b"OpusTags".to_vec();
        tags.extend((ENCODER.len() as u32).to_le_bytes());
        tags.extend(ENCODER.as_bytes());
        tags.extend([0; 4]); // no comments
        let serial = self.shape.serial;
        let about = PageHeader { first: true, last: false, granule: 0, serial, sequence: 0 };
        let mut header = page(about, head.len(), &head);
        header.extend(page(PageHeader { first: false, sequence: 1, ..about }, tags.len(), &tags));
        header
    }

    /// The page that ends with the packet before `packet`.
    fn page_before(&self, packet: u64, body: &[u8]) -> Vec<u8> {
        let last = packet == self.packets;
        let header = PageHeader {
            first: false,
            last,
            granule: if last { self.end } else { packet * PACKET_TICKS },
            serial: self.shape.serial,
            sequence: (self.paging.pages_before(packet) + 1) as u32,
        };
        page(header, self.packet_bytes, body)
    }

    fn encoder(&self) -> Result<Encoder, EncodeError> {
        let rate = self.shape.rate_hz;
        let mut encoder = Encoder::new(rate, self.shape.channels).map_err(broken)?;
        encoder.set(Setting::Complexity(COMPLEXITY)).map_err(broken)?;
        if encoder.delay_frames() * CLOCK_HZ != PRE_SKIP * u64::from(rate) {
            return Err(broken("another delay than promised"));
        }
        Ok(encoder)
    }

    /// Has the next packets be of any length, or of the promised one. Of any length, eleven twelfths of the
    /// bit rate count for the choice of the mode as much as all of it in packets of one length.
    fn set_variable(&self, encoder: &mut Encoder, variable: bool) -> Result<(), EncodeError> {
        let bps = self.shape.bitrate_bps.unwrap_or(0).cast_signed();
        let bps = if variable { bps - bps / 12 } else { bps };
        encoder.set(Setting::Variable(variable)).map_err(broken)?;
        encoder.set(Setting::Bitrate(bps)).map_err(broken)
    }
}

fn broken(error: impl Display) -> EncodeError {
    EncodeError::Encoder(format!("{ENCODER}: {error}"))
}

impl Encoding for OggEncoding {
    fn segment_count(&self) -> u32 {
        self.packets.div_ceil(SEGMENT_PACKETS) as u32
    }

    fn layout(&self) -> Option<Layout> {
        let lengths = (0..self.segment_count()).map(|segment| self.segment_bytes(segment));
        Some(Layout::new(self.header(), lengths))
    }

    fn first_frame(&self, segment: u32) -> u64 {
        self.preroll_of(segment).0 * u64::from(self.shape.rate_hz / PACKETS_A_SECOND)
    }

    fn encode(
        &self,
        segment: u32,
        frames: &mut Frames,
        _checkpoint: Option<&[u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<Segment, EncodeError> {
        let mut encoder = self.encoder()?;
        let (first, end) = self.packets_of(segment);
        let packet_frames = (self.shape.rate_hz / PACKETS_A_SECOND) as usize;
        let mut block = Planar::new(usize::from(self.shape.channels));
        let mut samples = vec![0; packet_frames * block.channels.len()];
        let mut output = vec![0; MAX_PACKET_BYTES];
        let (mut body, mut length_bytes) = (Vec::new(), 0);
        let (start, fixed) = self.preroll_of(segment);
        self.set_variable(&mut encoder, start < fixed)?;
        for packet in start..end {
            if packet == fixed && start < fixed {
                self.set_variable(&mut encoder, false)?;
            }
            frames.pull(packet_frames, &mut block)?;
            interleave(&block.channels, &mut samples, |x| x);
            let length = encoder.encode(&samples, &mut output).map_err(broken)?;
            if packet < first {
                continue;
            }
            if length != self.packet_bytes {
                let promised = self.packet_bytes;
                return Err(broken(format!("packet {packet} has {length} bytes, not {promised}")));
            }
            body.extend_from_slice(&output[..length]);
            let next = packet + 1;
            if self.paging.ends_before(next) {
                let page = self.page_before(next, &body);
                body.clear();
                length_bytes += page.len() as u64;
                if sink(&page).is_break() {
                    return Err(EncodeError::Cancelled);
                }
            }
        }
        Ok(Segment { length_bytes, ..Segment::default() })
    }

    fn longest_segment_bytes(&self) -> u64 {
        // None has more pages than the first.
        self.segment_bytes(0)
    }
}
