//! The file slices of a connection, and what stands for them.
//!
//! hyper moves bodies as memory. A file slice is shown to it as a *stand-in*: a stretch of one reserved
//! region that nobody reads or writes, so that none of its pages ever exists. The slice itself waits in
//! the connection's queue (see `wire.rs` for how it goes out, and why no wrong byte does).

use bytes::{Buf, Bytes};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IoSlice};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// The longest slice that goes out in one call; the region's length.
pub const LONGEST_SLICE_BYTES: usize = 1 << 20;

/// Zeroed memory of this size comes from the system untouched: it costs address space alone.
static REGION: LazyLock<Box<[u8]>> = LazyLock::new(|| vec![0; LONGEST_SLICE_BYTES].into());

/// Whether a piece of memory that hyper writes stands for a slice.
pub fn is_stand_in(piece: &IoSlice<'_>) -> bool {
    REGION.as_ptr_range().contains(&piece.as_ptr())
}

/// A piece of a body as hyper sees it.
pub enum Piece {
    /// Bytes in memory.
    Memory(Bytes),
    /// Bytes of a file that waits in the connection's queue.
    Slice(StandIn),
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        match self {
            Self::Memory(bytes) => bytes.len(),
            Self::Slice(stand_in) => stand_in.left,
        }
    }

    fn chunk(&self) -> &[u8] {
        match self {
            Self::Memory(bytes) => bytes,
            Self::Slice(stand_in) => &REGION[..stand_in.left],
        }
    }

    fn advance(&mut self, count: usize) {
        match self {
            Self::Memory(bytes) => bytes.advance(count),
            Self::Slice(stand_in) => stand_in.left -= count,
        }
    }
}

/// What stands in a body for a file slice.
pub struct StandIn {
    left: usize,
    slices: Arc<Slices>,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        if self.left > 0 {
            self.slices.queue().torn = true;
        }
    }
}

/// The file slices of one connection that hyper holds stand-ins for, in order.
#[derive(Default)]
pub struct Slices {
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    slices: VecDeque<Slice>,
    /// A stand-in was dropped: the front is no longer known to be the next one's.
    torn: bool,
    /// The system said that sendfile can't be used here.
    refused: bool,
}

struct Slice {
    file: Arc<File>,
    offset: u64,
    length: usize,
}

impl Slices {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether slices may be given to this connection; if not, its bodies are to be read into memory.
    pub fn usable(&self) -> bool {
        !self.queue().refused
    }

    /// No slice can be sent here.
    pub fn refuse(&self) {
        self.queue().refused = true;
    }

    /// Queues a slice of at most [`LONGEST_SLICE_BYTES`] and gives the piece that stands for it.
    pub fn push(self: &Arc<Self>, file: Arc<File>, offset: u64, length: usize) -> Piece {
        self.queue().slices.push_back(Slice { file, offset, length });
        Piece::Slice(StandIn { left: length, slices: Arc::clone(self) })
    }

    /// The front: what the stand-in of this length is for.
    pub fn front(&self, length: usize) -> io::Result<(Arc<File>, u64)> {
        let queue = self.queue();
        match queue.slices.front() {
            Some(slice) if slice.length == length && !queue.torn => {
                Ok((Arc::clone(&slice.file), slice.offset))
            }
            _ => Err(io::Error::other("a file slice is out of turn")),
        }
    }

    /// So many of its bytes went out.
    pub fn sent(&self, count: usize) {
        let mut queue = self.queue();
        if let Some(slice) = queue.slices.front_mut() {
            slice.offset += count as u64;
            slice.length -= count;
            if slice.length == 0 {
                queue.slices.pop_front();
            }
        }
    }
}
