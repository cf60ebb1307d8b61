//! The only crate that speaks HTTP: listener, routing, the publish link and the storage APIs.
//!
//! A published link is answered by a bare service in front of the API router. Every answer is logged
//! once, when its body is done.

mod access_log;
mod apis;
mod body;
mod connection;
mod handler;
mod inflow;
mod listener;
mod metrics;
mod page;
mod respond;
mod system;
mod watch;
mod wire;

pub use inflow::BodyLimits;
pub use listener::{Listeners, listen};
pub use system::raise_descriptor_limit;
pub use watch::ConnectionLimits;

pub use apis::publish::{Config as PublishConfig, Presets};

use apis::publish::Publish;
use axum::Router;
use library::Library;
use media::Media;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use watch::Watch;

/// Settings of the crate.
#[derive(Debug, Clone)]
pub struct Config {
    /// Settings of published links.
    pub publish: PublishConfig,
    /// How long answers under way may take once the server is to stop.
    pub drain_timeout: Duration,
    /// Limits of connections.
    pub connections: ConnectionLimits,
    /// Bytes that the head of a request may have; more are answered 431.
    pub max_header_bytes: usize,
    /// Headers that a request may have; more are answered 431.
    pub max_headers: usize,
    /// Limits of requests' bodies.
    pub bodies: BodyLimits,
}

/// What the server serves.
#[derive(Clone)]
pub struct Services {
    /// What is kept.
    pub library: Library,
    /// What is sent.
    pub media: Media,
    /// Settings.
    pub config: Config,
}

pub(crate) struct Shared {
    services: Services,
    router: Router,
    publish: Publish,
    watch: Arc<Watch>,
    /// Room to tell clients that they are too many; without it they are only hung up on.
    refusals: Arc<Semaphore>,
}

/// Refusals under way at a time.
const MOST_REFUSALS: usize = 256;

/// How far the server is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Serving,
    Draining,
    Over,
}

/// How long a server that has a successor still takes the connections that began before it left.
const HAND_OVER: Duration = Duration::from_millis(300);

/// Checks a value for [`PublishConfig::cache_control`]: directives, or `None`, which the reference service sends.
///
/// # Errors
/// A text that says what is wrong and what is allowed.
pub fn cache_control(text: &str) -> Result<String, String> {
    if text != "None" {
        semantics::cache::check_directives(text)?;
    }
    match text.len() {
        0..=900 => Ok(text.to_owned()),
        _ => Err("longer than 900 bytes".into()),
    }
}

/// Serves connections until `stop` resolves, then finishes the answers and the segments under way, at most
/// for the drain timeout. `stop` tells whether a successor is listening at the same address. Each listening
/// socket has a thread with a runtime of its own: a request never crosses threads.
///
/// # Errors
/// If a thread can't be had.
pub async fn serve(
    listeners: Listeners,
    services: Services,
    stop: impl Future<Output = bool>,
) -> io::Result<()> {
    let watch = Watch::new(services.config.connections.clone());
    let drain_timeout = services.config.drain_timeout;
    let media = services.media.clone();
    let shared = Arc::new(Shared {
        router: router(&services),
        publish: Publish::new(
            services.library.clone(),
            media.clone(),
            services.config.publish.clone(),
        ),
        watch: Arc::clone(&watch),
        refusals: Arc::new(Semaphore::new(MOST_REFUSALS)),
        services,
    });
    let group = listeners.group()?;
    group.take_over();
    let (phase, _) = tokio::sync::watch::channel(Phase::Serving);
    let (listening, mut all_closed) = mpsc::channel::<()>(1);
    let threads = listeners.sockets.into_iter().enumerate().map(|(number, socket)| {
        let (shared, phase, listening) =
            (Arc::clone(&shared), phase.subscribe(), listening.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let serve = move || {
            runtime.block_on(serve_socket(&shared, socket, phase, listening));
            // What is still being read from a disk has nobody to go to.
            runtime.shutdown_background();
        };
        std::thread::Builder::new().name(format!("serve-{number}")).spawn(serve)
    });
    let threads: Vec<_> = threads.collect::<io::Result<_>>()?;
    drop(listening);
    let clock = watch.run();
    let serving = async {
        if stop.await {
            match group.hand_over() {
                Ok(()) => tokio::time::sleep(HAND_OVER).await,
                Err(error) => tracing::warn!(%error, "connections may be refused in the hand-over"),
            }
        }
        drop(group);
        phase.send_replace(Phase::Draining);
        // Until every socket is closed, connections may still come in.
        while all_closed.recv().await.is_some() {}
        let end = tokio::time::Instant::now() + drain_timeout;
        if tokio::time::timeout_at(end, watch.drain()).await.is_err() {
            tracing::warn!("answers under way were broken off after the drain timeout");
        }
        // What is not kept in time will be made again.
        let _ = tokio::time::timeout_at(end, media.close()).await;
        phase.send_replace(Phase::Over);
    };
    tokio::select! { () = clock => (), () = serving => () }
    for thread in threads {
        // A panic has been reported; there is nothing to give back.
        let _ = tokio::task::spawn_blocking(|| thread.join()).await;
    }
    access_log::flush();
    Ok(())
}

/// The life of a serving thread.
async fn serve_socket(
    shared: &Arc<Shared>,
    socket: std::net::TcpListener,
    mut phase: tokio::sync::watch::Receiver<Phase>,
    listening: mpsc::Sender<()>,
) {
    match TcpListener::from_std(socket) {
        Ok(listener) => {
            tokio::select! {
                () = accept(shared, &listener) => (),
                _ = phase.wait_for(|phase| *phase != Phase::Serving) => (),
            }
            if let Err(error) = take_in_waiting(shared, listener) {
                tracing::warn!(%error, "connections that waited were not accepted");
            }
        }
        Err(error) => tracing::error!(%error, "a listening socket is of no use"),
    }
    drop(listening);
    let _ = phase.wait_for(|phase| *phase == Phase::Over).await;
}

fn router(services: &Services) -> Router {
    Router::new()
        .merge(apis::carrierx::router(services.library.clone(), services.media.clone()))
        .merge(page::router())
        .fallback(async || respond::problem(&respond::Problem::NotFound).map(body::Body::into_api))
}

async fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => take_in(shared, stream, remote),
            Err(error) => {
                // Out of descriptors, most likely: those in use go on.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Takes in those who are through the door. The system is asked for them: the runtime hears of a part, late.
fn take_in_waiting(shared: &Arc<Shared>, listener: TcpListener) -> io::Result<()> {
    let listener = listener.into_std()?;
    loop {
        match listener.accept() {
            Ok((stream, remote)) => {
                stream.set_nonblocking(true)?;
                take_in(shared, TcpStream::from_std(stream)?, remote);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

fn take_in(shared: &Arc<Shared>, stream: TcpStream, remote: SocketAddr) {
    if let Some(admission) = shared.watch.admit(remote) {
        tokio::spawn(connection::serve(Arc::clone(shared), stream, admission));
        return;
    }
    metrics::ANSWERS.count_refusal();
    tracing::debug!(%remote, "one connection too many");
    if let Ok(permit) = Arc::clone(&shared.refusals).try_acquire_owned() {
        tokio::spawn(async move {
            let _ = tokio::time::timeout(Duration::from_secs(1), refuse(stream)).await;
            drop(permit);
        });
    }
}

/// Tells a client that it's one too many, and waits until it has heard.
async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(respond::TOO_MANY).await?;
    stream.shutdown().await?;
    let mut scrap = [0; 1024];
    while stream.read(&mut scrap).await? > 0 {}
    Ok(())
}
