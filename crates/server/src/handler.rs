//! A request's way to its answer: published links first, then health and metrics, then the APIs.

use crate::access_log::{Caller, Unheard};
use crate::apis::publish::{self, Publish, Signer};
use crate::apis::storage::Storage;
use crate::apis::storage::auth;
use crate::apis::storage::login::Peer;
use crate::apis::{Mounted, evovoice};
use crate::body::Body;
use crate::connection::admission::Admissions;
use crate::connection::deadline::Deadline;
use crate::connection::host;
use crate::connection::request_body::RequestBody;
use crate::metrics::Route;
use crate::problem::Problem;
use crate::{Config, Services, metrics, page, redirect, respond};
use axum::Router;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body as _;
use hyper::body::Incoming;
use library::{LinkBase, Readiness, Turns};
use media::{OpenError, RETRY_AFTER_ENCODE_S};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Instant;
use tower_service::Service;
use tracing::field::Empty;
use tracing::{Instrument, Span, info_span};

/// What is known of a request beside what it says itself.
pub struct Asked {
    /// Who asks.
    pub peer: Peer,
    /// When it came.
    pub started: Instant,
    /// The URL by which it came, up to where the server's paths begin.
    pub base: Option<String>,
}

/// What answers the requests of all connections.
pub struct Handler {
    services: Services,
    publish: Arc<Publish>,
    apis: Mounted,
    /// What belongs to no API.
    router: Router,
    admissions: Arc<Admissions>,
}

impl Handler {
    /// A handler of what `services` have.
    pub fn new(services: Services, admissions: Arc<Admissions>) -> Self {
        let (library, media) = (services.library.clone(), services.media.clone());
        let config = services.config.publish.clone();
        let signer = Signer::new(library.clone(), &config);
        let publish = Arc::new(Publish::new(library.clone(), media.clone(), config));
        let Config { apis: enabled, page_origin, .. } = &services.config;
        let attempts = Arc::default();
        let voipbin = services.config.voipbin;
        let publish_too = Arc::clone(&publish);
        let long_lists = Arc::new(Turns::of(evovoice::LONG_LISTS));
        let storage = Storage {
            library,
            media,
            signer,
            publish: publish_too,
            attempts,
            long_lists,
            voipbin,
            max_upload_bytes: services.config.bodies.max_bytes,
        };
        let apis = enabled.mount(&storage);
        let links = page_origin.as_ref().map(|_| services.library.link_base());
        let router = enabled
            .description()
            .merge(page::router(links.as_ref().map(LinkBase::as_str)))
            .fallback(async || Problem::NotFound)
            .method_not_allowed_fallback(async || Problem::BadMethod);
        LazyLock::force(&metrics::BEGAN);
        Self { services, publish, apis, router, admissions }
    }

    pub fn config(&self) -> &Config {
        &self.services.config
    }

    /// The answer, if it takes nothing that isn't in memory: a published link that was asked for before.
    pub fn at_once(&self, request: &Request<Incoming>, started: Instant) -> Option<Response<Body>> {
        if !host::is_said(request) {
            return Some(closing(respond::problem(&Problem::NoHost)));
        }
        if !self.answers(Part::Links, request) {
            return None;
        }
        self.publish.at_once(request.method(), request.uri(), request.headers(), started)
    }

    /// The answer to a request that came where HTTP is led to HTTPS.
    pub fn redirect(&self, request: &Request<Incoming>) -> Response<Body> {
        closing(redirect::answer(request, self.config()))
    }

    /// What a request for a path is for, as the figures tell it.
    pub fn route(&self, path: &str) -> Route {
        match path {
            path if publish::is_link(path) => Route::LINK,
            "/healthz" | "/readyz" => Route::named("health"),
            "/metrics" => Route::named("metrics"),
            path => Route::named(self.apis.name(path).unwrap_or("page")),
        }
    }

    /// `GET /metrics`: what isn't in memory is looked up once a scrape. Anybody may ask, but partners are nobody's
    /// business.
    async fn figures(&self, headers: &HeaderMap) -> String {
        let Services { library, media, config } = &self.services;
        let is_administrator = auth::is_administrator(library, headers).await;
        let mails = library.mail_counts().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the mails can't be counted");
            Vec::new()
        });
        metrics::render(&metrics::Now {
            connections: self.admissions.count(),
            mails,
            stored: metrics::Stored::look_up(library, is_administrator).await,
            disk_free_bytes: library.free_bytes().await,
            library,
            media,
            version: &config.version,
        })
    }

    /// Answers a request, whose links begin as it says.
    pub async fn handle(
        &self,
        request: Request<Incoming>,
        asked: Asked,
        deadline: &Arc<Deadline>,
    ) -> Response<Body> {
        let base = asked.base.as_deref().filter(|_| self.config().links_follow_requests);
        let base = base.map(LinkBase::new);
        let answer = self.answer(request, asked, deadline);
        match base {
            Some(base) => base.begins_links_of(answer).await,
            None => answer.await,
        }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        asked: Asked,
        deadline: &Arc<Deadline>,
    ) -> Response<Body> {
        let uri = request.uri();
        if publish::is_link(uri.path()) {
            if !self.answers(Part::Links, &request) {
                return respond::problem(&Problem::NotFound);
            }
            self.link(&request, asked.started, deadline).await
        } else if matches!(uri.path(), "/healthz" | "/readyz" | "/metrics") {
            match *request.method() {
                Method::GET | Method::HEAD => self.state(uri.path(), request.headers()).await,
                Method::OPTIONS => respond::preflight(),
                _ => respond::problem(&Problem::BadMethod),
            }
        } else if page::is_asset(uri.path()) || self.answers(Part::Page, &request) {
            self.api(request, asked.peer, deadline).await
        } else {
            respond::problem(&Problem::NotFound)
        }
    }

    /// What those who watch over the server ask for.
    async fn state(&self, path: &str, headers: &HeaderMap) -> Response<Body> {
        let is_draining = self.admissions.is_draining();
        match path {
            "/metrics" => text(StatusCode::OK, metrics::CONTENT_TYPE, self.figures(headers).await),
            "/readyz" if !is_draining => readiness(self.services.library.readiness().await),
            _ => health(is_draining),
        }
    }

    /// The answer to a request for a published link, traced with its body.
    async fn link(
        &self,
        request: &Request<Incoming>,
        started: Instant,
        deadline: &Deadline,
    ) -> Response<Body> {
        let traced = traced(request);
        let answer =
            self.publish.handle(request.method(), request.uri(), request.headers(), started);
        let gone = OpenError::StillEncoding { retry_after_s: RETRY_AFTER_ENCODE_S };
        // A whole encode goes on for those who wait for it alone.
        let mut response = tokio::select! {
            response = answer.instrument(traced.clone()) => response,
            () = deadline.gone() => {
                let mut unheard = respond::problem(&gone.into());
                unheard.extensions_mut().insert(Unheard);
                unheard
            }
        };
        if !traced.is_disabled() {
            traced.record("status", response.status().as_u16());
            response.extensions_mut().insert(traced);
        }
        response
    }

    /// Whether a part is answered at the host that a request is for: all are at every host, unless the page has an
    /// origin of its own.
    fn answers(&self, part: Part, request: &Request<Incoming>) -> bool {
        let Some(page) = &self.services.config.page_origin else { return true };
        page.is_host(host::of(request)) == (part == Part::Page)
    }

    async fn api(
        &self,
        request: Request<Incoming>,
        peer: Peer,
        deadline: &Arc<Deadline>,
    ) -> Response<Body> {
        let limits = self.services.config.bodies;
        let is_given_up = Arc::new(AtomicBool::new(false));
        let mut guarded = request.map(|body| match body.is_end_stream() {
            true => axum::body::Body::empty(),
            false => axum::body::Body::new(RequestBody::new(body, limits, deadline, &is_given_up)),
        });
        guarded.extensions_mut().insert(peer);
        let caller = Arc::<OnceLock<Caller>>::default();
        guarded.extensions_mut().insert(Arc::clone(&caller));
        let router = self.apis.find(guarded.uri().path()).unwrap_or(&self.router);
        let mut response = match router.clone().call(guarded).await {
            Ok(response) => response.map(Body::of_api),
            Err(never) => match never {},
        };
        if let Some(caller) = caller.get() {
            response.extensions_mut().insert(*caller);
        }
        if is_given_up.load(Relaxed) { closing(response) } else { response }
    }
}

/// Bytes of a text from a client that a trace keeps, because thousands wait where the collector is away.
const MAX_TRACED_BYTES: usize = 128;

/// What the stages of a link's answer are parts of; its path may have a signature, and isn't told.
fn traced(request: &Request<Incoming>) -> Span {
    let short = |text: &&str| text.len() <= MAX_TRACED_BYTES;
    let text = |name: &str| request.headers().get(name)?.to_str().ok().filter(short);
    // Looked for where a trace is made alone.
    info_span!(
        target: "stage",
        "answer",
        method = Some(request.method().as_str()).filter(short),
        traceparent = text("traceparent"),
        request_id = text("x-request-id"),
        status = Empty
    )
}

/// What may have an origin of its own, so that nothing stored runs where tokens are entered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The page and the storage APIs.
    Page,
    /// Published links.
    Links,
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

/// `GET /readyz`: whether files are taken; if not, why. What is stored may be served all the same.
fn readiness(found: Readiness) -> Response<Body> {
    let (status, message) = match found {
        Readiness::Ready => return health(false),
        Readiness::DiskFull { free, needed } => {
            ("full", format!("the disk has {free} bytes free, uploads need {needed}"))
        }
        Readiness::NoCatalog => ("failed", "the catalog can't be read; the log tells why".into()),
    };
    let json = serde_json::json!({ "status": status, "message": message });
    text(StatusCode::SERVICE_UNAVAILABLE, "application/json", json.to_string())
}

fn text(status: StatusCode, content_type: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::of_memory(text.into()));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
