//! The door: each serving thread has a runtime of its own, and takes connections in from its listening sockets until
//! the server is to stop.

use super::Purpose;
use super::accepting::Accepting;
use super::admission::Admissions;
use super::listener::Inlet;
use super::remote::Remote;
use super::socket::Socket;
use crate::handler::Handler;
use crate::metrics::ANSWERS;
use futures_util::future::join_all;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
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

    /// The life of a serving thread; `listening` is dropped once its sockets are closed.
    pub async fn serve(
        &self,
        inlets: Vec<Inlet>,
        mut phase: watch::Receiver<Phase>,
        listening: mpsc::Sender<()>,
    ) {
        let attending = inlets.into_iter().map(|inlet| self.attend(inlet, phase.clone()));
        join_all(attending).await;
        drop(listening);
        let _ = phase.wait_for(|phase| *phase == Phase::Over).await;
    }

    /// Takes connections in until the server is to stop, then those that wait, if they are to be had.
    async fn attend(&self, inlet: Inlet, mut phase: watch::Receiver<Phase>) {
        let Inlet { socket, purpose, is_passed } = inlet;
        let accepting = match socket.watched() {
            Ok(accepting) => accepting,
            Err(error) => return tracing::error!(%error, "a listening socket is of no use"),
        };
        tokio::select! {
            () = self.accept(&accepting, purpose) => (),
            _ = phase.wait_for(|phase| *phase != Phase::Serving) => (),
        }
        let take_in = |socket, from| self.take_in(socket, from, purpose);
        if !is_passed && let Err(error) = accepting.accept_waiting(take_in) {
            tracing::warn!(%error, "connections that waited were not accepted");
        }
    }

    async fn accept(&self, listener: &Accepting, purpose: Purpose) {
        loop {
            match listener.accept().await {
                Ok((socket, remote)) => self.take_in(socket, remote, purpose),
                Err(error) => {
                    // Descriptors have most likely run out. A pause leaves time for connections to end, and
                    // serves those that are there.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn take_in(&self, socket: Socket, remote: Remote, purpose: Purpose) {
        if let Some(admission) = self.admissions.admit(remote) {
            tokio::spawn(super::serve(Arc::clone(&self.handler), socket, admission, purpose));
            return;
        }
        ANSWERS.count_refusal();
        tracing::debug!(%remote, "one connection too many");
        if super::tls_of(&self.handler, remote, purpose).is_some() {
            // To tell it would take a handshake, which is what there are too many of: it's hung up on.
            return;
        }
        if let Ok(permit) = Arc::clone(&self.refusals).try_acquire_owned() {
            tokio::spawn(async move {
                let _ = tokio::time::timeout(Duration::from_secs(1), refuse(socket)).await;
                drop(permit);
            });
        }
    }
}

/// Answers 503 to a client beyond the limit, and waits until the client has read it: closing at once would send
/// a reset.
async fn refuse(mut stream: Socket) -> io::Result<()> {
    stream.write_all(TOO_MANY).await?;
    stream.shutdown().await?;
    let mut scrap = [0; 1024];
    while stream.read(&mut scrap).await? > 0 {}
    Ok(())
}
