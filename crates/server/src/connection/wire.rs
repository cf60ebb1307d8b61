//! A connection's I/O under hyper: memory goes out as it comes, file slices by sendfile(2). Over TLS there are no
//! slices: bytes of files have to be read to be ciphered.
//!
//! When hyper writes, a stand-in (see `slices.rs`) is known by its address, and the front of the connection's queue
//! tells which bytes of which file go out in its place. Files are not mapped: one that is cut short ends the
//! connection, it can't end the process.
//!
//! What keeps a wrong byte from ever being sent:
//!
//! - hyper keeps the order of a body's frames, and one connection answers one request at a time, so the
//!   queue's front is the stand-in's slice; a stand-in longer than the front breaks the connection off;
//! - a stand-in that is dropped before all of it went out tears the queue, and a torn queue sends nothing;
//! - hyper queues frames without copying them, since this I/O is vectored and pipelined answers are
//!   never flattened: the stand-in's zeros are not read.

use super::deadline::Deadline;
use super::slices::{Slices, is_stand_in};
use super::socket::Socket;
use super::system;
use super::transport::Transport;
use hyper::rt::{Read, ReadBufCursor, Write};
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};

/// Bytes after which a connection whose client reads as fast as they come lets others have a turn.
const BURST_BYTES: usize = 4 << 20;

/// Slices from this length on go out in many turns.
const CORKED_BYTES: usize = 512 << 10;

/// The whole answer to a client that takes too long for the head of its request.
const LATE_HEAD: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Reads of what nobody wants after which a connection lets others have a turn.
const MOST_SCRAPS: usize = 16;

/// Bytes that are read at first: most heads are shorter.
const FIRST_BYTES: usize = 1024;

/// Bytes copied at a time where sendfile can't be used.
const COPY_BYTES: usize = 64 << 10;

/// How a client of HTTP/2 begins that knows beforehand that it may (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Which HTTP a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.0 or HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

/// The I/O object of a connection.
pub struct Wire {
    transport: Transport,
    /// Bytes that were read to learn the protocol, and are to be read again.
    ahead: Vec<u8>,
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
    pub fn new(transport: Transport, slices: Arc<Slices>, deadline: Arc<Deadline>) -> Self {
        if transport.is_ciphered() {
            slices.refuse();
        }
        let ahead = Vec::new();
        Self { transport, ahead, slices, deadline, burst: 0, corked: false, closing: false }
    }

    fn socket(&self) -> &Socket {
        self.transport.socket()
    }

    /// Reads until it is known which HTTP the client speaks, which its first byte nearly always tells.
    pub fn poll_protocol(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Protocol>> {
        loop {
            let known = self.ahead.len().min(PREFACE.len());
            if self.ahead[..known] != PREFACE[..known] {
                return Poll::Ready(Ok(Protocol::Http1));
            }
            if known == PREFACE.len() {
                return Poll::Ready(Ok(Protocol::Http2));
            }
            let mut bytes = [0; FIRST_BYTES];
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.transport).poll_read(cx, &mut buffer) {
                Poll::Ready(read) => {
                    read?;
                    let came = buffer.filled();
                    if came.is_empty() {
                        return Poll::Ready(Ok(Protocol::Http1));
                    }
                    self.deadline.received(came.len());
                    self.ahead.extend_from_slice(came);
                }
                Poll::Pending => return self.silent(cx).map_ok(|()| Protocol::Http1),
            }
        }
    }

    /// What a client that sends nothing is to be told: that the connection ends, or nothing yet.
    fn silent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_to_end() {
            // A read of no bytes is the end of the connection for hyper.
            return Poll::Ready(Ok(()));
        }
        if self.deadline.is_head_late() {
            // The 408 can be written past hyper, because no answer is under way before a request's head is there.
            let _ = Pin::new(&mut self.transport).poll_write(cx, LATE_HEAD);
            let _ = Pin::new(&mut self.transport).poll_flush(cx);
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }

    /// Runs a call that writes to the socket until it does or the socket is full.
    fn attempt(
        &self,
        cx: &mut Context<'_>,
        call: impl Fn(&Socket) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let socket = self.socket();
        loop {
            ready!(socket.poll_write_ready(cx))?;
            match socket.try_io(Interest::WRITABLE, || call(socket)) {
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
            if let Err(error) = system::set_cork(self.socket(), corked) {
                tracing::debug!(%error, "TCP_CORK");
            }
        }
    }

    /// Whether the connection has rested long enough, and no request is here. The system is asked: the runtime
    /// may not have heard of one that came before a stop.
    fn is_to_end(&self) -> bool {
        self.deadline.ends_silently() && system::unread_bytes(self.socket()).unwrap_or(0) == 0
    }

    /// The socket takes nothing more: an error if its client has kept it so for too long.
    fn full(&self) -> io::Result<()> {
        self.deadline.full(|| system::unacknowledged_bytes(self.socket()))
    }

    /// Has what TLS holds back go out.
    fn poll_flush_ciphered(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.transport).poll_flush(cx) {
            Poll::Ready(flushed) => {
                self.deadline.flushed();
                Poll::Ready(flushed)
            }
            Poll::Pending => {
                self.full()?;
                Poll::Pending
            }
        }
    }

    /// Sends what the stand-in of this length is for, or some of it.
    fn send_slice(&mut self, cx: &mut Context<'_>, length: usize) -> Poll<io::Result<usize>> {
        let (file, offset) = self.slices.front(length)?;
        if length >= CORKED_BYTES {
            self.cork(true);
        }
        let sent =
            ready!(self.attempt(cx, |socket| { system::sendfile(socket, &file, offset, length) }));
        let count = match sent {
            Err(error) if cannot(&error) => {
                self.slices.refuse();
                let mut bytes = vec![0; length.min(COPY_BYTES)];
                let read = file.read_at(&mut bytes, offset)?;
                ready!(self.attempt(cx, |socket| socket.try_write(&bytes[..read])))?
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
            return Pin::new(&mut self.transport).poll_write_vectored(cx, pieces);
        };
        let memory = &pieces[..at];
        let mut sent = 0;
        if !memory.is_empty() {
            sent = ready!(self.attempt(cx, |socket| system::send_more(socket, memory)))?;
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
                self.full()?;
                Poll::Pending
            }
        }
    }

    /// Comes by at each turn of the connection, once everything is sent that there is.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.transport.is_ciphered() {
            ready!(self.poll_flush_ciphered(cx))?;
        }
        if !self.deadline.is_answering() {
            self.cork(false);
        } else if self.deadline.is_to_be_looked_after() {
            // The end of the client's side tells little, because it may read on. If it has left, what it was sent came
            // back as a reset: the head at least, but for answers whose length has to be learned first.
            if let Some(error) = self.socket().take_error()? {
                return Poll::Ready(Err(error));
            }
            if system::has_ended(self.socket()) {
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
            if Pin::new(&mut self.transport).poll_shutdown(cx)?.is_pending() {
                // TLS has something to say before it ends.
                self.full()?;
                return Poll::Pending;
            }
            self.closing = true;
            self.deadline.closing();
        }
        let mut scrap = [0; 4096];
        for _ in 0..MOST_SCRAPS {
            let is_empty = match self.socket().try_read(&mut scrap) {
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
                ready!(self.socket().poll_read_ready(cx))?;
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
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let count = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(&self.ahead[..count]);
            match count == self.ahead.len() {
                true => self.ahead = Vec::new(),
                false => drop(self.ahead.drain(..count)),
            }
            return Poll::Ready(Ok(()));
        }
        match system::read(&mut self.transport, cx, buffer) {
            Poll::Ready(read) => {
                self.deadline.received(read?);
                Poll::Ready(Ok(()))
            }
            Poll::Pending => self.silent(cx),
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
