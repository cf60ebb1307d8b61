//! A connection of HTTP/2: many requests at a time, each in a task of its own on the connection's thread, within bounds
//! that keep a client from having more under way than it can take.

use super::answering::{PACE, Service};
use super::deadline::{ConnectionLimits, Deadline};
use super::pace::{Pace, Patience};
use super::wire::Wire;
use hyper::server::conn::http2;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Requests at a time; RFC 9113 §6.5.2 advises no fewer.
const MAX_STREAMS: u32 = 100;

/// Streams that a client may have reset before they were looked at; then the connection ends (CVE-2023-44487).
const MAX_PENDING_RESETS: usize = 20;

/// Streams that we may have had to reset; then the connection ends (CVE-2025-8671).
const MAX_OWN_RESETS: usize = 100;

/// Bytes of a stream's answer that wait for its client.
const MAX_WAITING_BYTES: usize = 64 << 10;

/// Serves a connection to its end.
pub async fn serve(
    wire: Wire,
    service: Service,
    deadline: Arc<Deadline>,
    limits: (&ConnectionLimits, usize),
) -> hyper::Result<()> {
    let (limits, max_header_bytes) = limits;
    deadline.is_shared();
    let streams = Streams { patience: Patience::new(limits.send_timeout, limits.send_rate) };
    let mut http = http2::Builder::new(streams);
    http.max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_local_error_reset_streams(MAX_OWN_RESETS)
        .max_send_buf_size(MAX_WAITING_BYTES)
        .max_header_list_size(u32::try_from(max_header_bytes).unwrap_or(u32::MAX));
    let connection = Box::pin(http.serve_connection(wire, service));
    Life { connection, deadline, told: false }.await
}

/// Runs the streams of a connection.
#[derive(Clone)]
struct Streams {
    patience: Patience,
}

impl<F> hyper::rt::Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, stream: F) {
        let (pace, patience) = (Arc::<Pace>::default(), self.patience);
        tokio::spawn(async move {
            // A stream that is dropped before its end is reset.
            tokio::select! {
                _ = PACE.scope(Arc::clone(&pace), stream) => (),
                () = pace.stalls(patience) => (),
            }
        });
    }
}

/// A connection whose client is told when the server is to stop, or when it has rested too long, and is left a little
/// later, should it stay.
struct Life {
    connection: Pin<Box<http2::Connection<Wire, Service, Streams>>>,
    deadline: Arc<Deadline>,
    told: bool,
}

impl Future for Life {
    type Output = hyper::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        let Self { connection, deadline, told } = &mut *self;
        deadline.register(cx.waker());
        let rests = deadline.is_idle_too_long();
        if !*told && (rests || deadline.is_draining()) {
            *told = true;
            connection.as_mut().graceful_shutdown();
        }
        if rests {
            deadline.closing();
        } else if deadline.has_lingered() {
            return Poll::Ready(Ok(()));
        }
        connection.as_mut().poll(cx)
    }
}
