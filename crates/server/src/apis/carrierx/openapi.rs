//! The description of the API, made from its code: `/openapi.json`, and a page to read.

use super::objects::{ContainerObject, ErrorBody, FileObject};
use super::{containers, files, upload};
use axum::Json;
use axum::response::Html;
use std::fmt::Write;
use utoipa::openapi::OpenApi as Description;
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{RefOr, SecurityRequirement};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(title = "Tonearm storage API", description = "Containers and files, by the CarrierX storage API."),
    paths(
        containers::create, containers::list, containers::get, containers::patch, containers::put,
        containers::delete, upload::create, files::list, files::get, files::patch, files::put,
        files::delete, files::data
    ),
    components(schemas(ContainerObject, FileObject, ErrorBody)),
    modifiers(&Finish)
)]
struct Api;

struct Finish;

impl Modify for Finish {
    fn modify(&self, api: &mut Description) {
        let Some(components) = api.components.as_mut() else { return };
        for scheme in [HttpAuthScheme::Bearer, HttpAuthScheme::Basic] {
            let name = if matches!(scheme, HttpAuthScheme::Basic) { "basic" } else { "bearer" };
            components.add_security_scheme(name, SecurityScheme::Http(Http::new(scheme)));
        }
        // The same object goes in and out: no attribute must be sent, and fields can be left out.
        for name in ["Container", "File"] {
            if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(name) {
                object.required.clear();
                object.additional_properties =
                    Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
        }
        let any = |name| SecurityRequirement::new::<_, [&str; 0], &str>(name, []);
        api.security = Some(vec![any("bearer"), any("basic")]);
    }
}

/// The description.
pub async fn json() -> Json<Description> {
    Json(Api::openapi())
}

/// The description as a page.
pub async fn page() -> Html<String> {
    let api = serde_json::to_value(Api::openapi()).unwrap_or_default();
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
    for name in ["Container", "File", "Error"] {
        let _ = write!(page, "<h2>{name}</h2><table>");
        let properties = &api["components"]["schemas"][name]["properties"];
        for (attribute, schema) in properties.as_object().into_iter().flatten() {
            let read_only = if schema["readOnly"] == true { " (read only)" } else { "" };
            let what = text(&schema["description"]);
            let _ = write!(page, "<tr><td><code>{attribute}</code><td>{what}{read_only}");
        }
        page += "</table>";
    }
    Html(page)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
