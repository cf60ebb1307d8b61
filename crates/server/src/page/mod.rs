//! The demo page at `/`: the files beside this one, within the binary, so that it runs from anywhere.

mod origin;

pub use origin::Origin;

use crate::respond::CROSS_ORIGIN_RESOURCE_POLICY;
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

/// Nothing but our own files runs or is loaded, and no other site may frame the page. `LINKS` stands for where
/// recordings are played from.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src LINKS; \
                      media-src LINKS; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Where the script reads from which origin recordings are played; empty is the page's own.
const PLAYED_FROM: &str = "const LINKS = \"\";";

/// The page's routes. The published links are at `links`, if that's not the page's own origin.
pub fn router(links: Option<&str>) -> Router {
    let policy = POLICY.replace("LINKS", links.unwrap_or("'self'"));
    let policy =
        HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    FILES.into_iter().fold(Router::new(), |router, (path, kind, text)| {
        let text = match links {
            Some(links) => text.replace(PLAYED_FROM, &format!("const LINKS = \"{links}\";")),
            None => text.to_owned(),
        };
        let headers = headers(kind, policy.clone());
        router.route(path, get(async move || (headers.clone(), text.clone())))
    })
}

fn headers(kind: &'static str, policy: HeaderValue) -> HeaderMap {
    let headers: [(HeaderName, &'static str); 6] = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The page holds a token: no window of another origin gets a handle on it, and nobody else loads its files.
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    ];
    let headers = headers.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value)));
    headers.chain([(header::CONTENT_SECURITY_POLICY, policy)]).collect()
}
