//! The description of the APIs that are on, put together from what each tells of itself: `/openapi.json`, and a page
//! to read at `/docs`. Schemas of different APIs need different names.

use super::cors::INERT;
use crate::apis::Api;
use crate::apis::publish;
use crate::page::{self, Asset};
use axum::Router;
use axum::routing::get;
use http::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Paths, SecurityRequirement,
};

/// The routes of the description.
pub fn router(apis: &[&'static Api]) -> Router {
    let document = document(apis);
    let docs = page::docs(&document);
    // Kept in its codings: it is long, and anybody may ask for it.
    let text = Arc::new(Asset::description(document.to_string()));
    let read = async move |headers: HeaderMap| (inert(), text.answer(&headers));
    docs.route("/openapi.json", get(read))
}

/// A word of a closed list.
pub fn one_of(about: &str, words: impl IntoIterator<Item = &'static str>) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String).description(Some(about));
    text.enum_values(Some(words)).build()
}

/// Describes the calls of a path at another one, too; the `suffix` tells their names from the others'.
pub fn describe_also_at(document: &mut OpenApi, path: &str, other: &str, suffix: &str) {
    let Some(mut calls) = document.paths.paths.get(path).cloned() else { return };
    let all =
        [&mut calls.get, &mut calls.put, &mut calls.post, &mut calls.patch, &mut calls.delete];
    for call in all.into_iter().flatten() {
        call.operation_id = call.operation_id.take().map(|id| format!("{id}{suffix}"));
    }
    document.paths.paths.insert(other.to_owned(), calls);
}

fn inert() -> HeaderMap {
    INERT.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
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

/// What is beside the APIs, and what generators of clients need: a word for each answer (OpenAPI 3.1 §4.8.17 requires
/// it).
fn finished(mut document: Value) -> Value {
    // Seen from the document: the server may lie below a path.
    document["servers"] = json!([{"url": "."}]);
    document["info"]["license"] =
        json!({"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"});
    if let Some(paths) = document["paths"].as_object_mut() {
        paths.extend(publish::described());
    }
    name_bytes(&mut document);
    let paths = document["paths"].as_object_mut();
    for (_, calls) in paths.into_iter().flatten() {
        for (_, call) in calls.as_object_mut().into_iter().flatten() {
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

/// A body of bytes is a string of its media type (OpenAPI 3.1 §4.8.14.4); generators of clients know it by the format
/// that it had in 3.0 alone.
fn name_bytes(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let bytes = members.get_mut("application/octet-stream");
            let schema = bytes.and_then(|body| body.get_mut("schema"));
            if let Some(schema) = schema.filter(|schema| schema["type"] == "string") {
                schema["format"] = "binary".into();
            }
            members.values_mut().for_each(name_bytes);
        }
        Value::Array(items) => items.iter_mut().for_each(name_bytes),
        _ => {}
    }
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
