//! A request's way to its answer: published links first, then health and metrics, then the APIs.

use crate::apis::publish::{self, Publish};
use crate::body::Body;
use crate::connection::admission::{Admissions, Deadline};
use crate::connection::request_body::{self, Fault, RequestBody};
use crate::{Config, Services, apis, metrics, page, respond};
use axum::Router;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body as _;
use hyper::body::Incoming;
use std::sync::Arc;
use std::time::Instant;
use tower_service::Service;

/// What answers the requests of all connections.
pub struct Handler {
    services: Services,
    publish: Publish,
    router: Router,
    admissions: Arc<Admissions>,
}

impl Handler {
    /// A handler of what `services` have.
    pub fn new(services: Services, admissions: Arc<Admissions>) -> Self {
        let router = Router::new()
            .merge(apis::carrierx::router(services.library.clone(), services.media.clone()))
            .merge(page::router())
            .fallback(async || respond::problem(&respond::Problem::NotFound).map(Body::into_api));
        let config = services.config.publish.clone();
        let publish = Publish::new(services.library.clone(), services.media.clone(), config);
        Self { services, publish, router, admissions }
    }

    /// Settings.
    pub fn config(&self) -> &Config {
        &self.services.config
    }

    /// The answer, if it takes nothing that isn't in memory: a published link that was asked for before.
    pub fn at_once(&self, request: &Request<Incoming>, started: Instant) -> Option<Response<Body>> {
        self.publish.at_once(request.method(), request.uri(), request.headers(), started)
    }

    /// The answer.
    pub async fn handle(
        &self,
        request: Request<Incoming>,
        deadline: &Arc<Deadline>,
        started: Instant,
    ) -> Response<Body> {
        let uri = request.uri();
        if publish::is_link(uri.path()) {
            self.publish.handle(request.method(), uri, request.headers(), started).await
        } else if uri.path() == "/healthz" {
            health(self.admissions.is_draining())
        } else if uri.path() == "/metrics" {
            let connections = self.admissions.count();
            let text_of_all = metrics::render(connections, &self.services);
            text(StatusCode::OK, metrics::CONTENT_TYPE, text_of_all)
        } else {
            self.api(request, deadline).await
        }
    }

    async fn api(&self, request: Request<Incoming>, deadline: &Arc<Deadline>) -> Response<Body> {
        let limits = self.services.config.bodies;
        if request.body().size_hint().lower() > limits.max_bytes {
            return closing(respond::problem(&request_body::too_large(&limits)));
        }
        let fault = Fault::default();
        let guarded = request.map(|body| match body.is_end_stream() {
            true => axum::body::Body::empty(),
            false => axum::body::Body::new(RequestBody::new(body, limits, deadline, &fault)),
        });
        let mut router = self.router.clone();
        let response = match router.call(guarded).await {
            Ok(response) => response.map(Body::of_api),
            Err(never) => match never {},
        };
        match fault.get() {
            Some(problem) => closing(respond::problem(problem)),
            None => response,
        }
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
