//! AAC's description of itself: AudioSpecificConfig (ISO 14496-3 §1.6.2.1). Decoded is AAC-LC, also as the core of
//! HE-AAC, with its upper half of the spectrum and its stereo. What is more than that is refused by its name.

use crate::speakers::Speakers;

/// What a decoder of AAC must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AacConfig {
    /// Frames per second that come out.
    pub rate_hz: u32,
    /// Channels that come out: 1 to 8.
    pub channels: u16,
    /// What is on top of AAC-LC.
    pub extension: Extension,
    /// Of the core's rate.
    index: u8,
    /// The number of the core's channel layout.
    pub configuration: u8,
}

/// What is on top of AAC-LC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extension {
    /// Nothing.
    None,
    /// Spectral band replication, which doubles the rate: HE-AAC.
    Replication,
    /// That, and a second channel by parameters: HE-AAC version 2.
    ParametricStereo,
}

/// Rates by their index.
const RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

/// Frames of a packet of AAC-LC.
pub const PACKET_FRAMES: u64 = 1024;

/// Packets that a decode begins ahead: two that overlap; more where the replication's own header, which comes now
/// and then, must have been heard.
const PRE_ROLL_PACKETS: u64 = 2;
const LONG_PRE_ROLL_PACKETS: u64 = 48;

/// Loudspeakers of channel configuration 4, which are not the usual four: the front ones, and one behind.
const FRONT_AND_BACK: u32 = 0x107;

const LOW_COMPLEXITY: u32 = 2;
const SBR: u32 = 5;
const PARAMETRIC_STEREO: u32 = 29;
const SYNC_EXTENSION: u32 = 0x2b7;
const SYNC_BITS: usize = 16;
const STEREO_SYNC_EXTENSION: u32 = 0x548;

impl AacConfig {
    /// Reads an AudioSpecificConfig.
    ///
    /// # Errors
    /// What it describes, in plain words, where that is not decoded.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        Self::read(&mut Bits::new(bytes), Some(8 * bytes.len()))
            .unwrap_or_else(|| Err("AAC whose description is cut short".into()))
    }

    /// AAC-LC by its index of rates and its channel configuration, as ADTS gives it.
    ///
    /// # Errors
    /// As [`AacConfig::parse`].
    pub fn new(index: u8, configuration: u8) -> Result<Self, String> {
        let rate_hz = *RATES.get(usize::from(index)).ok_or("AAC of an unknown sample rate")?;
        let channels = match configuration {
            1..=6 => configuration.into(),
            7 => 8,
            0 => {
                return Err(
                    "AAC with a channel layout of its own (supported: those by number)".into()
                );
            }
            other => {
                return Err(format!("AAC of channel configuration {other} (supported: 1 to 7)"));
            }
        };
        Ok(Self { rate_hz, channels, extension: Extension::None, index, configuration })
    }

    /// The same with something on top of it.
    #[must_use]
    pub fn extended(self, extension: Extension) -> Self {
        let core = RATES[usize::from(self.index)];
        let channels = if self.configuration == 7 { 8 } else { self.configuration.into() };
        let (rate_hz, channels) = match extension {
            Extension::None => (core, channels),
            Extension::Replication => (2 * core, channels),
            Extension::ParametricStereo => (2 * core, 2),
        };
        Self { rate_hz, channels, extension, ..self }
    }

    /// Frames of a packet.
    #[must_use]
    pub fn packet_frames(&self) -> u64 {
        if self.extension == Extension::None { PACKET_FRAMES } else { 2 * PACKET_FRAMES }
    }

    /// Frames that a decode begins ahead.
    #[must_use]
    pub fn pre_roll(&self) -> u64 {
        let packets = match self.extension {
            Extension::None => PRE_ROLL_PACKETS,
            Extension::Replication | Extension::ParametricStereo => LONG_PRE_ROLL_PACKETS,
        };
        packets * self.packet_frames()
    }

    /// The loudspeakers that the channels are for, if not the usual ones for that many.
    #[must_use]
    pub fn speakers(&self) -> Option<Speakers> {
        (self.configuration == 4).then(|| Speakers::of_mask(FRONT_AND_BACK))
    }

    /// The same of bits among others, which go on behind it; an extension behind the core is looked for up to `end`,
    /// if that is known. `None` if it is cut short.
    pub fn read(bits: &mut Bits<'_>, end: Option<usize>) -> Option<Result<Self, String>> {
        let mut kind = object_type(bits)?;
        let core = rate(bits)?;
        let configuration = bits.take(4)? as u8;
        let mut said = (Extension::None, core);
        if let SBR | PARAMETRIC_STEREO = kind {
            said = (extension_of(kind), rate(bits)?);
            kind = object_type(bits)?;
        }
        if kind != LOW_COMPLEXITY {
            return Some(Err(format!("AAC of object type {kind} (supported: AAC-LC, HE-AAC)")));
        }
        let is_short = bits.take(1)? == 1;
        if bits.take(1)? == 1 {
            bits.take(14)?; // the core coder's delay, which AAC-LC has no use for
        }
        bits.take(1)?;
        if is_short {
            return Some(Err("AAC with packets of 960 frames (supported: 1024)".into()));
        }
        let has_more = end.is_some_and(|end| bits.at + SYNC_BITS <= end);
        if said.0 == Extension::None && has_more {
            said = behind_core(bits).unwrap_or(said);
        }
        let Some(index) = RATES.iter().position(|&known| known == core) else {
            return Some(Err(format!("AAC at {core} Hz")));
        };
        let (extension, rate_hz) = said;
        Some(Self::new(index as u8, configuration).and_then(|config| {
            let config = config.extended(extension);
            if config.rate_hz != rate_hz || config.channels < config.configuration.into() {
                return Err(format!(
                    "HE-AAC of {core} Hz and {rate_hz} Hz, configuration {configuration}"
                ));
            }
            Ok(config)
        }))
    }

    /// The shortest AudioSpecificConfig that says the same.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let (index, configuration) = (u32::from(self.index), u32::from(self.configuration));
        let core = index << 7 | configuration << 3;
        let kind = match self.extension {
            Extension::None => return (LOW_COMPLEXITY << 11 | core).to_be_bytes()[2..].to_vec(),
            Extension::Replication => SBR,
            Extension::ParametricStereo => PARAMETRIC_STEREO,
        };
        let doubled = RATES.iter().position(|rate| *rate == self.rate_hz).unwrap_or(0) as u32;
        // 5 + 4 + 4 bits of the whole, 4 + 5 of the core's kind, 3 of its flags.
        let whole = kind << 27 | index << 23 | configuration << 19 | doubled << 15;
        (whole | LOW_COMPLEXITY << 10).to_be_bytes().to_vec()
    }
}

fn extension_of(kind: u32) -> Extension {
    if kind == PARAMETRIC_STEREO { Extension::ParametricStereo } else { Extension::Replication }
}

/// What older decoders don't look at: an extension behind the description of the core, with its rate.
fn behind_core(bits: &mut Bits<'_>) -> Option<(Extension, u32)> {
    let is_said =
        bits.take(11)? == SYNC_EXTENSION && object_type(bits)? == SBR && bits.take(1)? == 1;
    let rate_hz = is_said.then(|| rate(bits)).flatten()?;
    let is_stereo = bits.take(11) == Some(STEREO_SYNC_EXTENSION) && bits.take(1) == Some(1);
    let kind = if is_stereo { PARAMETRIC_STEREO } else { SBR };
    Some((extension_of(kind), rate_hz))
}

fn object_type(bits: &mut Bits<'_>) -> Option<u32> {
    match bits.take(5)? {
        31 => Some(32 + bits.take(6)?),
        kind => Some(kind),
    }
}

/// A rate in Hz; 0 where its index is reserved.
fn rate(bits: &mut Bits<'_>) -> Option<u32> {
    match bits.take(4)? {
        15 => bits.take(24),
        index => Some(RATES.get(index as usize).copied().unwrap_or(0)),
    }
}

/// Bits, the highest of each byte first.
pub struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    /// All of these bytes'.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many were taken.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Goes on from that one.
    pub fn skip_to(&mut self, at: usize) {
        self.at = at;
    }

    /// The next `count`, at most 32, as a number; `None` if there are fewer.
    pub fn take(&mut self, count: usize) -> Option<u32> {
        let value = (self.at..self.at + count).try_fold(0, |sum, k| {
            Some(sum << 1 | u32::from(self.bytes.get(k / 8)? >> (7 - k % 8) & 1))
        })?;
        self.at += count;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_come_back_as_they_were() {
        for bytes in [&[0x12, 0x10][..], &[0x15, 0x88], &[0x11, 0x90], &[0x11, 0xb0], &[0x11, 0xb8]]
        {
            assert_eq!(AacConfig::parse(bytes).map(AacConfig::to_bytes), Ok(bytes.to_vec()));
        }
        for extension in [Extension::Replication, Extension::ParametricStereo] {
            let config = AacConfig::new(6, 1).map(|config| config.extended(extension));
            let config = config.expect("24 kHz mono");
            assert_eq!((config.rate_hz, config.packet_frames()), (48_000, 2048));
            assert_eq!(AacConfig::parse(&config.to_bytes()), Ok(config));
        }
    }

    #[test]
    fn a_core_coders_delay_is_passed_over() {
        // AAC-LC, 44.1 kHz, stereo; dependsOnCoreCoder with a delay of 0.
        let with_delay = [0x12, 0x12, 0x00, 0x00];
        let config = AacConfig::parse(&with_delay).map(AacConfig::to_bytes);
        assert_eq!(config, Ok(vec![0x12, 0x10]));
    }

    #[test]
    fn what_is_on_top_is_told_by_the_object_type_and_behind_the_core() {
        let told = |bytes: &[u8]| {
            let config = AacConfig::parse(bytes).expect("supported");
            (config.extension, config.rate_hz, config.channels)
        };
        assert_eq!(told(&[0x2b, 0x09, 0x88, 0x00]), (Extension::Replication, 48_000, 1));
        assert_eq!(told(&[0xeb, 0x09, 0x88, 0x00]), (Extension::ParametricStereo, 48_000, 2));
        assert_eq!(told(&[0x13, 0x08, 0x56, 0xe5, 0x98]), (Extension::Replication, 48_000, 1));
        let stereo = [0x13, 0x08, 0x56, 0xe5, 0x9d, 0x48, 0x80];
        assert_eq!(told(&stereo), (Extension::ParametricStereo, 48_000, 2));
    }

    #[test]
    fn what_is_not_decoded_is_refused_by_its_name() {
        let refused = |bytes: &[u8]| AacConfig::parse(bytes).expect_err("refused");
        assert!(refused(&[0x11, 0x80]).contains("a channel layout of its own"));
        assert!(refused(&[0x0a, 0x10]).starts_with("AAC of object type 1"));
        assert!(refused(&[0x12]).ends_with("cut short"));
        // Replication at the core's own rate.
        assert!(refused(&[0x2b, 0x0b, 0x08, 0x00]).starts_with("HE-AAC of 24000 Hz and 24000 Hz"));
    }
}
