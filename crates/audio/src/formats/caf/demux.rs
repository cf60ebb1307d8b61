//! Reading CAF (Apple Core Audio Format Specification 1.0): the description says how, the data chunk holds
//! the samples.

use crate::Source;
use crate::codecs::linear;
use crate::codecs::pcm::Coding;
use crate::decode::Decode;
use crate::demux::bytes::{u32_be, u64_be};
use crate::demux::channel_layout;
use crate::demux::window::Window;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;
use crate::tags::Said;
use std::io;

/// Reading CAF.
pub struct CafSource;

/// More chunks than this are taken for garbage.
const MAX_CHUNKS: usize = 4096;

/// The size of data that go on to the file's end, while they are recorded.
const TO_THE_END: u64 = u64::MAX;

/// Bits of the description's flags for linear PCM.
const IS_FLOAT: u32 = 1;
const IS_LITTLE: u32 = 2;

/// The description.
struct Described {
    rate_hz: u32,
    channels: u16,
    coding: Coding,
}

impl SourceFormat for CafSource {
    fn recognises(&self, head: &[u8], _named: bool) -> bool {
        head.starts_with(b"caff\0\x01")
    }

    fn probe(&self, source: &Source, _hint: Hint<'_>) -> Result<Probed, ProbeError> {
        let Chunks { described, layout, start, claimed } = Chunks::read(source)?;
        let available = source.length_bytes().saturating_sub(start);
        let mut repaired = Vec::new();
        if claimed > available && claimed != TO_THE_END {
            repaired.push(format!("the data size was {claimed}, measured: {available} bytes"));
        }
        let Described { rate_hz, channels, coding } = described;
        let frame_bytes = u64::from(channels.max(1)) * coding.width() as u64;
        let frame_count = claimed.min(available) / frame_bytes;
        let facts = Facts::of_samples("caf", coding, rate_hz, channels, frame_count);
        let speakers = channel_layout::speakers(&layout, channels);
        let facts = Facts { speakers, repaired, ..facts };
        Ok(Probed { facts, index: start.to_le_bytes().to_vec() })
    }

    fn said(&self, source: &Source) -> io::Result<Said> {
        said(source)
    }

    fn open(
        &self,
        source: &Source,
        facts: &Facts,
        index: &[u8],
        start_frame: u64,
    ) -> Result<Box<dyn Decode>, DecodeError> {
        linear::open(source, facts, index, start_frame)
    }
}

fn unsupported(message: &str) -> ProbeError {
    ProbeError::Unsupported(message.into())
}

/// What the chunks say.
struct Chunks {
    described: Described,
    /// The description of the channels; empty if there is none.
    layout: Vec<u8>,
    /// Where the samples begin.
    start: u64,
    /// How many bytes of them are claimed.
    claimed: u64,
}

impl Chunks {
    fn read(source: &Source) -> Result<Self, ProbeError> {
        let mut window = Window::new(source);
        let (mut described, mut layout, mut data) = (None, Vec::new(), None);
        let mut at: u64 = 8;
        for _ in 0..MAX_CHUNKS {
            let head = window.peek(at, 12)?;
            let (Some(id), Some(size)) = (head.first_chunk::<4>().copied(), u64_be(head, 4)) else {
                break;
            };
            let body = at + 12;
            match &id {
                b"desc" => described = Some(describe(window.peek(body, 32)?)?),
                b"chan" => {
                    let length = size.min(channel_layout::LONGEST as u64) as usize;
                    layout = window.peek(body, length)?.to_vec();
                }
                // The samples come behind the number of the edit.
                b"data" if size == TO_THE_END => data = Some((body + 4, size)),
                b"data" => data = Some((body + 4, size.saturating_sub(4))),
                _ => {}
            }
            if data.is_some() && !layout.is_empty() {
                break;
            }
            at = body.saturating_add(size);
        }
        let (start, claimed) = data.ok_or_else(|| unsupported("a CAF without a `data` chunk"))?;
        let described = described.ok_or_else(|| unsupported("a CAF without a `desc`"))?;
        Ok(Self { described, layout, start, claimed })
    }
}

/// Most bytes of the texts that are read.
const LONGEST_TEXTS: u64 = 64 * 1024;

/// Texts by their keys (§ "Information Chunk").
const TEXTS: [(&str, &str); 6] = [
    ("title", "title"),
    ("artist", "artist"),
    ("album", "album"),
    ("recorded date", "date"),
    ("year", "date"),
    ("comments", "comment"),
];

/// What a file says: pairs of a key and a text, each ended by a zero, behind their number.
fn said(source: &Source) -> io::Result<Said> {
    let mut window = Window::of_blocks(source, 4096);
    let mut said = Said::default();
    let mut at: u64 = 8;
    for _ in 0..MAX_CHUNKS {
        let head = window.peek(at, 12)?;
        let (Some(id), Some(size)) = (head.first_chunk::<4>().copied(), u64_be(head, 4)) else {
            break;
        };
        if &id == b"info" {
            let pairs = window.peek(at + 12, size.min(LONGEST_TEXTS) as usize)?;
            let mut texts = pairs.get(4..).unwrap_or(&[]).split(|byte| *byte == 0);
            while let (Some(key), Some(text)) = (texts.next(), texts.next()) {
                let name = TEXTS.iter().find(|(known, _)| known.as_bytes() == key);
                said.tags.add_named(name.map_or("", |name| name.1), &String::from_utf8_lossy(text));
            }
        }
        at = at.saturating_add(12).saturating_add(size);
    }
    Ok(said)
}

fn describe(body: &[u8]) -> Result<Described, ProbeError> {
    let short = || unsupported("a `desc` chunk that is too short");
    let field = |at| u32_be(body, at).ok_or_else(short);
    let rate = f64::from_bits(u64_be(body, 0).ok_or_else(short)?);
    let kind = body.get(8..12).ok_or_else(short)?;
    let (flags, frames_in_packet, channels, bits) =
        (field(12)?, field(20)?, field(24)?, field(28)?);
    let is_little = flags & IS_LITTLE != 0;
    let coding = match (kind, flags & IS_FLOAT != 0, bits, is_little) {
        _ if frames_in_packet != 1 => None,
        (b"ulaw", ..) => Some(Coding::Ulaw),
        (b"alaw", ..) => Some(Coding::Alaw),
        (b"lpcm", true, 32, little) => Some(if little { Coding::F32Le } else { Coding::F32Be }),
        (b"lpcm", true, 64, little) => Some(if little { Coding::F64Le } else { Coding::F64Be }),
        (b"lpcm", false, 8, _) => Some(Coding::S8),
        (b"lpcm", false, 16, little) => Some(if little { Coding::S16Le } else { Coding::S16Be }),
        (b"lpcm", false, 24, little) => Some(if little { Coding::S24Le } else { Coding::S24Be }),
        (b"lpcm", false, 32, little) => Some(if little { Coding::S32Le } else { Coding::S32Be }),
        _ => None,
    };
    let coding = coding.ok_or_else(|| {
        ProbeError::Unsupported(format!(
            "a CAF that holds `{}` of {bits} bits; of CAF are read: PCM of 8 to 32 bits, float, mu-law, \
             A-law; convert it to one of them",
            kind.escape_ascii()
        ))
    })?;
    let is_packed = u64::from(field(16)?) == u64::from(channels) * coding.width() as u64;
    if !is_packed {
        return Err(unsupported("a CAF with samples in wider blocks; convert it to WAV"));
    }
    let channels = u16::try_from(channels).unwrap_or(0);
    Ok(Described { rate_hz: rate as u32, channels, coding })
}
