//! Between hyper and the handler, for all versions of HTTP: a request becomes an answer, whose body goes out piece by
//! piece; how it went is counted and logged once.

use super::Purpose;
use super::admission::{Admission, Place};
use super::base;
use super::deadline::{Company, Deadline};
use super::forwarded::{Forwarded, Proxies};
use super::pace::{PIECE_BYTES, Pace};
use super::remote::{self, Remote};
use super::slices::{Piece, Slices};
use crate::access_log;
use crate::apis::storage::login::Peer;
use crate::body::{Body, Takes};
use crate::handler::{Asked, Handler};
use crate::log_format::LogFormat;
use crate::metrics::{ANSWERS, Ended, Route};
use crate::problem::Problem;
use crate::request_id::{RequestId, X_REQUEST_ID};
use crate::respond;
use bytes::{Buf, Bytes};
use http::header::Entry;
use http::{HeaderValue, Method, Request, Response, Version, header};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use media::Asker;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tracing::Span;

tokio::task_local! {
    /// That of the stream whose task this is; a connection of HTTP/1 has none.
    pub static PACE: Arc<Pace>;
}

/// How requests come.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// What the connection is for.
    pub purpose: Purpose,
    /// Whether it is ciphered.
    pub is_secure: bool,
}

/// What answers the requests of one connection.
pub struct Service {
    handler: Arc<Handler>,
    admission: Admission,
    /// The client's address and port, for the log.
    remote: Arc<str>,
    way: Way,
    /// Whether the other end is a proxy that is believed.
    is_believed: bool,
    /// What file slices go to, where the connection takes any.
    slices: Option<Arc<Slices>>,
}

impl Service {
    /// For a connection that was let in.
    pub fn new(
        handler: Arc<Handler>,
        admission: Admission,
        way: Way,
        slices: Option<Arc<Slices>>,
    ) -> Self {
        let (remote, proxies) = (admission.remote, &handler.config().proxies);
        let (is_believed, remote) = (proxies.trust(remote), remote.to_string().into());
        Self { handler, admission, remote, way, is_believed, slices }
    }

    fn proxies(&self) -> &Proxies {
        &self.handler.config().proxies
    }
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Response<Outgoing>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, mut request: Request<Incoming>) -> Answering {
        let deadline = &self.admission.deadline;
        let place = match deadline.asked(!request.body().is_end_stream()) {
            Company::None => Some(None),
            Company::Others => self.admission.shared().map(Some),
        };
        let most = self.handler.config().max_headers;
        let has_too_many = request.headers().len() > most;
        if request.version() == Version::HTTP_2 {
            say_host(&mut request);
        }
        let told = match self.is_believed {
            true => Forwarded::of(request.headers(), self.proxies()),
            false => Forwarded::default(),
        };
        let own = self.admission.remote.ip();
        let (client, remote) = match (told.client, told.disputed) {
            (Some(client), _) => (client, client.to_string().into()),
            (None, Some([one, another])) => (own, format!("{one}|{another}").into()),
            (None, None) => (own, Arc::clone(&self.remote)),
        };
        let network = remote::network(client);
        let id = RequestId::of(request.headers());
        let entry =
            access_log::Entry::begin(remote, id, self.handler.config().log_format, &request);
        let is_head = request.method() == Method::HEAD;
        let route = self.handler.route(request.uri().path());
        let at_once = match (&place, self.way.purpose) {
            (None, _) => Some(respond::problem(&too_many())),
            // hyper counts those of HTTP/1 alone.
            _ if has_too_many => Some(respond::problem(&Problem::TooManyHeaders { most })),
            (Some(_), Purpose::Service) => self.handler.at_once(&request, entry.started),
            (Some(_), Purpose::Redirects) => Some(self.handler.redirect(&request)),
        };
        let handling = match at_once {
            Some(response) => Handling::Done(Some(response)),
            None => {
                let base = base::of(super::host::of(&request), self.way.is_secure, &told);
                let asked = Asked { peer: Peer(network), started: entry.started, base };
                let (handler, deadline) = (Arc::clone(&self.handler), Arc::clone(deadline));
                Handling::Later(Box::pin(
                    async move { handler.handle(request, asked, &deadline).await },
                ))
            }
        };
        let (deadline, _place) = (Arc::clone(deadline), place.flatten());
        let answered = Answered { entry, route, deadline, _place };
        let (slices, asker, traced) = (self.slices.clone(), Asker::at(network), None);
        let going = Going { slices, is_head, asker, traced };
        Answering { handling, frame: Some((going, answered)) }
    }
}

/// Counts and logs a request that was answered with this status although its head was never understood.
pub fn note_unread(remote: Remote, format: LogFormat, status: u16) {
    let entry = access_log::Entry::unread(remote.to_string().into(), format, status);
    let (route, method, duration) = (Route::named("page"), entry.method.as_str(), Duration::ZERO);
    let (body_bytes, was_there) = (0, None);
    ANSWERS.count(&Ended { route, method, status, body_bytes, duration, was_there });
    entry.write(entry.started, duration);
}

/// What a client is told that has more under way than it may have connections.
fn too_many() -> Problem {
    Problem::Later { message: "too many requests at a time".into(), retry_after_s: 1 }
}

/// Says in HTTP/2 what HTTP/1 says by a header, which is where it is looked for (RFC 9113 §8.3.1).
fn say_host(request: &mut Request<Incoming>) {
    let Some(authority) = request.uri().authority() else { return };
    if let Ok(host) = HeaderValue::from_str(authority.as_str()) {
        request.headers_mut().insert(header::HOST, host);
    }
}

/// How the answer to a request goes out.
struct Going {
    slices: Option<Arc<Slices>>,
    is_head: bool,
    asker: Asker,
    /// What its body is a part of, where a trace is made; boxed, because every connection has room for it.
    traced: Option<Box<Span>>,
}

/// A request being handled.
pub struct Answering {
    handling: Handling,
    frame: Option<(Going, Answered)>,
}

/// Small: each connection has room for one, even while it rests.
enum Handling {
    Done(Option<Response<Body>>),
    Later(Pin<Box<dyn Future<Output = Response<Body>> + Send>>),
}

impl Future for Answering {
    type Output = Result<Response<Outgoing>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { handling, frame } = &mut *self;
        let Some(asker) = frame.as_ref().map(|(going, _)| going.asker) else {
            return Poll::Pending;
        };
        let response = match handling {
            Handling::Done(response) => response.take(),
            Handling::Later(handling) => Some(ready!(asker.takes(|| handling.as_mut().poll(cx)))),
        };
        let (Some(mut response), Some((mut going, mut answered))) = (response, frame.take()) else {
            return Poll::Pending;
        };
        answered.entry.answered(&response);
        if let Some(traced) = response.extensions_mut().remove::<Span>() {
            going.traced = Some(Box::new(traced));
        }
        // An API may have rules of its own for the name; then the log has that one.
        match response.headers_mut().entry(X_REQUEST_ID) {
            Entry::Occupied(own) => answered.entry.id = RequestId::Said(own.get().clone()),
            Entry::Vacant(place) => drop(place.insert(answered.entry.id.header())),
        }
        let pace = PACE.try_with(Arc::clone).ok();
        if pace.is_some() {
            settle_length(&mut response, going.is_head);
        }
        let rest = Bytes::new();
        Poll::Ready(Ok(response.map(|body| Outgoing { body, rest, going, pace, answered })))
    }
}

/// Does what hyper does for HTTP/1 alone: an answer to HEAD tells how long the body would be, and one that has none by
/// its status tells nothing.
fn settle_length(response: &mut Response<Body>, is_head: bool) {
    let length = response.body().left();
    if respond::is_without_length(response.status().as_u16()) {
        response.headers_mut().remove(header::CONTENT_LENGTH);
    } else if is_head && let Some(length) = length {
        response.headers_mut().entry(header::CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    if is_head {
        *response.body_mut() = Body::empty();
    }
}

/// A body on its way out.
pub struct Outgoing {
    body: Body,
    /// What is left of a piece that is too large for a stream of HTTP/2.
    rest: Bytes,
    going: Going,
    pace: Option<Arc<Pace>>,
    answered: Answered,
}

/// The end of an answer, whole or given up: counted and logged, and the connection waits for the next request.
struct Answered {
    entry: access_log::Entry,
    route: Route,
    deadline: Arc<Deadline>,
    /// Given back by then, if the request took one.
    _place: Option<Place>,
}

impl Drop for Answered {
    fn drop(&mut self) {
        self.deadline.answered();
        let now = Instant::now();
        let duration = now.saturating_duration_since(self.entry.started);
        ANSWERS.count(&Ended {
            route: self.route,
            method: self.entry.method.as_str(),
            status: self.entry.status,
            body_bytes: self.entry.bytes,
            duration,
            was_there: self.entry.was_there,
        });
        self.entry.write(now, duration);
    }
}

impl Outgoing {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Piece>>> {
        let Self { body, rest, going, pace, .. } = self;
        let mut bytes = std::mem::take(rest);
        if bytes.is_empty() {
            let takes = match &going.slices {
                Some(slices) => Takes::Slices(slices),
                None => Takes::AtMost(PIECE_BYTES as u64),
            };
            let _traced = going.traced.as_deref().map(Span::enter);
            let polled = going.asker.takes(|| body.poll_piece(cx, takes));
            match (ready!(polled), pace.is_some()) {
                (Some(Ok(Piece::Memory(came))), true) => bytes = came,
                (piece, _) => return Poll::Ready(piece),
            }
        }
        *rest = bytes.split_off(bytes.len().min(PIECE_BYTES));
        Poll::Ready(Some(Ok(Piece::Memory(bytes))))
    }
}

impl http_body::Body for Outgoing {
    type Data = Piece;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Piece>>>> {
        if let Some(pace) = &self.pace {
            pace.goes_on();
        }
        let piece = ready!(self.poll_piece(cx));
        if let Some(Ok(piece)) = &piece {
            self.answered.entry.bytes += piece.remaining() as u64;
            if let Some(pace) = &self.pace {
                pace.hands_over();
            }
        }
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end()
    }

    fn size_hint(&self) -> SizeHint {
        // hyper makes a header of HTTP/2 of what is known.
        let left =
            self.body.left().filter(|_| !respond::is_without_length(self.answered.entry.status));
        let left = left.map(|left| left + self.rest.len() as u64);
        left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
