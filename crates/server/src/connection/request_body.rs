//! Request bodies within limits: no more bytes than allowed, and no standing still.

use super::deadline::Deadline;
use super::unread;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// Why a request's body can't be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It is larger than allowed.
    #[error("the body is too large; allowed: {max_bytes} bytes")]
    TooLarge {
        /// How large it may be.
        max_bytes: u64,
    },
    /// Nothing of it came for too long.
    #[error("nothing of the body came for {seconds} s")]
    Stalled {
        /// For how long.
        seconds: f32,
    },
    /// It came too slowly for too long.
    #[error("the body came with less than {min_rate} bytes a second")]
    Slow {
        /// Bytes a second.
        min_rate: u64,
    },
    /// The connection broke, or what came is no HTTP.
    #[error("{0}")]
    Broken(hyper::Error),
}

/// The limits of a request's body.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// Bytes that it may have.
    pub max_bytes: u64,
    /// How long it may stand still.
    pub stall_timeout: Duration,
    /// Bytes a second that must come of it within each such time that it is waited for.
    pub min_rate: u64,
}

/// A request's body.
pub struct RequestBody {
    /// Gone with the drop of this alone.
    body: Option<Incoming>,
    limits: BodyLimits,
    taken_bytes: u64,
    stall: Pin<Box<Sleep>>,
    /// Since when the next bytes are waited for.
    waits_since: Option<Instant>,
    /// How long bytes were waited for, and how many came, since the rate was looked at last.
    waited: Duration,
    came_bytes: u64,
    deadline: Arc<Deadline>,
    /// Whether the body was given up because of a limit.
    is_given_up: Arc<AtomicBool>,
}

impl RequestBody {
    /// Guards a body; that it was given up because of a limit is noted in `is_given_up`.
    pub fn new(
        body: Incoming,
        limits: BodyLimits,
        deadline: &Arc<Deadline>,
        is_given_up: &Arc<AtomicBool>,
    ) -> Self {
        let stall = Box::pin(tokio::time::sleep(limits.stall_timeout));
        let (deadline, is_given_up) = (Arc::clone(deadline), Arc::clone(is_given_up));
        Self {
            body: Some(body),
            limits,
            taken_bytes: 0,
            stall,
            waits_since: None,
            waited: Duration::ZERO,
            came_bytes: 0,
            deadline,
            is_given_up,
        }
    }

    fn give_up(&self, fault: Fault) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        self.is_given_up.store(true, Relaxed);
        Poll::Ready(Some(Err(fault)))
    }

    /// Whether what came is too little for how long it was waited for. What the server itself takes time for doesn't
    /// count: nothing is waited for then.
    fn is_too_slow(&mut self, count: u64) -> bool {
        self.came_bytes += count;
        self.waited += self.waits_since.take().map_or(Duration::ZERO, |since| since.elapsed());
        if self.waited < self.limits.stall_timeout {
            return false;
        }
        let owed = u128::from(self.limits.min_rate) * self.waited.as_millis() / 1000;
        let is_too_slow = u128::from(self.came_bytes) < owed;
        (self.waited, self.came_bytes) = (Duration::ZERO, 0);
        is_too_slow
    }

    fn is_too_large(&self) -> bool {
        self.taken_bytes + self.size_hint().lower() > self.limits.max_bytes
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if let (Some(body), true) = (self.body.take(), self.deadline.is_multiplexed()) {
            unread::discard(body);
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        let too_large = Fault::TooLarge { max_bytes: self.limits.max_bytes };
        // A body that announces its size is refused before a byte of it is read, because the client may still wait
        // for `100 Continue`.
        if self.is_too_large() {
            return self.give_up(too_large);
        }
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        match Pin::new(body).poll_frame(cx) {
            Poll::Pending if self.stall.as_mut().poll(cx).is_ready() => {
                let seconds = self.limits.stall_timeout.as_secs_f32();
                self.give_up(Fault::Stalled { seconds })
            }
            Poll::Pending => {
                self.waits_since.get_or_insert_with(Instant::now);
                Poll::Pending
            }
            Poll::Ready(None) => {
                self.deadline.has_read();
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(Fault::Broken(error)))),
            Poll::Ready(Some(Ok(frame))) => {
                let count = frame.data_ref().map_or(0, |data| data.len() as u64);
                self.taken_bytes += count;
                if self.is_too_slow(count) {
                    return self.give_up(Fault::Slow { min_rate: self.limits.min_rate });
                }
                if self.is_too_large() {
                    return self.give_up(too_large);
                }
                let deadline = Instant::now() + self.limits.stall_timeout;
                self.stall.as_mut().reset(deadline);
                if self.is_end_stream() {
                    self.deadline.has_read();
                }
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}
