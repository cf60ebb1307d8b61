//! A small HTTP/1.1 client of our own: one request a connection, nothing hidden, so that what is
//! tested is what went over the wire.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// Longest that any answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case, in the order sent.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether the body is as long as it says.
    pub whole: bool,
}

impl Answer {
    /// A header's value; panics where it was sent twice.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(n, _)| n == name);
        let value = found.next().map(|(_, v)| v.as_str());
        assert!(found.next().is_none(), "{name} sent twice: {:?}", self.headers);
        value
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| {
            panic!("{} with a body that is no JSON: {e}: {}", self.status, self.text())
        })
    }

    /// Content-Length as a number.
    pub fn length(&self) -> u64 {
        self.header("content-length").expect("Content-Length").parse().expect("a number")
    }
}

/// A request under construction.
pub struct Request {
    /// What it names as its host.
    host: SocketAddr,
    /// Where it goes.
    address: SocketAddr,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub fn new(address: SocketAddr, method: &str, path: &str) -> Self {
        let (method, path) = (method.to_owned(), path.to_owned());
        Self { host: address, address, method, path, headers: Vec::new(), body: Vec::new() }
    }

    /// Goes to one of the nodes behind its host, as a balancer sends it that keeps the Host header.
    pub fn by(self, node: SocketAddr) -> Self {
        Self { address: node, ..self }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn range(self, value: &str) -> Self {
        self.header("Range", value)
    }

    pub fn token(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub fn json(self, body: &serde_json::Value) -> Self {
        self.header("Content-Type", "application/json").body(body.to_string().as_bytes())
    }

    pub fn form(self, parts: &[Part<'_>]) -> Self {
        self.header("Content-Type", "multipart/form-data; boundary=cut").body(&form(parts))
    }

    /// The request line and headers, announcing `length` bytes of body.
    fn head(&self, length: usize) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {}\r\n", self.method, self.path, self.host);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if length > 0 || self.method == "POST" {
            head += &format!("Content-Length: {length}\r\n");
        }
        head + "Connection: close\r\n\r\n"
    }

    /// Sends it and waits for the whole answer.
    pub fn send(self) -> Answer {
        self.try_send().expect("an answer")
    }

    /// As `send`, for servers that may be gone.
    pub fn try_send(self) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(self.head(self.body.len()).as_bytes())?;
        // An early refusal may close the connection before all of the body is taken.
        let _ = stream.write_all(&self.body);
        read_answer(&mut stream, self.method == "HEAD")
    }

    /// Sends the head and the body given, but announces `length` bytes; the connection stays open.
    pub fn send_part(self, length: usize) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(self.head(length).as_bytes())?;
        stream.write_all(&self.body)?;
        stream.flush()?;
        Ok(stream)
    }
}

/// A part of a form: its name, what else its head says, and its bytes.
pub type Part<'a> = (&'a str, &'a str, &'a [u8]);

/// The body of a form whose boundary is `cut`.
pub fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, more, bytes) in parts {
        let head =
            format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n");
        body.extend(head.as_bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--cut--\r\n");
    body
}

/// Ways in which senders give a file's name in a form, and the name: quoted, as RFC 8187 has it, in both, and in
/// what was Windows' charset before Unicode.
pub const FILE_NAMES: [(&[u8], &str); 4] = [
    ("filename=\"\u{fc} a.wav\"".as_bytes(), "\u{fc} a.wav"),
    (b"filename*=UTF-8''%C3%BC.wav", "\u{fc}.wav"),
    (b"filename=\"u.wav\"; filename*=utf-8'de'%C3%BC.wav", "\u{fc}.wav"),
    (b"filename=\"caf\xe9 5\x80.wav\"", "caf\u{e9} 5\u{20ac}.wav"),
];

/// The body of a form of one part, whose head has more in any charset; its boundary is `cut`.
pub fn form_of(name: &str, more: &[u8], bytes: &[u8]) -> Vec<u8> {
    let head = format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"; ");
    [head.as_bytes(), more, b"\r\n\r\n", bytes, b"\r\n--cut--\r\n"].concat()
}

/// Reads an answer to its end.
pub fn read_answer(stream: &mut TcpStream, head_only: bool) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes);
    let split = bytes.windows(4).position(|w| w == b"\r\n\r\n");
    let Some(split) = split else {
        ended?;
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "no answer"));
    };
    let head = String::from_utf8_lossy(&bytes[..split]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|l| l.split(' ').nth(1)).and_then(|s| s.parse().ok());
    let headers: Vec<_> = lines
        .filter_map(|l| l.split_once(':'))
        .map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned()))
        .collect();
    assert!(!headers.iter().any(|(n, _)| n == "transfer-encoding"), "sent chunked: {head}");
    assert!(head.split("\r\n").all(|l| l.len() <= 1000), "a header line over 1000 bytes: {head}");
    let body = bytes[split + 4..].to_vec();
    let length =
        headers.iter().find(|(n, _)| n == "content-length").and_then(|(_, v)| v.parse().ok());
    let whole = head_only || length.is_none_or(|l: usize| l == body.len());
    let status = status.ok_or_else(|| io::Error::other(format!("no status line: {head}")))?;
    Ok(Answer { status, headers, body, whole })
}

/// A connection that is kept: requests may be sent ahead, answers come in their order.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_nodelay(true).expect("a socket");
        Self { stream: BufReader::new(stream) }
    }

    /// Sends these very bytes.
    pub fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).expect("the server takes it");
    }

    /// As `send`, where the server may have ended the connection.
    pub fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// The next answer.
    pub fn answer(&mut self, head_only: bool) -> io::Result<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if self.stream.read_until(b'\n', &mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.lines();
        let status = lines.next().and_then(|l| l.split(' ').nth(1)).and_then(|s| s.parse().ok());
        let headers: Vec<_> = lines
            .filter_map(|l| l.split_once(':'))
            .map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned()))
            .collect();
        let status = status.ok_or_else(|| io::Error::other(format!("no status line: {head}")))?;
        let mut answer = Answer { status, headers, body: Vec::new(), whole: true };
        if !head_only && ![204, 304].contains(&status) {
            answer.body = vec![0; answer.length() as usize];
            self.stream.read_exact(&mut answer.body)?;
        }
        Ok(answer)
    }

    /// The next answer's first byte is here; the rest is read by [`Self::answer`].
    pub fn has_begun(&mut self) {
        assert!(!self.stream.fill_buf().expect("an answer").is_empty(), "no answer");
    }

    /// Says that nothing more will be sent.
    pub fn end(&self) {
        self.stream.get_ref().shutdown(Shutdown::Write).expect("the server is there");
    }

    /// What comes until the server ends the connection.
    pub fn rest(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // A reset is an end, too.
        let _ = self.stream.read_to_end(&mut bytes);
        bytes
    }
}
