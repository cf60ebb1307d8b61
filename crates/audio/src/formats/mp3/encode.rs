//! Writing MP3 at a constant bit rate, with a bit reservoir that is empty where segments begin and end: so segments are
//! independent and every length is known beforehand.

use super::lame::{Lame, QUALITY};
use super::layout::{Packets, grid};
use super::level::{GRANULE, Levelled};
use crate::codecs::mpeg::Header;
use crate::error::{EncodeError, PlanError};
use crate::format::{Carries, Encoding, Segment, Settled, Shape, Sink, TargetFormat, Wish};
use crate::frames::Frames;
use crate::tags::{Said, id3};
use crate::{Layout, Planar};

/// Writing MP3.
pub struct Mp3Target;

const RATES: [u32; 9] = [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

/// Bit rates in kbit/s that LAME keeps to at a rate; it would silently change others.
fn bitrates(rate_hz: u32) -> &'static [u32] {
    match rate_hz {
        0..=12_000 => &[8, 16, 24, 32, 40, 48, 56, 64],
        12_001..=24_000 => &[8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        _ => &[32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    }
}

fn is_legal(rate_hz: u32, bitrate_bps: u32) -> bool {
    bitrate_bps.is_multiple_of(1000) && bitrates(rate_hz).contains(&(bitrate_bps / 1000))
}

/// The rate nearest to the source's at which a bit rate (if one is asked for) is legal.
fn nearest_rate(source_hz: u32, bitrate_bps: Option<u32>) -> Option<u32> {
    let legal = RATES.into_iter().filter(|&r| bitrate_bps.is_none_or(|b| is_legal(r, b)));
    legal.min_by_key(|r| (r.abs_diff(source_hz), u32::MAX - r))
}

fn listed(values: impl IntoIterator<Item = u32>) -> String {
    values.into_iter().map(|v| v.to_string()).collect::<Vec<_>>().join(", ")
}

fn refuse_rate(rate_hz: u32) -> PlanError {
    let message = format!("`mp3` has no rate of {rate_hz} Hz; allowed are {}", listed(RATES));
    PlanError { option: "rate", message }
}

/// Those of its bit rates that a link has a word for.
fn asked_for(kbps: &&u32) -> bool {
    !matches!(kbps, 56 | 144)
}

fn refuse_bitrate(bitrate_bps: u32, rate_hz: Option<u32>) -> PlanError {
    let asked = f64::from(bitrate_bps) / 1000.0;
    let message = match rate_hz {
        Some(rate) => format!(
            "`mp3` has no bit rate of {asked} kbit/s at {rate} Hz; allowed are {}",
            listed(bitrates(rate).iter().filter(asked_for).copied())
        ),
        None => format!(
            "`mp3` has no bit rate of {asked} kbit/s; allowed are {}",
            listed([8, 16, 24].iter().chain(bitrates(48_000)).filter(asked_for).copied())
        ),
    };
    PlanError { option: "br", message }
}

impl TargetFormat for Mp3Target {
    fn settle(&self, wish: Wish) -> Result<Settled, PlanError> {
        let channels = wish.channels.clamp(1, 2);
        let usual = 64 * u32::from(channels);
        let rate_hz = match wish.rate_hz {
            Some(rate) if RATES.contains(&rate) => rate,
            Some(rate) => return Err(refuse_rate(rate)),
            // The default bit rate, too, decides which rates are legal.
            None => nearest_rate(wish.source_rate_hz, wish.bitrate_bps.or(Some(usual * 1000)))
                .ok_or_else(|| refuse_bitrate(wish.bitrate_bps.unwrap_or(0), None))?,
        };
        let bitrate_bps = match wish.bitrate_bps {
            Some(asked) if is_legal(rate_hz, asked) => asked,
            Some(asked) => return Err(refuse_bitrate(asked, Some(rate_hz))),
            None => {
                let most = bitrates(rate_hz).iter().copied().filter(|&b| b <= usual).max();
                most.unwrap_or(usual) * 1000
            }
        };
        Ok(Settled { rate_hz, channels, bitrate_bps: Some(bitrate_bps) })
    }

    fn carries(&self) -> Carries {
        Carries::TagsAndCover
    }

    fn plan(&self, shape: Shape, said: &Said) -> Result<Box<dyn Encoding>, PlanError> {
        let bitrate_bps = shape.bitrate_bps.unwrap_or(0);
        if !is_legal(shape.rate_hz, bitrate_bps) {
            return Err(refuse_bitrate(bitrate_bps, Some(shape.rate_hz)));
        }
        let packets = Packets::of(shape).ok_or_else(|| refuse_rate(shape.rate_hz))?;
        if packets.segments() > u64::from(u32::MAX) {
            let message = "this is too long for `mp3`".into();
            return Err(PlanError { option: "f", message });
        }
        Ok(Box::new(Mp3Encoding { shape, packets, tag: id3::write(said) }))
    }

    fn revision(&self) -> String {
        let grids: Vec<_> = RATES.map(grid).iter().map(|(s, p)| format!("{s}/{p}")).collect();
        let grids = grids.join(" ");
        // A C compiler may join a multiplication and an addition where the processor can.
        let processor = std::env::consts::ARCH;
        format!("mp3 4, LAME 3.100 on {processor}, quality {QUALITY}, cbr, {grids}")
    }
}

/// One representation.
struct Mp3Encoding {
    shape: Shape,
    /// What stands in front of everything.
    tag: Vec<u8>,
    packets: Packets,
}

impl Mp3Encoding {
    /// Takes the first packet off `pending` if it is whole; it must be what the layout promised.
    fn take(&self, packet: u64, pending: &mut Vec<u8>) -> Result<Option<Vec<u8>>, EncodeError> {
        let promised = self.packets.length_of(packet) as usize;
        if pending.len() < promised {
            return Ok(None);
        }
        match Header::parse(pending) {
            Some(header) if header.length_bytes == promised => {}
            found => {
                let found = found.map(|header| header.length_bytes);
                let message = format!("packet {packet} should have {promised} bytes: {found:?}");
                return Err(EncodeError::Encoder(message));
            }
        }
        let rest = pending.split_off(promised);
        Ok(Some(std::mem::replace(pending, rest)))
    }
}

impl Encoding for Mp3Encoding {
    fn segment_count(&self) -> u32 {
        self.packets.segments() as u32
    }

    fn layout(&self) -> Option<Layout> {
        let lengths = (0..self.segment_count()).map(|segment| {
            let (first, end) = self.packets.of_segment(segment);
            self.packets.end_of(end) - self.packets.end_of(first)
        });
        Some(Layout::new([&self.tag[..], &self.packets.label(self.shape)].concat(), lengths))
    }

    fn first_frame(&self, segment: u32) -> u64 {
        // The granule in front says from which level on.
        (self.packets.start_of(segment) * self.packets.frames).saturating_sub(GRANULE as u64)
    }

    fn encode(
        &self,
        segment: u32,
        frames: &mut Frames,
        _checkpoint: Option<&[u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<Segment, EncodeError> {
        let start = self.packets.start_of(segment);
        let (first, end) = self.packets.of_segment(segment);
        let mut run = Run::new(self, start, frames)?;
        let mut pending = Vec::new();
        while run.packet < first {
            run.step(frames, first, &mut pending)?;
        }
        // The pre-roll's packets go; the reservoir is empty now.
        pending.clear();
        let mut length_bytes = 0;
        let mut packet = first;
        while packet < end {
            run.step(frames, end, &mut pending)?;
            while packet < end
                && let Some(bytes) = self.take(packet, &mut pending)?
            {
                length_bytes += bytes.len() as u64;
                if sink(&bytes).is_break() {
                    return Err(EncodeError::Cancelled);
                }
                packet += 1;
            }
        }
        Ok(Segment { length_bytes, ..Segment::default() })
    }

    fn longest_segment_bytes(&self) -> u64 {
        // The first one is the longest: no packets of its beginning go to another.
        self.packets.end_of(self.packets.of_segment(0).1)
    }
}

/// An encoder at work.
struct Run {
    lame: Lame,
    level: Levelled,
    /// Granules in a packet.
    granules: usize,
    block: Planar,
    start: u64,
    /// The next packet to be encoded.
    packet: u64,
    /// The encoder holds back less than two packets: more that give none are a fault.
    idle: u32,
}

/// Blocks that may give no packet.
const MOST_IDLE: u32 = 4;

impl Run {
    /// An encoder whose first packet is `start`; `frames` begins a granule before it, if there is one.
    fn new(encoding: &Mp3Encoding, start: u64, frames: &mut Frames) -> Result<Self, EncodeError> {
        let shape = encoding.shape;
        let kbps = shape.bitrate_bps.unwrap_or(0) / 1000;
        let lame = Lame::new(shape.rate_hz, shape.channels, kbps).map_err(broken)?;
        let level = match start {
            0 => Levelled::from_start(lame.scale(), frames)?,
            _ => Levelled::after_granule(lame.scale(), frames)?,
        };
        let granules = encoding.packets.frames as usize / GRANULE;
        let block = Planar::new(usize::from(shape.channels));
        Ok(Self { lame, level, granules, block, start, packet: start, idle: 0 })
    }

    /// Encodes a packet's worth of frames, appends the bytes that come out to `pending`, and empties the reservoir in
    /// front of packet `end`.
    fn step(
        &mut self,
        frames: &mut Frames,
        end: u64,
        pending: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        self.level.pull(frames, self.granules, &mut self.block)?;
        self.lame.encode(&self.block.channels, pending).map_err(broken)?;
        let before = std::mem::replace(&mut self.packet, self.start + self.lame.packets());
        self.idle = if self.packet == before { self.idle + 1 } else { 0 };
        if self.idle > MOST_IDLE || self.packet > end {
            return Err(broken("packets are out of step"));
        }
        if self.packet == end && before < end {
            self.lame.flush(pending).map_err(broken)?;
        }
        Ok(())
    }
}

fn broken(message: &str) -> EncodeError {
    EncodeError::Encoder(message.into())
}
