//! Preconditions, then ranges: RFC 9110 §13.2.2 and §14.2.

use crate::range::{Requested, resolve_ranges};
use std::ops::Range;
use std::time::{Duration, SystemTime};

/// What identifies a representation's bytes.
#[derive(Debug, Clone, Copy)]
pub struct Validators<'a> {
    /// The strong ETag, quoted.
    pub etag: &'a str,
    /// When the content was stored; HTTP dates have whole seconds.
    pub last_modified: SystemTime,
}

/// The request headers that count; repeated ones joined with a comma.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestHeaders<'a> {
    /// If-Match.
    pub if_match: Option<&'a str>,
    /// If-Unmodified-Since.
    pub if_unmodified_since: Option<&'a str>,
    /// If-None-Match.
    pub if_none_match: Option<&'a str>,
    /// If-Modified-Since.
    pub if_modified_since: Option<&'a str>,
    /// Range.
    pub range: Option<&'a str>,
    /// If-Range.
    pub if_range: Option<&'a str>,
}

/// The methods that a representation answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// HEAD: as GET without a body, and without ranges (RFC 9110 §14.2).
    Head,
}

/// What is to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All bytes.
    Whole,
    /// These ranges, at least one, none empty.
    Ranges(Vec<Range<u64>>),
    /// The client has it already.
    NotModified,
    /// A precondition does not hold.
    PreconditionFailed,
    /// No range lies within the representation.
    Unsatisfiable,
}

/// Evaluates a request against a representation of `length_bytes`.
#[must_use]
pub fn evaluate(
    method: Method,
    validators: &Validators<'_>,
    headers: &RequestHeaders<'_>,
    length_bytes: u64,
) -> Outcome {
    if let Some(outcome) = preconditions(validators, headers) {
        return outcome;
    }
    let Some(range) = headers.range.filter(|_| method == Method::Get) else {
        return Outcome::Whole;
    };
    if !headers.if_range.is_none_or(|value| if_range_holds(value, validators)) {
        return Outcome::Whole;
    }
    match resolve_ranges(range, length_bytes) {
        Requested::Whole => Outcome::Whole,
        Requested::Ranges(ranges) => Outcome::Ranges(ranges),
        Requested::Unsatisfiable => Outcome::Unsatisfiable,
    }
}

/// The order of RFC 9110 §13.2.2; a date that is none is ignored.
fn preconditions(validators: &Validators<'_>, headers: &RequestHeaders<'_>) -> Option<Outcome> {
    let modified_after = |date: &str| Some(seconds(validators.last_modified) > parse_date(date)?);
    if let Some(tags) = headers.if_match {
        if !matches_any(tags, validators.etag, Comparison::Strong) {
            return Some(Outcome::PreconditionFailed);
        }
    } else if headers.if_unmodified_since.and_then(modified_after) == Some(true) {
        return Some(Outcome::PreconditionFailed);
    }
    if let Some(tags) = headers.if_none_match {
        if matches_any(tags, validators.etag, Comparison::Weak) {
            return Some(Outcome::NotModified);
        }
    } else if headers.if_modified_since.and_then(modified_after) == Some(false) {
        return Some(Outcome::NotModified);
    }
    None
}

/// RFC 9110 §13.1.5: a strong ETag, or the very date of Last-Modified.
fn if_range_holds(value: &str, validators: &Validators<'_>) -> bool {
    let value = value.trim();
    if value.starts_with('"') || value.starts_with("W/") {
        return value == validators.etag;
    }
    parse_date(value) == Some(seconds(validators.last_modified))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Strong,
    Weak,
}

/// Whether a list of entity tags (RFC 9110 §8.8.3, §13.1.1) names ours. Tags may hold commas, so the
/// list is read tag by tag.
fn matches_any(list: &str, etag: &str, comparison: Comparison) -> bool {
    let mut rest = list.trim();
    if rest == "*" {
        return true;
    }
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let weak = rest.starts_with("W/");
        let opaque = rest.strip_prefix("W/").unwrap_or(rest);
        let Some(end) = opaque.strip_prefix('"').and_then(|inner| inner.find('"')) else {
            return false;
        };
        if opaque[..end + 2] == *etag && !(weak && comparison == Comparison::Strong) {
            return true;
        }
        rest = &opaque[end + 2..];
    }
}

fn parse_date(text: &str) -> Option<u64> {
    httpdate::parse_http_date(text.trim()).ok().map(seconds)
}

/// Whole seconds since 1970, as an HTTP date shows them.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}
