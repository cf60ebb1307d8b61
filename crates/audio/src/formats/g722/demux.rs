//! Reading headerless G.722: a byte is two frames. A decoder that starts late falls into step within
//! 0.65 s, so a decode begins 1 s before its first frame, or at the beginning of the source.

use crate::codecs::g722::{RATE_HZ, State};
use crate::decode::Decode;
use crate::error::{DecodeError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::format::SourceFormat;
use crate::tags::Tags;
use crate::{Planar, Source};

/// Frames decoded before the first one wanted; even.
const PRE_ROLL_FRAMES: u64 = RATE_HZ as u64;

/// Bytes read at a time: 65536 frames, the most that a read may give.
const BLOCK_BYTES: usize = 32 * 1024;

/// Reading G.722.
pub struct G722Source;

impl SourceFormat for G722Source {
    fn recognises(&self, _head: &[u8], named: bool) -> bool {
        named
    }

    fn headerless(&self) -> bool {
        true
    }

    fn probe(&self, source: &Source, _hint: Hint<'_>) -> Result<Probed, ProbeError> {
        let facts = Facts {
            format: "g722".into(),
            codec: "g722".into(),
            rate_hz: RATE_HZ,
            channels: 1,
            frame_count: source.length_bytes().saturating_mul(2),
            bitrate_bps: 64_000,
            constant_bitrate: true,
            canonical: true,
            speakers: None,
            repaired: Vec::new(),
            tags: Tags::default(),
            picture: None,
        };
        Ok(Probed { facts, index: Vec::new() })
    }

    fn open(
        &self,
        source: &Source,
        _facts: &Facts,
        _index: &[u8],
        start_frame: u64,
    ) -> Result<Box<dyn Decode>, DecodeError> {
        let offset = start_frame.saturating_sub(PRE_ROLL_FRAMES) / 2;
        Ok(Box::new(G722Decode {
            source: source.clone(),
            state: State::default(),
            offset,
            skip: (start_frame - offset * 2) as usize,
            bytes: Vec::new(),
            samples: Vec::new(),
        }))
    }
}

struct G722Decode {
    source: Source,
    state: State,
    offset: u64,
    /// Frames of pre-roll still to drop: always less than a block.
    skip: usize,
    bytes: Vec<u8>,
    samples: Vec<i16>,
}

impl Decode for G722Decode {
    fn read(&mut self, out: &mut Planar) -> Result<usize, DecodeError> {
        self.bytes.resize(BLOCK_BYTES, 0);
        let read = self.source.read_full_at(&mut self.bytes, self.offset)?;
        self.offset += read as u64;
        self.samples.clear();
        self.state.decode(&self.bytes[..read], &mut self.samples);
        let wanted = self.samples.get(self.skip..).unwrap_or(&[]);
        self.skip = 0;
        if let Some(mono) = out.channels.first_mut() {
            mono.extend(wanted.iter().map(|&s| f32::from(s) / 32768.0));
        }
        Ok(wanted.len())
    }
}
