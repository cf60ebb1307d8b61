//! A connection's I/O under hyper: memory goes out as it comes, file slices by sendfile(2).
//!
//! hyper moves bodies as memory. A file slice is shown to it as a *stand-in*: a stretch of one reserved
//! region that nobody reads or writes, so that none of its pages ever exists. The slice itself waits in
//! the connection's queue. When hyper writes, a stand-in is known by its address, and the front of
//! the queue tells which bytes of which file go out in its place. Files are not mapped: one that is cut
//! short ends the connection, it can't end the process.
//!
//! What keeps a wrong byte from ever being sent:
//!
//! - hyper keeps the order of a body's frames, and one connection answers one request at a time, so the
//!   queue's front is the stand-in's slice; a stand-in longer than the front breaks the connection off;
//! - a stand-in that is dropped before all of it went out tears the queue, and a torn queue sends nothing;
//! - hyper queues frames without copying them, since this I/O is vectored and pipelined answers are
//!   never flattened: the stand-in's zeros are not read.

use super::admission::Deadline;
use super::system;
use bytes::{Buf, Bytes};
use hyper::rt::{Read, ReadBufCursor, Write};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

/// The longest slice that goes out in one call; the region's length.
pub const LONGEST_SLICE_BYTES: usize = 1 << 20;

/// Bytes after which a connection whose client reads as fast as they come lets others have a turn.
const BURST_BYTES: usize = 4 << 20;

/// Slices from this length on go out in many turns.
const CORKED_BYTES: usize = 512 << 10;

/// The whole answer to a client that takes too long for the head of its request.
const LATE_HEAD: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Reads of what nobody wants after which a connection lets others have a turn.
const MOST_SCRAPS: usize = 16;

/// Bytes copied at a time where sendfile can't be used.
const COPY_BYTES: usize = 64 << 10;

/// Zeroed memory of this size comes from the system untouched: it costs address space alone.
static REGION: LazyLock<Box<[u8]>> = LazyLock::new(|| vec![0; LONGEST_SLICE_BYTES].into());

fn is_stand_in(piece: &IoSlice<'_>) -> bool {
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

    /// Queues a slice of at most [`LONGEST_SLICE_BYTES`] and gives the piece that stands for it.
    pub fn push(self: &Arc<Self>, file: Arc<File>, offset: u64, length: usize) -> Piece {
        self.queue().slices.push_back(Slice { file, offset, length });
        Piece::Slice(StandIn { left: length, slices: Arc::clone(self) })
    }

    /// The front: what the stand-in of this length is for.
    fn front(&self, length: usize) -> io::Result<(Arc<File>, u64)> {
        let queue = self.queue();
        match queue.slices.front() {
            Some(slice) if slice.length == length && !queue.torn => {
                Ok((Arc::clone(&slice.file), slice.offset))
            }
            _ => Err(io::Error::other("a file slice is out of turn")),
        }
    }

    fn sent(&self, count: usize) {
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

/// The I/O object of a connection.
pub struct Wire {
    stream: TcpStream,
    slices: Arc<Slices>,
    deadline: Arc<Deadline>,
    /// Bytes sent since the socket was full last.
    burst: usize,
    /// Whether the kernel holds a half full packet back until more comes.
    corked: bool,
    closing: bool,
}

impl Wire {
    /// Takes a connection over.
    pub fn new(stream: TcpStream, slices: Arc<Slices>, deadline: Arc<Deadline>) -> Self {
        Self { stream, slices, deadline, burst: 0, corked: false, closing: false }
    }

    /// Runs a call that writes to the socket until it does or the socket is full.
    fn attempt(
        &self,
        cx: &mut Context<'_>,
        call: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let stream = &self.stream;
        loop {
            ready!(stream.poll_write_ready(cx))?;
            match stream.try_io(Interest::WRITABLE, || call(stream)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
                result => return Poll::Ready(result),
            }
        }
    }

    /// Has half full packets held back while a large slice goes out in many turns, and sent when the answer is
    /// over: fewer, fuller packets are what makes large answers cheap.
    fn cork(&mut self, corked: bool) {
        if self.corked != corked {
            self.corked = corked;
            if let Err(error) = system::set_cork(&self.stream, corked) {
                tracing::debug!(%error, "TCP_CORK");
            }
        }
    }

    /// Whether the connection has rested long enough, and no request is here. The system is asked: the runtime
    /// may not have heard of one that came before a stop.
    fn is_to_end(&self) -> bool {
        self.deadline.is_idle_too_long() && system::unread_bytes(&self.stream).unwrap_or(0) == 0
    }

    /// Whether the client has ended its side, and everything is read that it sent.
    fn has_ended(&self, cx: &mut Context<'_>) -> bool {
        let mut byte = [0];
        let peeked = self.stream.poll_peek(cx, &mut ReadBuf::new(&mut byte));
        matches!(peeked, Poll::Ready(Ok(0)))
    }

    /// Sends what the stand-in of this length is for, or some of it.
    fn send_slice(&mut self, cx: &mut Context<'_>, length: usize) -> Poll<io::Result<usize>> {
        let (file, offset) = self.slices.front(length)?;
        if length >= CORKED_BYTES {
            self.cork(true);
        }
        let sent =
            ready!(self.attempt(cx, |stream| { system::sendfile(stream, &file, offset, length) }));
        let count = match sent {
            Err(error) if cannot(&error) => {
                self.slices.queue().refused = true;
                let mut bytes = vec![0; length.min(COPY_BYTES)];
                let read = file.read_at(&mut bytes, offset)?;
                ready!(self.attempt(cx, |stream| stream.try_write(&bytes[..read])))?
            }
            sent => sent?,
        };
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        self.slices.sent(count);
        Poll::Ready(Ok(count))
    }

    /// Sends the memory before the first slice, then that slice.
    fn send(&mut self, cx: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let Some(at) = pieces.iter().position(is_stand_in) else {
            return Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        };
        let memory = &pieces[..at];
        let mut sent = 0;
        if !memory.is_empty() {
            sent = ready!(self.attempt(cx, |stream| system::send_more(stream, memory)))?;
            if sent < memory.iter().map(|piece| piece.len()).sum() {
                return Poll::Ready(Ok(sent));
            }
        }
        match self.send_slice(cx, pieces[at].len()) {
            Poll::Ready(Ok(count)) => Poll::Ready(Ok(sent + count)),
            // The bytes that went out are told first; a failure comes back from the next call.
            _ if sent > 0 => Poll::Ready(Ok(sent)),
            other => other,
        }
    }
}

/// Whether sendfile can't be used with this file or socket at all.
fn cannot(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    matches!(code, Some(libc::EINVAL | libc::ENOSYS | libc::EOPNOTSUPP | libc::EPERM))
}

impl Write for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.burst >= BURST_BYTES {
            self.burst = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match self.send(cx, pieces) {
            Poll::Ready(sent) => {
                if let Ok(count) = sent {
                    self.burst += count;
                    self.deadline.sent(count);
                }
                Poll::Ready(sent)
            }
            Poll::Pending => {
                self.burst = 0;
                self.deadline.full(|| system::unacknowledged_bytes(&self.stream))?;
                Poll::Pending
            }
        }
    }

    /// Comes by at each turn of the connection, once everything is sent that there is.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.deadline.is_answering() {
            self.cork(false);
        } else if self.deadline.is_to_be_looked_after() {
            // The end of the client's side tells little, because it may read on. If it has left, what it was sent came
            // back as a reset: the head at least, but for answers whose length has to be learned first.
            if let Some(error) = self.stream.take_error()? {
                return Poll::Ready(Err(error));
            }
            if self.has_ended(cx) {
                self.deadline.side_ends();
                cx.waker().wake_by_ref();
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Ends our side; then reads on for a while where the client is still sending, so that the answer
    /// isn't lost to a reset.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.closing {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.closing = true;
            self.deadline.closing();
        }
        let mut scrap = [0; 4096];
        for _ in 0..MOST_SCRAPS {
            let is_empty = match self.stream.try_read(&mut scrap) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => true,
                Ok(0) | Err(_) => return Poll::Ready(Ok(())),
                Ok(count) => {
                    self.deadline.discarded(count);
                    false
                }
            };
            if !self.deadline.lingers() {
                return Poll::Ready(Ok(()));
            }
            if is_empty {
                ready!(self.stream.poll_read_ready(cx))?;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match system::read(&mut self.stream, cx, buffer) {
            Poll::Ready(read) => {
                self.deadline.received(read?);
                Poll::Ready(Ok(()))
            }
            // A read of no bytes is the end of the connection for hyper.
            Poll::Pending if self.is_to_end() => Poll::Ready(Ok(())),
            Poll::Pending if self.deadline.is_head_late() => {
                // The 408 can be written past hyper, because no answer is under way before a request's head is there.
                let _ = self.stream.try_write(LATE_HEAD);
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
