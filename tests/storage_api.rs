//! A server on a folder of its own, whose storage APIs are asked by its administrator.

use crate::client::{Answer, Request};
use crate::running::{Server, text};
use serde_json::Value;
use tempfile::TempDir;

pub struct Api {
    pub folder: TempDir,
    pub server: Server,
    pub token: String,
}

impl Api {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// As `start`; `args` follow `serve`.
    pub fn start_with(args: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let server = Server::start(&folder.path().join("data"), args);
        let token = server.token();
        Self { folder, server, token }
    }

    pub fn request(&self, method: &str, path: &str) -> Request {
        self.server.request(method, path).token(&self.token)
    }

    pub fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.request(method, path).json(body).send()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send()
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path).send()
    }
}

/// The path and query of a link.
pub fn path_of(uri: &Value) -> String {
    let uri = text(uri);
    let at = uri.find("://").unwrap() + 3;
    uri[uri[at..].find('/').unwrap() + at..].to_owned()
}
