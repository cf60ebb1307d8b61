//! AAC's description of itself: AudioSpecificConfig (ISO 14496-3 §1.6.2.1). Decoded is AAC-LC alone; what is more than
//! that is refused by its name, because its core alone is another sound.

/// What a decoder of AAC-LC must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AacConfig {
    /// Frames per second.
    pub rate_hz: u32,
    /// 1 or 2.
    pub channels: u16,
    index: u8,
}

/// Rates by their index.
const RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

/// Frames of a packet.
pub const PACKET_FRAMES: u64 = 1024;

const LOW_COMPLEXITY: u32 = 2;
const SBR: u32 = 5;
const PARAMETRIC_STEREO: u32 = 29;
const SYNC_EXTENSION: u32 = 0x2b7;

impl AacConfig {
    /// Reads an AudioSpecificConfig.
    ///
    /// # Errors
    /// What it describes, in plain words, where that is not AAC-LC of one or two channels.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        Self::read(&mut Bits { bytes, at: 0 })
            .unwrap_or_else(|| Err("AAC whose description is cut short".into()))
    }

    /// A description by its index of rates and its channel configuration, as ADTS gives it.
    ///
    /// # Errors
    /// As [`AacConfig::parse`].
    pub fn new(index: u8, configuration: u8) -> Result<Self, String> {
        let rate_hz = *RATES.get(usize::from(index)).ok_or("AAC of an unknown sample rate")?;
        match configuration {
            1 | 2 => Ok(Self { rate_hz, channels: configuration.into(), index }),
            0 => Err("AAC with a channel layout of its own (supported: mono and stereo)".into()),
            7 => Err("AAC of 8 channels (supported: mono and stereo)".into()),
            many => Err(format!("AAC of {many} channels (supported: mono and stereo)")),
        }
    }

    fn read(bits: &mut Bits<'_>) -> Option<Result<Self, String>> {
        let kind = object_type(bits)?;
        let rate = rate(bits)?;
        let configuration = bits.take(4)? as u8;
        match kind {
            LOW_COMPLEXITY => {}
            SBR => return Some(Err(high_efficiency("HE-AAC"))),
            PARAMETRIC_STEREO => return Some(Err(high_efficiency("HE-AAC v2"))),
            other => return Some(Err(format!("AAC of object type {other} (supported: AAC-LC)"))),
        }
        let is_short = bits.take(1)? == 1;
        if bits.take(1)? == 1 {
            bits.take(14)?; // the core coder's delay, which AAC-LC has no use for
        }
        bits.take(1)?;
        if is_short {
            return Some(Err("AAC with packets of 960 frames (supported: 1024)".into()));
        }
        if bits.take(11) == Some(SYNC_EXTENSION)
            && object_type(bits) == Some(SBR)
            && bits.take(1) == Some(1)
        {
            return Some(Err(high_efficiency("HE-AAC")));
        }
        let Some(index) = RATES.iter().position(|&known| known == rate) else {
            return Some(Err(format!("AAC at {rate} Hz")));
        };
        Some(Self::new(index as u8, configuration))
    }

    /// The shortest AudioSpecificConfig that says the same.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 2] {
        let bits = 2_u16 << 11 | u16::from(self.index) << 7 | self.channels << 3;
        bits.to_be_bytes()
    }
}

fn high_efficiency(name: &str) -> String {
    format!("{name}, whose upper half of the spectrum can't be decoded (supported: AAC-LC)")
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
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
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
    fn plain_descriptions_come_back_as_they_were() {
        for bytes in [[0x12, 0x10], [0x15, 0x88], [0x11, 0x90]] {
            assert_eq!(AacConfig::parse(&bytes).map(AacConfig::to_bytes), Ok(bytes));
        }
    }

    #[test]
    fn a_core_coders_delay_is_passed_over() {
        // AAC-LC, 44.1 kHz, stereo; dependsOnCoreCoder with a delay of 0.
        let with_delay = [0x12, 0x12, 0x00, 0x00];
        assert_eq!(AacConfig::parse(&with_delay).map(AacConfig::to_bytes), Ok([0x12, 0x10]));
    }

    #[test]
    fn what_is_more_than_low_complexity_is_refused_by_its_name() {
        let refused = |bytes: &[u8]| AacConfig::parse(bytes).expect_err("refused");
        // Told by its object type, and by the extension behind a description of the core.
        assert!(refused(&[0x2b, 0x09, 0x88, 0x00]).starts_with("HE-AAC,"));
        assert!(refused(&[0xeb, 0x09, 0x88, 0x00]).starts_with("HE-AAC v2,"));
        assert!(refused(&[0x13, 0x08, 0x56, 0xe5, 0x98]).starts_with("HE-AAC,"));
        assert!(refused(&[0x11, 0xb0]).starts_with("AAC of 6 channels"));
        assert!(refused(&[0x0a, 0x10]).starts_with("AAC of object type 1"));
        assert!(refused(&[0x12]).ends_with("cut short"));
    }
}
