//! `multipart/form-data` (RFC 7578), read part by part as it comes, bounded in memory.

use super::{Refusal, json};
use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, header};
use semantics::file_name::file_name;
use std::fmt::Display;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

/// Most bytes of a form in which the next part must begin: what begins one takes a fraction of it.
const MAX_PART_HEAD: usize = 64 * 1024;

/// Most bytes that the parser is given for one piece of a part; the boundary that may hide in them is far shorter.
const MAX_PIECE: usize = 256 * 1024;

/// What a part that is held as text costs beside its name and its bytes.
const TEXT_COST: usize = 64;

/// The parts of a form. The parser takes all that it's given into memory, and while it looks for the next part it
/// searches that again and again; so it is given only so much.
pub struct Form {
    parts: Multipart,
    allowance: Arc<Allowance>,
    /// The type of the form, which says its boundary.
    content_type: String,
    /// Bytes that the parts may have, all together, that are held as text.
    text_left: usize,
    most_text: usize,
}

/// A part of a form.
pub struct Part<'a> {
    field: Field<'a>,
    file_name: Option<String>,
    allowance: Arc<Allowance>,
    text_left: &'a mut usize,
    most_text: usize,
}

/// What the parser may still be given.
#[derive(Default)]
struct Allowance {
    bytes: AtomicUsize,
    /// Whether it asked for more than that.
    is_used_up: AtomicBool,
}

impl Allowance {
    fn set(&self, bytes: usize) {
        self.bytes.store(bytes, Relaxed);
        self.is_used_up.store(false, Relaxed);
    }
}

/// A form's bytes as far as they are allowed.
struct Allowed {
    body: BodyDataStream,
    /// What came and is not given yet.
    rest: Bytes,
    allowance: Arc<Allowance>,
}

impl Stream for Allowed {
    type Item = Result<Bytes, axum::Error>;

    /// Pending without a waker where nothing more is allowed: who polls the parser looks at `is_used_up`.
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while self.rest.is_empty() {
            match ready!(self.body.poll_next_unpin(cx)) {
                Some(Ok(more)) => self.rest = more,
                end => return Poll::Ready(end),
            }
        }
        let allowed = self.allowance.bytes.load(Relaxed);
        if allowed == 0 {
            self.allowance.is_used_up.store(true, Relaxed);
            return Poll::Pending;
        }
        let count = self.rest.len().min(allowed);
        self.allowance.bytes.store(allowed - count, Relaxed);
        Poll::Ready(Some(Ok(self.rest.split_to(count))))
    }
}

impl Form {
    /// The form that a request brings; parts that are read as text have at most as many bytes as a JSON object, all
    /// together.
    pub async fn of(headers: &HeaderMap, body: Body) -> Result<Self, Refusal> {
        Self::with_text(headers, body, json::MAX_BYTES).await
    }

    /// The same with so many bytes of text.
    pub async fn with_text(
        headers: &HeaderMap,
        body: Body,
        most_text: usize,
    ) -> Result<Self, Refusal> {
        let content_type = headers.get(header::CONTENT_TYPE);
        let allowance = Arc::<Allowance>::default();
        let (body, allowed) = (body.into_data_stream(), Arc::clone(&allowance));
        let body = Allowed { body, rest: Bytes::new(), allowance: allowed };
        let mut request = Request::new(Body::from_stream(body));
        // What bounds a file is the quota of its container, and what bounds the rest stands here.
        DefaultBodyLimit::disable().apply(&mut request);
        let declared = content_type.map(|value| (header::CONTENT_TYPE, value.clone()));
        request.headers_mut().extend(declared);
        let content_type = content_type.and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
        let parts = Multipart::from_request(request, &()).await.map_err(|e| broken(&e))?;
        Ok(Self { parts, allowance, content_type, text_left: most_text, most_text })
    }

    /// The next part; what it has is read as it comes. A form cut short before its closing boundary is refused.
    pub async fn next(&mut self) -> Result<Option<Part<'_>>, Refusal> {
        let Self { parts, allowance, content_type, text_left, most_text } = self;
        allowance.set(MAX_PART_HEAD);
        let mut next = pin!(parts.next_field());
        let found = std::future::poll_fn(|cx| match next.as_mut().poll(cx) {
            Poll::Pending if allowance.is_used_up.load(Relaxed) => {
                Poll::Ready(Err(broken(&format_args!(
                    "{MAX_PART_HEAD} bytes without the boundary of `{content_type}` and the head of a part"
                ))))
            }
            found => found.map_err(|e| of_body(&e)),
        });
        let field = found.await?;
        let (allowance, most_text) = (Arc::clone(allowance), *most_text);
        Ok(field.map(|field| {
            // The parser reads neither other charsets than UTF-8 nor `filename*`.
            let disposition = field.headers().get(header::CONTENT_DISPOSITION);
            let file_name = disposition.and_then(|value| file_name(value.as_bytes()));
            Part { field, file_name, allowance, text_left, most_text }
        }))
    }
}

impl Part<'_> {
    /// The part's name; empty if it has none.
    pub fn name(&self) -> &str {
        self.field.name().unwrap_or("")
    }

    /// Whether it is a file: it has a file's name, or is called as files are.
    pub fn is_file(&self) -> bool {
        let is_named = self.file_name().is_some_and(|name| !name.is_empty());
        is_named || matches!(self.name(), "data" | "file")
    }

    /// The name of the file in it.
    pub fn file_name(&self) -> Option<&str> {
        self.file_name.as_deref()
    }

    /// The declared type of what is in it.
    pub fn content_type(&self) -> Option<&str> {
        self.field.content_type()
    }

    /// The next bytes.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Refusal> {
        let Self { field, allowance, .. } = self;
        allowance.set(MAX_PIECE);
        let mut chunk = pin!(field.chunk());
        let chunk = std::future::poll_fn(|cx| {
            loop {
                match chunk.as_mut().poll(cx) {
                    Poll::Pending if allowance.is_used_up.load(Relaxed) => allowance.set(MAX_PIECE),
                    found => return found,
                }
            }
        });
        chunk.await.map_err(|e| of_body(&e))
    }

    /// All bytes, as far as the parts of the form that are held may have so many.
    pub async fn all(&mut self) -> Result<Vec<u8>, Refusal> {
        self.take_room(self.name().len() + TEXT_COST)?;
        let mut bytes = Vec::new();
        while let Some(more) = self.chunk().await? {
            self.take_room(more.len())?;
            bytes.extend_from_slice(&more);
        }
        Ok(bytes)
    }

    fn take_room(&mut self, bytes: usize) -> Result<(), Refusal> {
        let left = self.text_left.checked_sub(bytes);
        *self.text_left = left.ok_or_else(|| json::too_large(self.name(), self.most_text))?;
        Ok(())
    }

    /// All of it as text.
    pub async fn text(&mut self) -> Result<String, Refusal> {
        let text = String::from_utf8(self.all().await?);
        text.map_err(|_| Refusal::invalid(self.name(), "must be text in UTF-8"))
    }
}

fn of_body(error: &MultipartError) -> Refusal {
    Refusal::of_body(error, || broken(error))
}

fn broken(e: &dyn Display) -> Refusal {
    Refusal::malformed("body", format!("the multipart body: {e}"))
}
