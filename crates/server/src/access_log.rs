//! One line a request, written when its body is done or given up. Paths are logged without the query,
//! which may hold a signature; headers are not logged, which may hold a token.

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

struct Entry {
    started: Instant,
    remote: SocketAddr,
    method: Method,
    path: String,
    status: u16,
    cache: String,
    bytes: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let duration_ms = self.started.elapsed().as_secs_f64() * 1000.0;
        tracing::info!(
            target: "access",
            remote = %self.remote,
            method = %self.method,
            path = self.path,
            status = self.status,
            bytes = self.bytes,
            duration_ms = format!("{duration_ms:.1}"),
            cache = self.cache,
        );
    }
}

struct Logged {
    body: Body,
    entry: Entry,
}

impl HttpBody for Logged {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.entry.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The response, logged when it's done.
pub fn logged(
    response: Response<Body>,
    started: Instant,
    remote: SocketAddr,
    method: Method,
    path: &str,
) -> Response<Body> {
    let status = response.status().as_u16();
    let cache = response.headers().get("cache-status").and_then(|v| v.to_str().ok()).unwrap_or("-");
    let cache = cache.to_owned();
    let path = path.to_owned();
    let entry = Entry { started, remote, method, path, status, cache, bytes: 0 };
    response.map(|body| Body::new(Logged { body, entry }))
}
