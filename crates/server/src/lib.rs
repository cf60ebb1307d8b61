//! The only crate that speaks HTTP: listener, routing, the publish link and the storage APIs.
//!
//! A published link is answered by a bare service in front of the API router. Every answer is logged
//! once, when its body is done.

mod access_log;
mod apis;
mod body;
mod coded;
mod connection;
mod handler;
mod log_format;
mod metrics;
mod page;
mod problem;
mod redirect;
mod request_id;
mod respond;

pub use access_log::{LogWriter, flush as flush_log};
pub use apis::Apis;
pub use apis::publish::{Answered, Config as PublishConfig, Lifetimes, Presets, Signer, sign_url};
pub use apis::voipbin::{Config as VoipbinConfig, Times as VoipbinTimes};
pub use connection::base::is_plain as is_plain_base;
pub use connection::challenges::Challenges;
pub use connection::deadline::ConnectionLimits;
pub use connection::endpoint::Endpoint;
pub use connection::forwarded::{Proxies, Trusted};
pub use connection::listener::{Bound, Listeners, Listening};
pub use connection::request_body::BodyLimits;
pub use connection::system::{raise_descriptor_limit, share_heaps};
pub use connection::tls::{CertificateFiles, Tls};
pub use log_format::LogFormat;
pub use page::Origin as PageOrigin;

use connection::accept::{Door, Phase};
use connection::admission::Admissions;
use handler::Handler;
use library::Library;
use media::Media;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

#[derive(Debug, Clone)]
pub struct Config {
    /// What TLS is set up with where the server listens at addresses; none if it speaks plain HTTP there.
    pub tls: Option<Arc<Tls>>,
    /// Where HTTPS is spoken, as clients see it: what plain HTTP is led to.
    pub https_port: u16,
    /// The proxies that are believed what they say of a request.
    pub proxies: Proxies,
    /// What runs, as `--version` says it.
    pub version: String,
    /// How requests are logged.
    pub log_format: LogFormat,
    /// Whether links begin at the URL by which the request came that asks for them.
    pub links_follow_requests: bool,
    /// Where the page and the storage APIs are answered, if not where the links are; each then at its own alone.
    pub page_origin: Option<PageOrigin>,
    /// The storage APIs that are on.
    pub apis: Apis,
    /// Settings of published links.
    pub publish: PublishConfig,
    /// Settings of VoIPBIN's API.
    pub voipbin: VoipbinConfig,
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
    pub library: Library,
    pub media: Media,
    pub config: Config,
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
/// for the drain timeout. `stop` tells whether a successor is listening at the same address. Each serving
/// thread has a runtime of its own and its own listening sockets: a request never crosses threads.
///
/// # Errors
/// If a thread can't be had.
pub async fn serve(
    listeners: Listeners,
    services: Services,
    stop: impl Future<Output = bool>,
) -> io::Result<()> {
    let config = &services.config;
    let admissions = Admissions::new(config.connections.clone(), config.proxies.clone());
    let drain_timeout = config.drain_timeout;
    let media = services.media.clone();
    let handler = Handler::new(services, Arc::clone(&admissions));
    let door = Door::new(handler, Arc::clone(&admissions));
    let Listeners { threads: sockets, places, .. } = listeners;
    places.take_over();
    let (phase, _) = watch::channel(Phase::Serving);
    let (listening, mut all_closed) = mpsc::channel::<()>(1);
    let threads = sockets.into_iter().enumerate().map(|(number, sockets)| {
        let (door, phase, listening) = (Arc::clone(&door), phase.subscribe(), listening.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let serve = move || {
            runtime.block_on(door.serve(sockets, phase, listening));
            // Reads from a disk that are still under way are left behind, because their connections are closed.
            runtime.shutdown_background();
        };
        std::thread::Builder::new().name(format!("serve-{number}")).spawn(serve)
    });
    let threads: Vec<_> = threads.collect::<io::Result<_>>()?;
    drop(listening);
    let clock = admissions.run();
    let serving = async {
        if stop.await {
            match places.hand_over() {
                Ok(()) => tokio::time::sleep(HAND_OVER).await,
                Err(error) => tracing::warn!(%error, "connections may be refused in the hand-over"),
            }
        }
        drop(places);
        phase.send_replace(Phase::Draining);
        // Until every socket is closed, connections may still come in.
        while all_closed.recv().await.is_some() {}
        let end = tokio::time::Instant::now() + drain_timeout;
        if tokio::time::timeout_at(end, admissions.drain()).await.is_err() {
            tracing::warn!("answers under way were broken off after the drain timeout");
        }
        // Segments that are not on the disk when the time is over are made again by the next server.
        let _ = tokio::time::timeout_at(end, media.close()).await;
        phase.send_replace(Phase::Over);
    };
    tokio::select! { () = clock => (), () = serving => () }
    for thread in threads {
        // A panic has been reported; there is nothing to give back.
        let _ = tokio::task::spawn_blocking(|| thread.join()).await;
    }
    Ok(())
}
