//! How a request is written: as the log's other lines are, as JSON, or as web servers write it.

use super::{Caller, Entry, Said};
use crate::log_format::LogFormat;
use jiff::Timestamp;
use std::io::Write;
use std::time::Duration;

/// The time of a line: the second, and how it is written, which many lines share.
#[derive(Default)]
pub struct Stamp {
    second: u64,
    /// `2024-05-27T07:55:16`, and `27/May/2024:07:55:16 +0000`.
    written: [String; 2],
}

impl Stamp {
    /// Takes the time of the next line, since 1970.
    fn set(&mut self, now: Duration) {
        if self.second != now.as_secs() || self.written[0].is_empty() {
            self.second = now.as_secs();
            let second = Timestamp::from_second(self.second.cast_signed()).unwrap_or_default();
            let written = |form: &str| second.strftime(form).to_string();
            self.written = [written("%Y-%m-%dT%H:%M:%S"), written("%d/%b/%Y:%H:%M:%S +0000")];
        }
    }
}

/// Appends the line of an answer that ended now (since 1970), after so long.
pub fn write(
    text: &mut Vec<u8>,
    stamp: &mut Stamp,
    entry: &Entry,
    said: &Said,
    [now, duration]: [Duration; 2],
) {
    stamp.set(now);
    let mut line = Line { text, is_json: entry.format == LogFormat::Json };
    match entry.format {
        LogFormat::Common => line.combined(stamp, entry, said),
        LogFormat::Text | LogFormat::Json => {
            line.begin(stamp, now, entry.is_failure());
            line.members(entry, said, duration);
        }
    }
}

struct Line<'a> {
    text: &'a mut Vec<u8>,
    is_json: bool,
}

impl Line<'_> {
    fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.push(itoa::Buffer::new().format(number));
    }

    fn begin(&mut self, stamp: &Stamp, now: Duration, is_failure: bool) {
        // A million more: six digits after the first.
        let mut digits = itoa::Buffer::new();
        let micros = &digits.format(1_000_000 + now.subsec_micros())[1..];
        let [begins, ends] = match (self.is_json, is_failure) {
            (true, true) => ["{\"timestamp\":\"", "Z\",\"level\":\"ERROR\",\"target\":\"access\""],
            (true, false) => ["{\"timestamp\":\"", "Z\",\"level\":\"INFO\",\"target\":\"access\""],
            (false, true) => ["", "Z ERROR access:"],
            (false, false) => ["", "Z  INFO access:"],
        };
        for piece in [begins, &stamp.written[0], ".", micros, ends] {
            self.push(piece);
        }
    }

    /// The name of a member, after which its value follows.
    fn name(&mut self, name: &str) {
        let [before, after] = if self.is_json { [",\"", "\":"] } else { [" ", "="] };
        for piece in [before, name, after] {
            self.push(piece);
        }
    }

    /// A member of a few characters that need no quotes in a text.
    fn word(&mut self, name: &str, value: &str) {
        self.name(name);
        let quote = if self.is_json { "\"" } else { "" };
        for piece in [quote, value, quote] {
            self.push(piece);
        }
    }

    fn quoted(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.name(name);
            self.quote(value);
        }
    }

    /// Quotes a text; the usual one, which needs no escapes, at the cost of a copy.
    fn quote(&mut self, value: &str) {
        let plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        // Without a way out in between, which many bytes at a time wouldn't have.
        if value.bytes().fold(true, |all, byte| all & plain(byte)) {
            for piece in ["\"", value, "\""] {
                self.push(piece);
            }
        } else if self.is_json {
            self.push(&serde_json::Value::from(value).to_string());
        } else {
            // Writing to memory doesn't fail.
            let _ = write!(self.text, "{value:?}");
        }
    }

    fn members(&mut self, entry: &Entry, said: &Said, duration: Duration) {
        self.word("remote", &entry.remote);
        self.word("method", entry.method.as_str());
        self.quoted("path", Some(&said.path));
        self.quoted("query", said.query.as_deref());
        self.word("protocol", protocol(said));
        self.name("status");
        self.number(entry.status.into());
        self.name("bytes");
        self.number(entry.bytes);
        self.name("duration_ms");
        let tenths = u64::try_from(duration.as_micros() / 100).unwrap_or(u64::MAX);
        self.number(tenths / 10);
        self.push(".");
        self.number(tenths % 10);
        if let Some(was_there) = entry.was_there() {
            self.word("cache", if was_there { "hit" } else { "miss" });
        }
        self.quoted("range", said.range.as_deref());
        if let Some(Caller { partner_sid, token_id }) = entry.caller {
            let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
            self.word("partner", partner_sid.hyphenated().encode_lower(&mut buffer));
            self.word("token", token_id.hyphenated().encode_lower(&mut buffer));
        }
        self.quoted("agent", said.agent.as_deref());
        self.quoted("referrer", said.referrer.as_deref());
        self.quoted("request_id", entry.id.to_str().ok());
        self.push(if self.is_json { "}\n" } else { "\n" });
    }

    /// The Combined Log Format: the client, two names that are not known, time, request line, status, bytes, referrer
    /// and user agent.
    fn combined(&mut self, stamp: &Stamp, entry: &Entry, said: &Said) {
        let host = entry.remote.parse::<std::net::SocketAddr>();
        match host {
            Ok(address) => self.push(&address.ip().to_string()),
            Err(_) => self.push(&entry.remote),
        }
        self.push(" - - [");
        self.push(&stamp.written[1]);
        self.push("] ");
        let query = said.query.as_deref().map(|query| ["?", query].concat());
        let [method, path, query] =
            [entry.method.as_str(), &*said.path, query.as_deref().unwrap_or("")];
        self.quote(&[method, " ", path, query, " ", protocol(said)].concat());
        self.push(" ");
        self.number(entry.status.into());
        self.push(" ");
        self.number(entry.bytes);
        for value in [&said.referrer, &said.agent] {
            self.push(" ");
            self.quote(value.as_deref().unwrap_or("-"));
        }
        self.push("\n");
    }
}

fn protocol(said: &Said) -> &'static str {
    match said.version {
        http::Version::HTTP_10 => "HTTP/1.0",
        http::Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/1.1",
    }
}
