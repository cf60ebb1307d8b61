//! Walks the blocks of one track, cluster by cluster, whatever the sizes say: clusters of unknown
//! length, files without Cues, lacing of all three kinds (RFC 9559).

use super::ebml::{Element, element, signed, size};
use super::encodings::Packing;
use crate::Source;
use crate::demux::bytes::u8_at;
use crate::demux::window::Window;
use std::collections::VecDeque;
use std::io;

/// Ids of the elements that are entered or read.
pub mod id {
    pub const EBML: u32 = 0x1a45_dfa3;
    pub const SEGMENT: u32 = 0x1853_8067;
    pub const TRACKS: u32 = 0x1654_ae6b;
    pub const INFO: u32 = 0x1549_a966;
    pub const CLUSTER: u32 = 0x1f43_b675;
    pub const BLOCK_GROUP: u32 = 0xa0;
    pub const BLOCK: u32 = 0xa1;
    pub const SIMPLE_BLOCK: u32 = 0xa3;
    pub const DISCARD_PADDING: u32 = 0x75a2;
}

/// Longest block that is read, and most bytes that its packets unpack to.
const LONGEST_BLOCK: usize = 1 << 20;

/// One packet.
#[derive(Debug, Default)]
pub struct Coded {
    /// The coded bytes.
    pub data: Vec<u8>,
    /// Offset of the block (or group) that holds it.
    pub offset: u64,
    /// Whether it is the block's first: a walk can begin here.
    pub opens_block: bool,
    /// Nanoseconds to drop at its end.
    pub discard_ns: i64,
}

/// The packets of a track from an offset on.
pub struct Blocks {
    window: Window,
    position: u64,
    end: u64,
    track: u64,
    packing: Packing,
    ready: VecDeque<Coded>,
    /// Whether the source ended within a block, of which nothing is given then.
    pub is_cut: bool,
}

impl Blocks {
    /// From an element in a cluster, or a cluster, on.
    #[must_use]
    pub fn new(source: &Source, offset: u64, track: u64, packing: &Packing) -> Self {
        let window = Window::new(source);
        let end = window.length_bytes();
        let (packing, ready) = (packing.clone(), VecDeque::new());
        Self { window, position: offset, end, track, packing, ready, is_cut: false }
    }

    /// The next packet.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn next(&mut self) -> io::Result<Option<Coded>> {
        while self.ready.is_empty() {
            if !self.step()? {
                return Ok(None);
            }
        }
        Ok(self.ready.pop_front())
    }

    /// Reads one element; false at the end.
    fn step(&mut self) -> io::Result<bool> {
        let at = self.position;
        let Some(found) = element(&mut self.window, at, self.end)? else {
            return self.resync(at + 1);
        };
        match found.id {
            // Entered: their children come next, and so it matters not how long they are.
            id::CLUSTER | id::SEGMENT => self.position = found.start,
            id::SIMPLE_BLOCK | id::BLOCK_GROUP if !found.fits(self.end) => {
                self.is_cut = !self.resync(at + 1)?;
                return Ok(!self.is_cut);
            }
            id::SIMPLE_BLOCK if found.length.is_some() => {
                self.position = found.end(self.end);
                self.read_block(&found, at, 0)?;
            }
            id::BLOCK_GROUP if found.length.is_some() => {
                self.position = found.end(self.end);
                self.read_group(&found, at)?;
            }
            _ => match found.length {
                Some(length) if found.start.saturating_add(length) <= self.end => {
                    self.position = found.start + length;
                }
                _ => return self.resync(at + 1),
            },
        }
        Ok(true)
    }

    /// Looks for the next cluster after damage.
    fn resync(&mut self, mut at: u64) -> io::Result<bool> {
        const MARK: [u8; 4] = id::CLUSTER.to_be_bytes();
        loop {
            let bytes = self.window.peek(at, 32 * 1024)?;
            if bytes.len() < MARK.len() {
                return Ok(false);
            }
            if let Some(found) = bytes.windows(MARK.len()).position(|w| w == MARK) {
                self.position = at + found as u64;
                return Ok(true);
            }
            at += (bytes.len() - MARK.len() + 1) as u64;
        }
    }

    fn read_group(&mut self, group: &Element, offset: u64) -> io::Result<()> {
        let end = group.end(self.end);
        let mut at = group.start;
        let (mut block, mut discard_ns) = (None, 0);
        while let Some(child) = element(&mut self.window, at, end)? {
            match child.id {
                id::BLOCK => block = block.or(Some(child)),
                id::DISCARD_PADDING => {
                    let length = child.end(end).saturating_sub(child.start).min(8) as usize;
                    discard_ns = signed(self.window.peek(child.start, length)?);
                }
                _ => {}
            }
            at = child.end(end);
        }
        block.map_or(Ok(()), |block| self.read_block(&block, offset, discard_ns))
    }

    fn read_block(&mut self, block: &Element, offset: u64, discard_ns: i64) -> io::Result<()> {
        let length = block.end(self.end).saturating_sub(block.start) as usize;
        if length > LONGEST_BLOCK {
            return Ok(());
        }
        let bytes = self.window.peek(block.start, length)?;
        let Some((Some(track), head)) = size(bytes) else { return Ok(()) };
        let (Some(flags), Some(body)) = (u8_at(bytes, head + 2), bytes.get(head + 3..)) else {
            return Ok(());
        };
        if track != self.track {
            return Ok(());
        }
        let (mut first, mut room) = (true, LONGEST_BLOCK);
        for data in unlace(flags >> 1 & 3, body).unwrap_or_default() {
            let opens_block = std::mem::take(&mut first);
            let data = self.packing.unpack(data, room);
            room = room.saturating_sub(data.len());
            self.ready.push_back(Coded { data, offset, opens_block, discard_ns: 0 });
        }
        if let Some(last) = self.ready.back_mut() {
            last.discard_ns = discard_ns;
        }
        Ok(())
    }
}

/// The packets of a block: 0 is no lacing, 1 Xiph's, 2 of equal sizes, 3 EBML's.
fn unlace(kind: u8, body: &[u8]) -> Option<Vec<&[u8]>> {
    if kind == 0 {
        return Some(vec![body]);
    }
    let (&count, mut rest) = body.split_first()?;
    let count = usize::from(count) + 1;
    let mut sizes: Vec<usize> = Vec::new();
    match kind {
        1 => {
            for _ in 1..count {
                let long = rest.iter().take_while(|&&b| b == 255).count();
                sizes.push(long * 255 + usize::from(*rest.get(long)?));
                rest = rest.get(long + 1..)?;
            }
        }
        2 => sizes.resize(count - 1, rest.len() / count),
        _ => {
            for number in 1..count {
                let (value, length) = size(rest)?;
                let value = i64::try_from(value?).ok()?;
                rest = rest.get(length..)?;
                // After the first come differences, with half of their range as zero.
                let value = match (number, sizes.last()) {
                    (2.., Some(&last)) => last as i64 + value - ((1_i64 << (7 * length - 1)) - 1),
                    _ => value,
                };
                sizes.push(usize::try_from(value).ok()?);
            }
        }
    }
    let mut packets = Vec::with_capacity(count);
    for size in sizes {
        let (packet, after) = rest.split_at_checked(size)?;
        packets.push(packet);
        rest = after;
    }
    packets.push(rest);
    Some(packets)
}
