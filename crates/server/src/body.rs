//! Answer bodies: what `media` opened, with the frames of a multipart answer around it.
//!
//! A file slice goes to the connection as a slice where it takes slices and the bytes are in the page
//! cache; everywhere else it's read, on a thread that may block if the disk is needed. That choice
//! stands in [`Span::poll_piece`] alone. A body that can't keep its promised length ends with an
//! error, which breaks the connection off.

use crate::connection::slices::{LONGEST_SLICE_BYTES, Piece, Slices};
use crate::connection::system;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use media::{Chunk, OpenError, Prepared};
use semantics::multipart::Multipart;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::task::JoinHandle;

/// Bytes read from a file at a time.
const READ_BYTES: u64 = 128 * 1024;

/// Up to here it's cheaper to copy bytes than to have the kernel look for their pages.
const COPIED_BYTES: u64 = 8 * 1024;

/// What a connection takes of a body at a time.
#[derive(Clone, Copy)]
pub enum Takes<'a> {
    /// Slices of files where the system sends them; else as much of a file as is read at a time.
    Slices(&'a Arc<Slices>),
    /// Of a file at most so many bytes, because many bodies wait at a time.
    AtMost(u64),
}

/// A body, to be pulled piece by piece.
pub struct Body {
    kind: Kind,
    /// Bytes still to come; `None` where the API's own body knows.
    left: Option<u64>,
}

enum Kind {
    Memory(Bytes),
    Span(Span),
    Media(Box<Sending>),
    Api(axum::body::Body),
}

impl Body {
    /// No bytes.
    pub fn empty() -> Self {
        Self::of_memory(Bytes::new())
    }

    /// Bytes in memory.
    pub fn of_memory(bytes: Bytes) -> Self {
        Self { left: Some(bytes.len() as u64), kind: Kind::Memory(bytes) }
    }

    /// All of a file that never changes.
    pub fn of_file(file: File, length_bytes: u64) -> Self {
        let span = Span::new(Arc::new(file), 0..length_bytes);
        Self { kind: Kind::Span(span), left: Some(length_bytes) }
    }

    /// What an API answers.
    pub fn of_api(body: axum::body::Body) -> Self {
        Self { kind: Kind::Api(body), left: None }
    }

    /// A body for the router of the APIs: files are read, since a slice can't pass through it.
    pub fn into_api(self) -> axum::body::Body {
        match self.kind {
            Kind::Memory(bytes) => bytes.into(),
            Kind::Api(body) => body,
            Kind::Span(_) | Kind::Media(_) => axum::body::Body::new(Read(self)),
        }
    }

    /// One range; `is_warm` if its file is known to be in the page cache.
    ///
    /// # Errors
    /// [`OpenError::Busy`].
    pub fn of_range(
        prepared: &Prepared,
        range: Range<u64>,
        is_warm: bool,
    ) -> Result<Self, OpenError> {
        let left = Some(range.end - range.start);
        let kind = if let Some(bytes) = prepared.bytes() {
            Kind::Memory(bytes.slice(range.start as usize..range.end as usize))
        } else if let Some((file, range)) = prepared.slice(&range) {
            Kind::Span(Span { is_warm, ..Span::new(file, range) })
        } else {
            Kind::Media(Box::new(Sending::of([Part::Media(prepared.open(range)?)])))
        };
        Ok(Self { kind, left })
    }

    /// Several ranges; the first is opened at once, so that a full queue is known before the head is
    /// sent.
    ///
    /// # Errors
    /// [`OpenError::Busy`].
    pub fn of_multipart(prepared: &Arc<Prepared>, multipart: Multipart) -> Result<Self, OpenError> {
        let left = Some(multipart.length_bytes());
        let mut parts = Vec::new();
        for (i, (head, range)) in multipart.parts.into_iter().enumerate() {
            parts.push(Part::Memory(head.into()));
            parts.push(match i {
                0 => Part::Media(prepared.open(range)?),
                _ => Part::Later(Arc::clone(prepared), range),
            });
        }
        parts.push(Part::Memory(multipart.epilogue.into()));
        Ok(Self { kind: Kind::Media(Box::new(Sending::of(parts))), left })
    }

    /// Bytes still to come, where that's known.
    pub fn left(&self) -> Option<u64> {
        match &self.kind {
            Kind::Api(body) => body.size_hint().exact(),
            _ => self.left,
        }
    }

    /// Whether nothing more comes.
    pub fn is_end(&self) -> bool {
        match &self.kind {
            Kind::Api(body) => body.is_end_stream(),
            _ => self.left == Some(0),
        }
    }

    /// The next piece, `None` at the end.
    pub fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
        takes: Takes<'_>,
    ) -> Poll<Option<io::Result<Piece>>> {
        if self.is_end() {
            return Poll::Ready(None);
        }
        let polled = match &mut self.kind {
            Kind::Memory(bytes) => Ok(Some(Piece::Memory(std::mem::take(bytes)))),
            Kind::Span(span) => ready!(span.poll_piece(cx, takes)),
            Kind::Media(sending) => ready!(sending.poll_piece(cx, takes)),
            Kind::Api(body) => return poll_api(body, cx),
        };
        let piece = polled.and_then(|piece| piece.ok_or(io::ErrorKind::UnexpectedEof.into()));
        Poll::Ready(Some(piece.inspect(|piece| self.count(piece))))
    }

    fn count(&mut self, piece: &Piece) {
        self.left = self.left.map(|left| left.saturating_sub(bytes::Buf::remaining(piece) as u64));
    }
}

fn poll_api(body: &mut axum::body::Body, cx: &mut Context<'_>) -> Poll<Option<io::Result<Piece>>> {
    let frame = ready!(Pin::new(body).poll_frame(cx));
    Poll::Ready(frame.map(|frame| {
        // The APIs send no trailers.
        let bytes = frame.map_err(io::Error::other)?.into_data().unwrap_or_default();
        Ok(Piece::Memory(bytes))
    }))
}

/// A body that is read into memory piece by piece.
struct Read(Body);

impl http_body::Body for Read {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let piece = ready!(self.0.poll_piece(cx, Takes::AtMost(READ_BYTES)));
        Poll::Ready(piece.map(|piece| match piece? {
            Piece::Memory(bytes) => Ok(Frame::data(bytes)),
            Piece::Slice(_) => Err(io::Error::other("a slice without a connection to take it")),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.left().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// A range of a file that never changes.
struct Span {
    file: Arc<File>,
    range: Range<u64>,
    /// Whether the file is known to be in the page cache.
    is_warm: bool,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl Span {
    fn new(file: Arc<File>, range: Range<u64>) -> Self {
        Self { file, range, is_warm: false, reading: None }
    }

    fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
        takes: Takes<'_>,
    ) -> Poll<io::Result<Option<Piece>>> {
        if let Some(reading) = &mut self.reading {
            let bytes = ready!(Pin::new(reading).poll(cx)).map_err(io::Error::other)??;
            self.reading = None;
            return Poll::Ready(Ok(Some(self.memory(bytes))));
        }
        let (start, left) = (self.range.start, self.range.end - self.range.start);
        if left == 0 {
            return Poll::Ready(Ok(None));
        }
        let (slices, most) = match takes {
            Takes::Slices(slices) => (Some(slices), READ_BYTES),
            Takes::AtMost(bytes) => (None, bytes),
        };
        if let Some(slices) = slices.filter(|slices| left > COPIED_BYTES && slices.usable()) {
            let length = left.min(LONGEST_SLICE_BYTES as u64);
            if self.is_warm || is_cached(&self.file, start, length)? {
                self.range.start += length;
                let file = Arc::clone(&self.file);
                return Poll::Ready(Ok(Some(slices.push(file, start, length as usize))));
            }
        } else if let Some(bytes) = read_cached(&self.file, start, left.min(most))? {
            return Poll::Ready(Ok(Some(self.memory(bytes))));
        }
        let (file, length) = (Arc::clone(&self.file), left.min(most));
        self.reading = Some(tokio::task::spawn_blocking(move || {
            let mut bytes = vec![0; length as usize];
            file.read_exact_at(&mut bytes, start)?;
            Ok(Bytes::from(bytes))
        }));
        self.poll_piece(cx, takes)
    }

    fn memory(&mut self, bytes: Bytes) -> Piece {
        self.range.start += bytes.len() as u64;
        Piece::Memory(bytes)
    }
}

/// Whether a stretch of a file is in the page cache; where the system can't count its pages, judged by its
/// ends: what lies between was read with them, or was read ahead. Where that's wrong, the one call that
/// sends it waits for the disk.
pub fn is_cached(file: &File, start: u64, length: u64) -> io::Result<bool> {
    if let Some(all) = system::is_cached(file, start, length) {
        return Ok(all);
    }
    for offset in [start, start + length - 1] {
        if read_cached(file, offset, 1)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Bytes of a file, at most so many, if they are in the page cache.
fn read_cached(file: &File, offset: u64, length: u64) -> io::Result<Option<Bytes>> {
    use io::ErrorKind::{Unsupported, WouldBlock};
    let mut bytes = vec![0; length as usize];
    match system::read_cached(file, &mut bytes, offset) {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(count) => {
            bytes.truncate(count);
            Ok(Some(bytes.into()))
        }
        Err(error) if matches!(error.kind(), WouldBlock | Unsupported) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A body of several parts.
struct Sending {
    parts: VecDeque<Part>,
    span: Option<Span>,
    pulling: Option<Pulling>,
}

enum Part {
    Memory(Bytes),
    Media(media::Body),
    /// Opened when its turn comes.
    Later(Arc<Prepared>, Range<u64>),
}

/// A media body's next chunk, the body given back with it.
type Pulling = Pin<Box<dyn Future<Output = (media::Body, Option<io::Result<Chunk>>)> + Send>>;

impl Sending {
    fn of(parts: impl Into<VecDeque<Part>>) -> Self {
        Self { parts: parts.into(), span: None, pulling: None }
    }

    fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
        takes: Takes<'_>,
    ) -> Poll<io::Result<Option<Piece>>> {
        loop {
            if let Some(span) = &mut self.span {
                if let Some(piece) = ready!(span.poll_piece(cx, takes))? {
                    return Poll::Ready(Ok(Some(piece)));
                }
                self.span = None;
            }
            if let Some(pulling) = &mut self.pulling {
                let (body, chunk) = ready!(pulling.as_mut().poll(cx));
                self.pulling = None;
                let Some(chunk) = chunk else { continue };
                self.parts.push_front(Part::Media(body));
                match chunk? {
                    Chunk::Memory(bytes) => return Poll::Ready(Ok(Some(Piece::Memory(bytes)))),
                    Chunk::File { file, offset, length } => {
                        self.span = Some(Span::new(file, offset..offset + length));
                    }
                }
                continue;
            }
            match self.parts.pop_front() {
                None => return Poll::Ready(Ok(None)),
                Some(Part::Memory(bytes)) => return Poll::Ready(Ok(Some(Piece::Memory(bytes)))),
                Some(Part::Later(prepared, range)) => {
                    self.parts.push_front(Part::Media(prepared.further(range)));
                }
                Some(Part::Media(mut body)) => {
                    self.pulling = Some(Box::pin(async move {
                        let chunk = body.next().await;
                        (body, chunk.map(|chunk| chunk.map_err(io::Error::other)))
                    }));
                }
            }
        }
    }
}
