//! A connection's life: TLS, if there is any; the HTTP that its client speaks; hyper between the wire and the handler.

pub mod accept;
mod accepting;
pub mod admission;
mod answering;
pub mod base;
pub mod challenges;
pub mod deadline;
mod either;
pub mod endpoint;
pub mod forwarded;
pub mod host;
pub mod listener;
mod multiplexed;
mod pace;
mod remote;
pub mod request_body;
pub mod slices;
mod socket;
mod socket_file;
pub mod system;
pub mod tls;
mod transport;
mod unread;
pub mod wire;

use crate::handler::Handler;
use crate::respond;
use admission::Admission;
use answering::{Service, Way};
use challenges::ACME_TLS;
use deadline::Deadline;
use hyper::server::conn::http1;
use remote::Remote;
use slices::Slices;
use socket::Socket;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tls::{ALPN, Tls};
use transport::Transport;
use wire::{Protocol, Wire};

/// What the connections of a socket are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// All that the server has.
    Service,
    /// Being led to HTTPS.
    Redirects,
}

/// Serves a connection to its end.
pub async fn serve(handler: Arc<Handler>, socket: Socket, admission: Admission, purpose: Purpose) {
    let remote = admission.remote;
    // Boxed, because its room is given back before the connection rests for the first time.
    let served = match Box::pin(opened(&handler, socket, &admission, purpose)).await {
        Ok(Some((Protocol::Http1, opened))) => {
            let (deadline, format) = (Arc::clone(&admission.deadline), handler.config().log_format);
            let ended = Life::begin(handler, admission, opened).await;
            ended.map_err(|error| {
                if let Some(status) = respond::refused_unread(&error, deadline.is_head_late()) {
                    answering::note_unread(remote, format, status);
                }
                error.into()
            })
        }
        Ok(Some((Protocol::Http2, opened))) => {
            Box::pin(served_at_once(handler, admission, opened)).await
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = served {
        tracing::debug!(%remote, %error, "a connection broke");
    }
}

/// Why a connection broke.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("{0}")]
    Transport(#[from] io::Error),
    #[error("{0}")]
    Http(#[from] hyper::Error),
}

/// A connection whose protocol is known.
struct Opened {
    wire: Wire,
    /// What file slices of HTTP/1 go to.
    slices: Arc<Slices>,
    way: Way,
}

/// Ciphers a connection if it is to be, and finds out what is spoken on it; none if a certificate authority has seen
/// the certificate that it wanted to see.
async fn opened(
    handler: &Handler,
    socket: Socket,
    admission: &Admission,
    purpose: Purpose,
) -> Result<Option<(Protocol, Opened)>, Broken> {
    // Whole answers go out at once anyway (see `wire.rs`); this is for their last, half full packets.
    if let Err(error) = socket.set_nodelay() {
        tracing::debug!(remote = %admission.remote, %error, "TCP_NODELAY");
    }
    let deadline = &admission.deadline;
    let transport = match tls_of(handler, admission.remote, purpose) {
        Some(tls) => Transport::Tls(Box::new(tls.accept(socket, deadline).await?)),
        None => Transport::Plain(socket),
    };
    if transport.alpn() == Some(ACME_TLS) {
        return Ok(None);
    }
    let way = Way { purpose, is_secure: transport.is_ciphered() };
    let agreed = transport.alpn() == Some(ALPN[0]);
    let slices = Arc::<Slices>::default();
    let mut wire = Wire::new(transport, Arc::clone(&slices), Arc::clone(deadline));
    let protocol = match agreed {
        true => Protocol::Http2,
        false => {
            poll_fn(|cx| {
                deadline.register(cx.waker());
                wire.poll_protocol(cx)
            })
            .await?
        }
    };
    Ok(Some((protocol, Opened { wire, slices, way })))
}

/// Serves a connection of HTTP/2 to its end.
async fn served_at_once(
    handler: Arc<Handler>,
    admission: Admission,
    Opened { wire, way, .. }: Opened,
) -> Result<(), Broken> {
    let deadline = Arc::clone(&admission.deadline);
    let owner = Arc::clone(&handler);
    let config = owner.config();
    let service = Service::new(handler, admission, way, None);
    let limits = (&config.connections, config.max_header_bytes);
    Ok(multiplexed::serve(wire, service, deadline, limits).await?)
}

/// What a connection is set up with that is to be ciphered.
fn tls_of(handler: &Handler, remote: Remote, purpose: Purpose) -> Option<&Arc<Tls>> {
    match (remote, purpose) {
        (Remote::Host(_), Purpose::Service) => handler.config().tls.as_ref(),
        (Remote::Unix, _) | (Remote::Host(_), Purpose::Redirects) => None,
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

impl Life {
    fn begin(handler: Arc<Handler>, admission: Admission, opened: Opened) -> Self {
        let Opened { wire, slices, way } = opened;
        let (config, deadline) = (handler.config(), Arc::clone(&admission.deadline));
        let mut http = http1::Builder::new();
        http.max_header_size(config.max_header_bytes);
        // A client may end its side and read on. One that has left is known by its reset (see `wire.rs`).
        http.half_close(true);
        if config.max_headers != DEFAULT_HEADERS {
            http.max_headers(config.max_headers);
        }
        let service = Service::new(handler, admission, way, Some(slices));
        let connection = http.serve_connection(wire, service);
        Self { connection, deadline, told: false, over: None }
    }
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
