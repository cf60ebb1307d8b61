//! The description of the APIs that are on, put together from what each tells of itself: `/openapi.json`, and a page
//! to read at `/docs`. Schemas of different APIs need different names.

use super::cors::INERT;
use crate::apis::Api;
use crate::respond::CROSS_ORIGIN_RESOURCE_POLICY;
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use std::fmt::Write;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApiBuilder, Paths, SecurityRequirement};

/// The routes of the description.
pub fn router(apis: &[&'static Api]) -> Router {
    let document = document(apis);
    let page = Html(page(&document));
    Router::new()
        .route("/openapi.json", get(async move || (headers(INERT), Json(document.clone()))))
        .route("/docs.css", get(async || (headers(STYLED), STYLE)))
        .route("/docs", get(async move || (headers(READABLE), page.clone())))
}

const STYLE: &str = "body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}\
                     td{padding:.2rem 1rem .2rem 0;vertical-align:top}code{white-space:nowrap}";

const STYLED: [(HeaderName, &str); 4] = [
    (header::CONTENT_TYPE, "text/css"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// The page has a style and nothing else.
const READABLE: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
    (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    (header::REFERRER_POLICY, "no-referrer"),
];

fn headers(headers: [(HeaderName, &'static str); 4]) -> HeaderMap {
    headers.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
}

fn document(apis: &[&'static Api]) -> Value {
    let any = |name| SecurityRequirement::new::<_, [&str; 0], &str>(name, []);
    let http = |scheme| SecurityScheme::Http(Http::new(scheme));
    let info = InfoBuilder::new()
        .title("Tonearm storage API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Files, by each of the storage APIs that are on."));
    let components = ComponentsBuilder::new()
        .security_scheme("bearer", http(HttpAuthScheme::Bearer))
        .security_scheme("basic", http(HttpAuthScheme::Basic));
    let document = OpenApiBuilder::new()
        .info(info.build())
        .paths(Paths::new())
        .components(Some(components.build()))
        .security(Some([any("bearer"), any("basic")]))
        .build();
    let all = apis.iter().fold(document, |document, api| document.merge_from((api.describe)()));
    finished(serde_json::to_value(all).unwrap_or_default())
}

/// What generators of clients need beside: a name of its own for each call, and a word for each answer (OpenAPI 3.1
/// §4.8.17 requires it).
fn finished(mut document: Value) -> Value {
    document["servers"] = json!([{"url": "/"}]);
    let paths = document["paths"].as_object_mut();
    for (path, calls) in paths.into_iter().flatten() {
        let parts = path.split(['/', '{', '}', '*', '.', '-']).filter(|part| !part.is_empty());
        let name = parts.collect::<Vec<_>>().join("_");
        for (method, call) in calls.as_object_mut().into_iter().flatten() {
            call["operationId"] = format!("{method}_{name}").into();
            for (status, answer) in call["responses"].as_object_mut().into_iter().flatten() {
                let is_said = answer["description"].as_str().is_some_and(|text| !text.is_empty());
                if !is_said {
                    answer["description"] = word_for(status).into();
                }
            }
        }
    }
    document
}

fn word_for(status: &str) -> &'static str {
    match status.as_bytes().first() {
        _ if status == "507" => "The disk is full; nothing was stored.",
        Some(b'2') => "Done.",
        Some(b'3') => "It is elsewhere, or unchanged.",
        Some(b'4') => "Refused; the body says why.",
        _ => "Not now, or a fault of the server.",
    }
}

/// The description as a page.
fn page(api: &Value) -> String {
    let text = |value: &Value| escape(value.as_str().unwrap_or(""));
    let mut page = String::from(concat!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Tonearm storage API</title>",
        "<meta name=viewport content='width=device-width'><link rel=stylesheet href=/docs.css>",
        "<h1>Tonearm storage API</h1><p>The same for programs: <a href=/openapi.json>openapi.json</a>."
    ));
    page += "<h2>Calls</h2><table>";
    for (path, methods) in api["paths"].as_object().into_iter().flatten() {
        for (method, call) in methods.as_object().into_iter().flatten() {
            let (method, what) = (method.to_uppercase(), text(&call["summary"]));
            let _ = write!(page, "<tr><td><code>{method} {}</code><td>{what}", escape(path));
        }
    }
    page += "</table>";
    for (name, schema) in api["components"]["schemas"].as_object().into_iter().flatten() {
        let _ = write!(page, "<h2>{}</h2><table>", escape(name));
        let properties = &schema["properties"];
        for (attribute, schema) in properties.as_object().into_iter().flatten() {
            let read_only = if schema["readOnly"] == true { " (read only)" } else { "" };
            let what = text(&schema["description"]);
            let _ = write!(page, "<tr><td><code>{attribute}</code><td>{what}{read_only}");
        }
        page += "</table>";
    }
    page
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
