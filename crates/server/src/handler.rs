//! A request's way to its answer: published links first, then health and metrics, then the APIs.

use crate::body::Body;
use crate::inflow::{self, Fault, Inflow};
use crate::metrics;
use crate::respond;
use crate::watch::Pulse;
use crate::{Shared, apis};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body as _;
use hyper::body::Incoming;
use std::sync::Arc;
use std::time::Instant;
use tower_service::Service;

/// The answer, if it takes nothing that isn't in memory: a published link that was asked for before.
pub fn at_once(
    shared: &Shared,
    request: &Request<Incoming>,
    started: Instant,
) -> Option<Response<Body>> {
    shared.publish.at_once(request.method(), request.uri(), request.headers(), started)
}

/// The answer.
pub async fn handle(
    shared: &Shared,
    request: Request<Incoming>,
    pulse: &Arc<Pulse>,
    started: Instant,
) -> Response<Body> {
    let uri = request.uri();
    if apis::publish::is_link(uri.path()) {
        shared.publish.handle(request.method(), uri, request.headers(), started).await
    } else if uri.path() == "/healthz" {
        health(shared.watch.is_draining())
    } else if uri.path() == "/metrics" {
        text(StatusCode::OK, metrics::CONTENT_TYPE, metrics::render(shared))
    } else {
        api(shared, request, pulse).await
    }
}

async fn api(shared: &Shared, request: Request<Incoming>, pulse: &Arc<Pulse>) -> Response<Body> {
    let limits = shared.services.config.bodies;
    if request.body().size_hint().lower() > limits.max_bytes {
        return closing(respond::problem(&inflow::too_large(&limits)));
    }
    let fault = Fault::default();
    let guarded = request.map(|body| match body.is_end_stream() {
        true => axum::body::Body::empty(),
        false => axum::body::Body::new(Inflow::new(body, limits, pulse, &fault)),
    });
    let mut router = shared.router.clone();
    let response = match router.call(guarded).await {
        Ok(response) => response.map(Body::of_api),
        Err(never) => match never {},
    };
    match fault.get() {
        Some(problem) => closing(respond::problem(problem)),
        None => response,
    }
}

/// An answer after which the connection ends: what the client is still sending is not wanted.
fn closing(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// `GET /healthz`: waits for nothing.
fn health(draining: bool) -> Response<Body> {
    let (status, json) = match draining {
        false => (StatusCode::OK, r#"{"status":"ok"}"#),
        true => (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"draining"}"#),
    };
    text(status, "application/json", json.into())
}

fn text(status: StatusCode, content_type: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::of_memory(text.into()));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
