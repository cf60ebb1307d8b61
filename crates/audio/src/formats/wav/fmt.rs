//! The `fmt ` chunk: which codec, and in which bytes a sample lies.

use super::outer::Outer;
use crate::Source;
use crate::codecs::pcm::Coding;
use crate::error::ProbeError;
use crate::speakers::Speakers;
use std::io;

/// The `fmt ` chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fmt {
    /// The tag, or the one that an extensible header carries.
    pub tag: u16,
    /// Channels.
    pub channels: u16,
    /// Frames per second.
    pub rate_hz: u32,
    /// Bytes of a frame, or of a block of ADPCM.
    pub block_align: u16,
    /// Bits of a sample.
    pub bits: u16,
    /// The loudspeakers that an extensible header names.
    mask: Option<u32>,
}

impl Fmt {
    /// Reads the chunk's body.
    pub fn parse(outer: Outer, body: &[u8]) -> Option<Self> {
        let tag = outer.u16(body, 0)?;
        let channels = outer.u16(body, 2)?;
        // The GUID of the sub-format begins with the tag.
        let extended = Some(tag).filter(|tag| *tag == 0xfffe).and_then(|_| {
            let mask = outer.u32(body, 20)?;
            Some((outer.u32(body, 24)? as u16, mask))
        });
        Some(Self {
            tag: match (tag, extended) {
                (_, Some((sub_format, _))) => sub_format,
                (0xfffe, None) => 1,
                (tag, None) => tag,
            },
            channels,
            rate_hz: outer.u32(body, 4)?,
            block_align: outer.u16(body, 12)?,
            bits: outer.u16(body, 14).unwrap_or(8),
            mask: extended.map(|(_, mask)| mask),
        })
    }

    /// The loudspeakers of the channels, if there is one for each.
    pub fn speakers(&self) -> Option<Speakers> {
        Speakers::of_mask(self.mask?).of_channels(self.channels)
    }

    /// The coding of samples of a fixed size, and by how many bits they lie too low in it. `data` are
    /// looked at where a sample has more bytes than its bits fill.
    pub fn coding(&self, outer: Outer, data: &Source) -> Result<(Coding, u8), ProbeError> {
        let big = outer == Outer::Rifx;
        Ok(match (self.tag, self.bits) {
            (1, 0..=32) => self.pcm(big, data)?,
            (3, 64) => (if big { Coding::F64Be } else { Coding::F64Le }, 0),
            (3, 32) => (if big { Coding::F32Be } else { Coding::F32Le }, 0),
            (6, _) => (Coding::Alaw, 0),
            (7, _) => (Coding::Ulaw, 0),
            _ => return Err(self.refused()),
        })
    }

    /// A width that fills no whole bytes is left-justified in them; the bytes of a sample are told by
    /// the block align (Microsoft, Multiple Channel Audio Data and WAVE Files, 2007).
    fn pcm(&self, big: bool, data: &Source) -> io::Result<(Coding, u8)> {
        let packed = usize::from(self.bits.div_ceil(8));
        let channels = usize::from(self.channels.max(1));
        let wide = usize::from(self.block_align) / channels;
        let is_wide = (2..=4).contains(&wide)
            && usize::from(self.block_align).is_multiple_of(channels)
            && (packed == 0 || packed > 1 && wide > packed);
        if !is_wide {
            return Ok((integer(packed.max(1), big), 0));
        }
        Ok(match Fill::of(data, wide, packed, big)? {
            // Blocks of exactly twice the bytes come from a header with a wrong count of channels, not from padding.
            Fill::Whole if packed > 0 && wide == 2 * packed => (integer(packed, big), 0),
            Fill::Upper | Fill::Whole => (integer(wide, big), 0),
            Fill::Lower => (integer(wide, big), 8 * wide as u8 - self.bits as u8),
        })
    }

    /// What to say of a codec that isn't read.
    pub fn refused(&self) -> ProbeError {
        let tag = self.tag;
        let name = NAMES.iter().find(|(tags, _)| tags.contains(&tag)).map(|(_, name)| *name);
        let holds = match (tag, name) {
            (1 | 3, _) => format!("samples of {} bits", self.bits),
            (_, Some(name)) => name.to_owned(),
            (_, None) => "an unknown codec".to_owned(),
        };
        ProbeError::Unsupported(format!(
            "a WAV that holds {holds} (format tag {tag:#06x}); of WAV are read: PCM of 8 to 32 bits, \
             float, A-law, mu-law, IMA and MS ADPCM, GSM 06.10, MPEG audio, G.722; convert it to one of them"
        ))
    }
}

/// Signed samples of so many bytes, unsigned if it is one.
fn integer(bytes: usize, big: bool) -> Coding {
    match (bytes, big) {
        (1, _) => Coding::U8,
        (2, false) => Coding::S16Le,
        (2, true) => Coding::S16Be,
        (3, false) => Coding::S24Le,
        (3, true) => Coding::S24Be,
        (_, false) => Coding::S32Le,
        (_, true) => Coding::S32Be,
    }
}

/// Where in samples of more bytes than they need the bits are.
enum Fill {
    /// The lower bytes are zeros, as they should be.
    Upper,
    /// The upper bytes are copies of the sign.
    Lower,
    /// Neither.
    Whole,
}

/// Places in the data that are looked at, and bytes at each (a multiple of every width).
const PLACES: u64 = 16;
const PLACE_BYTES: usize = 12 * 1024;

impl Fill {
    /// Looks at samples all over the data: `wide` bytes each, of which `packed` are needed.
    fn of(data: &Source, wide: usize, packed: usize, big: bool) -> io::Result<Self> {
        let (mut upper, mut lower, mut silent) = (true, packed > 0, true);
        let mut bytes = vec![0; PLACE_BYTES];
        let samples = data.length_bytes() / wide as u64;
        for place in 0..PLACES {
            let offset = samples / PLACES * place * wide as u64;
            let read = data.read_full_at(&mut bytes, offset)?;
            for sample in bytes[..read].chunks_exact(wide) {
                let byte = |i: usize| if big { sample[wide - 1 - i] } else { sample[i] };
                silent &= sample.iter().all(|b| *b == 0);
                upper &= (0..wide - packed).all(|i| byte(i) == 0);
                let sign = if packed > 0 && byte(packed - 1) >= 0x80 { 0xff } else { 0 };
                lower &= (packed..wide).all(|i| byte(i) == sign);
            }
        }
        // Both: either 8 bits too many everywhere, or all of it below -48 dB; the first is likelier.
        Ok(match (upper, lower && !silent) {
            (_, true) => Self::Lower,
            (true, false) => Self::Upper,
            (false, false) => Self::Whole,
        })
    }
}

/// Codecs that WAVs are met with and that aren't read, by their tags (mmreg.h).
const NAMES: &[(&[u16], &str)] = &[
    (&[0x10, 0x17], "Dialogic ADPCM"),
    (&[0x14, 0x40, 0x45, 0x64, 0x85, 0x140], "G.726 ADPCM"),
    (&[0x20], "Yamaha ADPCM"),
    (&[0x22], "TrueSpeech"),
    (&[0x1500], "GSM 06.10 of another packing"),
    (&[0x42, 0x111], "G.723.1"),
    (&[0x57, 0x136, 0x7361, 0x7362], "AMR"),
    (&[0x83, 0x133], "G.729"),
    (&[0x92, 0x2000], "AC-3"),
    (&[0x2001, 0x8], "DTS"),
    (&[0x130, 0x131, 0x132], "ACELP"),
    (&[0x160, 0x161, 0x162, 0x163], "Windows Media Audio"),
    (&[0xff, 0x1600, 0x1602, 0x1610, 0x706d, 0x4143, 0xa106], "AAC"),
    (&[0x270], "ATRAC3"),
    (&[0x566f, 0x674f, 0x6750, 0x6751, 0x676f, 0x6770, 0x6771], "Vorbis"),
    (&[0xa109], "Speex"),
    (&[0xf1ac], "FLAC"),
];
