//! The demo page at `/`: the files beside this one, within the binary, so that it runs from anywhere.

use axum::Router;
use axum::routing::get;
use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};

/// Path, type and bytes of each file.
const FILES: [(&str, &str, &str); 4] = [
    ("/", "text/html; charset=utf-8", include_str!("index.html")),
    ("/page/page.css", "text/css", include_str!("page.css")),
    ("/page/page.js", "text/javascript", include_str!("page.js")),
    ("/page/icon.svg", "image/svg+xml", include_str!("icon.svg")),
];

/// Nothing but our own files runs or is loaded, and no other site may frame the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

pub fn router() -> Router {
    FILES.into_iter().fold(Router::new(), |router, (path, kind, text)| {
        router.route(path, get(async move || (headers(kind), text)))
    })
}

fn headers(kind: &'static str) -> HeaderMap {
    let headers: [(HeaderName, &'static str); 5] = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    headers.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
}
