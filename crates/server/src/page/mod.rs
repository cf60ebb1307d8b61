//! The page at `/`: the files of `web/`, within the binary, so that it runs from anywhere and without a build step.
//!
//! Its modules and styles lie below a folder that is named by what they hold (see `assets.rs`), so that browsers keep
//! them for good; `index.html` names that folder and is asked for each time. All URLs in it are relative: the page
//! works below any path.

mod assets;
mod docs;
mod origin;
mod text;

use assets::folder;
pub use assets::{Asset, links_to, styles};
pub use origin::Origin;
pub use text::{escape, filled, up_from};

use crate::problem::Problem;
use crate::respond::CROSS_ORIGIN_RESOURCE_POLICY;
use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;

/// Nothing but our own files runs or is loaded, and no other site may frame the page. `LINKS` stands for where
/// recordings are played from, and documents shown, each in a sandbox of its own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src LINKS; \
                      media-src LINKS; connect-src LINKS; frame-src LINKS; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'";

const STYLES: [&str; 4] = ["base.css", "list.css", "player.css", "dialogs.css"];

/// For machines that read links: nobody's recordings are to be found by searching, and chats may show what somebody
/// sent.
const ROBOTS: &str = "User-agent: Twitterbot\nUser-agent: facebookexternalhit\nUser-agent: LinkedInBot\n\
                      User-agent: Slackbot-LinkExpanding\nUser-agent: Discordbot\nDisallow:\n\n\
                      User-agent: *\nDisallow: /\n";

/// Whether a path is one of the files that every page of the server needs, whichever origin it has.
pub fn is_asset(path: &str) -> bool {
    path.starts_with("/page/") || ["/favicon.ico", "/favicon.svg", "/robots.txt"].contains(&path)
}

/// The page's routes. The published links are at `links`, if that's not the page's own origin.
pub fn router(links: Option<&str>) -> Router {
    let said = [
        ("links", links.unwrap_or("")),
        ("version", env!("CARGO_PKG_VERSION")),
        ("assets", &links_to("", &STYLES, "app.js")),
    ];
    let index = Arc::new(Asset::document(filled(include_str!("web/index.html"), &said)));
    let policy = match links {
        Some(links) => POLICY.replace("LINKS", &format!("'self' {links}")),
        None => POLICY.replace("LINKS", "'self'"),
    };
    let policy =
        HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let page = async move |headers: HeaderMap| guarded(index.answer(&headers), policy.clone());
    Router::new()
        .route("/", get(page))
        .route("/page/{folder}/{file}", get(file))
        .route("/favicon.svg", get(icon))
        .route("/favicon.ico", get(icon))
        .route("/robots.txt", get(async || ROBOTS))
}

const INERT: &str = "default-src 'none'; sandbox";

/// The documentation: it sends requests with the token of the page's session, to the server that it is of.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                           connect-src 'self'; base-uri 'none'; form-action 'none'; \
                           frame-ancestors 'none'; require-trusted-types-for 'script'";

/// The route of the page of a description.
pub fn docs(api: &serde_json::Value) -> Router {
    let page = Arc::new(docs::page(api));
    let policy = HeaderValue::from_static(DOCS_POLICY);
    let read = async move |headers: HeaderMap| guarded(page.answer(&headers), policy.clone());
    Router::new().route("/docs", get(read))
}

/// The mark of every tab.
async fn icon(headers: HeaderMap) -> Result<Response, Problem> {
    let asset = assets::find("favicon.svg").ok_or(Problem::NotFound)?;
    Ok(guarded(asset.answer(&headers), HeaderValue::from_static(INERT)))
}

/// A file of the page, under the name of what they all hold; under another one there is nothing.
async fn file(
    Path((named, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = assets::find(&file).filter(|_| named == folder());
    let asset = found.ok_or(Problem::NotFound)?;
    Ok(guarded(asset.answer(&headers), HeaderValue::from_static(INERT)))
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        crate::respond::problem(&self).map(crate::body::Body::into_api)
    }
}

/// A page that holds a token: no window of another origin gets a handle on it, and nobody else loads its files.
fn guarded(mut answer: Response, policy: HeaderValue) -> Response {
    let headers: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        (CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    ];
    answer.headers_mut().extend(headers);
    answer
}
