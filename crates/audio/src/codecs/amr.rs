//! AMR and AMR-WB (3GPP TS 26.090, TS 26.190): 20 ms of speech a frame, decoded bit by bit as the standards' own
//! programs do. A frame is as files hold it (RFC 4867 §5.3): an octet that says what follows, and what follows.

use crate::Planar;
use crate::demux::packets::PacketDecoder;
use codec_core::codecs::amr::nb::dtx::RxFrameType as Narrow;
use codec_core::codecs::amr::wb::dtx::RxFrameType as Wide;
use codec_core::codecs::amr::wb::gain::FrameQuality;
use codec_core::codecs::amr::{AmrMode, AmrVariant, nb, wb};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Band {
    /// AMR.
    Narrow,
    /// AMR-WB, ITU-T G.722.2.
    Wide,
}

/// Frames of a packet that are decoded: 3GP allows 15 (TS 26.244 §6.7).
const MOST_FRAMES: usize = 64;

/// Types of frames: AMR-WB's of one that was lost, and of one that says nothing.
const LOST: u8 = 14;
const NOTHING: u8 = 15;

impl Band {
    /// The name in the facts.
    #[must_use]
    pub fn codec(self) -> &'static str {
        match self {
            Self::Narrow => "amr",
            Self::Wide => "amr_wb",
        }
    }

    /// The band of a codec's name.
    #[must_use]
    pub fn by_codec(name: &[u8]) -> Option<Self> {
        [Self::Narrow, Self::Wide].into_iter().find(|band| band.codec().as_bytes() == name)
    }

    /// Samples a second.
    #[must_use]
    pub fn rate_hz(self) -> u32 {
        match self {
            Self::Narrow => 8000,
            Self::Wide => 16_000,
        }
    }

    /// Samples of a frame.
    #[must_use]
    pub fn samples(self) -> usize {
        self.rate_hz() as usize / 50
    }

    /// Bytes of the frame that begins with this octet, which counts; `None` if its type is none of the standard's.
    #[must_use]
    pub fn frame_bytes(self, octet: u8) -> Option<usize> {
        let of_types: &[usize] = match self {
            Self::Narrow => &[12, 13, 15, 17, 19, 20, 26, 31, 5],
            Self::Wide => &[17, 23, 32, 36, 40, 46, 50, 58, 60, 5],
        };
        match (self, type_of(octet)) {
            (_, NOTHING) | (Self::Wide, LOST) => Some(1),
            (_, kind) => of_types.get(usize::from(kind)).map(|bytes| 1 + bytes),
        }
    }

    /// The frames of a packet, up to the first that is none.
    fn frames(self, packet: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
        let mut rest = packet;
        let next = move || {
            let bytes = self.frame_bytes(*rest.first()?)?;
            let (frame, behind) = rest.split_at_checked(bytes)?;
            rest = behind;
            frame.split_first().map(|(octet, speech)| (*octet, speech))
        };
        std::iter::from_fn(next).take(MOST_FRAMES)
    }

    /// Samples that a packet decodes to.
    #[must_use]
    pub fn samples_in(self, packet: &[u8]) -> usize {
        self.frames(packet).count() * self.samples()
    }
}

fn type_of(octet: u8) -> u8 {
    octet >> 3 & 15
}

/// Whether the sender vouches for what follows.
fn is_good(octet: u8) -> bool {
    octet & 4 != 0
}

/// A decoder of either.
pub struct Amr {
    band: Band,
    state: State,
    /// The mode of the speech last heard of, of which a frame that says nothing is taken to be.
    mode: u8,
}

enum State {
    Narrow(Box<nb::decoder::Decoder>),
    Wide(Box<wb::decoder::Decoder>),
}

impl Amr {
    /// A fresh decoder.
    #[must_use]
    pub fn new(band: Band) -> Self {
        let state = match band {
            Band::Narrow => State::Narrow(Box::default()),
            Band::Wide => State::Wide(Box::default()),
        };
        Self { band, state, mode: 0 }
    }

    /// Appends the samples of a frame.
    fn hear(&mut self, octet: u8, speech: &[u8], out: &mut Vec<f32>) {
        let kind = type_of(octet);
        let mode = &mut self.mode;
        // A frame that can't be decoded, which none that is whole is, is silence.
        match &mut self.state {
            State::Narrow(decoder) => {
                let samples = narrow(decoder, mode, (kind, is_good(octet)), speech);
                out.extend(samples.unwrap_or([0; 160]).map(scaled));
            }
            State::Wide(decoder) => {
                let samples = wide(decoder, mode, (kind, is_good(octet)), speech);
                // The standard's output has 14 bits.
                out.extend(samples.unwrap_or([0; 320]).map(|sample| scaled(sample & !3)));
            }
        }
    }
}

fn scaled(sample: i16) -> f32 {
    f32::from(sample) / 32768.0
}

fn narrow(
    decoder: &mut nb::decoder::Decoder,
    mode: &mut u8,
    (kind, is_good): (u8, bool),
    speech: &[u8],
) -> Option<[i16; 160]> {
    const NOISE: u8 = 8;
    let (received, parameters) = match kind {
        0..NOISE => {
            *mode = kind;
            let received = if is_good { Narrow::SpeechGood } else { Narrow::SpeechBad };
            (received, nb::bitstream::parse(kind, speech)?)
        }
        NOISE => {
            let header = nb::bitstream::parse_sid_header(speech)?;
            *mode = header.mode_index;
            let received = match (is_good, header.update) {
                (false, _) => Narrow::SidBad,
                (true, true) => Narrow::SidUpdate,
                (true, false) => Narrow::SidFirst,
            };
            (received, nb::bitstream::parse(NOISE, speech)?)
        }
        _ => (Narrow::NoData, Vec::new()),
    };
    Some(decoder.decode_typed(received, *mode, &parameters))
}

fn wide(
    decoder: &mut wb::decoder::Decoder,
    mode: &mut u8,
    (kind, is_good): (u8, bool),
    speech: &[u8],
) -> Option<[i16; 320]> {
    const NOISE: u8 = 9;
    let of = |mode| AmrMode::new(AmrVariant::WideBand, mode).ok();
    match kind {
        0..NOISE => {
            *mode = kind;
            let quality = if is_good { FrameQuality::Good } else { FrameQuality::Bad };
            decoder.decode_frame(of(kind)?, speech, quality)
        }
        NOISE => {
            *mode = wb::bitstream::sid_mode_indication(speech).unwrap_or(*mode);
            let received = match (is_good, wb::bitstream::sid_is_update(speech)) {
                (false, _) => Wide::SidBad,
                (true, true) => Wide::SidUpdate,
                (true, false) => Wide::SidFirst,
            };
            decoder.decode_comfort_noise(received, speech, *mode)
        }
        LOST => decoder.decode_frame(of(*mode)?, &[], FrameQuality::Unusable),
        _ => decoder.decode_comfort_noise(Wide::NoData, &[], *mode),
    }
}

impl PacketDecoder for Amr {
    fn decode(&mut self, data: &[u8], out: &mut Planar) -> bool {
        let Some(mono) = out.channels.first_mut() else { return false };
        let heard = catch_unwind(AssertUnwindSafe(|| {
            for (octet, speech) in self.band.frames(data) {
                self.hear(octet, speech, mono);
            }
        }));
        if heard.is_err() {
            *self = Self::new(self.band);
        }
        heard.is_ok()
    }
}
