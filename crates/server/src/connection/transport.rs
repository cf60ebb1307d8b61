//! How bytes go over a connection's socket: as they are, or ciphered.

use super::either::reads_and_writes;
use super::socket::Socket;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio_rustls::server::TlsStream;

/// A way over a socket.
pub enum Transport {
    /// As they are.
    Plain(Socket),
    /// By TLS; boxed, because it is large and most connections have none.
    Tls(Box<TlsStream<Socket>>),
}

impl Transport {
    /// The socket under it.
    pub fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }

    /// Whether what is written differs from what goes out.
    pub fn is_ciphered(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// What was agreed on while TLS was set up (RFC 7301).
    pub fn alpn(&self) -> Option<&[u8]> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(stream) => stream.get_ref().1.alpn_protocol(),
        }
    }
}

reads_and_writes!(Transport: Plain or Tls);
