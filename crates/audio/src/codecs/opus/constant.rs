//! A recording as Opus packets of one length each, whatever they are framed in: every length is known
//! beforehand, and a segment's packets are those of a sequential encode wherever CELT codes them.

use super::libopus::{Encoder, Setting};
use crate::Planar;
use crate::error::{EncodeError, PlanError};
use crate::format::{Settled, Shape, Wish};
use crate::frames::Frames;
use crate::planar::interleave;
use std::fmt::Display;
use std::ops::Range;

/// Rates that Opus takes.
const RATES: [u32; 5] = [8000, 12_000, 16_000, 24_000, 48_000];

/// Bit rates in kbit/s; the last for stereo alone. Each makes whole bytes of a packet.
const BITRATES: [u32; 16] = [8, 16, 24, 32, 40, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];

/// The positions of an Opus stream count at this rate, whatever went in.
const CLOCK_HZ: u64 = 48_000;

/// A packet, 20 ms, at the clock's rate.
pub const PACKET_TICKS: u64 = 960;

const PACKETS_A_SECOND: u32 = 50;

/// The encoder's delay at the clock's rate, to be cut from the beginning.
pub const PRE_SKIP: u64 = 312;

/// Packets in a segment: 20 s, so that the pre-roll is a small part of the work.
pub const SEGMENT_PACKETS: u64 = 1000;

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

/// Who encodes.
pub const ENCODER: &str = "libopus 1.3.1";

/// All that decides the packets beside the frames.
#[must_use]
pub fn revision() -> String {
    format!(
        "{ENCODER}, audio, complexity {COMPLEXITY}, cbr, \
         {SEGMENT_PACKETS}/{PREROLL_PACKETS}+{LISTENING_PACKETS}"
    )
}

/// Fills in the defaults of a format that carries Opus.
///
/// # Errors
/// [`PlanError`] where Opus has not what is wished.
pub fn settle(format: &str, wish: Wish) -> Result<Settled, PlanError> {
    let channels = wish.channels.clamp(1, 2);
    let enough = RATES.into_iter().find(|&rate| rate >= wish.source_rate_hz);
    let rate_hz = wish.rate_hz.or(enough).unwrap_or(48_000);
    let bitrate_bps = wish.bitrate_bps.unwrap_or(32_000 * u32::from(channels));
    check(format, rate_hz, channels, bitrate_bps)?;
    Ok(Settled { rate_hz, channels, bitrate_bps: Some(bitrate_bps) })
}

fn bitrates(channels: u16) -> &'static [u32] {
    if channels == 1 { &BITRATES[..15] } else { &BITRATES }
}

fn listed(values: &[u32]) -> String {
    values.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

fn check(format: &str, rate_hz: u32, channels: u16, bitrate_bps: u32) -> Result<(), PlanError> {
    if !RATES.contains(&rate_hz) {
        let allowed = listed(&RATES);
        let message = format!("`{format}` (Opus) takes no {rate_hz} Hz; allowed are {allowed}");
        return Err(PlanError { option: "rate", message });
    }
    let whole = bitrate_bps.is_multiple_of(1000);
    if !whole || !bitrates(channels).contains(&(bitrate_bps / 1000)) {
        let asked = f64::from(bitrate_bps) / 1000.0;
        let kind = if channels == 1 { "mono" } else { "stereo" };
        let allowed = listed(bitrates(channels));
        let message = format!("`{format}` has no {asked} kbit/s in {kind}; allowed are {allowed}");
        return Err(PlanError { option: "br", message });
    }
    Ok(())
}

/// Takes a packet with its number.
pub type Each<'a> = dyn FnMut(u64, &[u8]) -> Result<(), EncodeError> + 'a;

/// The packets of a representation.
#[derive(Debug, Clone, Copy)]
pub struct ConstantOpus {
    shape: Shape,
    /// Where the recording ends at the clock's rate, the delay counted in.
    pub end: u64,
    /// How many.
    pub count: u64,
    /// Bytes of each.
    pub packet_bytes: usize,
}

impl ConstantOpus {
    /// Those of a shape that [`settle`] gave, for a format.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn new(format: &str, shape: Shape) -> Result<Self, PlanError> {
        let bitrate_bps = shape.bitrate_bps.unwrap_or(0);
        check(format, shape.rate_hz, shape.channels, bitrate_bps)?;
        let ticks = shape.frame_count.checked_mul(CLOCK_HZ / u64::from(shape.rate_hz));
        let end = ticks.and_then(|t| t.checked_add(PRE_SKIP)).ok_or_else(|| too_long(format))?;
        let packet_bytes = (bitrate_bps / 8 / PACKETS_A_SECOND) as usize;
        Ok(Self { shape, end, count: end.div_ceil(PACKET_TICKS), packet_bytes })
    }

    /// `OpusHead` (RFC 7845 §5.1).
    #[must_use]
    pub fn head(&self) -> Vec<u8> {
        let mut head = b"OpusHead\x01".to_vec();
        head.push(self.shape.channels as u8);
        head.extend((PRE_SKIP as u16).to_le_bytes());
        head.extend(self.shape.rate_hz.to_le_bytes());
        head.extend([0; 3]); // no gain, mono or stereo
        head
    }

    /// Number of segments.
    #[must_use]
    pub fn segment_count(&self) -> u32 {
        self.count.div_ceil(SEGMENT_PACKETS) as u32
    }

    /// The packets of a segment.
    #[must_use]
    pub fn packets_of(&self, segment: u32) -> Range<u64> {
        let first = (u64::from(segment) * SEGMENT_PACKETS).min(self.count);
        first..(first + SEGMENT_PACKETS).min(self.count)
    }

    /// The first frame that [`Self::encode`] pulls for a segment.
    #[must_use]
    pub fn first_frame(&self, segment: u32) -> u64 {
        self.preroll_of(segment).0 * u64::from(self.shape.rate_hz / PACKETS_A_SECOND)
    }

    /// The first packet of the pre-roll, and the first of those that have their final length.
    fn preroll_of(&self, segment: u32) -> (u64, u64) {
        let speech_bps = if self.shape.channels == 1 { 64_000 } else { 48_000 };
        let may_be_speech = self.shape.bitrate_bps.is_some_and(|bps| bps <= speech_bps);
        let fixed = self.packets_of(segment).start.saturating_sub(PREROLL_PACKETS);
        (fixed.saturating_sub(if may_be_speech { LISTENING_PACKETS } else { 0 }), fixed)
    }

    /// Encodes a segment's packets with a fresh encoder and hands over each with its number.
    ///
    /// # Errors
    /// [`EncodeError`], also that of `each`.
    pub fn encode(
        &self,
        segment: u32,
        frames: &mut Frames,
        each: &mut Each<'_>,
    ) -> Result<(), EncodeError> {
        let mut encoder = self.encoder()?;
        let Range { start: first, end } = self.packets_of(segment);
        let packet_frames = (self.shape.rate_hz / PACKETS_A_SECOND) as usize;
        let mut block = Planar::new(usize::from(self.shape.channels));
        let mut samples = vec![0; packet_frames * block.channels.len()];
        let mut output = vec![0; MAX_PACKET_BYTES];
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
            each(packet, &output[..length])?;
        }
        Ok(())
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

/// What a format says that can't count so far.
#[must_use]
pub fn too_long(format: &str) -> PlanError {
    PlanError { option: "f", message: format!("this is too long for `{format}`") }
}

fn broken(error: impl Display) -> EncodeError {
    EncodeError::Encoder(format!("{ENCODER}: {error}"))
}
