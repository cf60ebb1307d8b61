//! Every natural way of sending a file, each as its client sends it to the byte.

use super::*;
use crate::client::Connection;

pub const UPLOAD: &str = "/core/v2/storage/upload";

impl Api {
    /// Sends the bytes of a request as they are, but for `TOKEN` and `HOST`.
    fn replay(&self, head: &str, body: &[u8]) -> Answer {
        let head = head.replace("TOKEN", &self.token);
        let head = head.replace("HOST", &self.server.address.to_string()).replace('\n', "\r\n");
        let mut connection = Connection::open(self.server.address);
        connection.send(&[head.as_bytes(), body].concat());
        connection.answer(false).unwrap()
    }

    /// A request that is as good as this head says, with its body's length.
    fn replay_sized(&self, head: &str, body: &[u8]) -> Answer {
        self.replay(&head.replace("LENGTH", &body.len().to_string()), body)
    }
}

/// A form as clients write it, with their own boundary.
pub fn form(boundary: &str, parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (head, bytes) in parts {
        body.extend(format!("--{boundary}\r\n{}\r\n\r\n", head.replace('\n', "\r\n")).as_bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").as_bytes());
    body
}

/// Heads of raw uploads whose length is known.
const RAW: [&str; 7] = [
    // curl -T call.wav URL/upload/
    "PUT /core/v2/storage/upload/call.wav HTTP/1.1\nHost: HOST\nUser-Agent: curl/8.5.0\n\
     Accept: */*\nAuthorization: Bearer TOKEN\nContent-Length: LENGTH\n\n",
    // curl --data-binary @call.wav URL
    "POST /core/v2/storage/files?name=call.wav HTTP/1.1\nHost: HOST\nUser-Agent: curl/8.5.0\n\
     Accept: */*\nAuthorization: Bearer TOKEN\nContent-Length: LENGTH\n\
     Content-Type: application/x-www-form-urlencoded\n\n",
    // curl -H 'Content-Type: audio/wav' --data-binary @call.wav URL
    "POST /core/v2/storage/files?name=call.wav HTTP/1.1\nHost: HOST\nAuthorization: Bearer TOKEN\n\
     Content-Type: audio/wav\nContent-Length: LENGTH\n\n",
    // fetch(URL, {method: "POST", body: file}) of a page
    "POST /core/v2/storage/upload/call.wav HTTP/1.1\nHost: HOST\nConnection: keep-alive\n\
     Content-Length: LENGTH\nauthorization: Bearer TOKEN\nContent-Type: audio/wav\nAccept: */*\n\
     Origin: https://app.example.com\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: cors\n\
     Sec-Fetch-Dest: empty\nReferer: https://app.example.com/\n\n",
    // axios.post(URL, buffer)
    "POST /core/v2/storage/files?name=call.wav HTTP/1.1\nAccept: application/json, text/plain, */*\n\
     Content-Type: application/x-www-form-urlencoded\nAuthorization: Bearer TOKEN\n\
     User-Agent: axios/1.7.2\nContent-Length: LENGTH\nAccept-Encoding: gzip, compress, deflate, br\n\
     Host: HOST\nConnection: keep-alive\n\n",
    // requests.put(URL, data=open(...))
    "PUT /core/v2/storage/upload/call.wav HTTP/1.1\nHost: HOST\nUser-Agent: python-requests/2.31.0\n\
     Accept-Encoding: gzip, deflate\nAccept: */*\nConnection: keep-alive\n\
     Authorization: Bearer TOKEN\nContent-Length: LENGTH\n\n",
    // POST by a PBX that says what it is in its own word
    "POST /core/v2/storage/upload/rec/2026/call.wav HTTP/1.1\nHost: HOST\n\
     Authorization: Bearer TOKEN\nContent-Type: audio/x-wav\nContent-Length: LENGTH\n\n",
];

impl Api {
    /// The file that was made is `call.wav` in a container, with these bytes.
    #[track_caller]
    fn assert_made(&self, way: &str, answer: &Answer, container_sid: &str, bytes: &[u8]) -> Value {
        assert_eq!(answer.status, 201, "{way}: {}", answer.text());
        let file = answer.json();
        assert_eq!(file["name"], "call.wav", "{way}");
        assert_eq!(file["container_sid"], container_sid, "{way}");
        let link = self.server.get(&path_of(&file["publish_uri"]));
        assert!(link.body == bytes, "{way}: other bytes");
        file
    }
}

#[test]
fn a_raw_body_of_any_type_is_the_file_by_curl_fetch_axios_and_requests() {
    let api = Api::start();
    let wav = std::fs::read(sources::speech(api.folder.path())).unwrap();
    for head in RAW {
        let answer = api.replay_sized(head, &wav);
        api.assert_made(head, &answer, &api.server.container(), &wav);
    }
    // A name that is there already is another file.
    assert_eq!(api.get(FILES).json()["total"], RAW.len());
}

#[test]
fn a_raw_body_of_unknown_length_is_the_file_as_go_sends_it() {
    let api = Api::start();
    let wav = std::fs::read(sources::speech(api.folder.path())).unwrap();
    let mut chunked = Vec::new();
    for piece in wav.chunks(4096).chain([&b""[..]]) {
        chunked.extend(format!("{:x}\r\n", piece.len()).as_bytes());
        chunked.extend(piece);
        chunked.extend(b"\r\n");
    }
    // http.NewRequest("PUT", URL, pipe)
    let head = "PUT /core/v2/storage/upload/call.wav HTTP/1.1\nHost: HOST\nUser-Agent: Go-http-client/1.1\n\
     Transfer-Encoding: chunked\nAuthorization: Bearer TOKEN\nAccept-Encoding: gzip\n\n";
    api.assert_made(head, &api.replay(head, &chunked), &api.server.container(), &wav);
}

/// The head of a part with a file, and that of a field.
fn file(name: &str, kind: &str) -> String {
    let disposition =
        format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"call.wav\"");
    format!("{disposition}\nContent-Type: {kind}")
}

fn field(name: &str) -> String {
    format!("Content-Disposition: form-data; name=\"{name}\"")
}

impl Api {
    /// Sends a form under its client's own boundary.
    fn replay_form(&self, query: &str, boundary: &str, parts: &[(String, &[u8])]) -> Answer {
        let parts: Vec<_> = parts.iter().map(|(head, bytes)| (head.as_str(), *bytes)).collect();
        let head = format!(
            "POST {FILES}{query} HTTP/1.1\nHost: HOST\nAuthorization: Bearer TOKEN\nContent-Length: LENGTH\n\
             Content-Type: multipart/form-data; boundary={boundary}\n\n"
        );
        self.replay_sized(&head, &form(boundary, &parts))
    }
}

#[test]
fn a_form_needs_no_file_object_by_curl_browsers_axios_and_requests() {
    let api = Api::start();
    let wav = std::fs::read(sources::speech(api.folder.path())).unwrap();
    let (calls, default) = (api.container_sid(&json!({"name": "calls"})), api.server.container());
    let made =
        |query: &str, boundary: &str, parts: &[(String, &[u8])], container: &str, key: Value| {
            let answer = api.replay_form(query, boundary, parts);
            let file = api.assert_made(boundary, &answer, container, &wav);
            assert_eq!(file["string_key_1"], key, "{boundary}");
        };
    // curl -F file=@call.wav
    let parts = [(file("file", "audio/x-wav"), &wav[..])];
    made("", "------------------------d74496d66958873e", &parts, &default, json!(null));
    // curl -F data=@call.wav 'URL?container_sid=calls&string_key_1=k'
    let (query, parts) =
        ("?container_sid=calls&string_key_1=k", [(file("data", "audio/x-wav"), &wav[..])]);
    made(query, "------------------------1", &parts, &calls, json!("k"));
    // curl -F string_key_1=k -F recording=@call.wav -F container_sid=SID
    let parts = [
        (field("string_key_1"), &b"k"[..]),
        (file("recording", "application/octet-stream"), &wav),
        (field("container_sid"), calls.as_bytes()),
    ];
    made("", "------------------------2", &parts, &calls, json!("k"));
    // A page's FormData with two blobs
    let blob = "Content-Disposition: form-data; name=\"file_object\"; filename=\"blob\"\n\
                Content-Type: application/json";
    let object = &br#"{"string_key_1":"k","container_sid":"calls"}"#[..];
    let parts = [(blob.to_owned(), object), (file("upload", "audio/wav"), &wav)];
    made("", "----WebKitFormBoundary7MA4YWxkTrZu0gW", &parts, &calls, json!("k"));
    // axios with FormData in Node
    let parts = [(file("file", "audio/wav"), &wav[..]), (field("string_key_1"), b"k")];
    made("", "axios-1.7.2-boundary-Xy", &parts, &default, json!("k"));
    // requests.post(URL, files={"audio": ...}, data={"string_key_1": "k"})
    let untyped = "Content-Disposition: form-data; name=\"audio\"; filename=\"call.wav\"";
    let parts = [(field("string_key_1"), &b"k"[..]), (untyped.to_owned(), &wav)];
    made("", "2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c", &parts, &default, json!("k"));
}

#[test]
fn curl_itself_uploads_in_each_of_the_readmes_ways() {
    let api = Api::start();
    let wav = sources::speech(api.folder.path());
    let base = format!("http://{}/core/v2/storage", api.server.address);
    let bearer = format!("Authorization: Bearer {}", api.token);
    let wav_path = wav.display().to_string();
    let (at, as_file) = (format!("@{wav_path}"), format!("file=@{wav_path}"));
    let (folder, named) = (format!("{base}/upload/"), format!("{base}/upload/x.wav"));
    let files = format!("{base}/files?name=y.wav");
    let ways: [&[&str]; 5] = [
        &["-T", &wav_path, &folder],
        &["-T", &wav_path, &named],
        &["-F", &as_file, &format!("{base}/files")],
        &["--data-binary", &at, &files],
        &["-H", "Content-Type: audio/wav", "--data-binary", &at, &files],
    ];
    for way in ways {
        let common = ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", &bearer];
        let curl = std::process::Command::new("curl").args(common).args(way).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&curl.stdout), "201", "{way:?}");
    }
    let bytes = std::fs::metadata(&wav).unwrap().len();
    for file in api.get(FILES).json()["items"].as_array().unwrap() {
        assert_eq!(file["file_bytes"], bytes, "{file}");
    }
}

#[test]
fn json_is_attributes_at_files_and_a_document_everywhere_else() {
    let api = Api::start();
    let document = br#"{"a": 1}"#;
    let refused = api.send("POST", FILES, &json!({"a": 1}));
    assert_invalid(&refused, "data");
    for way in ["as the body", "as a form", "/core/v2/storage/upload/NAME"] {
        assert!(refused.text().contains(way), "{}", refused.text());
    }
    let put = |path: &str| {
        let request = api.server.request("PUT", path).token(&api.token);
        request.header("Content-Type", "application/json").body(document).send()
    };
    let kept = put(&format!("{UPLOAD}/a.json"));
    assert_eq!(kept.status, 201, "{}", kept.text());
    assert_eq!(kept.json()["mime_type"], "application/json");
    let part = ("data", "; filename=\"a.json\"\r\nContent-Type: application/json", &document[..]);
    assert_eq!(api.form("POST", FILES, &[part]).status, 201);
    assert_eq!(api.get(FILES).json()["total"], 2);
}

#[test]
fn a_container_is_said_by_its_name_too_and_default_is_one() {
    let api = Api::start();
    let sid = api.container_sid(&json!({"name": "calls of today"}));
    let put = |query: &str| {
        let path = format!("{UPLOAD}/x.bin{query}");
        api.server.request("PUT", &path).token(&api.token).body(b"x").send()
    };
    assert_eq!(put("?container_sid=calls%20of%20today").json()["container_sid"], sid);
    assert_eq!(put(&format!("?container_sid={sid}")).json()["container_sid"], sid);
    assert_eq!(put("").json()["container_sid"], api.server.container());
    assert_invalid(&put("?container_sid=nowhere"), "container_sid");
    api.container(&json!({"name": "twin"}));
    api.container(&json!({"name": "twin"}));
    let twins = put("?container_sid=twin");
    assert_invalid(&twins, "container_sid");
    assert!(twins.text().contains("several"), "{}", twins.text());
}

#[test]
fn a_coded_body_is_refused_and_told_what_is_taken() {
    let api = Api::start();
    for coding in ["gzip", "br", "x-gzip", "identity, deflate"] {
        for (method, path) in [("PUT", format!("{UPLOAD}/x.wav")), ("POST", FILES.to_owned())] {
            let request = api.server.request(method, &path).token(&api.token);
            let refused = request.header("Content-Encoding", coding).body(b"\x1f\x8bxxxx").send();
            assert_refused(&refused, 415, "Unsupported media type", "Content-Encoding");
            assert_eq!(refused.header("accept-encoding"), Some("identity"), "{coding}");
        }
    }
    let plain = api.server.request("PUT", &format!("{UPLOAD}/x.wav")).token(&api.token);
    assert_eq!(plain.header("Content-Encoding", "identity").body(b"x").send().status, 201);
}

#[test]
fn of_a_path_in_a_files_name_the_last_component_counts() {
    let api = Api::start();
    for (sent, kept) in [
        ("C:\\\\dir\\\\y.wav", "y.wav"),
        ("C:\\dir\\y.wav", "y.wav"),
        ("../../x.wav", "x.wav"),
        ("/etc/passwd", "passwd"),
        ("a/b/", "b"),
    ] {
        let file = ("data", format!("; filename=\"{sent}\""));
        let answer = api.form("POST", FILES, &[(file.0, &file.1, b"x")]);
        assert_eq!(answer.status, 201, "{sent}: {}", answer.text());
        assert_eq!(answer.json()["name"], kept, "{sent}");
        let link = api.server.get(&path_of(&answer.json()["publish_uri"]));
        let disposition = link.header("content-disposition").unwrap();
        assert!(!disposition.contains(['/', '\\']), "{disposition}");
    }
}
