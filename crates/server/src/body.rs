//! Answer bodies: what `media` opened, with the frames of a multipart answer around it.
//!
//! File slices are read by positioned reads on threads that may block; memory goes out as it comes. A
//! body that can't keep its promised length ends with an error, which breaks the connection off.

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http_body::Frame;
use media::{Chunk, OpenError, Prepared};
use semantics::multipart::Multipart;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Bytes read from a file at a time.
const READ_BYTES: u64 = 256 * 1024;

struct Sending {
    parts: VecDeque<Part>,
    slice: Option<(Arc<File>, Range<u64>)>,
}

enum Part {
    Memory(Bytes),
    Media(media::Body),
    /// Opened when its turn comes.
    Later(Arc<Prepared>, Range<u64>),
}

/// A whole file.
pub fn of_file(file: Arc<File>, length_bytes: u64) -> Body {
    let slice = (length_bytes > 0).then_some((file, 0..length_bytes));
    stream_of(Sending { parts: VecDeque::new(), slice })
}

/// One range.
pub fn of_range(prepared: &Prepared, range: Range<u64>) -> Result<Body, OpenError> {
    Ok(sending(VecDeque::from([Part::Media(prepared.open(range)?)])))
}

/// Several ranges; the first is opened at once, so that a full queue is known before the head is sent.
pub fn of_multipart(prepared: &Arc<Prepared>, multipart: Multipart) -> Result<Body, OpenError> {
    let mut parts = VecDeque::new();
    for (i, (head, range)) in multipart.parts.into_iter().enumerate() {
        parts.push_back(Part::Memory(head.into()));
        parts.push_back(match i {
            0 => Part::Media(prepared.open(range)?),
            _ => Part::Later(Arc::clone(prepared), range),
        });
    }
    parts.push_back(Part::Memory(multipart.epilogue.into()));
    Ok(sending(parts))
}

fn sending(parts: VecDeque<Part>) -> Body {
    stream_of(Sending { parts, slice: None })
}

fn stream_of(sending: Sending) -> Body {
    let frames = stream::unfold(sending, |mut sending| async move {
        let piece = sending.next().await.transpose()?;
        Some((piece.map(Frame::data), sending))
    });
    Body::new(http_body_util::StreamBody::new(frames))
}

impl Sending {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            if let Some((file, range)) = &mut self.slice {
                let length = (range.end - range.start).min(READ_BYTES);
                let piece = read(Arc::clone(file), range.start, length).await?;
                range.start += length;
                if range.is_empty() {
                    self.slice = None;
                }
                return Ok(Some(piece));
            }
            let Some(part) = self.parts.pop_front() else { return Ok(None) };
            match part {
                Part::Memory(bytes) => return Ok(Some(bytes)),
                Part::Later(prepared, range) => {
                    let body = prepared.open(range).map_err(io::Error::other)?;
                    self.parts.push_front(Part::Media(body));
                }
                Part::Media(mut body) => {
                    let Some(chunk) = body.next().await else { continue };
                    self.parts.push_front(Part::Media(body));
                    match chunk.map_err(io::Error::other)? {
                        Chunk::Memory(bytes) => return Ok(Some(bytes)),
                        Chunk::File { file, offset, length } => {
                            self.slice = (length > 0).then_some((file, offset..offset + length));
                        }
                    }
                }
            }
        }
    }
}

async fn read(file: Arc<File>, offset: u64, length: u64) -> io::Result<Bytes> {
    let read = move || {
        let mut bytes = vec![0; length as usize];
        file.read_exact_at(&mut bytes, offset)?;
        Ok(Bytes::from(bytes))
    };
    tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
}
