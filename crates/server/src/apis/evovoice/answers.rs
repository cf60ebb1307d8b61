//! What is answered where all went well.

use super::formats::{self, Envelope};
use super::objects::{FileInfo, Node};
use super::wants::{Format, Wants};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{self, HeaderValue};
use std::io;

/// A body in the format that is wanted.
pub fn of(wants: &Wants, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(wants.media_type()));
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

pub fn nothing() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
