//! The VoIPBIN storage API, by its documentation: every route, field, parameter value and error.

mod access;
mod accounts;
mod clients;
mod downloads;
mod guide;
mod lists;
mod uploads;

use crate::client::{Answer, Part, Request};
use crate::running::{Server, run, stderr, stdout, text};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

const FILES: &str = "/v1.0/storage_files";
const AGENTS: &str = "/v1.0/service_agents/files";
const ACCOUNT: &str = "/v1.0/storage_account";
const ACCOUNTS: &str = "/v1.0/storage_accounts";
const NIL: &str = "00000000-0000-0000-0000-000000000000";
const NEVER: &str = "9999-01-01 00:00:00.000000";

/// A server with the tokens of a customer, and of another.
struct Api {
    folder: TempDir,
    server: Server,
    admin: String,
    manager: String,
    agent: String,
    read: String,
    stranger: String,
}

impl Api {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(args: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let server = Server::start(&folder.path().join("data"), args);
        let token =
            |role: &str, partner: &str| server.new_token(&["--role", role, "--partner", partner]);
        let admin = server.token();
        let [manager, agent, read] = ["manager", "agent", "read"].map(|role| token(role, "acme"));
        let stranger = token("manager", "other");
        Self { folder, server, admin, manager, agent, read, stranger }
    }

    fn ask(&self, token: &str, method: &str, path: &str) -> Request {
        self.server.request(method, path).token(token)
    }

    fn get(&self, path: &str) -> Answer {
        self.ask(&self.manager, "GET", path).send()
    }

    fn delete(&self, token: &str, path: &str) -> Answer {
        self.ask(token, "DELETE", path).send()
    }

    fn json(&self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        let request = self.ask(token, method, path).header("Content-Type", "application/json");
        request.body(body.as_bytes()).send()
    }

    /// Sends a form.
    fn form(&self, token: &str, path: &str, fields: &[Part<'_>]) -> Answer {
        self.ask(token, "POST", path).form(fields).send()
    }

    /// A new file of the customer under a name, with more fields.
    fn file(&self, filename: &str, bytes: &[u8], fields: &[(&str, &str)]) -> Value {
        self.file_by(&self.manager, FILES, filename, bytes, fields)
    }

    fn file_by(
        &self,
        token: &str,
        path: &str,
        filename: &str,
        bytes: &[u8],
        fields: &[(&str, &str)],
    ) -> Value {
        let more = format!("; filename=\"{filename}\"");
        let fields = fields.iter().map(|(name, value)| (*name, "", value.as_bytes()));
        let fields: Vec<Part<'_>> = fields.chain([("file", more.as_str(), bytes)]).collect();
        let answer = self.form(token, path, &fields);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// The file names of a list, in its order.
    fn names(&self, path: &str) -> Vec<String> {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        names_of(&answer.json())
    }

    /// What another API is told of this customer.
    /// The containers of the customer, but for the one that it had from the start.
    fn carrierx_containers(&self) -> Vec<Value> {
        let answer = self.get("/core/v2/storage/containers");
        let all = answer.json()["items"].as_array().unwrap().clone();
        all.into_iter().filter(|container| container["name"] != "default").collect()
    }
}

fn names_of(page: &Value) -> Vec<String> {
    page["result"].as_array().unwrap().iter().map(|file| text(&file["filename"])).collect()
}

fn path_of_file(file: &Value) -> String {
    format!("{FILES}/{}", text(&file["id"]))
}

fn chime() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/chime-8k.wav");
    std::fs::read(path).unwrap()
}

/// The path of one of the server's own links.
fn path_of(api: &Api, uri: &str) -> String {
    let base = format!("http://{}", api.server.address);
    uri.strip_prefix(&base).unwrap_or_else(|| panic!("{uri}")).to_owned()
}

/// It is refused with this status, in the API's envelope.
#[track_caller]
fn assert_refused(answer: &Answer, code: u16, status: &str, reason: &str) {
    assert_eq!(answer.status, code, "{}", answer.text());
    let error = &answer.json()["error"];
    assert_eq!((&error["status"], &error["reason"]), (&json!(status), &json!(reason)), "{error}");
    assert!(!text(&error["message"]).is_empty());
    assert_eq!(Some(text(&error["request_id"]).as_str()), answer.header("x-request-id"));
}

#[track_caller]
fn assert_invalid(answer: &Answer, reason: &str, field: &str) {
    assert_refused(answer, 400, "INVALID_ARGUMENT", reason);
    assert_eq!(answer.json()["error"]["details"], json!([{"field": field}]), "{}", answer.text());
}

#[track_caller]
fn assert_missing(answer: &Answer, reason: &str) {
    assert_refused(answer, 404, "NOT_FOUND", reason);
}

#[track_caller]
fn assert_forbidden(answer: &Answer) {
    assert_refused(answer, 403, "PERMISSION_DENIED", "PERMISSION_DENIED");
}
