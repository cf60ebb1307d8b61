//! What a link that is refused says: a small page to a browser that was led there, JSON to everybody else.

use crate::body::Body;
use crate::page::{escape, filled, styles, up_from};
use crate::problem::Problem;
use crate::respond;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, Uri};

const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The refusal, in the form that the client reads.
pub fn answer(problem: &Problem, uri: &Uri, headers: &HeaderMap) -> Response<Body> {
    let refusal = respond::problem(problem);
    if !wants_a_page(headers) {
        return refusal;
    }
    let (mut parts, _) = refusal.into_parts();
    let document = filled(
        include_str!("../../page/web/refused.html"),
        &[
            ("title", title(problem)),
            ("message", &escape(&respond::message(problem))),
            ("assets", &styles(&up_from(uri.path()), &["base.css", "listen.css"])),
        ],
    );
    parts.headers.insert(header::CONTENT_LENGTH, document.len().into());
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        parts.headers.insert(name, HeaderValue::from_static(value));
    }
    Response::from_parts(parts, Body::of_memory(document.into()))
}

/// Whether a person looks: players and programs don't ask for HTML by name.
fn wants_a_page(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).into_iter();
    let mut ranges = accepts.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
    ranges.any(|range| {
        let (kind, weight) = range.split_once(';').unwrap_or((range, ""));
        // RFC 9110 §12.4.2: a weight of 0 is not acceptable.
        let is_refused = |weight: &str| weight.trim().parse::<f32>().is_ok_and(|q| q <= 0.0);
        let is_taken = !weight.trim().strip_prefix("q=").is_some_and(is_refused);
        kind.trim() == "text/html" && is_taken
    })
}

fn title(problem: &Problem) -> &'static str {
    match problem {
        Problem::NotFound => "Nothing here",
        Problem::Forbidden => "This link doesn't work any more",
        Problem::BadOption { .. }
        | Problem::NoHost
        | Problem::TooManyHeaders { .. }
        | Problem::BadMethod => "This link isn't right",
        Problem::Unplayable { .. } => "This can't be played",
        Problem::Later { .. } => "In a moment",
        Problem::Failed => "Something went wrong here",
    }
}
