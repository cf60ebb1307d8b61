//! Samples of a fixed size (linear PCM of every width and order, and G.711) ↔ planar samples.

use super::g711::{self, Law};
use crate::Planar;
use crate::demux::packets::PacketDecoder;
use crate::planar::{interleave, to_i24};

/// How one sample is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// 8 bits, offset binary.
    U8,
    /// 8 bits, signed.
    S8,
    /// 16 bits, little endian.
    S16Le,
    /// 16 bits, big endian.
    S16Be,
    /// 24 bits, little endian.
    S24Le,
    /// 24 bits, big endian.
    S24Be,
    /// 32 bits, little endian.
    S32Le,
    /// 32 bits, big endian.
    S32Be,
    /// IEEE single, little endian.
    F32Le,
    /// IEEE single, big endian.
    F32Be,
    /// IEEE double, little endian.
    F64Le,
    /// IEEE double, big endian.
    F64Be,
    /// G.711 mu-law.
    Ulaw,
    /// G.711 A-law.
    Alaw,
}

/// All codings with the names that facts give them.
const NAMES: [(&str, Coding); 14] = [
    ("pcm_u8", Coding::U8),
    ("pcm_s8", Coding::S8),
    ("pcm_s16le", Coding::S16Le),
    ("pcm_s16be", Coding::S16Be),
    ("pcm_s24le", Coding::S24Le),
    ("pcm_s24be", Coding::S24Be),
    ("pcm_s32le", Coding::S32Le),
    ("pcm_s32be", Coding::S32Be),
    ("pcm_f32le", Coding::F32Le),
    ("pcm_f32be", Coding::F32Be),
    ("pcm_f64le", Coding::F64Le),
    ("pcm_f64be", Coding::F64Be),
    ("ulaw", Coding::Ulaw),
    ("alaw", Coding::Alaw),
];

impl Coding {
    /// The name in [`crate::Facts::codec`].
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, c)| *c == self).map_or("", |(name, _)| name)
    }

    /// The coding of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(n, _)| *n == name).map(|&(_, coding)| coding)
    }

    /// Bytes of one sample.
    #[must_use]
    pub fn width(self) -> usize {
        match self {
            Self::U8 | Self::S8 | Self::Ulaw | Self::Alaw => 1,
            Self::S16Le | Self::S16Be => 2,
            Self::S24Le | Self::S24Be => 3,
            Self::S32Le | Self::S32Be | Self::F32Le | Self::F32Be => 4,
            Self::F64Le | Self::F64Be => 8,
        }
    }

    /// Whether a sample may have more than 16 bits.
    #[must_use]
    pub fn is_finer_than_16_bits(self) -> bool {
        self.width() > 2
    }

    /// Appends one channel of interleaved frames to `out`. `channel` < `channels`; a frame cut off at
    /// the end is left out.
    pub fn unpack(self, bytes: &[u8], channel: usize, channels: usize, out: &mut Vec<f32>) {
        let at = (channel, channels);
        match self {
            Self::U8 => each(bytes, at, out, |[b]| (f32::from(b) - 128.0) / 128.0),
            Self::S8 => each(bytes, at, out, |[b]| f32::from(b as i8) / 128.0),
            Self::S16Le => each(bytes, at, out, |b| f32::from(i16::from_le_bytes(b)) / 32768.0),
            Self::S16Be => each(bytes, at, out, |b| f32::from(i16::from_be_bytes(b)) / 32768.0),
            Self::S24Le => each(bytes, at, out, |[a, b, c]| whole([0, a, b, c])),
            Self::S24Be => each(bytes, at, out, |[a, b, c]| whole([0, c, b, a])),
            Self::S32Le => each(bytes, at, out, whole),
            Self::S32Be => each(bytes, at, out, |[a, b, c, d]| whole([d, c, b, a])),
            Self::F32Le => each(bytes, at, out, |b| finite(f32::from_le_bytes(b))),
            Self::F32Be => each(bytes, at, out, |b| finite(f32::from_be_bytes(b))),
            Self::F64Le => each(bytes, at, out, |b| finite(f64::from_le_bytes(b) as f32)),
            Self::F64Be => each(bytes, at, out, |b| finite(f64::from_be_bytes(b) as f32)),
            Self::Ulaw => expand(Law::Mu, bytes, at, out),
            Self::Alaw => expand(Law::A, bytes, at, out),
        }
    }
}

/// Converts the samples of one channel; `N` bytes each.
fn each<const N: usize>(
    bytes: &[u8],
    (channel, channels): (usize, usize),
    out: &mut Vec<f32>,
    convert: impl Fn([u8; N]) -> f32,
) {
    let (samples, _) = bytes.as_chunks::<N>();
    if channels == 1 {
        out.extend(samples.iter().map(|&b| convert(b)));
        return;
    }
    out.extend(samples.chunks_exact(channels).map(|frame| convert(frame[channel])));
}

fn expand(law: Law, bytes: &[u8], at: (usize, usize), out: &mut Vec<f32>) {
    let samples = law.samples();
    each(bytes, at, out, |[b]| samples[usize::from(b)]);
}

/// 32 bits, little endian.
fn whole(bytes: [u8; 4]) -> f32 {
    i32::from_le_bytes(bytes) as f32 / 2_147_483_648.0
}

/// NaN and infinity become silence, because a resampler would spread them over all samples near.
fn finite(sample: f32) -> f32 {
    if sample.is_finite() { sample } else { 0.0 }
}

/// The decoder of packets of whole frames.
pub struct PcmPackets(pub Coding);

impl PacketDecoder for PcmPackets {
    fn decode(&mut self, data: &[u8], out: &mut Planar) -> bool {
        let channels = out.channels.len();
        for (channel, to) in out.channels.iter_mut().enumerate() {
            self.0.unpack(data, channel, channels, to);
        }
        true
    }
}

/// How a target packs its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// 16 bits, little endian.
    S16Le,
    /// 24 bits, little endian.
    S24Le,
    /// G.711.
    Law(Law),
}

impl Packing {
    /// Bytes of one sample.
    #[must_use]
    pub fn width(self) -> usize {
        match self {
            Self::S16Le => 2,
            Self::S24Le => 3,
            Self::Law(_) => 1,
        }
    }

    /// Replaces `out` by the interleaved coded samples. All channels have the same length.
    pub fn pack(self, channels: &[Vec<f32>], out: &mut Vec<u8>) {
        out.clear();
        match self {
            Self::S16Le => {
                out.resize(channels.iter().map(|c| c.len() * size_of::<i16>()).sum(), 0);
                interleave(channels, out.as_chunks_mut().0, i16::to_le_bytes);
            }
            Self::S24Le => {
                out.resize(channels.iter().map(|c| c.len() * 3).sum(), 0);
                for (at, channel) in channels.iter().enumerate() {
                    let places = out.as_chunks_mut::<3>().0.iter_mut().skip(at);
                    for (to, sample) in places.step_by(channels.len()).zip(channel) {
                        to.copy_from_slice(&to_i24(*sample).to_le_bytes()[..3]);
                    }
                }
            }
            Self::Law(law) => {
                let codes = law.codes();
                out.resize(channels.iter().map(Vec::len).sum(), 0);
                interleave(channels, out, |x| codes[g711::code_index(x)]);
            }
        }
    }
}
