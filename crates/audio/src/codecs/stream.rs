//! A coded stream as Ogg, Matroska and MP4 carry it, whatever codec it has: packet durations, delay, pre-roll,
//! decoder.

use super::aac::{AacConfig, Extension};
use super::adpcm::AdpcmBlocks;
use super::amr::{Amr, Band};
use super::mpeg::{Header, MpegDecoder};
use super::opus::{self, Opus, OpusHead};
use super::pcm::{Coding, PcmPackets};
use super::speex::{Speex, SpeexHead};
use super::symphonia::{Codec, Symphonia};
use super::syom::Syom;
use super::vorbis::{Vorbis, VorbisClock, VorbisHead};
use crate::demux::bytes::{u8_at, u16_be, u32_be};
use crate::demux::index::{IndexReader, IndexWriter};
use crate::demux::packets::PacketDecoder;
use crate::error::DecodeError;
use crate::speakers::Speakers;
use crate::tags::vorbis;

/// A stream's codec with what its headers say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stream {
    /// Opus.
    Opus(OpusHead),
    /// Vorbis.
    Vorbis(VorbisHead),
    /// MPEG audio, by the header of a packet.
    Mpeg(Header),
    /// AAC-LC and HE-AAC.
    Aac(AacConfig),
    /// Apple Lossless, by its magic cookie of 24 bytes.
    Alac(Vec<u8>),
    /// FLAC.
    Flac {
        /// The body of STREAMINFO.
        info: Vec<u8>,
        /// The channel mask that its comments name.
        mask: Option<u32>,
    },
    /// AMR and AMR-WB.
    Amr(Band),
    /// Speex.
    Speex(SpeexHead),
    /// IMA and MS ADPCM.
    Adpcm(AdpcmBlocks),
    /// Samples of a fixed size.
    Pcm {
        /// How a sample is coded.
        coding: Coding,
        /// Frames per second.
        rate_hz: u32,
        /// Channels, interleaved.
        channels: u16,
    },
}

impl Stream {
    /// FLAC by its blocks of metadata, of which STREAMINFO is the first (RFC 9639 §8).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn flac(blocks: &[u8]) -> Result<Self, String> {
        let info = blocks.get(BLOCK_HEAD_BYTES..).unwrap_or(&[]);
        Self::flac_as_kept(info, comments(blocks).and_then(vorbis::channel_mask))
    }

    fn flac_as_kept(info: &[u8], mask: Option<u32>) -> Result<Self, String> {
        let info = info.get(..STREAMINFO_BYTES).ok_or("FLAC without a whole STREAMINFO")?;
        Ok(Self::Flac { info: info.to_vec(), mask })
    }

    /// Apple Lossless by its magic cookie.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn alac(cookie: &[u8]) -> Result<Self, String> {
        let cookie = cookie.get(..24).ok_or("ALAC without a whole cookie")?;
        Ok(Self::Alac(cookie.to_vec()))
    }

    /// The name in the facts.
    #[must_use]
    pub fn codec(&self) -> &'static str {
        match self {
            Self::Opus(_) => "opus",
            Self::Vorbis(_) => "vorbis",
            Self::Mpeg(header) => header.layer.codec(),
            Self::Aac(_) => "aac",
            Self::Alac(_) => "alac",
            Self::Flac { .. } => "flac",
            Self::Amr(band) => band.codec(),
            Self::Speex(_) => "speex",
            Self::Adpcm(blocks) => blocks.codec.name(),
            Self::Pcm { coding, .. } => coding.name(),
        }
    }

    /// Channels as decoded.
    #[must_use]
    pub fn channels(&self) -> u16 {
        match self {
            Self::Opus(head) => head.channels.into(),
            Self::Vorbis(head) => head.channels.into(),
            Self::Mpeg(header) => header.channels,
            Self::Aac(config) => config.channels,
            Self::Alac(cookie) => u8_at(cookie, 9).unwrap_or(0).into(),
            Self::Flac { info, .. } => (u8_at(info, 12).unwrap_or(0) >> 1 & 7) as u16 + 1,
            Self::Amr(_) => 1,
            Self::Speex(head) => head.channels.into(),
            Self::Adpcm(blocks) => blocks.channels,
            Self::Pcm { channels, .. } => *channels,
        }
    }

    /// Frames per second as decoded.
    #[must_use]
    pub fn rate_hz(&self) -> u32 {
        match self {
            Self::Opus(_) => opus::RATE_HZ,
            Self::Vorbis(head) => head.rate_hz,
            Self::Mpeg(header) => header.rate_hz,
            Self::Aac(config) => config.rate_hz,
            Self::Alac(cookie) => u32_be(cookie, 20).unwrap_or(0),
            Self::Flac { info, .. } => u32_be(info, 10).unwrap_or(0) >> 12,
            Self::Amr(band) => band.rate_hz(),
            Self::Speex(head) => head.rate_hz(),
            Self::Adpcm(blocks) => blocks.rate_hz,
            Self::Pcm { rate_hz, .. } => *rate_hz,
        }
    }

    /// The loudspeakers that the channels are for, if not the usual ones for that many.
    #[must_use]
    pub fn speakers(&self) -> Option<Speakers> {
        match self {
            Self::Aac(config) => config.speakers(),
            // Its order is fixed for each number, whatever a container says: files are met whose bitmap is another.
            Self::Alac(_) => match self.channels() {
                4 => Some(Speakers::of_mask(FOUR_OF_ALAC)),
                8 => Some(Speakers::of_mask(EIGHT_OF_ALAC)),
                _ => None,
            },
            Self::Flac { mask, .. } => Speakers::of_mask((*mask)?).of_channels(self.channels()),
            _ => None,
        }
    }

    /// Decoded frames in front of the first that counts.
    #[must_use]
    pub fn delay(&self) -> u64 {
        match self {
            Self::Opus(head) => head.pre_skip.into(),
            Self::Speex(head) => head.delay(),
            _ => 0,
        }
    }

    /// What a granule position of Ogg lacks of the frames decoded up to there if nothing says it, and of those that
    /// must be decoded for it: of Speex, that by which its encoder looks ahead, and by which its decoder is late (the
    /// second is none of the position's business).
    #[must_use]
    pub fn behind_granule(&self) -> (u64, u64) {
        match self {
            Self::Speex(head) => (head.delay() - head.lateness(), head.lateness()),
            _ => (0, 0),
        }
    }

    /// Frames that a decode begins ahead: 2 s, more than 80 packets of Opus at 20 ms; as many packets as MP3's
    /// reservoir can reach over; two packets of what overlaps, more of HE-AAC; 4 s of AMR and Speex, whose decoders
    /// fall into step within 2.5 s (but for noise, which goes on by its own count).
    #[must_use]
    pub fn pre_roll(&self) -> u64 {
        match self {
            Self::Opus(_) => 2 * u64::from(opus::RATE_HZ),
            Self::Vorbis(head) => 2 * u64::from(head.longest_block()),
            Self::Mpeg(header) => MPEG_PRE_ROLL_PACKETS * header.frames(),
            Self::Aac(config) => config.pre_roll(),
            Self::Amr(_) | Self::Speex(_) => 4 * u64::from(self.rate_hz()),
            Self::Alac(_) | Self::Flac { .. } | Self::Adpcm(_) | Self::Pcm { .. } => 0,
        }
    }

    /// A clock at a packet before which nothing was decoded.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock { stream: self.clone(), vorbis: VorbisClock::default() }
    }

    /// Frames that a fresh decoder gives for its first packet.
    #[must_use]
    pub fn first_frames(&self, packet: &[u8]) -> usize {
        match self {
            Self::Vorbis(_) => 0,
            _ => self.clock().frames(packet),
        }
    }

    /// A fresh decoder.
    ///
    /// # Errors
    /// [`DecodeError::Broken`] if it can't decode such a stream.
    pub fn decoder(&self) -> Result<Box<dyn PacketDecoder>, DecodeError> {
        Ok(match self {
            Self::Opus(head) => Box::new(Opus::new(head).map_err(DecodeError::Broken)?),
            Self::Vorbis(head) => Box::new(Vorbis::new(head)?),
            Self::Mpeg(_) => Box::new(MpegDecoder::default()),
            Self::Aac(config) if config.extension == Extension::None && config.channels <= 2 => {
                Box::new(Symphonia::new(Codec::Aac(&config.to_bytes()))?)
            }
            Self::Aac(config) => Box::new(Syom::new(*config)?),
            Self::Alac(cookie) => Box::new(Symphonia::new(Codec::Alac(cookie))?),
            Self::Flac { info, .. } => Box::new(Symphonia::new(Codec::Flac(info))?),
            Self::Amr(band) => Box::new(Amr::new(*band)),
            Self::Speex(head) => Box::new(Speex::new(*head)),
            Self::Adpcm(blocks) => Box::new(*blocks),
            Self::Pcm { coding, .. } => Box::new(PcmPackets(*coding)),
        })
    }

    /// Appends the stream to a seek index. `private` is what the header of Opus or Speex was read from.
    pub fn write(&self, private: &[u8], index: &mut IndexWriter) {
        let (kind, bytes) = match self {
            Self::Opus(_) => (0, private.to_vec()),
            Self::Speex(_) => (8, private.to_vec()),
            Self::Vorbis(head) => (1, head.headers().to_vec()),
            Self::Mpeg(header) => (2, header.bytes.to_vec()),
            Self::Aac(config) => (3, config.to_bytes()),
            Self::Alac(cookie) => (4, cookie.clone()),
            Self::Flac { info, mask: None } => (5, info.clone()),
            Self::Flac { info, .. } => (9, info.clone()),
            Self::Adpcm(blocks) => (10, blocks.to_bytes()),
            Self::Pcm { coding, .. } => (6, coding.name().into()),
            Self::Amr(band) => (7, band.codec().into()),
        };
        index.put(kind);
        index.put_bytes(&bytes);
        match self {
            Self::Pcm { rate_hz, channels, .. } => {
                index.put((*rate_hz).into());
                index.put((*channels).into());
            }
            Self::Flac { mask: Some(mask), .. } => index.put((*mask).into()),
            _ => {}
        }
    }

    /// Reads what [`Stream::write`] wrote.
    #[must_use]
    pub fn read(index: &mut IndexReader<'_>) -> Option<Self> {
        let kind = index.take()?;
        let bytes = index.take_bytes()?;
        match kind {
            0 => OpusHead::parse(bytes).ok().map(Self::Opus),
            1 => VorbisHead::of_headers(bytes).ok().map(Self::Vorbis),
            2 => Header::parse(bytes).map(Self::Mpeg),
            3 => AacConfig::parse(bytes).ok().map(Self::Aac),
            4 => Self::alac(bytes).ok(),
            5 => Self::flac_as_kept(bytes, None).ok(),
            9 => Self::flac_as_kept(bytes, Some(u32::try_from(index.take()?).ok()?)).ok(),
            7 => Band::by_codec(bytes).map(Self::Amr),
            8 => SpeexHead::parse(bytes).ok().map(Self::Speex),
            10 => AdpcmBlocks::parse(bytes).map(Self::Adpcm),
            _ => {
                let coding = Coding::by_name(str::from_utf8(bytes).ok()?)?;
                let rate_hz = u32::try_from(index.take()?).ok()?;
                let channels = u16::try_from(index.take()?).ok()?;
                Some(Self::Pcm { coding, rate_hz, channels })
            }
        }
    }
}

/// The loudspeakers of four and of eight channels of ALAC, as decoded: the front ones and one behind; 7.1 with five in
/// front. Those of other numbers are the usual ones (ALACAudioTypes.h, `ALACChannelLayoutTags`).
const FOUR_OF_ALAC: u32 = 0x107;
const EIGHT_OF_ALAC: u32 = 0x6cf;

/// Bytes of STREAMINFO and of the head of a block; the kind of the comments (RFC 9639 §8).
const STREAMINFO_BYTES: usize = 34;
const BLOCK_HEAD_BYTES: usize = 4;
const COMMENTS: u8 = 4;

/// The comments among blocks of FLAC's metadata.
fn comments(mut blocks: &[u8]) -> Option<&[u8]> {
    loop {
        let (&[kind, a, b, c], behind) = blocks.split_first_chunk()?;
        let (body, rest) = behind.split_at_checked(u32::from_be_bytes([0, a, b, c]) as usize)?;
        if kind & 0x7f == COMMENTS {
            return Some(body);
        }
        blocks = rest;
    }
}

/// Packets that a decode of MPEG audio begins ahead: its reservoir reaches over 24 at 8 kbit/s and 24 kHz.
const MPEG_PRE_ROLL_PACKETS: u64 = 40;

/// Tells how many frames each packet gives.
pub struct Clock {
    stream: Stream,
    vorbis: VorbisClock,
}

impl Clock {
    /// Frames of the next packet; 0 for what is no audio.
    pub fn frames(&mut self, packet: &[u8]) -> usize {
        match &self.stream {
            Stream::Opus(_) => opus::packet_frames(packet),
            Stream::Vorbis(head) => self.vorbis.frames(head, packet),
            Stream::Mpeg(header) => Header::parse(packet).unwrap_or(*header).frames() as usize,
            Stream::Aac(config) => config.packet_frames() as usize,
            Stream::Alac(cookie) => alac_frames(cookie, packet),
            Stream::Flac { .. } => flac_frames(packet).unwrap_or(0) as usize,
            Stream::Amr(band) => band.samples_in(packet),
            Stream::Speex(head) => head.packet_samples(),
            Stream::Adpcm(blocks) => blocks.frames(packet),
            Stream::Pcm { coding, channels, .. } => {
                packet.len() / (coding.width() * usize::from(*channels)).max(1)
            }
        }
    }
}

/// Frames of an ALAC packet: the cookie's, unless its first element says that it has fewer.
fn alac_frames(cookie: &[u8], packet: &[u8]) -> usize {
    let usual = u32_be(cookie, 0).unwrap_or(0);
    // 3 bits of the element, 4 of its instance, 12 unused, then whether a length follows; 2 and 1 more bits before it.
    let is_partial = u8_at(packet, 2).is_some_and(|byte| byte & 0x10 != 0);
    let length = || {
        let bits = packet.get(2..8)?.iter().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
        Some((bits >> 9) as u32)
    };
    let frames = if is_partial { length().unwrap_or(usual) } else { usual };
    frames.min(usual).min(65_536) as usize
}

/// Frames of a FLAC packet, by its header (RFC 9639 §9.1); `None` if it is a block of metadata.
fn flac_frames(packet: &[u8]) -> Option<u32> {
    if u16_be(packet, 0)? & 0xfffc != 0xfff8 {
        return None;
    }
    let code = u8_at(packet, 2)? >> 4;
    // The coded number has as many bytes as its first one has leading ones.
    let number = u8_at(packet, 4)?.leading_ones().max(1) as usize;
    let behind = 4 + number;
    Some(match code {
        1 => 192,
        2..=5 => 576 << (code - 2),
        6 => u32::from(u8_at(packet, behind)?) + 1,
        7 => u32::from(u16_be(packet, behind)?) + 1,
        8..=15 => 256 << (code - 8),
        _ => return None,
    })
}
