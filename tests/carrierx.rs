//! The CarrierX storage API, by its documentation: every attribute, parameter value and error.

use crate::client::{Answer, Part};
use crate::running::{Server, text};
use crate::sources;
use crate::storage_api::{Api, path_of};
use serde_json::{Value, json};

pub mod access;
mod containers;
mod data;
mod files;
mod foreign;
mod forms;
mod guide;
mod lists;
mod raw;
mod resumed;
mod rules;
mod transcoding;
mod unreadable;
mod uploads;

const CONTAINERS: &str = "/core/v2/storage/containers";
const FILES: &str = "/core/v2/storage/files";

impl Api {
    /// A new container with these attributes.
    fn container(&self, attributes: &Value) -> Value {
        let answer = self.send("POST", CONTAINERS, attributes);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    fn container_sid(&self, attributes: &Value) -> String {
        text(&self.container(attributes)["container_sid"])
    }

    /// Sends a form of these parts.
    fn form(&self, method: &str, path: &str, parts: &[Part<'_>]) -> Answer {
        self.request(method, path).form(parts).send()
    }

    /// Uploads bytes with these attributes.
    fn upload(&self, attributes: &Value, bytes: &[u8]) -> Answer {
        let object = attributes.to_string();
        let data = ("data", "; filename=\"upload.bin\"", bytes);
        self.form("POST", FILES, &[("file_object", "", object.as_bytes()), data])
    }

    /// A new file with these attributes.
    fn file(&self, attributes: &Value, bytes: &[u8]) -> Value {
        let answer = self.upload(attributes, bytes);
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }

    fn names(&self, query: &str) -> Vec<String> {
        let answer = self.get(&format!("{FILES}?{query}"));
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        answer.json()["items"].as_array().unwrap().iter().map(|f| text(&f["name"])).collect()
    }
}

/// It is refused with this status and message, naming the field.
#[track_caller]
fn assert_refused(answer: &Answer, status: u16, message: &str, field: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["message"], message, "{body}");
    match field {
        "" => assert_eq!(body["errors"], json!([]), "{body}"),
        field => assert_eq!(body["errors"][0]["field"], field, "{body}"),
    }
}

#[track_caller]
fn assert_invalid(answer: &Answer, field: &str) {
    assert_refused(answer, 422, "object validation error", field);
}
