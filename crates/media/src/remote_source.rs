//! An object of a bucket as the source of a transcode. It never waits: a read of a block that is not here fails, and
//! the job that encodes gives its thread back until the block has come.

use crate::blocks::{BLOCK_BYTES, Blocks, Way};
use crate::flight::End;
use crate::lock::lock;
use std::cell::Cell;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};

thread_local! {
    /// The first block that a read on this thread missed since the last look. Decoders make of a failed read what they
    /// like, silence too, so the job looks here and not at what they say.
    static MISSED: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Whether a read on this thread missed a block.
pub fn has_missed() -> bool {
    MISSED.get().is_some()
}

/// The block that a read on this thread missed first; none is missed from now on.
pub fn take_missed() -> Option<u32> {
    MISSED.take()
}

/// Blocks fetched at a miss, and at most after further ones.
const FIRST_WINDOW: u32 = 4;
const MAX_WINDOW: u32 = 32;

/// Bytes around the place where a segment is guessed to be in the source: rates vary, and demuxers read on a little.
const AROUND_BYTES: u64 = 64 << 10;

/// Misses in a row without a segment made, after which the cache is taken for too small.
const MAX_MISSES: u32 = 64;

/// The source.
pub struct RemoteSource {
    pub blocks: Arc<Blocks>,
    misses: Mutex<Misses>,
}

/// The misses of the jobs that read the source.
#[derive(Default)]
struct Misses {
    /// Where the last window ended, and how long it was.
    until: u32,
    window: u32,
    /// Since the last segment was made.
    in_a_row: u32,
}

impl RemoteSource {
    pub fn new(blocks: Arc<Blocks>) -> Self {
        Self { blocks, misses: Mutex::default() }
    }

    /// A segment was made.
    pub fn note_made(&self) {
        lock(&self.misses).in_a_row = 0;
    }

    /// Has fetched what a job lacks that missed a block: with it those behind it, the more the further it reads on, and
    /// those at the share of the source that it is to read.
    pub fn fetch(&self, block: u32, share: Range<f64>, way: Way) -> Result<(), End> {
        let mut misses = lock(&self.misses);
        misses.in_a_row += 1;
        if misses.in_a_row > MAX_MISSES {
            return Err(End::Failed("the cache of blocks is too small for the source".into()));
        }
        let guess = self.guess(&share);
        let reads_on = block != 0 && block == misses.until;
        misses.window = match reads_on {
            true => (2 * misses.window).min(MAX_WINDOW),
            // The head alone is wanted before what lies at the guess.
            false if block == 0 && !guess.contains(&0) => 1,
            false if guess.contains(&block) => guess.end - block,
            false => FIRST_WINDOW,
        };
        misses.until = block.saturating_add(misses.window);
        let wanted = block..misses.until;
        drop(misses);
        self.blocks.fetch(wanted, way);
        if block == 0 {
            self.blocks.fetch(guess, way);
        }
        Ok(())
    }

    /// The blocks at a share of the source.
    fn guess(&self, share: &Range<f64>) -> Range<u32> {
        let length_bytes = self.blocks.length_bytes();
        let byte = |share: f64| (share * length_bytes as f64) as u64;
        let start = byte(share.start).saturating_sub(AROUND_BYTES);
        let end = (byte(share.end) + AROUND_BYTES).min(length_bytes);
        let guess = Blocks::of(&(start..end));
        guess.start..guess.end.min(guess.start.saturating_add(MAX_WINDOW))
    }
}

impl audio::ReadAt for RemoteSource {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let length_bytes = self.blocks.length_bytes();
        if offset >= length_bytes || buffer.is_empty() {
            return Ok(0);
        }
        let block = u32::try_from(offset / BLOCK_BYTES).map_err(io::Error::other)?;
        let Some(slice) = self.blocks.checked_slice(block) else {
            MISSED.set(MISSED.get().or(Some(block)));
            return Err(io::ErrorKind::WouldBlock.into());
        };
        let within = offset % BLOCK_BYTES;
        let length = buffer.len().min(usize::try_from(slice.length - within).unwrap_or(0));
        match FileExt::read_at(&*slice.file, &mut buffer[..length], slice.position + within)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }

    fn length_bytes(&self) -> u64 {
        self.blocks.length_bytes()
    }
}
