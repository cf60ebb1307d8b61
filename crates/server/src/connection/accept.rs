//! The doors: each listening socket has a thread with a runtime of its own, which takes connections in until
//! the server is to stop.

use super::admission::Admissions;
use crate::handler::Handler;
use crate::metrics::ANSWERS;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};

/// How far the server is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Connections are taken in.
    Serving,
    /// Answers under way are finished.
    Draining,
    /// The threads end.
    Over,
}

/// Refusals under way at a time.
const MAX_REFUSALS: usize = 256;

/// The whole answer to a client that is one too many.
const TOO_MANY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";

/// Where connections come in and whom they are given to.
pub struct Door {
    handler: Arc<Handler>,
    admissions: Arc<Admissions>,
    /// Room to tell clients that they are too many; without it they are only hung up on.
    refusals: Arc<Semaphore>,
}

impl Door {
    /// A door to a handler, for all listening sockets.
    pub fn new(handler: Handler, admissions: Arc<Admissions>) -> Arc<Self> {
        let refusals = Arc::new(Semaphore::new(MAX_REFUSALS));
        Arc::new(Self { handler: Arc::new(handler), admissions, refusals })
    }

    /// The life of a serving thread; `listening` is dropped once its socket is closed.
    pub async fn serve(
        &self,
        socket: std::net::TcpListener,
        mut phase: watch::Receiver<Phase>,
        listening: mpsc::Sender<()>,
    ) {
        match TcpListener::from_std(socket) {
            Ok(listener) => {
                tokio::select! {
                    () = self.accept(&listener) => (),
                    _ = phase.wait_for(|phase| *phase != Phase::Serving) => (),
                }
                if let Err(error) = self.accept_waiting(listener) {
                    tracing::warn!(%error, "connections that waited were not accepted");
                }
            }
            Err(error) => tracing::error!(%error, "a listening socket is of no use"),
        }
        drop(listening);
        let _ = phase.wait_for(|phase| *phase == Phase::Over).await;
    }

    async fn accept(&self, listener: &TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, remote)) => self.take_in(stream, remote),
                Err(error) => {
                    // Descriptors have most likely run out. A pause leaves time for connections to end, and
                    // serves those that are there.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    /// Takes in the connections that the kernel has already accepted. The system is asked for them, because
    /// the runtime hears of a part of them only, and late.
    fn accept_waiting(&self, listener: TcpListener) -> io::Result<()> {
        let listener = listener.into_std()?;
        loop {
            match listener.accept() {
                Ok((stream, remote)) => {
                    stream.set_nonblocking(true)?;
                    self.take_in(TcpStream::from_std(stream)?, remote);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn take_in(&self, stream: TcpStream, remote: SocketAddr) {
        if let Some(admission) = self.admissions.admit(remote) {
            tokio::spawn(super::serve(Arc::clone(&self.handler), stream, admission));
            return;
        }
        ANSWERS.count_refusal();
        tracing::debug!(%remote, "one connection too many");
        if let Ok(permit) = Arc::clone(&self.refusals).try_acquire_owned() {
            tokio::spawn(async move {
                let _ = tokio::time::timeout(Duration::from_secs(1), refuse(stream)).await;
                drop(permit);
            });
        }
    }
}

/// Answers 503 to a client beyond the limit, and waits until the client has read it: closing at once would send
/// a reset.
async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(TOO_MANY).await?;
    stream.shutdown().await?;
    let mut scrap = [0; 1024];
    while stream.read(&mut scrap).await? > 0 {}
    Ok(())
}
