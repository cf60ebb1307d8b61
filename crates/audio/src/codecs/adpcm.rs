//! IMA and MS ADPCM blocks → samples (Microsoft RIFF multimedia standards update, 1994).
//!
//! Every block begins with its decoder's whole state, so blocks are independent. A last block that is
//! cut short gives the samples that it still has, as ffmpeg does it.

use crate::Planar;
use crate::demux::bytes::{u16_le, u32_le};
use crate::demux::packets::PacketDecoder;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adpcm {
    /// IMA (DVI), 4 bits.
    Ima,
    /// Microsoft, 4 bits.
    Ms,
}

impl Adpcm {
    /// The name in [`crate::Facts::codec`].
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ima => "ima_adpcm",
            Self::Ms => "ms_adpcm",
        }
    }

    /// The codec of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::Ima, Self::Ms].into_iter().find(|c| c.name() == name)
    }

    /// Bytes of state in front of a block.
    fn header_bytes(self, channels: usize) -> usize {
        match self {
            Self::Ima => 4 * channels,
            Self::Ms => 7 * channels,
        }
    }

    /// Frames in a block of so many bytes.
    #[must_use]
    pub fn frames_in(self, bytes: usize, channels: usize) -> usize {
        let Some(body) = bytes.checked_sub(self.header_bytes(channels)) else { return 0 };
        match self {
            Self::Ima => 1 + body / (4 * channels) * 8,
            Self::Ms => 2 + body * 2 / channels,
        }
    }

    /// Whether such blocks are decoded.
    ///
    /// # Errors
    /// What they are and what is supported.
    pub fn check(self, channels: u16, bits: u16, block_bytes: u16) -> Result<(), String> {
        let is_known = (1..=2).contains(&channels) && bits == 4;
        if is_known && self.frames_in(block_bytes.into(), channels.into()) > 0 {
            return Ok(());
        }
        Err(format!(
            "{} with {channels} channels of {bits} bits in blocks of {block_bytes} bytes; supported: 4 bits, \
             1 or 2 channels",
            self.name()
        ))
    }

    /// Appends a block's frames to `out`, whose channels (1 or 2) are the block's; false if the
    /// block's header is impossible.
    pub fn decode(self, block: &[u8], out: &mut Planar) -> bool {
        let channels = out.channels.len();
        if block.len() < self.header_bytes(channels) {
            return false;
        }
        let (header, body) = block.split_at(self.header_bytes(channels));
        match self {
            Self::Ima => ima(header, body, out),
            Self::Ms => ms(header, body, out),
        }
    }
}

/// Packets of blocks that [`Adpcm::check`] passed; the last may be shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdpcmBlocks {
    /// Which of the two.
    pub codec: Adpcm,
    /// Frames per second.
    pub rate_hz: u32,
    /// 1 or 2.
    pub channels: u16,
    /// Bytes of a block.
    pub block_bytes: u16,
}

impl AdpcmBlocks {
    fn blocks<'a>(&self, packet: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        packet.chunks(usize::from(self.block_bytes.max(1)))
    }

    /// Frames in a packet.
    #[must_use]
    pub fn frames(&self, packet: &[u8]) -> usize {
        let channels = self.channels.into();
        self.blocks(packet).map(|block| self.codec.frames_in(block.len(), channels)).sum()
    }

    /// The bytes by which [`AdpcmBlocks::parse`] knows them.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.rate_hz.to_le_bytes().to_vec();
        bytes.extend(self.channels.to_le_bytes());
        bytes.extend(self.block_bytes.to_le_bytes());
        bytes.extend(self.codec.name().as_bytes());
        bytes
    }

    /// Reads what [`AdpcmBlocks::to_bytes`] wrote.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let codec = Adpcm::by_name(str::from_utf8(bytes.get(8..)?).ok()?)?;
        let (rate_hz, channels) = (u32_le(bytes, 0)?, u16_le(bytes, 4)?);
        let block_bytes = u16_le(bytes, 6)?;
        codec.check(channels, 4, block_bytes).ok()?;
        Some(Self { codec, rate_hz, channels, block_bytes })
    }
}

impl PacketDecoder for AdpcmBlocks {
    fn decode(&mut self, data: &[u8], out: &mut Planar) -> bool {
        self.blocks(data).all(|block| self.codec.decode(block, out))
    }
}

fn sample(value: i32) -> f32 {
    value as f32 / 32768.0
}

const IMA_STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66,
    73, 80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449,
    494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272,
    2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493,
    10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
];

const IMA_INDEX_CHANGES: [i32; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];

struct Ima {
    predictor: i32,
    index: i32,
}

impl Ima {
    fn next(&mut self, nibble: u8) -> f32 {
        let magnitude = i32::from(nibble & 7);
        let step = IMA_STEPS[self.index as usize];
        let change = ((2 * magnitude + 1) * step) >> 3;
        let signed = if nibble & 8 == 0 { change } else { -change };
        self.predictor = (self.predictor + signed).clamp(-32768, 32767);
        self.index = (self.index + IMA_INDEX_CHANGES[magnitude as usize]).clamp(0, 88);
        sample(self.predictor)
    }
}

/// The body is groups of 8 samples, 4 bytes a channel, the low nibble first.
fn ima(header: &[u8], body: &[u8], out: &mut Planar) -> bool {
    let channels = out.channels.len();
    let (states, _) = header.as_chunks::<4>();
    for (channel, (state, out)) in states.iter().zip(&mut out.channels).enumerate() {
        let &[low, high, index_low, index_high] = state;
        let predictor = i32::from(i16::from_le_bytes([low, high]));
        let index = i32::from(i16::from_le_bytes([index_low, index_high]));
        if !(0..=88).contains(&index) {
            return false;
        }
        let mut decoder = Ima { predictor, index };
        out.push(sample(predictor));
        for group in body.chunks_exact(4 * channels) {
            for &byte in &group[4 * channel..4 * channel + 4] {
                out.push(decoder.next(byte & 15));
                out.push(decoder.next(byte >> 4));
            }
        }
    }
    true
}

/// Weights of the two samples before, in 64ths.
const MS_WEIGHTS: [(i32, i32); 7] =
    [(64, 0), (128, -64), (0, 0), (48, 16), (60, 0), (115, -52), (98, -58)];

/// Growth of the step for each nibble, in 256ths.
const MS_GROWTH: [i32; 16] =
    [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230];

#[derive(Default)]
struct Ms {
    weights: (i32, i32),
    step: i32,
    last: i32,
    before_last: i32,
}

impl Ms {
    fn next(&mut self, nibble: u8) -> f32 {
        let signed = i32::from(nibble) - if nibble & 8 == 0 { 0 } else { 16 };
        let predicted = (self.last * self.weights.0 + self.before_last * self.weights.1) / 64;
        self.before_last = self.last;
        self.last = predicted.saturating_add(signed * self.step).clamp(-32768, 32767);
        let step = (MS_GROWTH[usize::from(nibble & 15)] * self.step) >> 8;
        // The upper bound keeps the next product in range.
        self.step = step.clamp(16, i32::MAX / 768);
        sample(self.last)
    }
}

/// The header is by field, then by channel; the body by nibble, the high one first, the channels in
/// turn.
fn ms(header: &[u8], body: &[u8], out: &mut Planar) -> bool {
    let channels = out.channels.len();
    let (predictors, words) = header.split_at(channels);
    let (words, _) = words.as_chunks::<2>();
    let word =
        |field: usize, channel| i32::from(i16::from_le_bytes(words[field * channels + channel]));
    let mut decoders = [Ms::default(), Ms::default()];
    for (channel, &predictor) in predictors.iter().enumerate() {
        let Some(&weights) = MS_WEIGHTS.get(usize::from(predictor)) else { return false };
        let (step, last, before_last) = (word(0, channel), word(1, channel), word(2, channel));
        decoders[channel] = Ms { weights, step, last, before_last };
        out.channels[channel].extend([sample(before_last), sample(last)]);
    }
    for &byte in body {
        for (at, nibble) in [byte >> 4, byte & 15].into_iter().enumerate() {
            let channel = at % channels;
            out.channels[channel].push(decoders[channel].next(nibble));
        }
    }
    true
}
