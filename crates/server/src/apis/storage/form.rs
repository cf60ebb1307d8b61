//! `multipart/form-data` (RFC 7578), read part by part as it comes, bounded in memory.

use super::{Refusal, json};
use axum::BoxError;
use axum::body::{Body, Bytes};
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use futures_util::StreamExt;
use http::header;
use std::fmt::Display;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Most bytes of a form in which the next part must begin. What begins one takes a fraction of it, but
/// may come in one piece with as much of the part as the connection reads at a time.
const MAX_BETWEEN_PARTS: usize = 1024 * 1024;

/// The parts of a form. Until the next one begins, the parser holds all that comes in memory and searches
/// it again with each piece, so that it is given only so much for that.
pub struct Form {
    parts: Multipart,
    /// Bytes that the parser may still be given.
    allowed: Arc<AtomicUsize>,
    /// The type of the form, which says its boundary.
    content_type: String,
}

/// A part of a form.
pub struct Part<'a>(Field<'a>);

impl Form {
    /// The form that a request brings.
    pub async fn of(request: Request) -> Result<Self, Refusal> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
        let allowed = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&allowed);
        let bounded = request.map(|body| {
            Body::from_stream(body.into_data_stream().map(move |more| {
                let more = more?;
                let taken = left.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(more.len()));
                taken.map(|_| more).map_err(|_| {
                    left.store(0, Relaxed);
                    BoxError::from(io::Error::other("the form is given up"))
                })
            }))
        });
        let parts = Multipart::from_request(bounded, &()).await.map_err(|e| broken(&e))?;
        Ok(Self { parts, allowed, content_type })
    }

    /// The next part; what it has is read as it comes. A form cut short before its closing boundary is refused.
    pub async fn next(&mut self) -> Result<Option<Part<'_>>, Refusal> {
        self.allowed.store(MAX_BETWEEN_PARTS, Relaxed);
        let part = self.parts.next_field().await.map_err(|e| match self.allowed.load(Relaxed) {
            0 => broken(&format_args!(
                "{MAX_BETWEEN_PARTS} bytes without the boundary of `{}` and the head of a part",
                self.content_type
            )),
            _ => of_body(&e),
        })?;
        self.allowed.store(usize::MAX, Relaxed);
        Ok(part.map(Part))
    }
}

impl Part<'_> {
    /// The part's name; empty if it has none.
    pub fn name(&self) -> &str {
        self.0.name().unwrap_or("")
    }

    /// The name of the file in it.
    pub fn file_name(&self) -> Option<&str> {
        self.0.file_name()
    }

    /// The declared type of what is in it.
    pub fn content_type(&self) -> Option<&str> {
        self.0.content_type()
    }

    /// The next bytes.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Refusal> {
        self.0.chunk().await.map_err(|e| of_body(&e))
    }

    /// All bytes, up to the limit of a JSON object.
    pub async fn all(&mut self) -> Result<Vec<u8>, Refusal> {
        let field = self.name().to_owned();
        let mut bytes = Vec::new();
        while let Some(more) = self.chunk().await? {
            json::extend(&mut bytes, &more, &field)?;
        }
        Ok(bytes)
    }
}

fn of_body(error: &MultipartError) -> Refusal {
    Refusal::of_body(error, || broken(error))
}

fn broken(e: &dyn Display) -> Refusal {
    Refusal::malformed("body", format!("the multipart body: {e}"))
}
