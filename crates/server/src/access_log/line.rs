//! How a request is written: as the log's other lines are, as JSON, or as web servers write it.

use super::{Caller, Entry, Field, Said};
use crate::log_format::LogFormat;
use crate::request_id::{self, RequestId};
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

/// A member's name with what stands around it, in a text and in JSON.
type Name = [&'static str; 2];

macro_rules! name {
    ($name:literal) => {
        [concat!(" ", $name, "="), concat!(",\"", $name, "\":")]
    };
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

    /// A member's name, after which its value follows.
    fn name(&mut self, name: Name) {
        self.push(name[usize::from(self.is_json)]);
    }

    /// A member of a few characters that need no quotes in a text.
    fn word(&mut self, name: Name, value: &str) {
        self.name(name);
        let quote = if self.is_json { "\"" } else { "" };
        for piece in [quote, value, quote] {
            self.push(piece);
        }
    }

    fn quoted(&mut self, name: Name, value: Option<&str>) {
        if let Some(value) = value {
            self.name(name);
            self.quote(value);
        }
    }

    /// Quotes a text; the usual one, which needs no escapes, at the cost of a copy.
    fn quote(&mut self, value: &str) {
        let plain =
            |byte: u8| (byte.wrapping_sub(b' ') <= b'~' - b' ') & (byte != b'"') & (byte != b'\\');
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
        self.word(name!("remote"), &entry.remote);
        self.word(name!("method"), entry.method.as_str());
        self.quoted(name!("path"), said.text(Field::Path));
        self.quoted(name!("query"), said.text(Field::Query));
        self.word(name!("protocol"), protocol(said));
        self.name(name!("status"));
        self.number(entry.status.into());
        self.name(name!("bytes"));
        self.number(entry.bytes);
        self.name(name!("duration_ms"));
        let tenths = u64::try_from(duration.as_micros() / 100).unwrap_or(u64::MAX);
        self.number(tenths / 10);
        self.push(".");
        self.number(tenths % 10);
        if let Some(was_there) = entry.was_there {
            self.word(name!("cache"), if was_there { "hit" } else { "miss" });
        }
        self.quoted(name!("range"), said.text(Field::Range));
        if let Some(Caller { partner_sid, token_id }) = entry.caller {
            let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
            self.word(name!("partner"), partner_sid.hyphenated().encode_lower(&mut buffer));
            self.word(name!("token"), token_id.hyphenated().encode_lower(&mut buffer));
        }
        self.quoted(name!("agent"), said.text(Field::Agent));
        self.quoted(name!("referrer"), said.text(Field::Referrer));
        self.name(name!("request_id"));
        // No character of it needs an escape but the two that its client may have sent.
        match &entry.id {
            RequestId::Said(value) => self.quote(value.to_str().unwrap_or("-")),
            RequestId::Own(number) => {
                self.push("\"");
                request_id::write_own(self.text, *number);
                self.push("\"");
            }
        }
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
        let (path, query) = (said.text(Field::Path).unwrap_or(""), said.text(Field::Query));
        let [mark, query] = query.map_or(["", ""], |query| ["?", query]);
        let method = entry.method.as_str();
        self.quote(&[method, " ", path, mark, query, " ", protocol(said)].concat());
        self.push(" ");
        self.number(entry.status.into());
        self.push(" ");
        self.number(entry.bytes);
        for field in [Field::Referrer, Field::Agent] {
            self.push(" ");
            self.quote(said.text(field).unwrap_or("-"));
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
