//! Request bodies within limits: no more bytes than allowed, and no standing still.

use super::admission::Deadline;
use crate::respond::Problem;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::fmt::Display;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// What was wrong with a request's body, if anything, once its answer is there.
pub type Fault = Arc<OnceLock<Problem>>;

/// The limits of a request's body.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// Bytes that it may have.
    pub max_bytes: u64,
    /// How long it may stand still.
    pub stall_timeout: Duration,
}

/// The refusal of a body that is larger than allowed.
pub fn too_large(limits: &BodyLimits) -> Problem {
    Problem::TooLarge {
        message: format!("the body is too large; allowed: {} bytes", limits.max_bytes),
    }
}

/// A request's body.
pub struct RequestBody {
    body: Incoming,
    limits: BodyLimits,
    taken_bytes: u64,
    stall: Pin<Box<Sleep>>,
    deadline: Arc<Deadline>,
    fault: Fault,
}

impl RequestBody {
    /// Guards a body; what it stumbles on is left in `fault`.
    pub fn new(
        body: Incoming,
        limits: BodyLimits,
        deadline: &Arc<Deadline>,
        fault: &Fault,
    ) -> Self {
        let stall = Box::pin(tokio::time::sleep(limits.stall_timeout));
        let (deadline, fault) = (Arc::clone(deadline), Arc::clone(fault));
        Self { body, limits, taken_bytes: 0, stall, deadline, fault }
    }

    fn fail(&self, problem: Problem, text: impl Display) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let _ = self.fault.set(problem);
        Poll::Ready(Some(Err(io::Error::other(text.to_string()))))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Pending if self.stall.as_mut().poll(cx).is_ready() => {
                let seconds = self.limits.stall_timeout.as_secs_f32();
                let message = format!("nothing of the body came for {seconds} s");
                self.fail(Problem::Stalled { message: message.clone() }, message)
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                self.deadline.has_read();
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(io::Error::other(error)))),
            Poll::Ready(Some(Ok(frame))) => {
                self.taken_bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                if self.taken_bytes > self.limits.max_bytes {
                    return self.fail(too_large(&self.limits), "the body is too large");
                }
                let deadline = Instant::now() + self.limits.stall_timeout;
                self.stall.as_mut().reset(deadline);
                if self.body.is_end_stream() {
                    self.deadline.has_read();
                }
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
