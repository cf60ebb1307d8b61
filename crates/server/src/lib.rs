//! The only crate that speaks HTTP: listener, routing, the publish link and the storage APIs.
//!
//! A published link is answered by a bare service in front of the API router. Every answer is logged
//! once, when its body is done.

mod access_log;
pub mod apis;
mod body;
mod respond;

use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use library::Library;
use media::Media;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower_service::Service;

/// Settings of the crate.
#[derive(Debug, Clone)]
pub struct Config {
    /// Cache-Control of published links that ask for none.
    pub cache_control: String,
    /// How long a client may take for a request's head.
    pub header_timeout: Duration,
    /// How long answers under way may take once the server is to stop.
    pub drain_timeout: Duration,
    /// Connections at a time; more wait in the listen queue.
    pub most_connections: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            // The reference service sends this very word.
            cache_control: "None".into(),
            header_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(30),
            most_connections: 10_000,
        }
    }
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

struct Shared {
    services: Services,
    router: Router,
    draining: AtomicBool,
}

/// Serves connections until `stop` resolves, then finishes the answers under way, at most for the drain
/// timeout.
pub async fn serve(listener: TcpListener, services: Services, stop: impl Future<Output = ()>) {
    let slots = Arc::new(Semaphore::new(services.config.most_connections));
    let drain_timeout = services.config.drain_timeout;
    let router = Router::new()
        .merge(apis::carrierx::router(services.library.clone()))
        .fallback(async || respond::problem(&respond::Problem::NotFound));
    let shared = Arc::new(Shared { services, router, draining: AtomicBool::new(false) });
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let accept = async {
            // A connection's slot is given back when it ends.
            let slot = Arc::clone(&slots).acquire_owned().await.ok();
            (listener.accept().await, slot)
        };
        let (accepted, slot) = tokio::select! {
            accepted = accept => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, remote)) => {
                let connection = connection(&shared, stream, remote);
                let watched = graceful.watch(connection);
                tokio::spawn(async move {
                    if let Err(error) = watched.await {
                        tracing::debug!(%remote, %error, "a connection broke");
                    }
                    drop(slot);
                });
            }
            Err(error) => {
                // Out of descriptors, most likely: those in use go on.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    shared.draining.store(true, Ordering::Relaxed);
    drop(listener);
    if tokio::time::timeout(drain_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("answers under way were broken off after the drain timeout");
    }
}

/// A connection's life.
fn connection(
    shared: &Arc<Shared>,
    stream: TcpStream,
    remote: SocketAddr,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send + use<> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%remote, %error, "TCP_NODELAY");
    }
    let header_timeout = shared.services.config.header_timeout;
    let shared = Arc::clone(shared);
    let service = service_fn(move |request: Request<Incoming>| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(handle(&shared, request, remote).await) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .serve_connection(TokioIo::new(stream), service)
}

async fn handle(shared: &Shared, request: Request<Incoming>, remote: SocketAddr) -> Response<Body> {
    let started = Instant::now();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let response = if apis::publish::is_link(uri.path()) {
        let query = uri.query().unwrap_or("");
        apis::publish::handle(&shared.services, &method, uri.path(), query, request.headers()).await
    } else if uri.path() == "/healthz" {
        health(shared.draining.load(Ordering::Relaxed))
    } else {
        let mut router = shared.router.clone();
        match router.call(request.map(Body::new)).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    };
    access_log::logged(response, started, remote, method, uri.path())
}

/// `GET /healthz`: waits for nothing.
fn health(draining: bool) -> Response<Body> {
    let (status, text) = match draining {
        false => (StatusCode::OK, r#"{"status":"ok"}"#),
        true => (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"draining"}"#),
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
