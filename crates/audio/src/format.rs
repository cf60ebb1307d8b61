//! The contract of formats: what a row of the table holds, and what reading and writing one promise.

use crate::decode::Decode;
use crate::error::{DecodeError, EncodeError, PlanError, ProbeError};
use crate::facts::{Facts, Hint, Probed};
use crate::frames::Frames;
use crate::tags::Said;
use crate::{Layout, Source};
use std::io;
use std::ops::ControlFlow;

/// One row of the table: what a format is called and what it can do.
pub struct Format {
    /// The name in options, facts and messages.
    pub name: &'static str,
    /// Other names accepted for it in options.
    pub aliases: &'static [&'static str],
    /// File extensions, without the dot; the first is the one that we write.
    pub extensions: &'static [&'static str],
    /// Media types; the first is the one that we send.
    pub media_types: &'static [&'static str],
    /// Reading it, if we can.
    pub source: Option<&'static dyn SourceFormat>,
    /// Writing it, if we can.
    pub target: Option<&'static dyn TargetFormat>,
}

impl Format {
    /// The type of a file with that extension where nobody says another: M4A is MP4 with nothing but sound.
    #[must_use]
    pub fn media_type(&self, extension: &str) -> &'static str {
        let is_m4a = self.name == "mp4" && extension.eq_ignore_ascii_case("m4a");
        if is_m4a { "audio/mp4" } else { self.media_types[0] }
    }
}

/// Reading a format.
pub trait SourceFormat: Sync {
    /// Whether the first bytes (up to 4096) are this format. `named`: whether the uploader's hint
    /// names this row; a format without a header goes by that alone. Must not claim bytes that
    /// another row knows better.
    fn recognises(&self, head: &[u8], named: bool) -> bool;

    /// Whether the bytes don't say what they are: then the hint alone makes them this format.
    fn headerless(&self) -> bool {
        false
    }

    /// Establishes the facts, walking as much of the source as exactness needs, in bounded memory.
    ///
    /// # Errors
    /// [`ProbeError`].
    fn probe(&self, source: &Source, hint: Hint<'_>) -> Result<Probed, ProbeError>;

    /// What the source says of itself, beside the ID3v2 tag that may stand in front of any.
    ///
    /// # Errors
    /// What the medium reports.
    fn said(&self, _source: &Source) -> io::Result<Said> {
        Ok(Said::default())
    }

    /// A decode whose first frame is `start_frame` (0 ≤ start < frame_count), exact to the frame.
    /// Does its own pre-roll; what it yields from there on must be as near to a decode from the
    /// beginning as the codec allows (bit-identical for stateless codecs). The same arguments always
    /// give the same samples.
    ///
    /// # Errors
    /// [`DecodeError`].
    fn open(
        &self,
        source: &Source,
        facts: &Facts,
        index: &[u8],
        start_frame: u64,
    ) -> Result<Box<dyn Decode>, DecodeError>;
}

/// How a target codes its samples, where its format leaves a choice; where it leaves none, the first stands for
/// the one that it has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Coding {
    /// Linear, 16 bits.
    #[default]
    Pcm16,
    /// Linear, 24 bits.
    Pcm24,
    /// G.711 mu-law.
    Ulaw,
    /// G.711 A-law.
    Alaw,
    /// GSM 06.10.
    Gsm,
}

/// What a client asked for and what the source is, before defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// The source's rate.
    pub source_rate_hz: u32,
    /// Channels after the channel map that the client asked for (or the source's).
    pub channels: u16,
    /// The rate asked for.
    pub rate_hz: Option<u32>,
    /// The bit rate asked for.
    pub bitrate_bps: Option<u32>,
    /// The coding asked for: one of [`TargetFormat::codings`].
    pub coding: Coding,
}

/// The settled shape of a target: every default filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Frames per second that go into the encoder.
    pub rate_hz: u32,
    /// 1 or 2. Where a format allows only mono, 1 whatever was wished.
    pub channels: u16,
    /// The bit rate, for formats that have one.
    pub bitrate_bps: Option<u32>,
}

/// All that an encoder needs to know to lay out a representation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Frames per second.
    pub rate_hz: u32,
    /// 1 or 2.
    pub channels: u16,
    /// The bit rate, for formats that have one.
    pub bitrate_bps: Option<u32>,
    /// Exact number of frames at `rate_hz`.
    pub frame_count: u64,
    /// A number derived from the representation's identity, for formats that carry one (Ogg).
    pub serial: u32,
    /// How samples are coded.
    pub coding: Coding,
}

/// What a header tells of its recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// Nothing.
    Nothing,
    /// Its tags.
    Tags,
    /// Its tags and its picture.
    TagsAndCover,
}

/// Writing a format.
pub trait TargetFormat: Sync {
    /// The codings that it leaves a choice of; none where it leaves none.
    fn codings(&self) -> &'static [Coding] {
        &[]
    }

    /// Fills in the defaults of apis/publish/README.md §3, or refuses what the format cannot do.
    ///
    /// # Errors
    /// [`PlanError`] naming the option and what is allowed.
    fn settle(&self, wish: Wish) -> Result<Settled, PlanError>;

    /// What of a recording its header has room for.
    fn carries(&self) -> Carries {
        Carries::Nothing
    }

    /// Lays out a representation. Cheap: arithmetic only. `said` is no more than it carries.
    ///
    /// # Errors
    /// [`PlanError`] where the format cannot hold that much.
    fn plan(&self, shape: Shape, said: &Said) -> Result<Box<dyn Encoding>, PlanError>;

    /// Everything beside the shape that decides the bytes: encoder, version, settings, grid
    /// constants, and the instruction-set class where the encoder dispatches at run time.
    fn revision(&self) -> String;
}

/// Where an encoder puts its bytes, packet by packet as they come; `Break` means that nobody waits
/// any more: return [`EncodeError::Cancelled`].
pub type Sink<'a> = dyn FnMut(&[u8]) -> ControlFlow<()> + 'a;

/// What encoding one segment told, beside its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Segment {
    /// Bytes written to the sink.
    pub length_bytes: u64,
    /// Chained formats: the encoder's state at the segment's end.
    pub checkpoint: Option<Vec<u8>>,
    /// Learned layouts: what the [`Assembly`] needs of this segment (the format's own business).
    pub notes: Vec<u8>,
}

/// One representation's encoding: a pure function from (frames, segment) to bytes.
pub trait Encoding: Send + Sync {
    /// Number of segments (0 is impossible: there is at least one frame).
    fn segment_count(&self) -> u32;

    /// The layout, if it is known before encoding.
    fn layout(&self) -> Option<Layout>;

    /// The first frame (at the target's rate) that `encode` will pull for a segment: its start less
    /// the encoder's pre-roll, at least 0.
    fn first_frame(&self, segment: u32) -> u64;

    /// Encodes one segment with a fresh encoder: pulls frames from `first_frame(segment)` on (as
    /// many as it needs; `frames` gives silence past the end), drops the pre-roll's packets, and
    /// writes exactly the segment's bytes. `checkpoint` is the state at the segment's start: `Some`
    /// exactly if the encoding is chained and segment > 0.
    ///
    /// # Errors
    /// [`EncodeError`].
    fn encode(
        &self,
        segment: u32,
        frames: &mut Frames,
        checkpoint: Option<&[u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<Segment, EncodeError>;

    /// Whether a segment needs the state in which the one before it ended (G.722, GSM).
    fn chained(&self) -> bool {
        false
    }

    /// Upper bound of a segment's length in bytes; used to place segments whose sizes are learned.
    fn longest_segment_bytes(&self) -> u64;

    /// Whether samples are written as they come, in 16 bits: what is finer is dithered then.
    fn is_linear_16(&self) -> bool {
        false
    }

    /// For learned layouts: collects the segments in order and makes the layout of them.
    fn assembly(&self) -> Option<Box<dyn Assembly>> {
        None
    }
}

/// Makes a learned layout of the finished segments.
pub trait Assembly: Send {
    /// Takes the next segment; they come in order, each once.
    fn add(&mut self, segment: Segment);

    /// The layout, once all have come.
    ///
    /// # Errors
    /// [`EncodeError`] if a limit of the format is passed.
    fn finish(self: Box<Self>) -> Result<Layout, EncodeError>;
}
