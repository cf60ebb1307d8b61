//! A connection's life: hyper between the wire and the handler.

pub mod accept;
pub mod admission;
pub mod host;
pub mod listener;
mod network;
pub mod request_body;
pub mod system;
pub mod wire;

use crate::access_log::Entry;
use crate::apis::storage::login::Peer;
use crate::body::Body;
use crate::handler::Handler;
use crate::metrics::ANSWERS;
use admission::{Admission, Deadline};
use bytes::Buf;
use http::{Request, Response};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use media::Asker;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use tokio::net::TcpStream;
use wire::{Piece, Slices, Wire};

/// Serves a connection to its end.
pub async fn serve(handler: Arc<Handler>, stream: TcpStream, admission: Admission) {
    let remote = admission.remote;
    // Whole answers go out at once anyway (see `wire.rs`); this is for their last, half full packets.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%remote, %error, "TCP_NODELAY");
    }
    let deadline = Arc::clone(&admission.deadline);
    let slices = Arc::<Slices>::default();
    let wire = Wire::new(stream, Arc::clone(&slices), Arc::clone(&deadline));
    let limits = handler.config();
    let mut http = http1::Builder::new();
    http.max_header_size(limits.max_header_bytes);
    // A client may end its side and read on. One that has left is known by its reset (see `wire.rs`).
    http.half_close(true);
    if limits.max_headers != DEFAULT_HEADERS {
        http.max_headers(limits.max_headers);
    }
    let network = network::of(remote);
    let (peer, remote_text) = (Peer(network), remote.to_string().into());
    let service = Service { handler, remote: remote_text, peer, admission, slices };
    let connection = http.serve_connection(wire, service);
    let life = Life { connection, deadline, told: false, over: None };
    if let Err(error) = Asker::at(network).asks(life).await {
        tracing::debug!(%remote, %error, "a connection broke");
    }
}

/// The number of headers that hyper keeps room for without asking for memory.
const DEFAULT_HEADERS: usize = 100;

/// A connection that ends after the answer under way once the server is to stop; where nothing is under way,
/// the wire ends it.
struct Life {
    connection: http1::Connection<Wire, Service>,
    deadline: Arc<Deadline>,
    told: bool,
    /// How it went, once there is nothing more to ask or to answer.
    over: Option<hyper::Result<()>>,
}

impl Future for Life {
    type Output = hyper::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        self.deadline.register(cx.waker());
        if !self.told && self.deadline.is_draining() && self.deadline.is_answering() {
            self.told = true;
            Pin::new(&mut self.connection).graceful_shutdown();
        }
        let over = match self.over.take() {
            Some(over) => over,
            None => ready!(self.connection.poll_without_shutdown(cx)),
        };
        if over.as_ref().is_err_and(|error| !error.is_parse()) {
            return Poll::Ready(over);
        }
        // On the way to its own end hyper forgets to flush and to shut down where the client has offered an upgrade;
        // polled on, it does both. What is wrong with a request is told to the client, too.
        match Pin::new(&mut self.connection).poll(cx) {
            Poll::Ready(ended) => Poll::Ready(ended.and(over)),
            Poll::Pending => {
                self.over = Some(over);
                Poll::Pending
            }
        }
    }
}

struct Service {
    handler: Arc<Handler>,
    /// The client's address and port, for the log.
    remote: Arc<str>,
    peer: Peer,
    admission: Admission,
    slices: Arc<Slices>,
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Response<Outgoing>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let deadline = &self.admission.deadline;
        deadline.asked(!request.body().is_end_stream());
        let entry = Entry::begin(Arc::clone(&self.remote), request.method().clone(), request.uri());
        let handling = match self.handler.at_once(&request, entry.started) {
            Some(response) => Handling::Done(Some(response)),
            None => {
                let (handler, deadline) = (Arc::clone(&self.handler), Arc::clone(deadline));
                let (peer, started) = (self.peer, entry.started);
                Handling::Later(Box::pin(async move {
                    handler.handle(request, peer, &deadline, started).await
                }))
            }
        };
        let (slices, deadline) = (Arc::clone(&self.slices), Arc::clone(deadline));
        Answering { handling, frame: Some((slices, Answered { entry, deadline })) }
    }
}

/// A request being handled.
struct Answering {
    handling: Handling,
    frame: Option<(Arc<Slices>, Answered)>,
}

/// Small: each connection has room for one, even while it rests.
enum Handling {
    Done(Option<Response<Body>>),
    Later(Pin<Box<dyn Future<Output = Response<Body>> + Send>>),
}

impl Future for Answering {
    type Output = Result<Response<Outgoing>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = match &mut self.handling {
            Handling::Done(response) => response.take(),
            Handling::Later(handling) => Some(ready!(handling.as_mut().poll(cx))),
        };
        let (Some(response), Some((slices, mut answered))) = (response, self.frame.take()) else {
            return Poll::Pending;
        };
        answered.entry.answered(&response);
        Poll::Ready(Ok(response.map(|body| Outgoing { body, slices, answered })))
    }
}

/// A body on its way out.
struct Outgoing {
    body: Body,
    slices: Arc<Slices>,
    answered: Answered,
}

/// The end of an answer, whole or given up: counted and logged, and the connection waits for the next request.
struct Answered {
    entry: Entry,
    deadline: Arc<Deadline>,
}

impl Drop for Answered {
    fn drop(&mut self) {
        self.deadline.answered();
        let Entry { started, status, bytes, .. } = self.entry;
        let ended = Instant::now();
        let duration = ended.saturating_duration_since(started);
        ANSWERS.count(status, bytes, duration);
        self.entry.write(ended, duration);
    }
}

impl http_body::Body for Outgoing {
    type Data = Piece;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Piece>>>> {
        let Self { body, slices, answered } = &mut *self;
        let piece = ready!(body.poll_piece(cx, Some(slices)));
        if let Some(Ok(piece)) = &piece {
            answered.entry.bytes += piece.remaining() as u64;
        }
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.left().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
