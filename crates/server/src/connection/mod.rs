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
    if let Err(error) = served(handler, socket, admission, purpose).await {
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

async fn served(
    handler: Arc<Handler>,
    socket: Socket,
    admission: Admission,
    purpose: Purpose,
) -> Result<(), Broken> {
    // Whole answers go out at once anyway (see `wire.rs`); this is for their last, half full packets.
    if let Err(error) = socket.set_nodelay() {
        tracing::debug!(remote = %admission.remote, %error, "TCP_NODELAY");
    }
    let deadline = Arc::clone(&admission.deadline);
    let transport = match tls_of(&handler, admission.remote, purpose) {
        Some(tls) => {
            let accepting = Box::pin(tls.accept(socket, &deadline));
            Transport::Tls(Box::new(accepting.await?))
        }
        None => Transport::Plain(socket),
    };
    if transport.alpn() == Some(ACME_TLS) {
        // The certificate was all that the authority wanted to see.
        return Ok(());
    }
    let way = Way { purpose, is_secure: transport.is_ciphered() };
    let agreed = transport.alpn() == Some(ALPN[0]);
    let slices = Arc::<Slices>::default();
    let mut wire = Wire::new(transport, Arc::clone(&slices), Arc::clone(&deadline));
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
    let limits = handler.config();
    match protocol {
        Protocol::Http1 => {
            let mut http = http1::Builder::new();
            http.max_header_size(limits.max_header_bytes);
            // A client may end its side and read on. One that has left is known by its reset (see `wire.rs`).
            http.half_close(true);
            if limits.max_headers != DEFAULT_HEADERS {
                http.max_headers(limits.max_headers);
            }
            let (remote, format) = (admission.remote, limits.log_format);
            let service = Service::new(handler, admission, way, Some(slices));
            // Without a name for it: what has one takes its room in the task twice.
            Life {
                connection: http.serve_connection(wire, service),
                deadline: Arc::clone(&deadline),
                told: false,
                over: None,
            }
            .await
            .inspect_err(|error| {
                if let Some(status) = respond::refused_unread(error, deadline.is_head_late()) {
                    answering::note_unread(remote, format, status);
                }
            })?;
        }
        Protocol::Http2 => {
            let (connections, max_header_bytes) =
                (limits.connections.clone(), limits.max_header_bytes);
            let service = Service::new(handler, admission, way, None);
            let limits = (&connections, max_header_bytes);
            Box::pin(multiplexed::serve(wire, service, deadline, limits)).await?;
        }
    }
    Ok(())
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
