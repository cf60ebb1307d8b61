//! The bytes of a range of an object in a bucket: cached blocks as file slices, a block on its way as memory while it
//! comes.

use crate::blocks::{Blocks, Way};
use crate::chunk::{BodyError, Chunk, MEMORY_BYTES};
use crate::flight::End;
use std::ops::Range;
use std::sync::Arc;

/// Blocks that are fetched by one request, and ahead of a reader: the group that it is in, and the next one.
const GROUP: u32 = 8;

/// The bytes of one range.
pub struct Reading {
    blocks: Arc<Blocks>,
    /// What is still to be sent.
    range: Range<u64>,
    /// The block that is read now, and how many were read before it in order.
    present: Option<(u32, u32)>,
}

impl Reading {
    pub fn new(blocks: Arc<Blocks>, range: Range<u64>) -> Self {
        Self { blocks, range, present: None }
    }

    /// Has the first block fetched, because it is wanted now.
    pub fn admit(&self) {
        if !self.range.is_empty() {
            let first = Blocks::of(&self.range).start;
            self.blocks.fetch(first..first.saturating_add(1), Way::Urgent);
        }
    }

    /// The next piece, at most so many bytes of a file; `None` at the end.
    pub async fn next(&mut self, most: u64) -> Result<Option<Chunk>, BodyError> {
        if self.range.is_empty() {
            return Ok(None);
        }
        let block = Blocks::of(&self.range).start;
        self.enter(block);
        let span = self.blocks.span(block);
        let offset = usize::try_from(self.range.start - span.start).unwrap_or(usize::MAX);
        let left = span.end.min(self.range.end) - self.range.start;
        loop {
            if let Some(chunk) = self.cached(block, most).await? {
                self.range.start += chunk.1;
                return Ok(Some(chunk.0));
            }
            let Some(flight) = self.blocks.flight(block) else { continue };
            let wanted = MEMORY_BYTES.min(usize::try_from(left).unwrap_or(MEMORY_BYTES));
            match flight.read(offset, wanted).await {
                Ok(bytes) => {
                    self.range.start += bytes.len() as u64;
                    return Ok(Some(Chunk::Memory(bytes)));
                }
                Err(End::Cached) => {}
                Err(End::Whole) => {
                    return Err(BodyError::new(format!("block {block} ended early")));
                }
                Err(End::Failed(message)) => return Err(BodyError::new(message)),
                Err(End::Away | End::Cancelled) => {
                    return Err(BodyError::new("the store can't be reached"));
                }
            }
        }
    }

    /// The slice from the range's start on as far as the cached blocks reach, and its length.
    async fn cached(&self, block: u32, most: u64) -> Result<Option<(Chunk, u64)>, BodyError> {
        let blocks = Arc::clone(&self.blocks);
        let slice = match blocks.slice(block) {
            Some(slice) => Some(slice),
            // One that an earlier process wrote is read through first.
            None if blocks.has(block) => {
                let check = move || blocks.checked_slice(block);
                let checked = tokio::task::spawn_blocking(check).await;
                checked.map_err(|e| BodyError::new(e.to_string()))?
            }
            None => None,
        };
        let Some(slice) = slice else { return Ok(None) };
        let mut end = self.blocks.span(block).end;
        let mut next = block.saturating_add(1);
        // Blocks lie side by side in one file.
        while end < self.range.end && end - self.range.start < most {
            let behind = self.blocks.slice(next).filter(|b| Arc::ptr_eq(&b.file, &slice.file));
            let Some(_) = behind else { break };
            end = self.blocks.span(next).end;
            next += 1;
        }
        let length = most.min(end.min(self.range.end) - self.range.start);
        let offset = slice.position + (self.range.start - self.blocks.span(block).start);
        Ok(Some((Chunk::File { file: slice.file, offset, length }, length)))
    }

    /// Comes to a block. Who has read one in order reads on, as a rule.
    fn enter(&mut self, block: u32) {
        let in_order = match self.present {
            Some((present, _)) if present == block => return,
            Some((_, in_order)) => in_order + 1,
            None => 0,
        };
        self.present = Some((block, in_order));
        if in_order > 0 {
            let until = (block / GROUP + 2).saturating_mul(GROUP);
            let until = until.min(Blocks::of(&self.range).end);
            self.blocks.fetch(block..block + 1, Way::Urgent);
            let group_ends = (block / GROUP + 1).saturating_mul(GROUP).min(until);
            self.blocks.fetch(block + 1..group_ends, Way::Ahead);
            self.blocks.fetch(group_ends..until, Way::Ahead);
        }
    }
}
