//! The Voxbone recording API: every route, field, limit and error, and the mail that carries recordings.

use crate::client::{Answer, Part};
use crate::running::{Server, run, stderr, stdout, text};
use crate::sources;
use crate::storage_api::{Api, path_of};
use serde_json::{Value, json};
use tempfile::TempDir;

mod access;
mod content;
mod described;
mod mail;
mod post_office;
mod profiles;
mod recordings;
mod tls;

const PROFILES: &str = "/profiles";
const RECORDINGS: &str = "/recordings";
const FILES: &str = "/core/v2/storage/files";

impl Api {
    /// What is made by a PUT of this, and its path.
    fn make(&self, path: &str, body: &Value) -> (Value, String) {
        let answer = self.send("PUT", path, body);
        assert_eq!(answer.status, 201, "{}", answer.text());
        let made = answer.json();
        let list = if path.ends_with(RECORDINGS) { RECORDINGS } else { PROFILES };
        let path = format!("{list}/{}", text(&made["id"]));
        (made, path)
    }

    /// The content of a recording is put.
    fn put_data(&self, recording: &str, bytes: &[u8]) -> Answer {
        let put = self.request("PUT", &format!("{recording}/data"));
        put.header("Content-Type", "application/octet-stream").body(bytes).send()
    }

    /// A form of these parts is put.
    fn put_form(&self, path: &str, parts: &[Part<'_>]) -> Answer {
        self.request("PUT", path).form(parts).send()
    }

    fn speech(&self) -> Vec<u8> {
        std::fs::read(sources::speech(self.folder.path())).unwrap()
    }

    /// The lines of `tonearm mail list`, in their fields.
    fn mails(&self) -> Vec<Vec<String>> {
        let data = self.server.data.to_str().unwrap();
        let output = run(&["mail", "list", "--data", data]);
        assert!(output.status.success(), "{}", stderr(&output));
        let fields = |line: &str| {
            line.split("  ").map(|f| f.trim().to_owned()).filter(|f| !f.is_empty()).collect()
        };
        stdout(&output).lines().map(fields).collect()
    }
}

/// It is refused with this status; the error names the field, or none.
#[track_caller]
fn assert_refused(answer: &Answer, status: u16, field: Option<&str>) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.json();
    assert!(!text(&body["error"]["message"]).is_empty(), "{body}");
    assert_eq!(body["error"].get("field").map(text).as_deref(), field, "{body}");
}

fn a_time(value: &Value) -> bool {
    let text = value.as_str().unwrap_or("");
    text.len() == 24 && text.ends_with('Z') && text.as_bytes()[10] == b'T'
}
