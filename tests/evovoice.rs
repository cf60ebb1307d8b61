//! The EvoVoice API: every route, parameter, member, format and error.

use crate::client::{Answer, Part, Request};
use crate::running::{Server, run, stderr, stdout, text};
use crate::storage_api::path_of;
use serde_json::{Value, json};
use tempfile::TempDir;

mod access;
mod bodies;
mod clients;
mod description;
mod formats;
mod hostile;
mod lists;
mod searches;
mod uploads;
mod views;

/// A server on a folder of its own, with a manager, an agent and a reader of the partner `acme`.
struct Api {
    folder: TempDir,
    server: Server,
    admin: String,
    manager: String,
    agent: String,
    read: String,
}

impl Api {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(args: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let server = Server::start(&folder.path().join("data"), args);
        let token = |role| server.new_token(&["--role", role, "--partner", "acme"]);
        let (manager, agent, read) = (token("manager"), token("agent"), token("read"));
        let admin = server.token();
        Self { folder, server, admin, manager, agent, read }
    }

    /// A request of the manager.
    fn request(&self, method: &str, path: &str) -> Request {
        self.server.request(method, path).token(&self.manager)
    }

    fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send()
    }

    /// What a path gives as JSON.
    #[track_caller]
    fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Sends bytes as the body of an upload.
    fn upload(&self, query: &str, bytes: &[u8]) -> Answer {
        let request = self.request("POST", &format!("/files?{query}"));
        request.header("Content-Type", "application/octet-stream").body(bytes).send()
    }

    /// A new file of which this is said.
    #[track_caller]
    fn file(&self, query: &str) -> Value {
        let answer = self.upload(query, b"x");
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        answer.json()
    }

    /// The ids of a list.
    #[track_caller]
    fn ids(&self, path: &str) -> Vec<String> {
        let list = self.json(path);
        list["items"].as_array().unwrap().iter().map(|file| text(&file["id"])).collect()
    }

    /// The names of a list.
    #[track_caller]
    fn names(&self, query: &str) -> Vec<String> {
        let list = self.json(&format!("/files?{query}"));
        list["items"].as_array().unwrap().iter().map(|file| text(&file["fileName"])).collect()
    }

    fn send(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        self.server.request(method, path).token(token).json(body).send()
    }
}

/// It is refused with this status, naming the field.
#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str, field: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let told = &answer.json()["responseStatus"];
    assert_eq!(told["errorCode"], code, "{told}");
    assert!(!text(&told["message"]).is_empty());
    match field {
        "" => assert_eq!(told.get("errors"), None, "{told}"),
        field => assert_eq!(told["errors"][0]["fieldName"], field, "{told}"),
    }
}

#[track_caller]
fn assert_bad(answer: &Answer, field: &str) {
    assert_refused(answer, 400, "BadRequest", field);
}

/// Percent-encoded, every byte.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
