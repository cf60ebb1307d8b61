//! `/docs`: the description of the APIs as a page to read, search and try, made from `/openapi.json`. It is whole
//! without scripts; `web/docs.js` finds in it, and sends requests with the token of the page's session.

use super::assets::{Asset, links_to};
use super::text::{escape, filled};
use serde_json::{Map, Value};
use std::fmt::Write;

/// What comes first; the other tags follow in their own order.
const FIRST: [&str; 3] = ["links", "files", "containers"];

const STYLES: [&str; 2] = ["base.css", "docs.css"];

/// The page of a description.
pub fn page(api: &Value) -> Asset {
    let (mut contents, mut body) = (String::new(), String::new());
    for tag in tags(api) {
        // Writing to a string can't fail.
        let _ = write!(contents, "<h2><a href=\"#tag-{0}\">{0}</a></h2><ul>", escape(&tag));
        let _ = write!(body, "<section><h2 id=\"tag-{0}\">{0}</h2>", escape(&tag));
        for call in calls(api).filter(|call| call.tag() == tag) {
            let (id, summary) = (escape(call.id()), escape(text(&call.said["summary"])));
            let _ = write!(contents, "<li><a href=\"#{id}\">{summary}</a></li>");
            write_call(&mut body, api, &call);
        }
        contents += "</ul>";
        body += "</section>";
    }
    write_objects(&mut contents, &mut body, api);
    let values = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("assets", &links_to("", &STYLES, "docs.js")),
        ("contents", &contents),
        ("body", &body),
    ];
    Asset::document(filled(include_str!("web/docs.html"), &values))
}

/// A call of the description.
struct Call<'a> {
    method: &'a str,
    path: &'a str,
    said: &'a Value,
}

impl Call<'_> {
    fn id(&self) -> &str {
        text(&self.said["operationId"])
    }

    fn tag(&self) -> String {
        text(&self.said["tags"][0]).to_owned()
    }

    fn parameters(&self) -> impl Iterator<Item = &Value> {
        self.said["parameters"].as_array().into_iter().flatten()
    }

    /// The types that its body may have, each with its schema.
    fn bodies(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.said["requestBody"]["content"].as_object().into_iter().flatten()
    }

    /// Whether anybody may call it.
    fn is_open(&self) -> bool {
        self.said["security"].as_array().is_some_and(Vec::is_empty)
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn calls(api: &Value) -> impl Iterator<Item = Call<'_>> {
    let paths = api["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, said)| Call { method, path, said })
    })
}

fn tags(api: &Value) -> Vec<String> {
    let mut tags: Vec<String> = FIRST.map(str::to_owned).into();
    for call in calls(api) {
        if !tags.contains(&call.tag()) {
            tags.push(call.tag());
        }
    }
    tags.retain(|tag| calls(api).any(|call| call.tag() == *tag));
    tags
}

fn write_call(page: &mut String, api: &Value, call: &Call<'_>) {
    let (method, path) = (call.method.to_uppercase(), escape(call.path));
    let (id, summary) = (escape(call.id()), escape(text(&call.said["summary"])));
    let _ = write!(
        page,
        "<details class=\"call\" id=\"{id}\"><summary><span class=\"method {0}\">{method}</span> \
         <code>{path}</code> <span class=\"what\">{summary}</span></summary><div class=\"inside\">",
        call.method
    );
    for paragraph in text(&call.said["description"]).split("\n\n").filter(|p| !p.is_empty()) {
        let _ = write!(page, "<p>{}</p>", marked(paragraph));
    }
    if call.parameters().next().is_some() {
        page.push_str("<h3>Parameters</h3><dl>");
        for parameter in call.parameters() {
            let place = match text(&parameter["in"]) {
                _ if parameter["required"] == true => "required",
                place => place,
            };
            let (name, about) = (text(&parameter["name"]), text(&parameter["description"]));
            write_term(page, name, &worded(&parameter["schema"]), place, about);
        }
        page.push_str("</dl>");
    }
    for (kind, body) in call.bodies() {
        let _ = write!(page, "<h3>Body, <code>{}</code></h3>", escape(kind));
        match reference(&body["schema"]) {
            Some(name) => page.push_str(&link_to(name)),
            None => page.push_str("<p>The bytes of the file.</p>"),
        }
    }
    page.push_str("<h3>Answers</h3><dl>");
    for (status, answer) in call.said["responses"].as_object().into_iter().flatten() {
        let content = answer["content"].as_object().into_iter().flatten().next();
        let what = content.map(|(kind, said)| reference(&said["schema"]).unwrap_or(kind));
        write_term(page, status, what.unwrap_or(""), "", text(&answer["description"]));
    }
    page.push_str("</dl>");
    write_try(page, api, call);
    page.push_str("</div></details>");
}

fn write_term(page: &mut String, name: &str, kind: &str, note: &str, about: &str) {
    let (name, kind, about) = (escape(name), escape(kind), marked(about));
    let _ = write!(
        page,
        "<dt><code>{name}</code> <span class=\"kind\">{kind}</span> \
         <span class=\"note\">{note}</span></dt><dd>{about}</dd>"
    );
}

fn link_to(schema: &str) -> String {
    let name = escape(schema);
    format!("<p><a href=\"#object-{name}\">{name}</a></p>")
}

/// A text in which words between backticks are code.
fn marked(about: &str) -> String {
    let escaped = escape(about);
    let pieces = escaped.split('`').enumerate();
    pieces.fold(String::new(), |text, (at, piece)| match at % 2 {
        0 => text + piece,
        _ => text + "<code>" + piece + "</code>",
    })
}

/// The name of the schema that a schema is, or holds.
fn reference(schema: &Value) -> Option<&str> {
    let inner = [schema, &schema["items"], &schema["oneOf"][1], &schema["allOf"][0]];
    let found = inner.into_iter().find_map(|schema| schema["$ref"].as_str());
    found.and_then(|path| path.rsplit('/').next())
}

/// A schema in a word or two.
fn worded(schema: &Value) -> String {
    if let Some(name) = reference(schema) {
        return name.to_owned();
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        kind => text(kind).to_owned(),
    };
    match schema["enum"].as_array() {
        Some(words) => words.iter().map(text).collect::<Vec<_>>().join(", "),
        None => kinds,
    }
}

/// The line for a shell, and a form that `docs.js` sends.
fn write_try(page: &mut String, api: &Value, call: &Call<'_>) {
    let method = call.method.to_uppercase();
    let mut line = String::from("curl");
    if method != "GET" {
        let _ = write!(line, " -X {method}");
    }
    if !call.is_open() {
        line += " -H \"Authorization: Bearer $TOKEN\"";
    }
    let json = call.bodies().find(|(kind, _)| *kind == "application/json");
    let bytes = call.bodies().any(|(kind, _)| kind == "application/octet-stream");
    if json.is_some() {
        line += " -H 'Content-Type: application/json' -d '{}'";
    } else if bytes {
        line += " --data-binary @FILE";
    }
    let _ = write!(
        page,
        "<h3>curl</h3><pre><code>{} \"$SERVER{}\"</code></pre>\
         <form class=\"try\" hidden data-method=\"{method}\" data-path=\"{}\" data-open=\"{}\"><h3>Try it</h3>",
        escape(&line),
        escape(call.path),
        escape(call.path),
        call.is_open()
    );
    for parameter in call.parameters() {
        let (name, place) = (escape(text(&parameter["name"])), escape(text(&parameter["in"])));
        let required = if parameter["required"] == true { " required" } else { "" };
        let _ = write!(
            page,
            "<label><span>{name}</span><input type=\"text\" data-in=\"{place}\" name=\"{name}\"{required}></label>"
        );
    }
    if let Some((_, body)) = json {
        let sample = sample(api, body);
        let _ = write!(
            page,
            "<label><span>Body</span><textarea rows=\"4\" data-in=\"json\">{}</textarea></label>",
            escape(&sample)
        );
    } else if bytes {
        page.push_str("<label><span>Body</span><input type=\"file\" data-in=\"bytes\"></label>");
    }
    page.push_str("<button class=\"primary\">Send</button><output></output></form>");
}

/// What a body may be: its example, else nothing said.
fn sample(api: &Value, body: &Value) -> String {
    let named = reference(&body["schema"]).map(|name| &api["components"]["schemas"][name]);
    let example = named.map(|schema| &schema["example"]).filter(|example| !example.is_null());
    example.map_or_else(|| "{}".to_owned(), ToString::to_string)
}

fn write_objects(contents: &mut String, page: &mut String, api: &Value) {
    contents.push_str("<h2><a href=\"#objects\">objects</a></h2><ul>");
    page.push_str("<section><h2 id=\"objects\">objects</h2>");
    let schemas: Option<&Map<String, Value>> = api["components"]["schemas"].as_object();
    for (name, schema) in schemas.into_iter().flatten() {
        let (name, about) = (escape(name), marked(text(&schema["description"])));
        let _ = write!(contents, "<li><a href=\"#object-{name}\">{name}</a></li>");
        let _ = write!(
            page,
            "<details class=\"call\" id=\"object-{name}\"><summary><code>{name}</code> \
             <span class=\"what\">{about}</span></summary><div class=\"inside\"><dl>"
        );
        for (attribute, schema) in schema["properties"].as_object().into_iter().flatten() {
            let note = if schema["readOnly"] == true { "read only" } else { "" };
            write_term(page, attribute, &worded(schema), note, text(&schema["description"]));
        }
        page.push_str("</dl></div></details>");
    }
    contents.push_str("</ul>");
    page.push_str("</section>");
}
