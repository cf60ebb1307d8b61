//! One store behind four APIs: a file is the same through each of them, and another partner's is not there through any.

use crate::client::Answer;
use crate::postgres_cluster::SHARED;
use crate::running::{Server, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use tempfile::TempDir;

pub const APIS: [&str; 4] = ["carrierx", "voipbin", "evovoice", "voxbone"];

/// What no answer to a stranger may hold.
const SECRET: &str = "known-to-acme-alone";

/// A server with a manager of each of two partners.
pub struct Office {
    pub folder: TempDir,
    pub server: Server,
    pub owner: String,
    pub stranger: String,
}

/// What came in: the file's id, and the recording's where it came in as one.
pub struct Kept {
    pub file: String,
    recording: Option<String>,
}

impl Office {
    /// With the catalog in a file.
    fn open() -> Self {
        Self::open_with(&[])
    }

    /// With the catalog in a database of its own of PostgreSQL's.
    fn open_on_postgres() -> Self {
        Self::open_with(&["--catalog", &SHARED.fresh()])
    }

    pub fn open_with(catalog: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let server = Server::start(&folder.path().join("data"), catalog);
        let token = |partner| {
            server.new_token(&[&["--role", "manager", "--partner", partner], catalog].concat())
        };
        let (owner, stranger) = (token("acme"), token("other"));
        Self { folder, server, owner, stranger }
    }

    pub fn send(
        &self,
        token: &str,
        method: &str,
        path: &str,
        of_type: &str,
        body: &[u8],
    ) -> Answer {
        let request = self.server.request(method, path).token(token);
        // What calls of tus must say, and others don't look at.
        let request = request.header("Tus-Resumable", "1.0.0").header("Upload-Offset", "0");
        request.header("Content-Type", of_type).body(body).send()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.server.request("GET", path).token(&self.owner).send()
    }

    /// Uploads these bytes as the owner through an API.
    pub fn upload(&self, api: &str, name: &str, bytes: &[u8]) -> Kept {
        let raw = "application/octet-stream";
        let path = match api {
            "carrierx" => {
                let default = self.send(
                    &self.owner,
                    "POST",
                    "/core/v2/storage/containers",
                    "application/json",
                    json!({"name": format!("box of {name}")}).to_string().as_bytes(),
                );
                let sid = text(&default.json()["container_sid"]);
                format!("/core/v2/storage/files?name={name}&container_sid={sid}")
            }
            "evovoice" => format!("/files?FileName={name}"),
            "voipbin" => return self.upload_form(name, bytes),
            _ => return self.upload_recording(name, bytes),
        };
        let made = self.send(&self.owner, "POST", &path, raw, bytes);
        assert!(matches!(made.status, 200 | 201), "{api}: {}", made.text());
        let made = made.json();
        let id = made.get("file_sid").or(made.get("id")).map(text);
        Kept { file: id.unwrap(), recording: None }
    }

    fn upload_form(&self, name: &str, bytes: &[u8]) -> Kept {
        let mut body = format!(
            "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
        )
        .into_bytes();
        body.extend(bytes);
        body.extend(b"\r\n--cut--\r\n");
        let form = "multipart/form-data; boundary=cut";
        let made = self.send(&self.owner, "POST", "/v1.0/storage_files", form, &body);
        assert_eq!(made.status, 200, "{}", made.text());
        Kept { file: text(&made.json()["id"]), recording: None }
    }

    fn upload_recording(&self, name: &str, bytes: &[u8]) -> Kept {
        let said = json!({"callId": name}).to_string();
        let put = self.send(&self.owner, "PUT", "/recordings", "application/json", said.as_bytes());
        assert_eq!(put.status, 201, "{}", put.text());
        let id = text(&put.json()["id"]);
        let path = format!("/recordings/{id}/data");
        let put = self.send(&self.owner, "PUT", &path, "application/octet-stream", bytes);
        assert_eq!(put.status, 200, "{}", put.text());
        Kept { file: text(&put.json()["recordingSid"]), recording: Some(id) }
    }

    /// The ids of the files that an API lists to the owner.
    pub fn listed(&self, api: &str) -> BTreeSet<String> {
        let (path, list, id) = match api {
            "carrierx" => ("/core/v2/storage/files", "items", "file_sid"),
            "voipbin" => ("/v1.0/storage_files", "result", "id"),
            "evovoice" => ("/files", "items", "id"),
            _ => ("/recordings", "", "recordingSid"),
        };
        let answer = self.get(path).json();
        let items = if list.is_empty() { &answer } else { &answer[list] };
        items
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item[id].as_str().unwrap_or("").into())
            .collect()
    }

    /// Follows a redirect to a link, which needs no token.
    fn played(&self, path: &str, range: &str) -> Answer {
        let asked = self.server.request("GET", path).token(&self.owner).range(range).send();
        match asked.header("location") {
            None => asked,
            Some(link) => {
                let at = link.find("://").unwrap() + 3;
                let path = &link[at + link[at..].find('/').unwrap()..];
                self.server.range(path, range)
            }
        }
    }
}

/// Where an API shows a file, and where it plays it.
fn places(api: &str, kept: &Kept) -> Option<(String, String)> {
    let id = &kept.file;
    Some(match api {
        "carrierx" => {
            let path = format!("/core/v2/storage/files/{id}");
            (path.clone(), format!("{path}/data"))
        }
        "voipbin" => {
            let path = format!("/v1.0/storage_files/{id}");
            (path.clone(), format!("{path}/file"))
        }
        "evovoice" => (format!("/files/{id}"), format!("/files/{id}/content")),
        _ => {
            let path = format!("/recordings/{}", kept.recording.as_ref()?);
            (path.clone(), format!("{path}/data"))
        }
    })
}

/// A recording that no other upload has.
pub fn sound(number: u8) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/chime-8k.wav");
    let mut bytes = std::fs::read(path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] = number;
    bytes
}

/// Where each API that shows a file does so: its name, the object's path, and where it is played.
fn views(kept: &Kept) -> Vec<(&'static str, String, String)> {
    let view = |api| places(api, kept).map(|(shown, played)| (api, shown, played));
    APIS.into_iter().filter_map(view).collect()
}

/// A file is listed, read and played by each API that shows it.
#[track_caller]
fn assert_there(office: &Office, kept: &Kept, bytes: &[u8], from: &str) {
    for (api, shown, played) in views(kept) {
        let what = format!("{from} seen through {api}");
        assert!(office.listed(api).contains(&kept.file), "{what}");
        let object = office.get(&shown);
        assert_eq!(object.status, 200, "{what}: {}", object.text());
        let object = object.json();
        let members = ["file_bytes", "filesize", "contentLength", "size"];
        let size = members.iter().find_map(|member| object[*member].as_u64());
        assert_eq!(size, Some(bytes.len() as u64), "{what}: {object}");
        let part = office.played(&played, "bytes=44-1043");
        assert_eq!((part.status, &part.body[..]), (206, &bytes[44..1044]), "{what}");
        let phone = office.played(&format!("{played}?f=ulaw"), "bytes=0-99");
        assert_eq!((phone.status, phone.body.len()), (206, 100), "{what}");
    }
}

/// A file that one API deleted is gone from each; a recording is more than its file, and stays without it.
#[track_caller]
fn assert_gone(office: &Office, kept: &Kept, from: &str, through: &str) {
    for (api, shown, played) in views(kept) {
        let what = format!("{from} deleted through {through}, seen through {api}");
        assert!(!office.listed(api).contains(&kept.file), "{what}");
        assert_eq!(office.get(&played).status, 404, "{what}");
        let shown = office.get(&shown);
        match (api, through == "voxbone") {
            ("voxbone", false) => assert_eq!(shown.json()["url"], Value::Null, "{what}"),
            _ => assert_eq!(shown.status, 404, "{what}"),
        }
    }
}

#[test]
fn an_upload_through_any_api_is_listed_read_played_and_deleted_through_each() {
    go_through_all(&Office::open());
}

#[test]
fn it_is_so_where_the_catalog_is_postgresql() {
    go_through_all(&Office::open_on_postgres());
}

fn go_through_all(office: &Office) {
    for (row, from) in APIS.iter().enumerate() {
        for (column, through) in APIS.iter().enumerate() {
            let bytes = sound((row * APIS.len() + column) as u8);
            let kept = office.upload(from, "call.wav", &bytes);
            assert_there(office, &kept, &bytes, from);
            let Some((deleted, _)) = places(through, &kept) else { continue };
            let gone = office.send(&office.owner, "DELETE", &deleted, "application/json", b"");
            assert!(matches!(gone.status, 200 | 204), "{from} by {through}: {}", gone.text());
            assert_gone(office, &kept, from, through);
        }
    }
}

/// What the owner and an administrator see of everything.
pub fn all_there_is(office: &Office) -> Vec<Value> {
    let lists = [
        "/core/v2/storage/containers?order=container_sid",
        "/core/v2/storage/files?order=file_sid&exclude_fields=date_last_accessed",
        "/v1.0/storage_account",
        "/files?SortField=Id",
        "/profiles",
        "/recordings",
    ];
    lists
        .iter()
        .map(|path| {
            let answer = office.get(path);
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            unsigned(answer.json())
        })
        .collect()
}

/// Links are signed anew each time that they are shown.
fn unsigned(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            members.retain(|name, _| !matches!(name.as_str(), "uri" | "uri_download"));
            members.values_mut().for_each(|member| *member = unsigned(member.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = unsigned(item.take())),
        _ => {}
    }
    value
}

/// The paths of a call, each of its places taken by an id of the owner's.
fn filled(template: &str, ids: &[String]) -> Vec<String> {
    let Some((before, rest)) = template.split_once('{') else { return vec![template.into()] };
    let (name, after) = rest.split_once('}').unwrap();
    if name == "name" {
        return vec![format!("{before}stranger.bin{after}")];
    }
    ids.iter().map(|id| format!("{before}{id}{after}")).collect()
}

/// Queries that name what is the owner's.
fn queries(ids: &[String]) -> Vec<String> {
    let partner = ids.last().map_or("", String::as_str);
    let mut queries = vec![String::new()];
    for name in ["customer_id", "AccountId", "container_sid", "reference_id", "profileId"] {
        queries.extend(ids.iter().map(|id| format!("?{name}={id}")));
    }
    queries.push(format!("?filter=partner_sid%20eq%20{partner}"));
    queries.push(format!("?filter=name%20ilike%20%25{SECRET}%25"));
    queries.push(format!("?FileName={SECRET}&TranscriptionContains={SECRET}&All=true"));
    queries
}

/// Keeps what a stranger is to find nothing of; returns all its ids, the partner's last.
fn kept_secrets(office: &Office) -> Vec<String> {
    let mut ids = Vec::new();
    for (at, api) in APIS.iter().enumerate() {
        let kept = office.upload(api, &format!("{SECRET}.wav"), &sound(at as u8));
        ids.push(kept.file);
        ids.extend(kept.recording);
    }
    let profile =
        json!({"remoteSipUri": format!("sip:{SECRET}@example.com"), "email": "owner@example.com"})
            .to_string();
    let of_type = "application/json";
    let made = office.send(&office.owner, "PUT", "/profiles", of_type, profile.as_bytes());
    assert_eq!(made.status, 201, "{}", made.text());
    ids.push(text(&made.json()["id"]));
    let begun = office.server.request("POST", "/core/v2/storage/uploads").token(&office.owner);
    let begun = begun.header("Tus-Resumable", "1.0.0").header("Upload-Length", "9").send();
    assert_eq!(begun.status, 201, "{}", begun.text());
    let begun = begun.header("location").and_then(|place| place.rsplit('/').next());
    ids.push(begun.unwrap().to_owned());
    let containers = office.get("/core/v2/storage/containers").json();
    let containers = containers["items"].as_array().unwrap();
    ids.extend(containers.iter().map(|container| text(&container["container_sid"])));
    ids.push(text(&containers[0]["partner_sid"]));
    ids
}

/// The calls of the four APIs as they describe themselves: method and path.
fn calls(office: &Office) -> Vec<(String, String)> {
    let described = office.server.get("/openapi.json").json();
    let of_the_apis = ["/core/", "/v1.0/", "/files", "/portal", "/app", "/profiles", "/recordings"];
    let paths = described["paths"].as_object().unwrap().iter();
    let paths = paths.filter(|(path, _)| of_the_apis.iter().any(|api| path.starts_with(api)));
    let calls = paths.flat_map(|(path, calls)| {
        let methods = calls.as_object().unwrap().keys();
        methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    });
    calls.collect()
}

/// A stranger's call that names something of the owner's is answered as one that names nothing.
#[track_caller]
fn assert_tells_nothing(office: &Office, method: &str, path: &str, query: &str, ids: &[String]) {
    let body = if matches!(method, "GET" | "DELETE") { "" } else { r#"{"name":"taken"}"# };
    let (target, of_type) = (format!("{path}{query}"), "application/json");
    let answer = office.send(&office.stranger, method, &target, of_type, body.as_bytes());
    let told = answer.text();
    let what = format!("{method} {target}: {} {told}", answer.status);
    assert!(answer.status < 500, "{what}");
    assert!(!told.replace(query, "").contains(SECRET), "{what}");
    // What was asked for may stand in a refusal.
    let others = told.replace(path, "").replace(query.rsplit('=').next().unwrap_or(""), "");
    match ids.iter().find(|id| path.contains(id.as_str())) {
        Some(_) => assert!(matches!(answer.status, 400 | 403 | 404 | 415 | 422), "{what}"),
        None => assert!(!ids.iter().any(|id| others.contains(id.as_str())), "{what}"),
    }
}

#[test]
fn a_strangers_token_finds_and_changes_nothing_of_anothers_by_any_call_of_any_api() {
    find_nothing(&Office::open());
}

#[test]
fn nor_where_the_catalog_is_postgresql() {
    find_nothing(&Office::open_on_postgres());
}

fn find_nothing(office: &Office) {
    let ids = kept_secrets(office);
    let before = all_there_is(office);
    let calls = calls(office);
    assert!(calls.len() > 45, "{} calls", calls.len());
    for (method, template) in calls {
        for path in filled(&template, &ids) {
            let names_an_id = ids.iter().any(|id| path.contains(id.as_str()));
            let queries = if names_an_id { vec![String::new()] } else { queries(&ids) };
            for query in queries {
                assert_tells_nothing(office, &method, &path, &query, &ids);
            }
        }
    }
    assert_eq!(all_there_is(office), before);
}
