//! The chunks of a WAV: what they say, and where the data truly lie.
//!
//! Sizes are believed where the chunk's end is the file's, or another chunk begins there. Where they
//! can't be true (a writer that could not go back, a crash, 32 bits that were too few), the data end at
//! the chunks which the file ends in, or at its end.

use super::fmt::Fmt;
use super::outer::{Head, Outer};
use super::tail;
use crate::Source;
use crate::demux::bytes::u64_le;
use crate::demux::window::Window;
use crate::error::ProbeError;
use std::io;
use std::ops::Range;

/// More chunks than this are taken for garbage.
const MOST_CHUNKS: usize = 4096;

/// A size that a writer which could not go back leaves behind, or that RF64 keeps elsewhere.
const UNKNOWN: u64 = u32::MAX as u64;

/// Bytes in which the data are looked for where a chunk's size leads nowhere.
const REACH: usize = 1 << 20;

/// What the chunks say, with the data's true place.
pub struct Chunks {
    /// The envelope.
    pub outer: Outer,
    /// The format.
    pub fmt: Fmt,
    /// Frames of sound by the `fact` chunk in front of the data, true or not.
    pub fact: Option<u32>,
    /// Where the data lie: those of the first chunk that holds any.
    pub data: Range<u64>,
    /// What was measured instead.
    pub repaired: Vec<String>,
}

/// Walks the chunks.
pub fn read(source: &Source) -> Result<Chunks, ProbeError> {
    let mut window = Window::new(source);
    let outer = Outer::of(window.peek(0, 40)?).ok_or_else(|| unsupported("no WAV"))?;
    let tail = if outer == Outer::W64 { None } else { tail::begins(source, outer)? };
    let mut walk = Walk {
        window,
        outer,
        tail,
        fmt: None,
        long: None,
        fact: None,
        data: None,
        repaired: Vec::new(),
    };
    walk.run()?;
    let fmt = walk.fmt.ok_or_else(|| unsupported("a WAV without a `fmt ` chunk"))?;
    let data = walk.data.ok_or_else(|| unsupported("a WAV without a `data` chunk"))?;
    Ok(Chunks { outer, fmt, fact: walk.fact, data, repaired: walk.repaired })
}

fn unsupported(message: &str) -> ProbeError {
    ProbeError::Unsupported(message.into())
}

struct Walk {
    window: Window,
    outer: Outer,
    /// Where the chunks begin that the file ends in.
    tail: Option<u64>,
    fmt: Option<Fmt>,
    /// The data's size in RF64.
    long: Option<u64>,
    fact: Option<u32>,
    data: Option<Range<u64>>,
    repaired: Vec<String>,
}

impl Walk {
    fn run(&mut self) -> Result<(), ProbeError> {
        self.judge_whole()?;
        let mut at = Some(self.outer.first_chunk());
        for _ in 0..MOST_CHUNKS {
            let Some(offset) = at.filter(|_| self.fmt.is_none() || self.data.is_none()) else {
                break;
            };
            let Some(head) = self.outer.head(&mut self.window, offset)? else { break };
            at = match &head.id {
                b"data" if self.data.is_none() => self.data(&head)?,
                _ => {
                    self.other(&head)?;
                    self.next(&head)?
                }
            };
        }
        Ok(())
    }

    /// Says it if the outermost size can't be true; nothing depends on it.
    fn judge_whole(&mut self) -> io::Result<()> {
        let whole = self.window.length_bytes().saturating_sub(8);
        let said = self.outer.u32(self.window.peek(0, 8)?, 4).map_or(0, u64::from);
        let is_stated = matches!(self.outer, Outer::Riff | Outer::Rifx);
        if is_stated && (said == 0 || said > whole) {
            let said = hex_if_unknown(said);
            self.repaired.push(format!("the RIFF size was {said}, measured: {whole} bytes"));
        }
        Ok(())
    }

    fn other(&mut self, head: &Head) -> Result<(), ProbeError> {
        let body = self.window.peek(head.body, 40.min(head.size) as usize)?;
        match &head.id {
            b"fmt " if self.fmt.is_none() => {
                let fmt = Fmt::parse(self.outer, body);
                self.fmt =
                    Some(fmt.ok_or_else(|| unsupported("a `fmt ` chunk that is too short"))?);
            }
            b"fact" => self.fact = self.outer.u32(body, 0),
            b"ds64" if self.outer == Outer::Rf64 => self.long = u64_le(body, 8),
            _ => {}
        }
        Ok(())
    }

    /// Takes the data's span; gives where the next chunk is, if any comes.
    fn data(&mut self, head: &Head) -> io::Result<Option<u64>> {
        let length = self.window.length_bytes();
        let available = length.saturating_sub(head.body);
        let claimed = match self.long {
            Some(long) if head.size == UNKNOWN || head.size == 0 => Head { size: long, ..*head },
            _ => *head,
        };
        let end = head.body.saturating_add(claimed.size);
        let tail = self.tail.filter(|tail| *tail >= head.body);
        let is_possible = (1..=available).contains(&claimed.size);
        let next = if is_possible { self.chunk_after(&claimed)? } else { None };
        let ends_well = is_possible && (next.is_some() || end + 1 >= length);
        let (end, next) = match tail {
            Some(tail) if !ends_well || tail < end => (tail, Some(tail)),
            _ if ends_well => (end, next),
            _ if is_possible && !self.goes_on(end, claimed.size)? => (end, None),
            _ => (length, None),
        };
        let bytes = end.saturating_sub(head.body);
        if bytes != claimed.size {
            let said = hex_if_unknown(claimed.size);
            self.repaired.push(format!("the data size was {said}, measured: {bytes} bytes"));
        }
        let second = next.map(|at| self.outer.head(&mut self.window, at)).transpose()?.flatten();
        if second.is_some_and(|second| &second.id == b"data") {
            self.repaired.push("the data of a second `data` chunk are left out".into());
        }
        self.data = Some(head.body..end);
        Ok(next)
    }

    /// Whether the data go on behind their claimed end, where no chunk is: there is more of it than was
    /// claimed, and it is neither a tag nor room for one.
    fn goes_on(&mut self, end: u64, claimed: u64) -> io::Result<bool> {
        let rest = self.window.length_bytes().saturating_sub(end);
        let bytes = self.window.peek(end, 4096)?;
        let is_tag = [&b"ID3"[..], b"TAG", b"APETAGEX", b"LYRICSBEGIN"]
            .iter()
            .any(|tag| bytes.starts_with(tag));
        Ok(rest > claimed && !is_tag && bytes.iter().any(|b| *b != 0))
    }

    /// Where the next chunk is; where a size leads nowhere, the format or the data are looked for.
    fn next(&mut self, head: &Head) -> io::Result<Option<u64>> {
        let next = self.outer.after(head);
        if next >= self.window.length_bytes() && self.data.is_some() {
            return Ok(None);
        }
        if let Some(next) = self.chunk_after(head)? {
            return Ok(Some(next));
        }
        if self.data.is_some() || self.outer == Outer::W64 {
            return Ok(None);
        }
        let bytes = self.window.peek(head.body, REACH)?;
        let wanted: &[u8] = if self.fmt.is_none() { b"fmt " } else { b"data" };
        let found = bytes.windows(wanted.len()).position(|w| w == wanted);
        Ok(found.map(|at| head.body + at as u64))
    }

    /// Where a chunk begins behind another: padded to an even length, or not, if a name that is known
    /// stands there alone.
    fn chunk_after(&mut self, head: &Head) -> io::Result<Option<u64>> {
        let places = [self.outer.after(head), head.body.saturating_add(head.size)];
        let length = self.window.length_bytes();
        let mut best = None;
        for place in places {
            let Some(next) = self.outer.head(&mut self.window, place)? else { continue };
            let fits = next.size <= length.saturating_sub(next.body) || &next.id == b"data";
            if fits && next.is_known() {
                return Ok(Some(place));
            }
            best = best.or((fits && next.is_named()).then_some(place));
        }
        Ok(best)
    }
}

fn hex_if_unknown(size: u64) -> String {
    if size == UNKNOWN { "ffffffff".into() } else { size.to_string() }
}
