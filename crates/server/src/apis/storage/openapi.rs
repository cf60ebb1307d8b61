//! The description of the APIs that are on, put together from what each tells of itself: `/openapi.json`, and a page
//! to read at `/docs`. Schemas of different APIs need different names.

use crate::apis::Api;
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use std::fmt::Write;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Paths, SecurityRequirement,
};

/// The routes of the description.
pub fn router(apis: &[&'static Api]) -> Router {
    let document = document(apis);
    let page = Html(page(&document));
    Router::new()
        .route("/openapi.json", get(async move || Json(document.clone())))
        .route("/docs", get(async move || page.clone()))
}

fn document(apis: &[&'static Api]) -> OpenApi {
    let any = |name| SecurityRequirement::new::<_, [&str; 0], &str>(name, []);
    let http = |scheme| SecurityScheme::Http(Http::new(scheme));
    let info = InfoBuilder::new()
        .title("Tonearm storage API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Containers and files, by the CarrierX storage API."));
    let components = ComponentsBuilder::new()
        .security_scheme("bearer", http(HttpAuthScheme::Bearer))
        .security_scheme("basic", http(HttpAuthScheme::Basic));
    let document = OpenApiBuilder::new()
        .info(info.build())
        .paths(Paths::new())
        .components(Some(components.build()))
        .security(Some([any("bearer"), any("basic")]))
        .build();
    apis.iter().fold(document, |document, api| document.merge_from((api.describe)()))
}

/// The description as a page.
fn page(document: &OpenApi) -> String {
    let api = serde_json::to_value(document).unwrap_or_default();
    let text = |value: &serde_json::Value| escape(value.as_str().unwrap_or(""));
    let mut page = String::from(concat!(
        "<!doctype html><meta charset=utf-8><title>Tonearm storage API</title><style>",
        "body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}",
        "td{padding:.2rem 1rem .2rem 0;vertical-align:top}code{white-space:nowrap}</style>",
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
