//! A store that speaks as much of S3 as the client uses, on a port of its own, and misbehaves on command. It believes
//! any signature, tells which requests came, and shows what it holds.
#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub range: Option<(u64, u64)>,
    /// How many requests had been answered by then: those of one round trip see none of each other's.
    pub answered: u64,
}

/// What the store does instead of what it should.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It answers so much later.
    Late(Duration),
    /// It answers with a status and a code.
    Status(u16, &'static str),
    /// It does what is asked for and then answers that it failed.
    DoneAndDenied,
    /// It does what is asked for and answers once the faults are cleared.
    DoneAndHeld,
    /// It closes the connection without an answer.
    Reset,
    /// It breaks off after so many bytes of the body.
    Cut(usize),
    /// It waits until the faults are cleared, and answers then.
    Held,
}

#[derive(Debug, Clone)]
struct Rule {
    method: &'static str,
    within: &'static str,
    fault: Fault,
    times: usize,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, (Vec<u8>, u64)>,
    uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    puts: u64,
    seen: Vec<Seen>,
    rules: Vec<Rule>,
    generation: u64,
    answered: u64,
}

#[derive(Clone)]
pub struct S3 {
    pub address: SocketAddr,
    state: Arc<(Mutex<State>, Condvar)>,
}

struct Request {
    seen: Seen,
    if_match: Option<String>,
    body: Vec<u8>,
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl S3 {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let s3 = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let server = s3.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                std::thread::spawn(move || drop(server.serve(stream)));
            }
        });
        s3
    }

    /// The URL of a bucket and prefix in it, as `--blobs` takes it.
    pub fn url(&self) -> String {
        format!("s3://bucket/some/prefix?region=here&endpoint=http://{}", self.address)
    }

    /// The same bucket and prefix, opened with keys.
    pub fn remote(&self) -> blob::Remote {
        let attributes = self.attributes();
        blob::Bucket::external("aws", &attributes).unwrap().unwrap().open().unwrap()
    }

    /// The bucket as a container names it.
    pub fn attributes(&self) -> serde_json::Map<String, serde_json::Value> {
        let endpoint = format!("http://{}", self.address);
        let value = serde_json::json!({
            "access_key_id": "id", "secret_access_key": "secret", "region": "here",
            "bucket": "bucket", "prefix": "some/prefix", "endpoint": endpoint,
        });
        value.as_object().unwrap().clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next requests with a method and these words in their target fail so, so many times.
    pub fn fails(&self, method: &'static str, within: &'static str, fault: Fault, times: usize) {
        self.state().rules.push(Rule { method, within, fault, times });
    }

    pub fn clear_faults(&self) {
        let mut state = self.state();
        state.rules.clear();
        state.generation += 1;
        self.state.1.notify_all();
    }

    /// The requests since the last look.
    pub fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state().seen)
    }

    /// Waits until so many requests with a method have come since the last look.
    pub fn await_seen(&self, method: &str, count: usize) {
        let is_less = |state: &mut State| {
            state.seen.iter().filter(|seen| seen.method == method).count() < count
        };
        let patience = Duration::from_secs(60);
        let waited = self.state.1.wait_timeout_while(self.state(), patience, is_less).unwrap();
        assert!(!waited.1.timed_out(), "no {count} requests of {method}: {:?}", waited.0.seen);
    }

    /// The objects by their keys.
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.state().objects.iter().map(|(key, (bytes, _))| (key.clone(), bytes.clone())).collect()
    }

    pub fn upload_count(&self) -> usize {
        self.state().uploads.len()
    }

    /// Puts other bytes in an object's place, behind everybody's back; the ETag that they have.
    pub fn overwrite(&self, key: &str, bytes: &[u8]) -> String {
        let mut state = self.state();
        state.puts += 1;
        let puts = state.puts;
        state.objects.insert(key.into(), (bytes.into(), puts));
        format!("\"{puts}\"")
    }

    pub fn remove_all(&self) {
        self.state().objects.clear();
    }

    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some(request) = read_request(&mut reader)? {
            let fault = self.note(&request.seen);
            let answer = match fault {
                Some(Fault::Status(status, code)) => failed(status, code),
                Some(Fault::DoneAndDenied) => {
                    self.answer(&request);
                    failed(500, "InternalError")
                }
                Some(Fault::Late(delay)) => {
                    std::thread::sleep(delay);
                    self.answer(&request)
                }
                Some(Fault::Reset) => return Ok(()),
                Some(Fault::Held) => {
                    self.await_cleared();
                    self.answer(&request)
                }
                Some(Fault::DoneAndHeld) => {
                    let answer = self.answer(&request);
                    self.await_cleared();
                    answer
                }
                Some(Fault::Cut(_)) | None => self.answer(&request),
            };
            self.state().answered += 1;
            let mut head = format!("HTTP/1.1 {} X\r\n", answer.status);
            let has_length = answer.headers.iter().any(|(name, _)| *name == "Content-Length");
            for (name, value) in &answer.headers {
                head += &format!("{name}: {value}\r\n");
            }
            if !has_length {
                head += &format!("Content-Length: {}\r\n", answer.body.len());
            }
            stream.write_all(format!("{head}\r\n").as_bytes())?;
            if let Some(Fault::Cut(after)) = fault {
                stream.write_all(&answer.body[..after.min(answer.body.len())])?;
                return Ok(());
            }
            stream.write_all(&answer.body)?;
        }
        Ok(())
    }

    fn await_cleared(&self) {
        let state = self.state();
        let since = state.generation;
        drop(self.state.1.wait_while(state, |state| state.generation == since).unwrap());
    }

    fn note(&self, seen: &Seen) -> Option<Fault> {
        let mut state = self.state();
        let seen = Seen { answered: state.answered, ..seen.clone() };
        state.seen.push(seen.clone());
        self.state.1.notify_all();
        let rule = state.rules.iter_mut().find(|rule| {
            rule.times > 0 && rule.method == seen.method && seen.target.contains(rule.within)
        })?;
        rule.times -= 1;
        Some(rule.fault.clone())
    }

    fn answer(&self, request: &Request) -> Answer {
        let (path, query) =
            request.seen.target.split_once('?').unwrap_or((&request.seen.target, ""));
        let parameter = |name: &str| {
            let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
        };
        let mut state = self.state();
        let state = &mut *state;
        let upload = parameter("uploadId");
        match (request.seen.method.as_str(), upload) {
            ("PUT", None) => {
                state.puts += 1;
                state.objects.insert(path.into(), (request.body.clone(), state.puts));
                e_tagged(state.puts)
            }
            ("PUT", Some(upload)) => {
                let number: u32 = parameter("partNumber").unwrap().parse().unwrap();
                match state.uploads.get_mut(&upload) {
                    Some(parts) => drop(parts.insert(number, request.body.clone())),
                    None => return failed(404, "NoSuchUpload"),
                }
                e_tagged(u64::from(number))
            }
            ("POST", None) => {
                state.puts += 1;
                let upload = format!("upload-{}", state.puts);
                state.uploads.insert(upload.clone(), BTreeMap::new());
                let told = format!("<Bucket>b</Bucket><Key>k</Key><UploadId>{upload}</UploadId>");
                xml(&format!(
                    "<InitiateMultipartUploadResult>{told}</InitiateMultipartUploadResult>"
                ))
            }
            ("POST", Some(upload)) => {
                let Some(parts) = state.uploads.remove(&upload) else {
                    return failed(404, "NoSuchUpload");
                };
                state.puts += 1;
                let bytes = parts.into_values().flatten().collect();
                state.objects.insert(path.into(), (bytes, state.puts));
                xml(&format!(
                    "<CompleteMultipartUploadResult><ETag>\"{}\"</ETag></CompleteMultipartUploadResult>",
                    state.puts
                ))
            }
            ("DELETE", Some(upload)) => match state.uploads.remove(&upload) {
                Some(_) => plain(204),
                None => failed(404, "NoSuchUpload"),
            },
            ("DELETE", None) => {
                state.objects.remove(path);
                plain(204)
            }
            _ => read_object(state, path, request),
        }
    }
}

fn read_object(state: &State, path: &str, request: &Request) -> Answer {
    let Some((bytes, put)) = state.objects.get(path) else { return failed(404, "NoSuchKey") };
    let e_tag = format!("\"{put}\"");
    if request.if_match.as_ref().is_some_and(|wanted| *wanted != e_tag) {
        return failed(412, "PreconditionFailed");
    }
    let (mut answer, length) = (e_tagged(*put), bytes.len() as u64);
    answer.headers.push(("Last-Modified", "Thu, 26 Nov 2026 08:00:00 GMT".into()));
    match request.seen.range {
        Some((first, _)) if first >= length => return failed(416, "InvalidRange"),
        Some((first, last)) => {
            let last = last.min(length - 1);
            answer.status = 206;
            answer.body = bytes[first as usize..=last as usize].to_vec();
            answer.headers.push(("Content-Range", format!("bytes {first}-{last}/{length}")));
        }
        None => answer.body.clone_from(bytes),
    }
    if request.seen.method == "HEAD" {
        answer.headers.push(("Content-Length", length.to_string()));
        answer.body.clear();
    }
    answer
}

fn read_request(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let mut word = || words.next().unwrap_or_default().to_owned();
    let mut request = Request {
        seen: Seen { method: word(), target: word(), range: None, answered: 0 },
        if_match: None,
        body: Vec::new(),
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => request.body = vec![0; value.parse().unwrap()],
            "if-match" => request.if_match = Some(value.into()),
            "range" => {
                let (first, last) = value.trim_start_matches("bytes=").split_once('-').unwrap();
                request.seen.range = Some((first.parse().unwrap(), last.parse().unwrap()));
            }
            _ => (),
        }
    }
    reader.read_exact(&mut request.body)?;
    Ok(Some(request))
}

fn plain(status: u16) -> Answer {
    Answer { status, headers: Vec::new(), body: Vec::new() }
}

fn e_tagged(put: u64) -> Answer {
    Answer { headers: vec![("ETag", format!("\"{put}\""))], ..plain(200) }
}

fn xml(text: &str) -> Answer {
    Answer {
        headers: vec![("Content-Type", "application/xml".into())],
        body: text.into(),
        ..plain(200)
    }
}

fn failed(status: u16, code: &str) -> Answer {
    let text = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
    Answer { status, ..xml(&text) }
}
