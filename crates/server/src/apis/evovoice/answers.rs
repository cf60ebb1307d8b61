//! What is answered where all went well.

use super::formats::{self, Envelope};
use super::objects::{FileInfo, Node};
use super::wants::{Format, Wants};
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{self, HeaderValue};
use http_body::{Frame, SizeHint};
use library::Turn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body in the format that is wanted.
pub fn of(wants: &Wants, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(wants.content_type()));
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}

pub fn file(wants: &Wants, file: &FileInfo) -> io::Result<Response> {
    let mut body = Vec::new();
    formats::file(&mut body, wants, file)?;
    Ok(of(wants, body))
}

/// An object that is no file; XML calls it `class`.
pub fn object(wants: &Wants, class: &str, node: &Node) -> io::Result<Response> {
    let mut body = Vec::new();
    formats::object(&mut body, wants, class, node)?;
    Ok(of(wants, body))
}

/// A list that is written already. As CSV it is a file to keep.
pub fn list(wants: &Wants, envelope: Envelope, body: impl Into<Body>) -> Response {
    let mut response = of(wants, body);
    if wants.format == Format::Csv {
        let name = match envelope {
            Envelope::Page => "attachment;filename=ListFiles.csv",
            Envelope::Files => "attachment;filename=GetMyFiles.csv",
        };
        response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    }
    response
}

/// A body that holds a place of its receiver's until it is sent.
pub struct Held {
    body: Body,
    _turn: Turn,
}

impl Held {
    pub fn new(body: Body, turn: Turn) -> Self {
        Self { body, _turn: turn }
    }
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

pub fn nothing() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
