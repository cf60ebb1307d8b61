//! The connection to a server for mails, plain or by TLS. No more is heard of a server than a bound, because lettre
//! looks at a line's length when it has all of it; and what is no ASCII in its replies (RFC 5321 §4.2) is heard as `?`,
//! because lettre takes a reply that is no text for none, be its code final or not.

use lettre::transport::smtp::Error as SmtpError;
#[allow(deprecated)] // lettre tells no other way to its TLS over a stream that is not its own.
use lettre::transport::smtp::client::AsyncNetworkStream;
use lettre::transport::smtp::client::{AsyncTokioStream, TlsParameters};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Most bytes that a server may say in a session; what it says to one mail is a few hundred.
const MAX_HEARD_BYTES: usize = 1024 * 1024;

/// The connection. Clones share it, so that TLS can begin beneath who uses it.
#[derive(Debug, Clone)]
pub struct Line(Arc<Mutex<Ends>>);

#[derive(Debug)]
struct Ends {
    way: Way,
    heard_bytes: usize,
    /// What is heard before the server's next words.
    ahead: &'static [u8],
}

#[derive(Debug)]
#[allow(deprecated)]
enum Way {
    Plain(TcpStream),
    Tls(AsyncNetworkStream),
    /// TLS did not come about.
    Lost,
}

impl Line {
    pub fn new(tcp: TcpStream) -> Self {
        Self(Arc::new(Mutex::new(Ends { way: Way::Plain(tcp), heard_bytes: 0, ahead: b"" })))
    }

    /// Goes on by TLS.
    ///
    /// # Errors
    /// The server's certificate is not trusted, or what it says is no TLS.
    #[allow(deprecated)]
    pub async fn secure(&self, tls: TlsParameters) -> Result<(), SmtpError> {
        let way = std::mem::replace(&mut self.ends().way, Way::Lost);
        let Way::Plain(tcp) = way else {
            self.ends().way = way;
            return Ok(());
        };
        let mut stream = AsyncNetworkStream::use_existing_tokio1(Box::new(tcp));
        stream.upgrade_tls(tls).await?;
        self.ends().way = Way::Tls(stream);
        Ok(())
    }

    /// The same connection for who expects a greeting, which a server says once, before TLS.
    pub fn greeting(self) -> Self {
        self.ends().ahead = b"220 again\r\n";
        self
    }

    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lost() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

impl Ends {
    fn poll_hear(&mut self, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.way {
            Way::Plain(tcp) => Pin::new(tcp).poll_read(cx, to),
            Way::Tls(stream) => {
                let read = futures_util::AsyncRead::poll_read(
                    Pin::new(stream),
                    cx,
                    to.initialize_unfilled(),
                );
                to.advance(ready!(read)?);
                Poll::Ready(Ok(()))
            }
            Way::Lost => Poll::Ready(Err(lost())),
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut ends = self.ends();
        if !ends.ahead.is_empty() {
            let (now, later) = ends.ahead.split_at(ends.ahead.len().min(to.remaining()));
            to.put_slice(now);
            ends.ahead = later;
            return Poll::Ready(Ok(()));
        }
        let before = to.filled().len();
        ready!(ends.poll_hear(cx, to))?;
        let heard = &mut to.filled_mut()[before..];
        heard.iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'?');
        ends.heard_bytes += heard.len();
        if ends.heard_bytes > MAX_HEARD_BYTES {
            let told = format!("the server said more than {MAX_HEARD_BYTES} bytes");
            return Poll::Ready(Err(io::Error::other(told)));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.ends().way {
            Way::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Way::Tls(tls) => futures_util::AsyncWrite::poll_write(Pin::new(tls), cx, bytes),
            Way::Lost => Poll::Ready(Err(lost())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.ends().way {
            Way::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Way::Tls(tls) => futures_util::AsyncWrite::poll_flush(Pin::new(tls), cx),
            Way::Lost => Poll::Ready(Err(lost())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.ends().way {
            Way::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Way::Tls(tls) => futures_util::AsyncWrite::poll_close(Pin::new(tls), cx),
            Way::Lost => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncTokioStream for Line {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.ends().way {
            Way::Plain(tcp) => tcp.peer_addr(),
            Way::Tls(tls) => tls.peer_addr(),
            Way::Lost => Err(lost()),
        }
    }
}
